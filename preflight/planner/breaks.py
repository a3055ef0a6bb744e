"""Where a text may be cut, how good a place each is, and how many tokens lie before it."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from enum import IntEnum
from functools import partial

import numpy as np
import numpy.typing as npt
import regex

from preflight.planner.rulers import Indices, Ruler, Tokens, codes_of, ruler_of
from preflight.probers.tokens import TokenCounter

Levels = npt.NDArray[np.int8]


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


# What belongs to the character before it, as a reader sees it: accents, the sign that makes an emoji of a mark.
_JOINED = r"\p{GCB=EX}\p{GCB=ZWJ}\p{GCB=SM}"
# All of them end behind the white space, so that each chunk begins with what is to be read.
_CLOSING = rf"[\p{{Pe}}\p{{Pf}}\"'\u2019{_JOINED}]"
_COARSE = regex.compile(
    # A blank line, or Unicode's own sign of one. (A carriage return is not parted from its line feed, as two lines.)
    r"(?P<paragraph>(?:(?:\r\n?+|[\n\x0b\x0c\x85\u2028])[^\S\r\n\x0b\x0c\x85\u2028\u2029]*){2,}|\u2029\s*)"
    # By UAX 29: the full stops of most scripts end a sentence, that of ours (or three of them) where white space
    # follows and no small letter after it. Chinese, Japanese and Indian ones need no white space.
    # Each run of them is looked at once, and as a whole: a million exclamation marks take no longer than others.
    rf"|(?P<sentence>(?:(?<![!?\u061f\u06d4])[!?\u061f\u06d4]++{_CLOSING}*+(?=\s)"
    rf"|(?<![.\u2026])[.\u2026]++{_CLOSING}*+(?=\s++[^\s\p{{Ll}}])"
    rf"|[\p{{SB=ST}}--[!?\u061f\u06d4]]++{_CLOSING}*+)[^\S\r\n\x0b\x0c\x85\u2028\u2029]*+"
    r"(?:\r\n|[\r\n\x0b\x0c\x85\u2028](?![\r\n\x0b\x0c\x85\u2028]))?)"
    r"|(?P<line>\r\n?|[\n\x0b\x0c\x85\u2028])",
    regex.VERSION1,
)
# Tibetan and Ethiopic have marks between words; others that write words together have a space without width.
_FINE = regex.compile(rf"\s++|[\uff0c\u3001\uff1b\uff1a]{_CLOSING}*+\s*+|[\u0f0b\u1361\u200b]\s*+", regex.VERSION1)
_CHARACTER = regex.compile(r"\X")

_FINER_THAN = 4
"""A stretch is looked at more closely where it has more than this part of the tokens of a chunk."""
_APART = 500
"""Of the places within this part of a chunk's tokens, the best one is kept."""

_Places = tuple[Indices, Levels]
"""Where, and what ends there."""
_Finder = Callable[[int, int, int], Iterable[tuple[int, Level]]]
"""Places between two indices; of those that are as good as each other, one in so many characters will do."""


@dataclass(frozen=True, slots=True)
class Breaks:
    """The places at which a text may be cut, its start and end among them, in order. All arrays have one length."""

    at: Indices
    """Indices of characters."""
    level: Levels
    ended: Tokens
    """How many tokens end at or before each place."""
    begun: Tokens
    """How many tokens begin before it: one more where it lies within a token."""
    seen: Indices
    """How many characters before it can be seen."""
    since: Indices
    """From which character on the tokens of what begins there are surely those of the whole text; behind all of them
    where nobody knows."""
    until: Indices
    """Up to which character those of what ends there are."""
    ruler: Ruler
    moved: Tokens
    """How many tokens more were put before each place than are there: never fewer than before the one before it."""

    def tokens_of(self, first: int, last: int) -> float:
        """About how many tokens lie between two places."""
        return float(self.begun[last] - self.ended[first])

    def is_exact(self, first: int, last: int) -> bool:
        """Whether counting them would say no more."""
        return bool(self.since[first] <= self.until[last])

    def exact(self, places: Iterable[int] | None = None) -> Breaks:
        """The same, with what can be known exactly of some places, or of all."""
        chosen = np.arange(len(self.at)) if places is None else np.fromiter(places, np.int64)
        if (found := self.ruler.exactly(self.at[chosen])) is None:
            return self
        changed = {name: getattr(self, name).copy() for name in ("ended", "begun", "since", "until")}
        for name, values in zip(changed, found, strict=True):
            known = ~np.isnan(values)
            moved = self.moved[chosen[known]] if name in ("ended", "begun") else 0
            changed[name][chosen[known]] = values[known] + moved
        return replace(self, **changed)

    def apart(self, more: Tokens) -> Breaks:
        """With so many tokens more between each place and the one before it."""
        more = np.cumsum(more)
        return replace(self, ended=self.ended + more, begun=self.begun + more, moved=self.moved + more)


