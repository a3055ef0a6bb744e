"""A long text → chunks that end where sentences do: as few and as even as can be, and nothing lost."""

from __future__ import annotations

import time
import unicodedata
from itertools import pairwise
from pathlib import Path

import pytest
import regex
from hypothesis import given, settings
from hypothesis import strategies as st

from preflight.errors import UsageError
from preflight.media import Source
from preflight.planner import chunks as chunks_of
from preflight.planner.chunks import split as split_by
from preflight.planner.chunks import truncated
from preflight.planner.interface import Chunk
from preflight.probers.text import facts_of_text, probe_text
from preflight.probers.tokens import count_tokens

SENTENCE = "The quick brown fox number {} jumps over the lazy dog, and nobody minds. "
STORY = "".join(SENTENCE.format(n) for n in range(200))


def split(text: str, max_tokens: int = 500, overlap_tokens: int = 0) -> tuple[Chunk, ...]:
    return split_by(text, max_tokens, count_tokens, overlap_tokens)


def cores(text: str, chunks: tuple[Chunk, ...]) -> list[str]:
    return [text[each.start : each.end] for each in chunks]


def texts(text: str, max_tokens: int = 500) -> list[str]:
    return cores(text, split(text, max_tokens))


def test_every_character_is_in_one_chunk_in_order() -> None:
    chunks = split(STORY)
    assert "".join(cores(STORY, chunks)) == STORY
    assert chunks[0].start == 0
    assert [a.end for a in chunks[:-1]] == [b.start for b in chunks[1:]]
    assert {each.repeats for each in chunks} == {0}
    assert [each.ends_with for each in chunks] == ["sentence"] * (len(chunks) - 1) + ["text"]


def test_chunks_end_where_sentences_do() -> None:
    assert all(chunk.endswith("minds. ") and chunk.startswith("The quick") for chunk in texts(STORY))


def test_chunks_are_as_few_as_sentences_allow_and_even() -> None:
    counts = [count_tokens(chunk) for chunk in texts(STORY)]
    total = count_tokens(STORY)
    assert len(counts) <= -(-total // 470)
    assert max(counts) <= 500
    assert min(counts) > max(counts) / 2


def test_a_text_just_over_the_limit_becomes_two_halves() -> None:
    text = "".join(SENTENCE.format(n) for n in range(32))
    assert 500 < count_tokens(text) < 600
    first, second = (count_tokens(chunk) for chunk in texts(text))
    assert abs(first - second) < 60


def test_paragraphs_are_kept_together() -> None:
    paragraph = "".join(SENTENCE.format(n) for n in range(20))
    chunks = texts("\n\n".join([paragraph.strip()] * 6), 400)
    assert [chunk.strip() for chunk in chunks] == [paragraph.strip()] * 6


def test_places_are_counted_in_characters_not_bytes() -> None:
    chunks = split("日本語の文です。" * 300, 100)
    assert len(chunks) > 1
    assert {each.start % len("日本語の文です。") for each in chunks} == {0}


def test_a_sentence_counts_more_than_a_line_or_clause_and_a_paragraph_more_than_a_sentence() -> None:
    wrapped = "".join(f"Line {n} of it goes on,\nand on to its end {n}. " for n in range(300))
    assert all(chunk.endswith(". ") for chunk in texts(wrapped))
    paragraphs = "".join(SENTENCE.format(n) * 7 + "\n\n" for n in range(40))
    assert all(chunk.endswith("\n\n") for chunk in texts(paragraphs))


@pytest.mark.parametrize(
    ("sentence", "end"),
    [
        ("これは長い文章です。", "。"),
        ("他说：“今天很好！”", "”"),
        ("यह एक लंबा वाक्य है। ", "। "),
        ("هل هذا نص طويل جدا؟ ", "؟ "),
        ("ይህ ረጅም ጽሑፍ ነው።", "።"),
        ("Mr. says e.g. this at 3.14 p.m. to us! ", "! "),
        ("Wirklich? ", "? "),
        ("He said “no.” ", "” "),
    ],
)
def test_sentences_end_as_their_script_ends_them(sentence: str, end: str) -> None:
    chunks = texts(sentence * 400)
    assert len(chunks) > 1
    assert all(chunk.endswith(end) for chunk in chunks)
    assert all(chunk.startswith(sentence[:2]) for chunk in chunks)


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("a" * 50_000, id="one word"),
        pytest.param("^" * 50_000, id="one sign"),
        pytest.param("中" * 20_000, id="no spaces, no full stops"),
        pytest.param("👨‍👩‍👧‍👦" * 2000, id="families"),
        pytest.param("12,34,abc\n" * 5000, id="a table"),
        pytest.param('{"a":[1,2,3],"b":"xyz"},' * 3000, id="JSON"),
        pytest.param(("word" + " " * 3000) * 30, id="words far apart"),
        pytest.param("ab\r\n" * 5000, id="Windows line ends"),
        pytest.param("\n" * 2000 + STORY, id="blank lines first"),
        pytest.param(STORY + "\n" * 2000, id="blank lines last"),
        pytest.param("<|endoftext|>" * 500, id="special tokens"),
        pytest.param("a\0b\x1b" * 2000, id="control characters"),
    ],
)
def test_no_text_is_too_odd(text: str) -> None:
    chunks = texts(text)
    assert "".join(chunks) == text
    assert all(chunk.strip() for chunk in chunks)
    assert max(map(count_tokens, chunks)) <= 500


