"""In what a text is written: surely, as the caller says, or not sure enough."""

from __future__ import annotations

import codecs
import csv
import random
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from preflight.media import Source, TextFacts, Unprobed
from preflight.probers import probe
from preflight.probers.encoding import Decoded, Guess, decode, decode_text, text_of, unmarked_wide
from preflight.probers.text import Reading, probe_text

WORDS = "Zwölf Boxkämpfer jagen Viktor quer über den großen Sylter Deich. 日本語 👍"
MARKS = {
    "utf-8": codecs.BOM_UTF8,
    "utf-16-le": codecs.BOM_UTF16_LE,
    "utf-16-be": codecs.BOM_UTF16_BE,
    "utf-32-le": codecs.BOM_UTF32_LE,
    "utf-32-be": codecs.BOM_UTF32_BE,
}
PLAIN = st.text(st.characters(exclude_categories=["Cs", "Cc"]))
PLAIN = st.text(st.characters(exclude_categories=["Cs", "Cc"]))
RUSSIAN = (
    "Все люди рождаются свободными и равными в своем достоинстве и правах. Они наделены разумом и совестью "
    "и должны поступать в отношении друг друга в духе братства. "
)
JAPANESE = "すべての人間は、生まれながらにして自由であり、かつ、尊厳と権利とについて平等である。" * 2


def test_utf8_needs_no_mark() -> None:
    assert decode_text(WORDS.encode()) == (WORDS, "utf-8")


@pytest.mark.parametrize("encoding", MARKS)
def test_the_mark_names_the_encoding_and_is_no_part_of_the_text(encoding: str) -> None:
    assert decode_text(MARKS[encoding] + WORDS.encode(encoding)) == (WORDS, encoding)


@given(PLAIN, st.sampled_from(sorted(MARKS)))
def test_every_text_comes_back_from_every_marked_encoding(text: str, encoding: str) -> None:
    assert decode_text(MARKS[encoding] + text.encode(encoding)) == (text, encoding)


@pytest.mark.parametrize(
    "data",
    [
        pytest.param("Käse".encode("latin-1"), id="Latin-1"),
        pytest.param("日本".encode("shift_jis"), id="Shift JIS"),
        pytest.param("日本".encode("iso2022_jp"), id="ISO 2022, a word of it"),
        pytest.param("plain".encode("utf-16-le"), id="UTF-16 without a mark"),
        pytest.param(codecs.BOM_UTF16_LE + b"a", id="UTF-16 of an odd length"),
        pytest.param("Käse".encode()[:2], id="UTF-8 cut inside a character"),
        pytest.param(b"\xed\xa0\x80", id="a surrogate as UTF-8"),
        pytest.param(b"text\0text", id="NUL"),
    ],
)
def test_what_is_not_surely_text_is_not_guessed_at(data: bytes) -> None:
    assert decode_text(data) is None
    facts = probe_text(Source.of(data))
    assert isinstance(facts, Unprobed)
    assert facts.code == "text_encoding_unknown"


@pytest.mark.parametrize(
    ("data", "is_text"),
    [
        # What terminals are told: colours, and that letters are letters again.
        (b"\x1b[1;32mok\x1b(B\x1b[m\n", True),
        (b"\x1b]8;;https://example.com\x1b\\here\x1b]8;;\x1b\\", True),
        (b"\x1b(Bplain", True),
        # That letters mean something else: lines to draw with, Japanese, Korean.
        (b"\x1b(0lqqk\x1b(B", False),
        (b"\x1b(J~\x1b(B", False),
        ("한국".encode("iso2022_kr"), False),
        (b"cut off \x1b(", False),
    ],
)
def test_escapes_of_terminals_are_text_and_those_of_iso_2022_are_not(data: bytes, is_text: bool) -> None:
    assert (decode_text(data) is not None) is is_text


def test_controls_are_text() -> None:
    assert decode_text(b"a\tb\r\nc\x0cd") == ("a\tb\r\nc\x0cd", "utf-8")
    assert decode_text(b"\x1b[1mbold\x7f\x01") == ("\x1b[1mbold\x7f\x01", "utf-8")


