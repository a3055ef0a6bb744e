"""Where a text may be cut, how good a place each is, and how many tokens lie before it."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from enum import IntEnum
from functools import partial

import numpy as np
import numpy.typing as npt
import regex

from preflight.probers.tokens import TokenCounter, count_tokens, token_byte_ends

Indices = npt.NDArray[np.int64]
Tokens = npt.NDArray[np.float64]


class Level(IntEnum):
    """What ends there, the best place first."""

    PARAGRAPH = 0
    SENTENCE = 1
    LINE = 2
    CLAUSE = 3
    WORD = 4
    CHARACTER = 5
    """What a reader takes for one: a family is seven code points."""
    CODE_POINT = 6


# All of them end behind the white space, so that each chunk begins with what is to be read.
_CLOSING = r"[\p{Pe}\p{Pf}\"'\u2019]*+"
_COARSE = regex.compile(
    # A blank line, or Unicode's own sign of one. (A carriage return is not parted from its line feed, as two lines.)
    r"(?P<paragraph>(?:(?:\r\n?+|[\n\x0b\x0c\x85\u2028])[^\S\r\n\x0b\x0c\x85\u2028\u2029]*){2,}|\u2029\s*)"
    # By UAX 29: the full stops of most scripts end a sentence, that of ours (or three of them) where white space
    # follows and no small letter after it. Chinese, Japanese and Indian ones need no white space.
    # Each run of them is looked at once, and as a whole: a million exclamation marks take no longer than others.
    rf"|(?P<sentence>(?:(?<![!?\u061f\u06d4])[!?\u061f\u06d4]++{_CLOSING}(?=\s)"
    rf"|(?<![.\u2026])[.\u2026]++{_CLOSING}(?=\s++[^\s\p{{Ll}}])"
    rf"|[\p{{SB=ST}}--[!?\u061f\u06d4]]++{_CLOSING})[^\S\r\n\x0b\x0c\x85\u2028\u2029]*+"
    r"(?:\r\n|[\r\n\x0b\x0c\x85\u2028](?![\r\n\x0b\x0c\x85\u2028]))?)"
    r"|(?P<line>\r\n?|[\n\x0b\x0c\x85\u2028])",
    regex.VERSION1,
)
_FINE = regex.compile(r"(?P<clause>[,;:\u060c\u061b\u2013\u2014]\s+|[\uff0c\u3001\uff1b\uff1a]\s*)|(?P<word>\s+)")
_CHARACTER = regex.compile(r"\X")

_FINER_THAN = 4
"""A stretch is looked at more closely where it has more than this part of the tokens of a chunk."""
_APART = 48
"""Of the places within this part of a chunk's tokens, the best one is kept."""

_Place = tuple[int, Level]
_Finder = Callable[[int, int, int], Iterable[_Place]]
"""Places between two indices; of those that are as good as each other, one in so many characters will do."""


@dataclass(frozen=True, slots=True)
class Breaks:
    """The places at which a text may be cut, its start and end among them, in order. All arrays have one length."""

    at: Indices
    """Indices of characters."""
    level: npt.NDArray[np.int8]
    ended: Tokens
    """How many tokens end at or before each place."""
    begun: Tokens
    """How many tokens begin before it: one more where it lies within a token."""
    seen: Indices
    """How many characters before it can be seen."""

    def tokens_of(self, first: int, last: int) -> float:
        """About how many tokens lie between two places."""
        return float(self.begun[last] - self.ended[first])


def find_breaks(text: str, max_tokens: int, token_counter: TokenCounter) -> Breaks:
    """`text` holds no lone surrogates. There are at most about 48 places to `max_tokens`."""
    ruler = _Ruler(text) if token_counter is count_tokens else _Tally(text, token_counter)
    apart = max_tokens / _APART
    places: list[_Place] = [(0, Level.PARAGRAPH), (len(text), Level.PARAGRAPH)]
    before = ruler.before(_indices(places))
    for finer, is_counted in (
        (partial(_matches, _COARSE, text), True),
        (partial(_matches, _FINE, text), True),
        (partial(_characters, text), False),
        (_code_points, False),
    ):
        most = 0.0 if len(places) == 2 else max_tokens / _FINER_THAN  # noqa: PLR2004 (the start and the end alone)
        refined = list(_refined(places, before, most, apart, finer))
        if len(refined) > len(places):
            places, before = refined, ruler.before(_indices(refined), is_counted=is_counted)
    at, (ended, begun) = _indices(places), before
    level = np.fromiter((level for _, level in places), np.int8, len(places))
    keep = _kept(begun, level, apart)
    return Breaks(at[keep], level[keep], ended[keep], begun[keep], _seen(text)[at[keep]])


def _indices(places: list[_Place]) -> Indices:
    return np.fromiter((at for at, _ in places), np.int64, len(places))


