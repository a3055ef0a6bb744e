"""What a text is: its encoding and its tokens."""

from __future__ import annotations

import codecs
import socket
import unicodedata
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from preflight.errors import PreflightError, UnreadableError
from preflight.media import Source, TextFacts, Unprobed
from preflight.probers import text as prober
from preflight.probers import tokens
from preflight.probers.text import count_tokens, decode_text, facts_of_text, is_blank, probe_text, text_of, well_formed

WORDS = "Zwölf Boxkämpfer jagen Viktor quer über den großen Sylter Deich. 日本語 👍"
MARKS = {
    "utf-8": codecs.BOM_UTF8,
    "utf-16-le": codecs.BOM_UTF16_LE,
    "utf-16-be": codecs.BOM_UTF16_BE,
    "utf-32-le": codecs.BOM_UTF32_LE,
    "utf-32-be": codecs.BOM_UTF32_BE,
}
PLAIN = st.text(st.characters(exclude_categories=["Cs", "Cc"]))


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
        pytest.param("日本".encode("iso2022_jp"), id="ISO 2022, all of it ASCII and escapes"),
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


def test_an_empty_file_is_empty_and_a_mark_alone_is_a_blank_text() -> None:
    empty = probe_text(Source.of(b""))
    assert isinstance(empty, Unprobed)
    assert empty.code == "file_empty"
    assert probe_text(Source.of(codecs.BOM_UTF8)) == TextFacts(
        size_bytes=3, encoding="utf-8", characters=0, tokens=0, blank=True
    )