def test_what_is_known_to_be_text_is_not_asked_again() -> None:
    assert text_of(b"left\0right", "utf-8") == "left\0right"
    assert text_of("日本".encode("iso2022_jp"), "utf-8") is not None
    assert text_of(b"\xff", "utf-8") is None
    for encoding, mark in MARKS.items():
        assert text_of(mark + WORDS.encode(encoding), encoding) == WORDS
        assert text_of(WORDS.encode(encoding), encoding) == WORDS


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        (RUSSIAN, "koi8-r"),
        (RUSSIAN, "cp1251"),
        (RUSSIAN, "iso8859-5"),
        (JAPANESE, "shift_jis"),
        (JAPANESE, "euc_jp"),
        (JAPANESE, "iso2022_jp"),
        ("Good morning to all of you out there, wherever you may be.", "utf-16-le"),
        ("Good morning to all of you out there, wherever you may be.", "utf-16-be"),
        ("Good morning to all of you out there, wherever you may be.", "utf-32-le"),
        ("Good morning to all of you out there, wherever you may be.", "utf-32-be"),
        (JAPANESE, "utf-16-le"),
        (JAPANESE, "utf-16-be"),
        ("汉字没有零字节，所以要看标点。两种顺序里只有一种是文字。" * 2, "utf-16-le"),
        ("한국어 글도 이와 같다. 낱말 사이의 빈칸이 순서를 알려 준다. 그래서 읽을 수 있다.", "utf-16-be"),
        (RUSSIAN, "utf-16-le"),
    ],
)
def test_what_only_one_encoding_makes_sense_of_is_decoded(text: str, encoding: str) -> None:
    found = decode(text.encode(encoding))
    assert isinstance(found, Decoded)
    assert (found.text, found.source) == (text, "detected")
    assert found.confidence is not None
    assert 0.25 <= found.confidence <= 1


def test_what_two_make_sense_of_is_only_a_guess() -> None:
    """One letter beyond ASCII, which is another one in the next code page."""
    data = b"The committee met on Monday and decided to visit the caf\xe9 again, as it had done every year. " * 3
    found = decode(data)
    assert isinstance(found, Guess)
    facts = probe_text(Source.of(data))
    assert isinstance(facts, Unprobed)
    assert facts.code == "text_encoding_unknown"
    assert f"it may be in {found.encoding}, but makes as much sense in {found.rival}" in facts.reason
    assert data.decode(found.encoding) != data.decode(found.rival)


@pytest.mark.corpus
@pytest.mark.parametrize(("language", "encoding"), [("deu_1996", "cp1252"), ("fra", "mac-roman"), ("spa", "cp850")])
def test_of_a_long_western_text_the_letters_beyond_ascii_are_asked_alone(corpus: Path, language, encoding) -> None:
    text = (corpus / "text" / f"udhr_{language}.txt").read_text()
    found = decode(data := text.encode(encoding, "ignore"))
    assert isinstance(found, Decoded)
    assert found.text == data.decode(encoding)


@pytest.mark.corpus
def test_two_words_with_an_accent_are_too_few(corpus: Path) -> None:
    """One wrong letter makes as good a French word in another code page."""
    text = (corpus / "text" / "udhr_fra.txt").read_text()
    assert isinstance(decode(text[3975:4075].encode("cp850", "ignore")), Guess)


LONG = "Good morning to all of you out there, wherever you may be. " * 2


class TestUnmarkedWide:
    @pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be", "utf-32-le", "utf-32-be"])
    @pytest.mark.parametrize(
        "text", [LONG, RUSSIAN, "한국어 글도 이와 같다. 낱말 사이의 빈칸이 순서를 알려 준다. " * 2]
    )
    def test_it_is_taken_for_text(self, text: str, encoding: str) -> None:
        facts = probe(Source.of(text.encode(encoding), name="a.txt"))
        assert isinstance(facts, TextFacts)
        assert (facts.encoding, facts.encoding_source, facts.characters) == (encoding, "detected", len(text))

    def test_under_a_name_of_a_film_it_is_not(self) -> None:
        facts = probe(Source.of(LONG.encode("utf-16-le"), name="a.mp4"))
        assert isinstance(facts, Unprobed)
        assert facts.code == "unsupported_file_type"

    def test_what_is_not_sure_is_asked_for_and_read_as_it_is_named(self) -> None:
        source = Source.of("plain words".encode("utf-16-le"), name="a.txt")
        facts = probe(source)
        assert isinstance(facts, Unprobed)
        assert facts.code == "text_encoding_unknown"
        named = probe(source, reading=Reading(encoding="utf-16-le"))
        assert isinstance(named, TextFacts)
        assert named.characters == 11

    @pytest.mark.parametrize(
        "data", [b"name\0value\0\xff\1" * 100, bytes(2_000), b"\0\1" * 500, b"a\0" * 50 + b"\0\xd8a\0"]
    )
    def test_other_zero_bytes_are_none(self, data: bytes) -> None:
        assert unmarked_wide(data) == ""