def find_breaks(text: str, max_tokens: int, token_counter: TokenCounter, *, at_every_word: bool = False) -> Breaks:
    """`text` holds no lone surrogates. Words are looked for where sentences are long, or everywhere; characters where
    words are. At most 500 places to `max_tokens`, and one to a token.
    """
    ruler, kinds = ruler_of(text, token_counter), _kinds(text)
    apart, most = max(1.0, max_tokens / _APART), max_tokens / _FINER_THAN
    least = ruler.apart if at_every_word else most
    places = _merged(_placed([(0, Level.PARAGRAPH), (len(text), Level.PARAGRAPH)]))
    before = ruler.before(places[0])
    steps: tuple[tuple[_Finder, float, bool], ...] = (
        (partial(_coarse, text, kinds), 0.0, True),
        (partial(_fine, text, kinds), least, True),
        (partial(_unspaced, text, kinds), least if at_every_word else np.inf, True),
        (partial(_characters, text), most, False),
        (_code_points, most, False),
    )
    for finder, wide, is_counted in steps:
        is_whole = len(places[0]) == 2 and wide < np.inf  # noqa: PLR2004 (the start and the end alone)
        found = _placed(_between(places[0], before, 0.0 if is_whole else wide, apart, finder))
        if len(found[0]):
            places = _merged(places, found)
            before = ruler.before(places[0], is_counted=is_counted)
    (at, level), (ended, begun) = places, before
    keep = _kept(begun, level, apart)
    at = at[keep]
    nowhere = np.full(len(at), len(text) + 1), np.full(len(at), -1)
    seen = np.concatenate(([0], np.cumsum(np.frombuffer(kinds, np.uint8) & _BLANK == 0)))[at]
    return Breaks(at, level[keep], ended[keep], begun[keep], seen, *nowhere, ruler, np.zeros(len(at)))


def _placed(places: Iterable[tuple[int, Level]]) -> _Places:
    found = np.array(list(places), np.int64).reshape(-1, 2)
    return found[:, 0], found[:, 1].astype(np.int8)


def _merged(*places: _Places) -> _Places:
    """In order, each place once, as the best that it is."""
    at, level = (np.concatenate(each) for each in zip(*places, strict=True))
    order = np.lexsort((level, at))
    at, level = at[order], level[order]
    is_new = np.concatenate(([True], at[1:] != at[:-1]))
    return at[is_new], level[is_new]


def _between(
    at: Indices, before: tuple[Tokens, Tokens], wide: float, apart: float, finder: _Finder
) -> Iterator[tuple[int, Level]]:
    """What `finder` finds between places with more than `wide` tokens between them, or anywhere, if that is 0."""
    ended, begun = before
    if wide:
        stretches = np.flatnonzero(begun[1:] - ended[:-1] > wide)
        starts, ends = stretches, stretches + 1
    else:
        starts, ends = np.array([0]), np.array([len(at) - 1])
    tokens = begun[ends] - ended[starts]
    for start, end, between in zip(at[starts].tolist(), at[ends].tolist(), tokens.tolist(), strict=True):
        step = max(1, int((end - start) * apart / max(between, 1.0)))
        yield from (found for found in finder(start, end, step) if start < found[0] < end)


