"""What a text is: its encoding and its tokens."""

from __future__ import annotations

import codecs
import random
import socket
import time
import unicodedata
from itertools import accumulate
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from preflight.errors import PreflightError, UnreadableError
from preflight.media import Source, TextFacts, Unprobed
from preflight.probers import text as prober
from preflight.probers import tokens
from preflight.probers.encoding import Decoded
from preflight.probers.text import Reading, facts_of_text, is_blank, probe_text, well_formed
from preflight.probers.tokens import count_tokens

WORDS = "Zwölf Boxkämpfer jagen Viktor quer über den großen Sylter Deich. 日本語 👍"


def test_an_empty_file_is_empty_and_a_mark_alone_is_a_blank_text() -> None:
    empty = probe_text(Source.of(b""))
    assert isinstance(empty, Unprobed)
    assert empty.code == "file_empty"
    assert probe_text(Source.of(codecs.BOM_UTF8)) == TextFacts(
        size_bytes=3, encoding="utf-8", encoding_source="mark", characters=0, tokens=0, blank=True
    )


def test_a_file_that_is_too_long_is_refused_unread(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(prober, "MAX_TEXT_BYTES", 10)
    monkeypatch.setattr(Source, "read", lambda _: pytest.fail("it was read"))
    facts = probe_text(Source.of(b"12345678901"))
    assert isinstance(facts, Unprobed)
    assert facts.code == "text_filesize_too_large"
    assert facts.size_bytes == 11
    assert "11 bytes" in facts.reason


def test_a_file_that_is_not_there_is_unreadable(tmp_path: Path) -> None:
    with pytest.raises(UnreadableError, match="is not there"):
        probe_text(Source.of(tmp_path / "nothing.txt"))


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
    read = Decoded(text="Käse", encoding="utf-16-le", source="mark")
    facts = facts_of_text("Käse", 10, read)
    assert (facts.size_bytes, facts.encoding, facts.encoding_source) == (10, "utf-16-le", "mark")


def test_lone_surrogates_are_counted() -> None:
    assert facts_of_text("a\ud83d\udc00b\udfff").lone_surrogates == 3
    assert facts_of_text("👍").lone_surrogates == 0


def test_whoever_counts_is_asked() -> None:
    reading = Reading(token_counter=len)
    facts = probe_text(Source.of(b"man walking a dog"), reading)
    assert isinstance(facts, TextFacts)
    assert facts.tokens == 17


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


@pytest.mark.parametrize("run", [" ", "\t", "\u3000", " \u3000\t", "\xa0 "])
def test_white_space_is_counted_however_much_it_is(run: str) -> None:
    """1,000,000 characters of it before a word make tiktoken 0.14 panic: the last one goes with what follows."""
    blanks = run * (1_200_000 // len(run))
    assert count_tokens(blanks + "1") == alone(blanks[:-1]) + alone(blanks[-1]) + 1
    assert count_tokens("a" + blanks) == 1 + alone(blanks)


@pytest.mark.parametrize("run", ["a", "^", "0", "\n", "中", "!", "ACGT", "e\u0301", "a_", "👨‍👩‍👧‍👦", "\n "])
def test_very_long_runs_are_counted(run: str) -> None:
    text = run * (1_200_000 // len(run)) + "x"
    began = time.perf_counter()
    count = count_tokens(text)
    assert time.perf_counter() - began < 30  # about a second; what this guards against is quadratic
    assert count == alone(text)


def alone(text: str) -> int:
    """By one call of tiktoken, which does not always come back."""
    return len(tokens._tokenizer()[0].encode_ordinary(text))


WORDS_OF_IT = ["rights", "Whereas", "the", "Declaration", "people,", "https://", "a", "1", "22", "_", "'s", "é", "ü"]
RUNS = ["!", "!!", "\n", "\r\n", " ", "  ", "\t", "字", "日本", "。", "e\u0301", "\u0301", "٣", "😀", "\u3000"]
ODD = ["\x1c", "\x85", "\xad", "\0", "ก", "ำ"]


@settings(max_examples=400, deadline=None)
@given(
    st.lists(st.tuples(st.sampled_from(WORDS_OF_IT + RUNS + ODD), st.integers(1, 60)), max_size=20),
    st.sampled_from([8, 20, 64, 200]),
)
def test_blocks_and_windows_change_no_token(runs: list[tuple[str, int]], block: int) -> None:
    """Glued together, they are words of any length, without a place where blocks could end."""
    text = "".join(piece * times for piece, times in runs)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(tokens, "_BLOCK", block)
        found = [token for part in tokens._encoded(text) for token in part]
        ends = tokens.token_byte_ends(text)
        assert count_tokens(text) == len(ends)
    encoding = tokens._tokenizer()[0]
    assert found == encoding.encode_ordinary(text)
    assert ends.tolist() == list(accumulate(len(encoding.decode_single_token_bytes(token)) for token in found))


@pytest.mark.corpus
def test_words_glued_to_more_than_a_thousand_characters_are_counted_as_tiktoken_does(corpus: Path) -> None:
    words = (corpus / "text" / "udhr_eng.txt").read_text().split()
    chance = random.Random(49)
    text = "".join(chance.choice(words) for _ in range(400))[:1842]
    assert count_tokens(text) == alone(text) == 501


@settings(deadline=None)
@given(st.lists(st.sampled_from(WORDS_OF_IT + RUNS + ODD), min_size=1, max_size=30).map("".join), st.data())
def test_behind_a_seam_tokens_do_not_depend_on_what_is_before_it(text: str, data: st.DataObject) -> None:
    start = data.draw(st.integers(0, len(text)))
    for seam in (tokens.next_seam(text, start, len(text)), tokens.last_seam(text, 0, start)):
        if seam is not None:
            assert alone(text) == alone(text[:seam]) + alone(text[seam:])


def test_cutting_a_long_text_into_blocks_changes_no_count() -> None:
    lines = "".join(f"{WORDS} {n}\n\n  indented {n * n}.\n" for n in range(6000))
    assert len(lines) > 2 * tokens._BLOCK
    assert count_tokens(lines) == len(tokens._tokenizer()[0].encode_ordinary(lines))


@given(st.text())
def test_tokens_lie_between_the_longest_and_the_shortest_possible(text: str) -> None:
    size = len(well_formed(text).encode())
    assert size / tokens.LONGEST_TOKEN_BYTES <= count_tokens(text) <= size


def test_counting_needs_no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(socket, "socket", lambda *_, **__: pytest.fail("a socket was opened"))
    tokens._tokenizer.cache_clear()
    assert count_tokens("tiktoken is great!") == 6


def test_damaged_ranks_are_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tokens, "_RANKS_SHA256", "0" * 64)
    tokens._tokenizer.cache_clear()
    with pytest.raises(PreflightError, match="Install embed-preflight again"):
        count_tokens("a")


@settings(deadline=None)  # the first one reads the ranks
@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_tokens_end_where_the_text_does(text: str) -> None:
    ends = tokens.token_byte_ends(text)
    assert len(ends) == count_tokens(text)
    assert (ends[-1] if len(ends) else 0) == len(text.encode())
    assert (ends[1:] > ends[:-1]).all()


@pytest.mark.corpus
def test_texts_of_the_corpus(corpus: Path) -> None:
    for path in sorted((corpus / "text").iterdir()):
        facts = probe_text(Source.of(path))
        if path.name.startswith("udhr_"):
            assert isinstance(facts, TextFacts), path.name
            assert facts.characters == len(path.read_bytes().decode()), path.name
            assert facts.encoding_source == "content"


@pytest.mark.corpus
@pytest.mark.parametrize("folder", ["image", "bad"])
def test_what_is_no_text_never_raises(corpus: Path, folder: str) -> None:
    for path in sorted((corpus / folder).iterdir()):
        assert probe_text(Source.of(path)).kind in ("text", "unknown")