def test_graphemes_stay_whole() -> None:
    family = "👨‍👩‍👧‍👦"
    assert all(chunk.count(family) * len(family) == len(chunk) for chunk in texts(family * 500, 100))
    accented = unicodedata.normalize("NFD", "é") * 2000
    assert not any(unicodedata.combining(chunk[0]) for chunk in texts(accented, 100))


def test_a_grapheme_over_the_limit_is_cut_all_the_same() -> None:
    zalgo = "e" + "\u0301" * 2000
    chunks = texts(zalgo, 100)
    assert "".join(chunks) == zalgo
    assert max(map(count_tokens, chunks)) <= 100


def test_one_character_over_the_limit_cannot_be_cut() -> None:
    with pytest.raises(UsageError, match="Allow more tokens"):
        split("\U0001f9ff" * 3, 1)


def test_white_space_is_shared_by_its_neighbours_where_they_can_hold_it() -> None:
    for text in (STORY + "\n" * 25_000 + STORY, "\n" * 12_000 + STORY, STORY + "\n" * 12_000):
        assert count_tokens(text) > count_tokens(STORY) + 150
        chunks = texts(text)
        assert "".join(chunks) == text
        assert all(chunk.strip() for chunk in chunks)
        assert max(map(count_tokens, chunks)) <= 500


def test_white_space_that_no_two_chunks_can_hold_is_left_out() -> None:
    gap = "\n" * 400_000
    text = STORY + gap + "The end."
    chunks = split(text)
    *_, before, after = chunks
    assert (before.end, after.start) == (len(STORY.rstrip()), len(STORY + gap))
    assert "".join(cores(text, chunks)) == STORY.rstrip() + "The end."
    assert max(map(count_tokens, cores(text, chunks))) <= 500


def test_nothing_but_white_space_gives_nothing() -> None:
    assert split(" \n" * 5000) == ()


@pytest.mark.parametrize("fewest", [False, True])
@pytest.mark.parametrize(
    ("text", "chunks"),
    [
        ("word.\n\n" * 500, 2),
        ("word\n" * 500, 2),
        ("字" * 1_000, 2),
        ("字" * 10_000, 20),
        ("word.\n\n" * 5_000, 20),
    ],
)
def test_what_fits_exactly_is_cut_exactly(text: str, chunks: int, fewest: bool) -> None:
    assert count_tokens(text) == 500 * chunks
    assert len(split_by(text, 500, count_tokens, fewest=fewest)) == chunks


WORDS = ["a ", "photograph ", "disestablishmentarianism, ", "end. ", "Zwölf  ", "\n\n", "'tis ", "x=1; "]


@settings(max_examples=60, deadline=None)
@given(st.lists(st.sampled_from(WORDS), min_size=20, max_size=90).map("".join), st.integers(12, 40))
def test_fewer_cannot_be_where_words_end(text: str, max_tokens: int) -> None:
    """Against all that could be: from each end of a word as far as exact counts allow."""
    ends = [match.end() for match in regex.finditer(r"\s+", text) if match.start()]
    reached, fewest = {0}, 0
    while len(text) not in reached and seen(text):
        fewest += 1
        reached = {
            end
            for start in reached
            for end in ends
            if end > start and seen(text[start:end]) and count_tokens(text[start:end]) <= max_tokens
        }
    chunks = split_by(text, max_tokens, count_tokens, fewest=True)
    assert len(chunks) <= fewest
    assert "".join(cores(text, chunks)) == text
    assert max(map(count_tokens, cores(text, chunks))) <= max_tokens


