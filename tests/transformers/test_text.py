"""A long text → chunks that end where sentences do."""

from __future__ import annotations

import time
import unicodedata
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from preflight.errors import UsageError
from preflight.media import Fidelity, Source
from preflight.planner.interface import SplitText
from preflight.probers.text import count_tokens, facts_of_text, probe_text
from preflight.transformers.interface import Output
from preflight.transformers.text import split_text

SENTENCE = "The quick brown fox number {} jumps over the lazy dog, and nobody minds. "
STORY = "".join(SENTENCE.format(n) for n in range(200))


def split(text: str, max_tokens: int = 500) -> list[Output]:
    return list(split_text(text, SplitText(max_tokens=max_tokens)))


def texts(outputs: list[Output]) -> list[str]:
    return [o.media.read().decode() for o in outputs]


def test_every_character_is_in_one_chunk_in_order() -> None:
    outputs = split(STORY)
    chunks = texts(outputs)
    assert "".join(chunks) == STORY
    assert [STORY.startswith(chunk, o.offset) for chunk, o in zip(chunks, outputs, strict=True)] == [True] * len(chunks)
    assert outputs[0].offset == 0
    assert {o.fidelity for o in outputs} == {Fidelity.LOSSLESS}
    assert {o.span for o in outputs} == {None}


def test_chunks_end_where_sentences_do() -> None:
    assert all(chunk.endswith("minds. ") and chunk.startswith("The quick") for chunk in texts(split(STORY)))


def test_chunks_are_as_few_as_sentences_allow_and_even() -> None:
    counts = [count_tokens(chunk) for chunk in texts(split(STORY))]
    total = count_tokens(STORY)
    assert len(counts) <= -(-total // 470)
    assert max(counts) <= 500
    assert min(counts) > max(counts) / 2


def test_a_text_just_over_the_limit_becomes_two_halves() -> None:
    text = "".join(SENTENCE.format(n) for n in range(32))
    assert 500 < count_tokens(text) < 600
    first, second = (count_tokens(chunk) for chunk in texts(split(text)))
    assert abs(first - second) < 60


def test_paragraphs_are_kept_together() -> None:
    paragraph = "".join(SENTENCE.format(n) for n in range(20))
    chunks = texts(split("\n\n".join([paragraph.strip()] * 6), 400))
    assert [chunk.strip() for chunk in chunks] == [paragraph.strip()] * 6


def test_offsets_count_characters_not_bytes() -> None:
    text = "日本語の文です。" * 300
    outputs = split(text, 100)
    assert len(outputs) > 1
    for output in outputs:
        assert output.offset is not None
        assert text.startswith(output.media.read().decode(), output.offset)
        assert output.offset % len("日本語の文です。") == 0


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
    chunks = texts(split(text))
    assert "".join(chunks) == text
    assert all(chunk.strip() for chunk in chunks)
    assert max(map(count_tokens, chunks)) <= 500


def test_graphemes_stay_whole() -> None:
    family = "👨‍👩‍👧‍👦"
    assert all(chunk.count(family) * len(family) == len(chunk) for chunk in texts(split(family * 500, 100)))
    accented = unicodedata.normalize("NFD", "é") * 2000
    assert not any(unicodedata.combining(chunk[0]) for chunk in texts(split(accented, 100)))


def test_a_grapheme_over_the_limit_is_cut_all_the_same() -> None:
    zalgo = "e" + "\u0301" * 2000
    chunks = texts(split(zalgo, 100))
    assert "".join(chunks) == zalgo
    assert max(map(count_tokens, chunks)) <= 100


def test_one_character_over_the_limit_cannot_be_cut() -> None:
    with pytest.raises(UsageError, match="Allow more tokens"):
        split("\U0001f9ff" * 3, 1)


def test_white_space_that_no_chunk_can_hold_is_left_out_and_said() -> None:
    gap = "\n" * 100_000
    outputs = split(STORY + gap + "The end.")
    chunks = texts(outputs)
    assert all(chunk.strip() for chunk in chunks)
    assert max(map(count_tokens, chunks)) <= 500
    assert "".join("".join(chunks).split()) == "".join((STORY + "The end.").split())
    after_gap = outputs[-1]
    assert after_gap.offset is not None
    assert (STORY + gap + "The end.").startswith(chunks[-1], after_gap.offset)
    assert any("characters of white space" in step for step in after_gap.steps)


def test_nothing_but_white_space_gives_nothing() -> None:
    assert split(" \n" * 5000) == []


def test_lone_surrogates_are_replaced_and_said() -> None:
    outputs = split("\ud800" + STORY)
    assert texts(outputs)[0].startswith("\ufffdThe quick")
    assert outputs[0].fidelity is Fidelity.TRANSCODED
    assert "replace lone surrogates by U+FFFD" in outputs[0].steps
    assert {o.fidelity for o in outputs[1:]} == {Fidelity.LOSSLESS}
    assert "".join(texts(outputs)) == "\ufffd" + STORY


PIECES = st.sampled_from(
    ["word ", "Ende. ", "日本語。", "\n", "\n\n", " ", "    ", "👨‍👩‍👧‍👦", "e\u0301", "1234 ", "\t", "ﷺ", "-", "́"]
)


@settings(max_examples=200, deadline=None)
@given(st.lists(st.tuples(PIECES, st.integers(1, 40)), max_size=30), st.integers(20, 80))
def test_joined_chunks_are_the_text(runs: list[tuple[str, int]], max_tokens: int) -> None:
    text = "".join(piece * times for piece, times in runs)
    outputs = split(text, max_tokens)
    chunks = texts(outputs)
    assert all(chunk.strip() for chunk in chunks)
    assert all(count_tokens(chunk) <= max_tokens for chunk in chunks)
    reached = 0
    for chunk, output in zip(chunks, outputs, strict=True):
        assert output.offset is not None
        assert output.offset >= reached
        left_out = text[reached : output.offset]
        assert not left_out.strip()
        # Only what fills half a chunk may be missing.
        assert not left_out or count_tokens(left_out) > max_tokens // 4
        assert text.startswith(chunk, output.offset)
        reached = output.offset + len(chunk)
    assert not text[reached:].strip()


@settings(max_examples=100, deadline=None)
@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=400), st.integers(10, 40))
def test_any_text_at_all(text: str, max_tokens: int) -> None:
    chunks = texts(split(text, max_tokens))
    assert seen("".join(chunks)) == seen(text)
    assert all(seen(chunk) and count_tokens(chunk) <= max_tokens for chunk in chunks)


