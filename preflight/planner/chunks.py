"""A text → the chunks that it becomes: as few as its sentences allow, and as even as those few can be."""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from itertools import chain

import numpy as np
import regex

from preflight.errors import UsageError
from preflight.planner.breaks import Breaks, Level, find_breaks
from preflight.planner.interface import Chunk, ChunkEnd
from preflight.probers.text import is_blank
from preflight.probers.tokens import LONGEST_TOKEN_BYTES, TokenCounter

# What it costs to end a chunk there, in requests: one more is worth it where it keeps five sentences whole.
_COST = {
    Level.PARAGRAPH: 0.0,
    Level.SENTENCE: 0.02,
    Level.LINE: 0.05,
    Level.CLAUSE: 0.12,
    Level.WORD: 0.2,
    Level.CHARACTER: 0.4,
    Level.CODE_POINT: 3.0,
}
_COSTS = np.array([_COST[level] for level in Level])
_NAMES: tuple[ChunkEnd, ...] = ("paragraph", "sentence", "line", "clause", "word", "character", "code point")
_UNEVEN = 0.2
"""What a full chunk costs beyond a request; it grows with the square. Under 1: no chunk is made for evenness alone."""

_TRUNCATED = 0.6
"""Of these costs where the rest is left out: half a chunk is then more than a word."""
_HEAD = 256
"""Characters to a token, of a text of which only the beginning is wanted: blanks have up to 128."""

_BLOCK = 1 << 20
"""Characters that are looked at together."""
_PATIENCE, _CORRECTIONS = 4, 16
"""How often it is chosen again by the same limit, and then by a lower one."""
_FEW = 8_000
"""So many places are counted around exactly before it is chosen; of more, those that are chosen."""
_LEAST = 4
"""No chunk has less than this part of the limit, if it can be done without."""
_OUT_OF_ORDER = 8.0
"""Tokens that a cut word may have more than the whole one."""
_REQUEST_IF_FEWEST = 1_000.0
"""More than all else that a million characters may cost."""


def split(
    text: str, max_tokens: int, token_counter: TokenCounter, overlap_tokens: int = 0, *, fewest: bool = False
) -> tuple[Chunk, ...]:
    """Every character of `text` (which holds no lone surrogates) is in one chunk, in order, none of them blank and none
    with more than `max_tokens`, by exact count; what is repeated comes on top of that, at most `overlap_tokens`.

    With `fewest` there are no more of them than words make necessary, or characters where a script has no spaces; of
    very long texts, one more in a million characters. Without, a few are spent on ends of sentences and paragraphs.

    Left out is only white space (and what else nobody sees) of which two chunks cannot hold a half each: no request
    can carry it. Raises UsageError where a single character has more tokens than `max_tokens`.
    """
    most = max_tokens - overlap_tokens
    chunks = list(
        _cut_by_blocks(text, most, partial(_cut, max_tokens=most, token_counter=token_counter, fewest=fewest))
    )
    if overlap_tokens:
        return tuple(_overlapping(text, chunks, max_tokens, token_counter, overlap_tokens))
    return tuple(chunks)


def truncated(text: str, max_tokens: int, token_counter: TokenCounter) -> Chunk:
    """The beginning of `text` that is worth most: to the end of a sentence, if that leaves no more than a quarter of
    `max_tokens` unused, or else of a word.

    Raises UsageError where a single character has more tokens than `max_tokens`.
    """
    start, end = 0, len(text)
    most = max_tokens
    while True:
        part = text[start : min(end, start + _HEAD * max_tokens)]
        breaks = find_breaks(part, max_tokens, token_counter)
        fits = int(np.searchsorted(breaks.begun, most + breaks.ended[0], "right"))
        places = np.arange(1, fits)
        places = places[breaks.seen[1:fits] > 0]
        if not len(places):
            found = _gap_at(part, breaks, 0, max_tokens)
            start += found.end
            continue
        worth = breaks.begun[places] / max_tokens - _COSTS[breaks.level[places]] * _TRUNCATED
        chunk = _chunk(breaks, 0, int(places[worth.argmax()]), len(part))
        count = token_counter(part[: chunk.end])
        if count <= max_tokens:
            return replace(chunk, start=start, end=start + chunk.end)
        most -= count - max_tokens