@pytest.mark.corpus
def test_the_corpus_in_as_few_as_can_be(corpus: Path) -> None:
    made = least = 0
    for path in sorted((corpus / "text").glob("udhr_*")):
        text = path.read_text()
        made += len(split_by(text, 500, count_tokens, fewest=True))
        least += -(-count_tokens(text) // 500)
    assert made <= 1.02 * least


def test_a_few_requests_are_worth_it_where_sentences_end_and_none_are_small() -> None:
    counts = [count_tokens(chunk) for chunk in texts(STORY)]
    assert min(counts) > 400


@pytest.mark.parametrize(
    "text",
    [
        "\u203c\ufe0fBuy the best shoes today and save money with us" * 300,
        "Wirklich\u2049\ufe0fdas ist ein guter Satz mit Worten " * 200,
        "這是一個測試的句子\u3002\ufe00" * 300,
        "這是一個測試的句子\uff0c\ufe00" * 300,
        "word \u0301other " * 500,
        "word? \u0301other " * 500,
    ],
)
@pytest.mark.parametrize("fewest", [False, True])
def test_no_mark_is_parted_from_what_it_belongs_to(text: str, fewest: bool) -> None:
    whole = {match.end() for match in regex.finditer(r"\X", text)}
    chunks = split_by(text, 500, count_tokens, fewest=fewest)
    assert len(chunks) > 1
    assert {chunk.end for chunk in chunks} <= whole


@settings(max_examples=80, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.sampled_from(["가나다", "ກຂຄ", "xyz", "photograph", "، ", "。", " ", "ﷺ", "क्षि"]), st.integers(1, 70)
        )
    )
    .map(lambda runs: "".join(piece * times for piece, times in runs))
    .filter(str.strip),
    st.integers(20, 60),
    st.booleans(),
)
def test_no_chunk_is_over_the_limit_where_nothing_is_exact(text: str, max_tokens: int, fewest: bool) -> None:
    """Words longer than what is counted around a place: of some places more is known than of others."""
    chunks = split_by(text, max_tokens, count_tokens, fewest=fewest)
    assert max(map(count_tokens, cores(text, chunks))) <= max_tokens


def test_where_blocks_meet_no_chunk_ends_for_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(chunks_of, "_BLOCK", 5_000)
    assert len(STORY) > 3 * 5_000 - 1_500
    assert "".join(texts(STORY)) == STORY
    assert all(chunk.endswith("minds. ") for chunk in texts(STORY))
    assert min(map(count_tokens, texts(STORY))) > 300


def test_half_a_request_is_worth_half_a_sentence() -> None:
    """Sentences of 260 tokens: one a chunk would be twice as many chunks as need be."""
    sentence = "word, " * 129 + "end. "
    assert 255 < count_tokens(sentence) < 265
    chunks = split(sentence * 40)
    assert len(chunks) <= 23
    assert {each.ends_with for each in chunks} <= {"clause", "sentence", "text"}


class TestOverlap:
    @pytest.mark.parametrize("overlap", [10, 20, 50, 250])
    def test_each_repeats_the_end_of_the_one_before(self, overlap: int) -> None:
        chunks = split(STORY, overlap_tokens=overlap)
        assert "".join(cores(STORY, chunks)) == STORY
        assert chunks[0].repeats == 0
        for before, chunk in pairwise(chunks):
            begin = chunk.start - chunk.repeats
            assert count_tokens(STORY[begin : chunk.start]) <= overlap
            assert count_tokens(STORY[begin : chunk.end]) <= 500
            assert begin >= before.start
            assert STORY[begin - 1] == " "
        repeated = [count_tokens(STORY[c.start - c.repeats : c.start]) for c in chunks[1:]]
        assert max(repeated) > overlap // 2

    def test_characters_where_there_are_no_words(self) -> None:
        text = "中" * 3_000
        chunks = split(text, overlap_tokens=30)
        assert "".join(cores(text, chunks)) == text
        assert {each.repeats for each in chunks[1:]} == {30}

    def test_nothing_is_repeated_across_what_was_left_out(self) -> None:
        text = STORY + "\n" * 400_000 + STORY
        after = [each for each in split(text, overlap_tokens=50) if each.start > len(STORY)]
        assert after[0].repeats == 0
        assert after[1].repeats > 0


class TestTruncated:
    def test_to_the_end_of_a_sentence(self) -> None:
        chunk = truncated(STORY, 500, count_tokens)
        kept = STORY[chunk.start : chunk.end]
        assert (chunk.start, chunk.ends_with) == (0, "sentence")
        assert kept.endswith("minds. ")
        assert 470 < count_tokens(kept) <= 500

    def test_or_of_a_word(self) -> None:
        text = "word " * 2_000
        chunk = truncated(text, 500, count_tokens)
        assert (text[chunk.end - 5 : chunk.end], chunk.ends_with) == ("word ", "word")
        assert 480 < count_tokens(text[: chunk.end]) <= 500

    def test_white_space_before_it_does_not_count(self) -> None:
        text = "\n" * 200_000 + STORY
        chunk = truncated(text, 500, count_tokens)
        assert STORY.startswith(text[chunk.start : chunk.end])
        assert chunk.end - chunk.start > 1_000

    def test_a_single_word(self) -> None:
        text = "abcdefg" * 10_000
        chunk = truncated(text, 500, count_tokens)
        assert 450 < count_tokens(text[: chunk.end]) <= 500