def seen(text: str) -> str:
    """Without what leaves no mark: white space, controls, characters without width."""
    return "".join(c for c in text if unicodedata.category(c) not in ("Zs", "Zl", "Zp", "Cc", "Cf"))


def test_a_chunk_that_nobody_could_see_is_none() -> None:
    """Deleted words leave such runs behind; alone in a request they would be refused."""
    text = "Some words. " + "\u200b" * 400 + " And some more."
    outputs = split(text, 100)
    assert all(not facts_of_text(chunk).blank for chunk in texts(outputs))
    assert seen("".join(texts(outputs))) == seen(text)


@pytest.mark.parametrize(
    "text", [STORY * 70, "日本語の文です。" * 45_000, "a" * 1_000_000], ids=["English", "CJK", "a"]
)
def test_a_megabyte_takes_seconds(text: str) -> None:
    assert len(text.encode()) > 990_000
    began = time.perf_counter()
    split(text)
    # Some 1 to 3 s here; what this guards against is quadratic.
    assert time.perf_counter() - began < 30


@pytest.mark.corpus
def test_texts_of_the_corpus(corpus: Path) -> None:
    for path in sorted((corpus / "text").iterdir()):
        facts = probe_text(Source.of(path))
        if facts.kind != "text":
            continue
        text = path.read_bytes().decode(facts.encoding).removeprefix("\ufeff")
        chunks = texts(split(text))
        assert "".join(chunks) == text, path.name
        assert all(chunk.strip() and count_tokens(chunk) <= 500 for chunk in chunks), path.name