_LEVELS = {level.name.lower(): level for level in Level}


def _coarse(text: str, kinds: bytes, start: int, end: int, _: int) -> Iterator[tuple[int, Level]]:
    for match in _COARSE.finditer(text, start, end):
        if (at := match.end()) < end and _is_whole(kinds, at):
            yield at, _LEVELS[match.lastgroup]


def _fine(text: str, kinds: bytes, start: int, end: int, _: int) -> Iterator[tuple[int, Level]]:
    for match in _FINE.finditer(text, start, end):
        begin, at = match.span()
        if at < end and _is_whole(kinds, at):
            last = begin if kinds[begin] & _PAUSES else begin - 1
            while last > start and kinds[last] & _CLOSES:
                last -= 1
            yield at, Level.CLAUSE if kinds[last] & _PAUSES else Level.WORD


def _unspaced(text: str, kinds: bytes, start: int, end: int, _: int) -> Iterator[tuple[int, Level]]:
    """Between characters of scripts that leave no space between words."""
    is_unspaced = np.concatenate(([False], np.frombuffer(kinds[start:end], np.uint8) & _UNSPACED > 0, [False]))
    edges = np.flatnonzero(is_unspaced[1:] != is_unspaced[:-1]) + start
    for first, last in zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True):
        for match in _CHARACTER.finditer(text, first, last):
            if match.end() < last:
                yield match.end(), Level.CHARACTER


def _characters(text: str, start: int, end: int, step: int) -> Iterator[tuple[int, Level]]:
    due = start + step
    for match in _CHARACTER.finditer(text, start, end):
        if (at := match.end()) >= due:
            due = at + step
            yield at, Level.CHARACTER


def _code_points(start: int, end: int, step: int) -> Iterator[tuple[int, Level]]:
    for at in range(start + step, end, step):
        yield at, Level.CODE_POINT


def _kept(begun: Tokens, level: Levels, apart: float) -> Indices:
    """Of each step of `apart` tokens the best place, the last of several; and the first and the last of all."""
    step = np.floor(begun / apart).astype(np.int64)
    step[0], step[-1] = -1, step[-1] + 1
    order = np.lexsort((-np.arange(len(step)), level, step))
    _, first = np.unique(step[order], return_index=True)
    return np.sort(order[first])


_BLANK, _JOINS, _GLUES, _PARTS, _UNSPACED, _CLOSES, _PAUSES = 1, 2, 4, 8, 16, 32, 64
_KINDS = {
    _JOINS: regex.compile(f"[{_JOINED}]"),
    # An emoji that follows joins it.
    _GLUES: regex.compile(r"\p{GCB=ZWJ}"),
    # Whatever follows these does not join them.
    _PARTS: regex.compile(r"[\p{GCB=CN}\p{GCB=CR}\p{GCB=LF}]"),
    _UNSPACED: regex.compile(r"[\p{lb=ID}\p{lb=CJ}\p{lb=SA}]"),
    _CLOSES: regex.compile(_CLOSING),
    # What parts a sentence in any script, and does not end it.
    _PAUSES: regex.compile(
        r"[[\p{Terminal_Punctuation}||\p{SB=SC}]--\p{STerm}--[\-\ufe63\uff0d\u1361]]", regex.VERSION1
    ),
}


def _kinds(text: str) -> bytes:
    """What each character is: whether nobody can see it, whether it belongs to the one before, ..."""
    table = np.zeros(0x110000, np.uint8)
    for character in set(text):
        category = unicodedata.category(character)
        kind = _BLANK if category[0] == "Z" or category in ("Cc", "Cf") else 0
        table[ord(character)] = kind + sum(flag for flag, pattern in _KINDS.items() if pattern.match(character))
    return table[codes_of(text)].tobytes()


def _is_whole(kinds: bytes, at: int) -> bool:
    """Whether a place behind white space or a mark is between two characters as a reader takes them."""
    return bool(kinds[at - 1] & _PARTS or not (kinds[at - 1] & _GLUES or kinds[at] & _JOINS))