class TestAnyCounter:
    """What a caller injects: nothing is known of it but what it says."""

    @pytest.mark.parametrize(
        "counter",
        [
            pytest.param(len, id="characters"),
            pytest.param(lambda text: len(text.split()) + 2, id="words, and two marks around them"),
            pytest.param(lambda text: len(text.encode()), id="bytes"),
            pytest.param(lambda text: -(-len(text) // 4), id="a guess"),
        ],
    )
    def test_its_limit_is_kept(self, counter) -> None:
        for text in (STORY, "日本語の文です。" * 700, "a" * 9_000, "👨‍👩‍👧‍👦" * 200):
            chunks = split_by(text, 500, counter)
            assert "".join(cores(text, chunks)) == text
            assert max(counter(each) for each in cores(text, chunks)) <= 500
            assert len(chunks) <= 2 + counter(text) / 400


PIECES = st.sampled_from(
    ["word ", "Ende. ", "日本語。", "\n", "\n\n", " ", "    ", "👨‍👩‍👧‍👦", "e\u0301", "1234 ", "\t", "ﷺ", "-", "́"]
)


@settings(max_examples=200, deadline=None)
@given(st.lists(st.tuples(PIECES, st.integers(1, 40)), max_size=30), st.integers(20, 80), st.integers(0, 10))
def test_joined_chunks_are_the_text(runs: list[tuple[str, int]], max_tokens: int, overlap: int) -> None:
    text = "".join(piece * times for piece, times in runs)
    reached = 0
    for chunk in split(text, max_tokens, overlap):
        left_out = text[reached : chunk.start]
        assert not seen(left_out)
        # Only what two chunks cannot hold may be missing; at the ends of the text, what one cannot.
        assert not left_out or count_tokens(left_out) > (max_tokens - overlap) // 2
        core = text[chunk.start : chunk.end]
        assert seen(core)
        assert count_tokens(text[chunk.start - chunk.repeats : chunk.end]) <= max_tokens
        assert chunk.start - chunk.repeats >= 0
        reached = chunk.end
    assert not seen(text[reached:])


@settings(max_examples=150, deadline=None)
@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=400), st.integers(10, 40))
def test_any_text_at_all(text: str, max_tokens: int) -> None:
    chunks = texts(text, max_tokens)
    assert seen("".join(chunks)) == seen(text)
    assert all(seen(chunk) and count_tokens(chunk) <= max_tokens for chunk in chunks)


def seen(text: str) -> str:
    """Without what leaves no mark: white space, controls, characters without width."""
    return "".join(c for c in text if unicodedata.category(c) not in ("Zs", "Zl", "Zp", "Cc", "Cf"))


def test_a_chunk_that_nobody_could_see_is_none() -> None:
    """Deleted words leave such runs behind; alone in a request they would be refused."""
    text = "Some words. " + "\u200b" * 400 + " And some more."
    chunks = texts(text, 100)
    assert all(not facts_of_text(chunk).blank for chunk in chunks)
    assert seen("".join(chunks)) == seen(text)


@pytest.mark.parametrize(
    "text",
    [
        STORY * 70,
        "日本語の文です。" * 45_000,
        "a" * 1_000_000,
        "中" * 340_000,
        "\n" * 1_000_000 + "a",
        "e" + "\u0301" * 500_000,
        "!" * 1_000_000,
        "!" + '"' * 1_000_000,
        "." * 1_000_000,
    ],
    ids=["English", "CJK", "a", "中", "blank", "a heap of accents", "shouting", "quotation marks", "full stops"],
)
def test_a_megabyte_takes_seconds(text: str) -> None:
    assert len(text.encode()) > 990_000
    began = time.perf_counter()
    split(text)
    # Some 1 to 3 s here; what this guards against is quadratic.
    assert time.perf_counter() - began < 30


@pytest.mark.corpus
def test_texts_of_the_corpus(corpus: Path) -> None:
    beyond = []
    for path in sorted((corpus / "text").iterdir()):
        facts = probe_text(Source.of(path))
        if facts.kind != "text":
            continue
        text = path.read_bytes().decode(facts.encoding).removeprefix("\ufeff")
        chunks = texts(text)
        assert "".join(chunks) == text, path.name
        assert all(chunk.strip() and count_tokens(chunk) <= 500 for chunk in chunks), path.name
        beyond.append(len(chunks) / -(-facts.tokens // 500))
    assert len(beyond) > 50
    assert sum(beyond) / len(beyond) < 1.15
    assert max(beyond) < 1.5