def test_a_file_that_is_too_long_is_refused_unread(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(prober, "MAX_TEXT_BYTES", 10)
    monkeypatch.setattr(Source, "read", lambda _: pytest.fail("it was read"))
    facts = probe_text(Source.of(b"12345678901"))
    assert isinstance(facts, Unprobed)
    assert facts.code == "unsupported_file_type"
    assert "11 bytes" in facts.reason


def test_a_file_that_is_not_there_is_unreadable(tmp_path: Path) -> None:
    with pytest.raises(UnreadableError, match="is not there"):
        probe_text(Source.of(tmp_path / "nothing.txt"))


def test_what_is_known_to_be_text_is_not_asked_again() -> None:
    assert text_of(b"left\0right", "utf-8") == "left\0right"
    assert text_of("日本".encode("iso2022_jp"), "utf-8") is not None
    assert text_of(b"\xff", "utf-8") is None
    for encoding, mark in MARKS.items():
        assert text_of(mark + WORDS.encode(encoding), encoding) == WORDS
        assert text_of(WORDS.encode(encoding), encoding) == WORDS


@pytest.mark.parametrize(
    "unseen", ["\u200b", "\u200c\u200d", "\u2060\ufeff", "\xad", "\u2028", "\x07", "\u202e", " \t\u3000"]
)
def test_blank_is_what_nobody_sees(unseen: str) -> None:
    assert facts_of_text(unseen * 3).blank
    assert facts_of_text(unseen * 3_000).blank
    for seen in ("a", "\u0301", "\ue000", "\ufffd", "👍", "\ud800"):
        assert not facts_of_text(unseen * 3_000 + seen).blank


def test_blank_is_found_at_once_in_any_text(monkeypatch: pytest.MonkeyPatch) -> None:
    asked, real = 0, unicodedata.category

    def category(character: str) -> str:
        nonlocal asked
        asked += 1
        return real(character)

    monkeypatch.setattr(prober.unicodedata, "category", category)
    for text in ("word " * 1_000_000, "\u200b" * 1_000_000, " \u200b" * 1_000_000 + "a"):
        asked = 0
        is_blank(text)
        assert asked <= 1_005


def test_facts_of_a_text() -> None:
    assert facts_of_text("お誕生日おめでとう") == TextFacts(
        size_bytes=27, encoding="utf-8", characters=9, tokens=9, blank=False
    )
    assert facts_of_text(" \n\u3000").blank
    assert facts_of_text("Käse", 10, "utf-16-le").size_bytes == 10


@pytest.mark.parametrize(
    ("text", "published"),
    [
        # From the tokenizer's own documentation (OpenAI Cookbook, "How to count tokens with tiktoken").
        ("tiktoken is great!", 6),
        ("antidisestablishmentarianism", 6),
        ("2 + 2 = 4", 7),
        ("お誕生日おめでとう", 9),
        ("", 0),
    ],
)
def test_tokens_are_those_of_cl100k_base(text: str, published: int) -> None:
    assert count_tokens(text) == published


def test_special_tokens_are_ordinary_text() -> None:
    assert count_tokens("<|endoftext|>") > 1


def test_a_lone_surrogate_counts_as_a_replacement_character() -> None:
    assert count_tokens("a\ud800b") == count_tokens("a\ufffdb")
    assert facts_of_text("\udfff").size_bytes == len("\ufffd".encode())
    assert well_formed("\ud800👍\udc00") == "\ufffd👍\ufffd"


@pytest.mark.parametrize("run", [" ", "\t", "\u3000", "a", "^", "0", "\n", "中"])
def test_very_long_runs_are_counted(run: str) -> None:
    # 1,000,000 spaces before a word make tiktoken 0.14 panic, and older ones take minutes for as many letters.
    count = count_tokens(run * 1_200_000 + "x")
    assert 1_200_000 * len(run.encode()) / tokens.LONGEST_TOKEN_BYTES <= count <= 3_600_001


def test_cutting_a_long_text_into_blocks_changes_no_count() -> None:
    lines = "".join(f"{WORDS} {n}\n\n  indented {n * n}.\n" for n in range(6000))
    assert len(lines) > 2 * tokens._BLOCK
    assert count_tokens(lines) == len(tokens._encoding().encode_ordinary(lines))


@given(st.text())
def test_tokens_lie_between_the_longest_and_the_shortest_possible(text: str) -> None:
    size = len(well_formed(text).encode())
    assert size / tokens.LONGEST_TOKEN_BYTES <= count_tokens(text) <= size


@settings(max_examples=30)
@given(st.lists(st.tuples(st.sampled_from(["a", " ", "\n", "-", "é", " x"]), st.integers(1, 3000)), max_size=6))
def test_runs_of_any_length_lose_no_character(runs: list[tuple[str, int]]) -> None:
    text = "".join(piece * times for piece, times in runs)
    assert "".join(tokens._blocks(text)) == text


def test_counting_needs_no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(socket, "socket", lambda *_, **__: pytest.fail("a socket was opened"))
    tokens._encoding.cache_clear()
    assert count_tokens("tiktoken is great!") == 6


def test_damaged_ranks_are_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tokens, "_RANKS_SHA256", "0" * 64)
    tokens._encoding.cache_clear()
    with pytest.raises(PreflightError, match="Install embed-preflight again"):
        count_tokens("a")


@pytest.mark.corpus
def test_texts_of_the_corpus(corpus: Path) -> None:
    unmarked = ("Big5", "EUC", "GB2312", "KOI8", "MacRoman", "SHIFT", "TIS", "UTF-16LE", "UTF-32BE", "iso", "windows")
    for path in sorted((corpus / "text").iterdir()):
        facts = probe_text(Source.of(path))
        if path.name.startswith(tuple(f"chardet_{name}" for name in unmarked)):
            assert facts.kind == "unknown", path.name
        elif path.name.startswith("udhr_"):
            assert isinstance(facts, TextFacts), path.name
            assert facts.characters == len(path.read_bytes().decode()), path.name


@pytest.mark.corpus
@pytest.mark.parametrize("folder", ["image", "bad"])
def test_what_is_no_text_never_raises(corpus: Path, folder: str) -> None:
    for path in sorted((corpus / folder).iterdir()):
        assert probe_text(Source.of(path)).kind in ("text", "unknown")