def _cut_by_blocks(text: str, max_tokens: int, cut: _Cut) -> Iterator[Chunk]:
    start = 0
    while start < len(text):
        end = _block_end(text, start)
        chunks = list(_of_block(text, start, end, max_tokens, cut))
        start = end
        if end < len(text) and len(chunks) > 1:
            # Its end was not chosen for what ends there: the next block has it again.
            start = chunks.pop().start
        yield from chunks


def _block_end(text: str, start: int) -> int:
    """With a paragraph where there is one. Blocks lie in memory one at a time."""
    latest = start + _BLOCK
    if latest >= len(text):
        return len(text)
    found = ((text.rfind(end, start + _BLOCK // 2, latest), len(end)) for end in ("\n\n", "\n", " "))
    return next((at + length for at, length in found if at >= 0), latest)


def _of_block(text: str, start: int, end: int, max_tokens: int, cut: _Cut) -> Iterator[Chunk]:
    """In order. Where white space is too long to be shared, what is before and behind it is cut for itself."""
    waiting = [(start, end)]
    while waiting:
        start, end = waiting.pop()
        part = text[start:end]
        if is_blank(part):
            continue
        if gap := _wide_gap(part, max_tokens):
            waiting += [(start + gap.end, end), (start, start + gap.start)]
            continue
        found = cut(part)
        if isinstance(found, _Gap):
            waiting += [(start + found.end, end), (start, start + found.start)]
        else:
            for each in found:
                is_cut = each.ends_with == "text" and start + each.end < len(text)  # a gap follows, or another block
                ends: ChunkEnd = "paragraph" if is_cut else each.ends_with
                yield replace(each, start=start + each.start, end=start + each.end, ends_with=ends)


@dataclass(frozen=True, slots=True)
class _Gap:
    """White space that no chunk can hold."""

    start: int
    end: int


_Cut = Callable[[str], list[Chunk] | _Gap]


def _cut(text: str, max_tokens: int, token_counter: TokenCounter, *, fewest: bool) -> list[Chunk] | _Gap:
    """By what places are away from each other, and then by exact count: where that says more, the places are moved
    apart, and it is chosen again.
    """
    breaks = find_breaks(text, max_tokens, token_counter, at_every_word=fewest)
    if len(breaks.at) <= _FEW:
        breaks = breaks.exact()
    limit = float(max_tokens)
    for attempt in range(_CORRECTIONS):
        chosen = _chosen(breaks, limit, fewest=fewest)
        if isinstance(chosen, int):
            if limit == max_tokens:
                return _gap_at(text, breaks, chosen, max_tokens)
            break
        breaks = breaks.exact(dict.fromkeys(chain.from_iterable(chosen)))
        if any(breaks.tokens_of(a, b) > limit for a, b in chosen if breaks.is_exact(a, b)):
            if attempt == _PATIENCE:
                breaks = breaks.exact()
            continue
        chunks = [_chunk(breaks, a, b, len(text)) for a, b in chosen]
        # Exact are all but those of long words, of scripts that have no spaces, and of other tokenizers.
        counts = [
            (a, b, token_counter(text[c.start : c.end]))
            for (a, b), c in zip(chosen, chunks, strict=True)
            if not breaks.is_exact(a, b)
        ]
        if not (over := [each for each in counts if each[-1] > max_tokens]):
            return chunks
        breaks = _apart(breaks, over)
        if attempt >= _PATIENCE:
            limit -= max(count for _, _, count in over) - max_tokens
    raise UsageError(f"{max_tokens} tokens are too few for this text. Allow more tokens.")


def _chosen(breaks: Breaks, limit: float, *, fewest: bool) -> list[tuple[int, int]] | int:
    """First and last place of each chunk, so that all of them cost least; or the last place that can be reached."""
    last = len(breaks.at) - 1
    if breaks.tokens_of(0, last) <= limit and breaks.seen[last]:
        return [(0, last)]
    found: list[tuple[int, int]] | int = 0
    for least in (limit / _LEAST, 0.0):
        found = _cheapest(breaks, limit, least, _REQUEST_IF_FEWEST if fewest else 1.0)
        if not isinstance(found, int):
            break
    return found


def _cheapest(breaks: Breaks, limit: float, least: float, request: float) -> list[tuple[int, int]] | int:
    count = len(breaks.at)
    begun, ended, seen = breaks.begun, breaks.ended, breaks.seen
    costs = request + _COSTS[breaks.level]
    # Looked at together are ends that have less than `least` between them: no chunk begins at one and ends at another.
    # Where some places are exact and others estimated, their tokens are not quite in order.
    edges = np.maximum.accumulate(begun)
    firsts = np.searchsorted(np.maximum.accumulate(ended), edges - (limit + _OUT_OF_ORDER), "left")
    best, before = np.full(count, np.inf), np.zeros(count, np.int64)
    best[0] = 0.0
    place = 1
    while place < count:
        end = max(place + 1, int(np.searchsorted(edges, edges[place] + least, "left")))
        first = min(int(firsts[place]), place - 1)
        tokens = begun[place:end, None] - ended[first:place]
        cost = tokens / limit
        cost *= cost
        cost *= _UNEVEN
        cost += best[first:place]
        cost[(tokens > limit) | (tokens < least) | (seen[place:end, None] <= seen[first:place])] = np.inf
        cheapest = cost.argmin(axis=1)
        best[place:end] = cost[np.arange(end - place), cheapest] + costs[place:end]
        before[place:end] = first + cheapest
        place = end
    if not math.isfinite(best[-1]):
        return int(np.flatnonzero(np.isfinite(best))[-1])
    chosen = []
    place = count - 1
    while place:
        chosen.append((int(before[place]), place))
        place = int(before[place])
    return chosen[::-1]


def _chunk(breaks: Breaks, first: int, last: int, whole: int) -> Chunk:
    end = int(breaks.at[last])
    return Chunk(start=int(breaks.at[first]), end=end, ends_with=_NAMES[breaks.level[last]] if end < whole else "text")


def _apart(breaks: Breaks, over: list[tuple[int, int, int]]) -> Breaks:
    """With as many tokens between the places as were counted there."""
    more = np.zeros(len(breaks.at))
    for first, last, count in over:
        more[first + 1 : last + 1] += (count - breaks.tokens_of(first, last)) / (last - first)
    return breaks.apart(np.maximum(more, 0.0))


_BLANK = regex.compile(r"[\p{Z}\p{Cc}\p{Cf}]{64,}+")


def _wide_gap(text: str, max_tokens: int) -> _Gap | None:
    """The first one of which it takes no counting to tell."""
    least = 2 * LONGEST_TOKEN_BYTES * max_tokens
    if len(text) < least:
        return None
    return next((_Gap(*m.span()) for m in _BLANK.finditer(text) if m.end() - m.start() > least), None)


def _gap_at(text: str, breaks: Breaks, reached: int, max_tokens: int) -> _Gap:
    """The white space behind the last place that can be reached."""
    start = end = int(breaks.at[reached])
    while start > 0 and is_blank(text[start - 1]):
        start -= 1
    while end < len(text) and is_blank(text[end]):
        end += 1
    if start == end:
        raise UsageError(f"{max_tokens} tokens cannot hold the one character {text[start]!r}. Allow more tokens.")
    return _Gap(start, end)


_WORD_STARTS = regex.compile(r"(?<=\s)\S")
_CHARACTERS = regex.compile(r"\X")
_LONGEST_OVERLAP = 16
"""Characters to a token: more of them are not looked at."""


def _overlapping(
    text: str, chunks: list[Chunk], max_tokens: int, token_counter: TokenCounter, overlap_tokens: int
) -> Iterator[Chunk]:
    """Each begins earlier, at the first word from which on there are no more tokens than may be repeated."""

    def fits(chunk: Chunk, begin: int) -> bool:
        is_little = token_counter(text[begin : chunk.start]) <= overlap_tokens
        return is_little and token_counter(text[begin : chunk.end]) <= max_tokens

    before: Chunk | None = None
    for chunk in chunks:
        repeats = 0
        if before is not None and before.end == chunk.start:
            places = _word_starts(text, max(before.start, chunk.start - overlap_tokens * _LONGEST_OVERLAP), chunk.start)
            # The fewer characters, the fewer tokens.
            first = bisect_left(places, 1, key=partial(fits, chunk))
            # That was asked for itself, if it is one of them.
            repeats = chunk.start - places[first] if first < len(places) else 0
        yield replace(chunk, repeats=repeats)
        before = chunk


def _word_starts(text: str, start: int, end: int) -> list[int]:
    """Of characters, where nothing parts words."""
    words = [match.start() for match in _WORD_STARTS.finditer(text, start, end)]
    return words or [match.start() for match in _CHARACTERS.finditer(text, start, end)]
