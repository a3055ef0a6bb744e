"""Places where a text may be cut: in order, where they say they are, and with the tokens that lie before them."""

from __future__ import annotations

import unicodedata

import numpy as np
import pytest
import regex
from hypothesis import given, settings
from hypothesis import strategies as st

from preflight.planner.breaks import Breaks, Level, find_breaks
from preflight.probers.tokens import count_tokens

PIECES = [
    "word ",
    "Ende. ",
    "what?! ",
    "\n",
    "\r\n",
    "\n\n",
    "\r\n \r\n",
    "，",
    "。",
    "漢字",
    "👨‍👩‍👧",
    "e\u0301",
    "\u2029",
    "a, b; ",
    "\u203c\ufe0f",
    "\u2049\ufe0f ",
    "。\ufe00",
    "，\ufe00",
    "x \u0301",
    "y? \u0301",
    "z?\u200d ",
    "க் ",
]
TEXTS = st.one_of(
    st.lists(st.sampled_from(PIECES), min_size=1, max_size=120).map("".join),
    st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=300),
    st.text("ab .\n", min_size=1, max_size=400),
)


def words(text: str) -> int:
    """Another tokenizer."""
    return len(text.split())


def places(found: Breaks) -> list[tuple[int, Level]]:
    return [(int(at), Level(int(level))) for at, level in zip(found.at, found.level, strict=True)]


@settings(max_examples=150, deadline=None)
@given(TEXTS, st.integers(2, 60), st.sampled_from([count_tokens, words]))
def test_places_are_in_order_from_start_to_end_and_so_is_what_lies_before_them(text, max_tokens, counter) -> None:
    found = find_breaks(text, max_tokens, counter)
    assert len({len(each) for each in (found.at, found.level, found.ended, found.begun, found.seen)}) == 1
    assert (found.at[0], found.at[-1]) == (0, len(text))
    assert np.all(np.diff(found.at) > 0)
    for before in (found.ended, found.begun, found.seen):
        assert before[0] == pytest.approx(0, abs=1e-3)
        assert np.all(np.diff(before) >= 0)
    assert np.all(found.begun >= found.ended)
    visible = [unicodedata.category(c)[0] != "Z" and unicodedata.category(c) not in ("Cc", "Cf") for c in text]
    assert list(found.seen) == [sum(visible[:at]) for at in found.at]


@settings(max_examples=100, deadline=None)
@given(TEXTS, st.integers(2, 60))
def test_tokens_before_a_place_are_those_of_the_whole_text(text: str, max_tokens: int) -> None:
    """A token that a place cuts has begun, and has not ended."""
    found = find_breaks(text, max_tokens, count_tokens)
    assert found.begun[-1] == found.ended[-1] == count_tokens(text)
    assert np.all(found.begun - found.ended <= 1)


@settings(max_examples=150, deadline=None)
@given(TEXTS, st.integers(2, 60))
def test_each_place_is_what_it_says(text: str, max_tokens: int) -> None:
    ends_of_characters = {match.end() for match in regex.finditer(r"\X", text)}
    for at, level in places(find_breaks(text, max_tokens, count_tokens))[1:-1]:
        before, last = text[:at], text[at - 1]
        assert level is Level.CODE_POINT or at in ends_of_characters
        match level:
            case Level.PARAGRAPH:
                assert last == "\u2029" or len((before[len(before.rstrip()) :]).splitlines()) >= 2
            case Level.SENTENCE:
                stop = before.rstrip().rstrip("\"'\u2019)]}\u300d\u300f\ufe00\ufe0f\u0301\u200d")[-1:]
                assert stop
                assert unicodedata.category(stop)[0] in "PS"
            case Level.LINE:
                assert last in "\n\r\x0b\x0c\x85\u2028"
                assert text[at - 1 : at + 1] != "\r\n"
            case Level.CLAUSE:
                assert last.isspace() or before.rstrip("\ufe00\u0301")[-1] in "，、；："
            case Level.WORD:
                assert last.isspace() or last in "\u0f0b\u1361\u200b"
            case Level.CHARACTER:
                assert at in ends_of_characters
            case Level.CODE_POINT:
                assert text[:at] + text[at:] == text


@settings(max_examples=100, deadline=None)
@given(TEXTS, st.integers(2, 60))
def test_finer_places_are_only_looked_for_where_coarser_ones_are_far_apart(text: str, max_tokens: int) -> None:
    """Between neighbours lies never more than a chunk holds, if a character itself does not take more."""
    found = find_breaks(text, max_tokens, count_tokens)
    largest = max(count_tokens(c) for c in set(text))
    for here in range(len(found.at) - 1):
        if found.at[here + 1] - found.at[here] > 1:
            assert found.tokens_of(here, here + 1) <= max_tokens + largest


@settings(max_examples=100, deadline=None)
@given(TEXTS, st.integers(2, 60), st.booleans(), st.data())
def test_what_is_exact_is_what_counting_says(text: str, max_tokens: int, at_every_word: bool, data) -> None:
    found = find_breaks(text, max_tokens, count_tokens, at_every_word=at_every_word).exact()
    first = data.draw(st.integers(0, len(found.at) - 2))
    last = data.draw(st.integers(first + 1, len(found.at) - 1))
    if found.is_exact(first, last):
        assert found.tokens_of(first, last) == count_tokens(text[found.at[first] : found.at[last]])


def test_of_prose_all_is_exact_but_words_alone() -> None:
    text = "The quick brown fox jumps over the lazy dog, and nobody minds. " * 100
    found = find_breaks(text, 50, count_tokens, at_every_word=True).exact()
    assert len(found.at) == len(text.split()) + 1
    assert all(found.is_exact(first, first + 2) for first in range(len(found.at) - 2))


@pytest.mark.parametrize(
    ("text", "at", "level"),
    [
        ("One two three.\n\nFour five six.", 16, Level.PARAGRAPH),
        ("One two three. Four five six.", 15, Level.SENTENCE),
        ("One two three\nfour five six", 14, Level.LINE),
        ("One two three\r\nfour five six", 15, Level.LINE),
        ("One two three\r\n\r\nfour five six", 17, Level.PARAGRAPH),
        ("one two three, four five six", 15, Level.CLAUSE),
        ("one two three four", 4, Level.WORD),
        ("一二三。四五六", 4, Level.SENTENCE),
        ("one two three\u203c\ufe0ffour five", 15, Level.SENTENCE),
        ("one two three\u2049\ufe0f four five", 16, Level.SENTENCE),
        ("一二三。\ufe00四五六", 5, Level.SENTENCE),
        ("ሰላም፣ ዓለም", 5, Level.CLAUSE),
        ("ሰላም፡ዓለም", 4, Level.WORD),
        ("ជំរាប\u200bសួរ", 6, Level.WORD),
        ("བོད་སྐད", 4, Level.WORD),
    ],
)
def test_the_best_place_of_each_kind_is_found(text: str, at: int, level: Level) -> None:
    assert (at, level) in places(find_breaks(text, 4, count_tokens))