def test_the_caller_may_name_it() -> None:
    assert decode("Käse".encode("cp1252"), "Windows-1252") == Decoded(text="Käse", encoding="cp1252", source="named")
    assert decode("日本".encode("iso2022_jp"), "iso2022_jp") == Decoded(
        text="日本", encoding="iso2022_jp", source="named"
    )
    assert decode("a".encode("utf-16-le"), "utf-16-le") == Decoded(text="a", encoding="utf-16-le", source="named")
    facts = probe_text(Source.of("Käse".encode("cp1252")), Reading(encoding="cp1252"))
    assert isinstance(facts, TextFacts)
    assert (facts.encoding, facts.encoding_source, facts.encoding_confidence) == ("cp1252", "named", None)


def test_what_is_named_comes_after_what_is_sure() -> None:
    """A folder of many files has one name for those that need one."""
    for data in ("Käse".encode(), codecs.BOM_UTF16_LE + "Käse".encode("utf-16-le")):
        found = decode(data, "cp1252")
        assert isinstance(found, Decoded)
        assert found.text == "Käse"
    assert decode(b"plain", "cp1252") == Decoded(text="plain", encoding="utf-8", source="content")


def test_what_is_not_in_what_was_named_is_nothing_else() -> None:
    data = (JAPANESE).encode("shift_jis")
    assert decode(data, "ascii") is None
    facts = probe_text(Source.of(data), Reading(encoding="ascii"))
    assert isinstance(facts, Unprobed)
    assert "nor in ascii" in facts.reason


@given(st.binary(min_size=64, max_size=400))
def test_any_bytes_are_text_or_not(data: bytes) -> None:
    found = decode(data)
    if isinstance(found, Decoded) and found.source == "detected":
        assert found.text.isprintable() or any(map(str.isspace, found.text)) or "\x1b" in found.text


def test_noise_is_no_text() -> None:
    chance = random.Random(7)
    for size in (64, 256, 1_000, 30_000):
        for _ in range(20):
            assert not isinstance(decode(chance.randbytes(size)), Decoded)
            assert not isinstance(decode(bytes(chance.choices(range(32, 256), k=size))), Decoded)


@pytest.mark.corpus
def test_what_is_detected_in_the_corpus_is_right(corpus: Path) -> None:
    detected, unknown = set(), set()
    for row in csv.DictReader((corpus / "manifest.csv").read_text().splitlines()):
        if row["kind"] != "text":
            continue
        data = (corpus / row["path"]).read_bytes()
        found = decode(data)
        if not isinstance(found, Decoded):
            unknown.add(row["codec"])
            continue
        truth = "gb18030" if row["codec"] == "gb2312" else row["codec"]  # of which it is the part that was first
        truth = "cp874" if truth == "tis-620" else truth  # its quotation marks are those of Windows
        assert found.text == data.decode(truth).removeprefix("\ufeff"), row["path"]
        if found.source == "detected":
            detected.add(row["codec"])
    assert unknown == {"mac-roman"}, "three letters beyond ASCII in 700,000"
    assert len(detected) == 14


@pytest.mark.corpus
@pytest.mark.parametrize("folder", ["image", "audio", "video", "bad"])
def test_what_is_no_text_is_not_detected(corpus: Path, folder: str) -> None:
    taken = []
    for path in sorted((corpus / folder).iterdir()):
        if path.stat().st_size < 2_000_000:
            found = decode(path.read_bytes())
            if isinstance(found, Decoded) and found.source == "detected":
                taken.append(path.name)
    assert taken == []