def _refined(
    places: list[_Place], before: tuple[Tokens, Tokens], most: float, apart: float, finer: _Finder
) -> Iterator[_Place]:
    """`places`, and between those with more than `most` tokens between them what `finer` finds there."""
    ended, begun = before
    tokens = (begun[1:] - ended[:-1]).tolist()
    yield places[0]
    for (start, _), (end, level), between in zip(places, places[1:], tokens, strict=False):
        if between > most:
            step = max(1, int((end - start) * apart / max(between, 1.0)))
            yield from (found for found in finer(start, end, step) if start < found[0] < end)
        if end > start:
            yield end, level


def _matches(pattern: regex.Pattern[str], text: str, start: int, end: int, _: int) -> Iterator[_Place]:
    for match in pattern.finditer(text, start, end):
        yield match.end(), _LEVELS[match.lastgroup]


_LEVELS = {level.name.lower(): level for level in Level}


def _characters(text: str, start: int, end: int, step: int) -> Iterator[_Place]:
    due = start + step
    for match in _CHARACTER.finditer(text, start, end):
        if (at := match.end()) >= due:
            due = at + step
            yield at, Level.CHARACTER


def _code_points(start: int, end: int, step: int) -> Iterator[_Place]:
    for at in range(start + step, end, step):
        yield at, Level.CODE_POINT


def _kept(begun: Tokens, level: npt.NDArray[np.int8], apart: float) -> Indices:
    """Of each step of `apart` tokens the best place, the last of several; and the first and the last of all."""
    step = np.floor(begun / max(apart, 1.0)).astype(np.int64)
    step[0], step[-1] = -1, step[-1] + 1
    order = np.lexsort((-np.arange(len(step)), level, step))
    _, first = np.unique(step[order], return_index=True)
    return np.sort(order[first])


def _seen(text: str) -> Indices:
    """For each index of a character and the end, how many characters before it can be seen."""
    codes = _codes(text)
    is_blank = np.zeros(0x110000, bool)
    is_blank[[ord(c) for c in set(text) if (kind := unicodedata.category(c))[0] == "Z" or kind in ("Cc", "Cf")]] = True
    return np.concatenate(([0], np.cumsum(~is_blank[codes])))


def _codes(text: str) -> npt.NDArray[np.uint32]:
    return np.frombuffer(text.encode("utf-32-le"), "<u4")


class _Ruler:
    """Counts by where the tokens of the whole text end."""

    def __init__(self, text: str) -> None:
        codes = _codes(text)
        sizes = 1 + (codes >= 0x80).astype(np.int64) + (codes >= 0x800) + (codes >= 0x10000)  # noqa: PLR2004 (UTF-8)
        self._bytes = np.concatenate(([0], np.cumsum(sizes)))
        self._ends = token_byte_ends(text)
        self._starts = np.concatenate(([0], self._ends[:-1]))

    def before(self, at: Indices, *, is_counted: bool = True) -> tuple[Tokens, Tokens]:  # noqa: ARG002 (always is)
        places = self._bytes[at]
        ended = np.searchsorted(self._ends, places, "right").astype(np.float64)
        return ended, np.searchsorted(self._starts, places, "left").astype(np.float64)


class _Tally:
    """Adds up what a counter of the caller's says of the stretches between places.

    What it says of a longer stretch counts more: the sum of its parts, with whatever is added to each of them, is
    brought to that. Characters are not counted one by one, but are taken to have as many tokens each.
    """

    def __init__(self, text: str, token_counter: TokenCounter) -> None:
        self._text, self._count = text, token_counter
        self._at = np.array([0, len(text)], np.int64)
        self._tokens = np.array([0.0, token_counter(text)])

    def before(self, at: Indices, *, is_counted: bool = True) -> tuple[Tokens, Tokens]:
        known = np.searchsorted(at, self._at)
        parts = self._counted(at) if is_counted else np.concatenate(([0.0], np.cumsum(np.diff(at), dtype=np.float64)))
        # A little more for each place, so that parts of no tokens have a place of their own.
        parts += np.arange(len(at)) * 1e-6
        self._tokens = np.interp(parts, parts[known], self._tokens)
        self._at = at
        return self._tokens, self._tokens

    def _counted(self, at: Indices) -> Tokens:
        known = set(zip(self._at[:-1].tolist(), self._at[1:].tolist(), strict=True))
        pairs = zip(at[:-1].tolist(), at[1:].tolist(), strict=True)
        # Of what is not parted any further it does not matter: it keeps what it has.
        counts = (1 if (start, end) in known else self._count(self._text[start:end]) for start, end in pairs)
        return np.concatenate(([0.0], np.cumsum(np.fromiter(counts, np.float64, len(at) - 1))))
