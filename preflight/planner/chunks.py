"""A text → the chunks that it becomes: as few as its sentences allow, and as even as those few can be."""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
import regex

from preflight.errors import UsageError
from preflight.planner.breaks import Breaks, Level, find_breaks
from preflight.planner.interface import Chunk, ChunkEnd
from preflight.probers.text import is_blank
from preflight.probers.tokens import LONGEST_TOKEN_BYTES, TokenCounter

# What it costs to end a chunk there, in requests: half a request is worth half a sentence at the end of each of two.
# That a paragraph ends is worth making two neighbours differ by a quarter of the limit, and no request.
_COST = {
    Level.PARAGRAPH: 0.0,
    Level.SENTENCE: 0.02,
    Level.LINE: 0.1,
    Level.CLAUSE: 0.3,
    Level.WORD: 0.45,
    Level.CHARACTER: 0.9,
    Level.CODE_POINT: 3.0,
}
_COSTS = np.array([_COST[level] for level in Level])
_NAMES: tuple[ChunkEnd, ...] = ("paragraph", "sentence", "line", "clause", "word", "character", "code point")
_UNEVEN = 0.5
"""What a full chunk costs beyond a request; it grows with the square. Under 1: no chunk is made for evenness alone."""

_TRUNCATED = 0.6
"""Of these costs where the rest is left out: half a chunk is then more than a word."""
_HEAD = 256
"""Characters to a token, of a text of which only the beginning is wanted: blanks have up to 128."""

_BLOCK = 1 << 20
"""Characters that are looked at together."""
_PATIENCE, _CORRECTIONS = 2, 12
"""How often it is chosen again by the same limit, and then by a lower one."""


def split(text: str, max_tokens: int, token_counter: TokenCounter, overlap_tokens: int = 0) -> tuple[Chunk, ...]:
    """Every character of `text` (which holds no lone surrogates) is in one chunk, in order, none of them blank and none
    with more than `max_tokens`, by exact count; what is repeated comes on top of that, at most `overlap_tokens`.

    Left out is only white space (and what else nobody sees) of which two chunks cannot hold a half each: no request
    can carry it. Raises UsageError where a single character has more tokens than `max_tokens`.
    """
    most = max_tokens - overlap_tokens
    chunks = [chunk for start, end in _blocks(text) for chunk in _of_block(text, start, end, most, token_counter)]
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


def _blocks(text: str) -> Iterator[tuple[int, int]]:
    """Parts that end with a paragraph where there is one, and lie in memory one at a time."""
    start = 0
    while len(text) - start > _BLOCK:
        latest = start + _BLOCK
        cut = latest
        for end in ("\n\n", "\n", " "):
            if (found := text.rfind(end, start + _BLOCK // 2, latest)) >= 0:
                cut = found + len(end)
                break
        yield start, cut
        start = cut
    if start < len(text):
        yield start, len(text)


def _of_block(text: str, start: int, end: int, max_tokens: int, token_counter: TokenCounter) -> Iterator[Chunk]:
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
        found = _cut(part, max_tokens, token_counter)
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


def _cut(text: str, max_tokens: int, token_counter: TokenCounter) -> list[Chunk] | _Gap:
    """By what places are away from each other, and then by exact count: where that says more, the places are moved
    apart, and it is chosen again.
    """
    breaks = find_breaks(text, max_tokens, token_counter)
    limit = float(max_tokens)
    for attempt in range(_CORRECTIONS):
        chosen = _chosen(breaks, limit)
        if isinstance(chosen, int):
            if limit == max_tokens:
                return _gap_at(text, breaks, chosen, max_tokens)
            break
        chunks = [_chunk(breaks, a, b, len(text)) for a, b in chosen]
        excess = [(a, b, token_counter(text[c.start : c.end])) for (a, b), c in zip(chosen, chunks, strict=True)]
        if not (over := [(a, b, count) for a, b, count in excess if count > max_tokens]):
            return chunks
        breaks = _apart(breaks, over)
        if attempt >= _PATIENCE:
            limit -= max(count for _, _, count in over) - max_tokens
    raise UsageError(f"{max_tokens} tokens are too few for this text. Allow more tokens.")


def _chosen(breaks: Breaks, limit: float) -> list[tuple[int, int]] | int:
    """First and last place of each chunk, so that all of them cost least; or the last place that can be reached."""
    count = len(breaks.at)
    # Chunks that end at a place may begin from the first that is near enough to the last that leaves something to see.
    nearest = np.searchsorted(breaks.ended, breaks.begun - limit, "left").tolist()
    seen = np.searchsorted(breaks.seen, breaks.seen, "left").tolist()
    costs = (1.0 + _COSTS[breaks.level]).tolist()
    begun, ended = breaks.begun.tolist(), breaks.ended / limit
    best = np.full(count, np.inf)
    best[0] = 0.0
    before = [0] * count
    for place in range(1, count):
        first, last = nearest[place], min(seen[place], place)
        if first >= last:
            continue
        full = begun[place] / limit - ended[first:last]
        full *= full
        full *= _UNEVEN
        full += best[first:last]
        least = int(full.argmin())
        best[place] = full[least] + costs[place]
        before[place] = first + least
    if not math.isfinite(best[-1]):
        return int(np.flatnonzero(np.isfinite(best))[-1])
    chosen = []
    place = count - 1
    while place:
        chosen.append((before[place], place))
        place = before[place]
    return chosen[::-1]


def _chunk(breaks: Breaks, first: int, last: int, whole: int) -> Chunk:
    end = int(breaks.at[last])
    return Chunk(start=int(breaks.at[first]), end=end, ends_with=_NAMES[breaks.level[last]] if end < whole else "text")


def _apart(breaks: Breaks, over: list[tuple[int, int, int]]) -> Breaks:
    """With as many tokens between the places as were counted there."""
    more = np.zeros(len(breaks.at))
    for first, last, count in over:
        more[first + 1 : last + 1] += (count - breaks.tokens_of(first, last)) / (last - first)
    more = np.cumsum(np.maximum(more, 0.0))
    return replace(breaks, ended=breaks.ended + more, begun=breaks.begun + more)


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
