"""Clips that repeat the end of the one before (`Policy.overlap_s`): each instant of the source is kept once.

Pure functions of rows. Within one request, segments do not overlap; those of neighbouring clips do where the clips do.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections import defaultdict, deque
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from preflight.media import Span

_ROUNDING_S = 0.05
"""Seconds that two segments may lie apart, or reach into one another, by rounding and by a container's padding."""


@dataclass(frozen=True, slots=True)
class Piece:
    """What one vector of scope `clip` covers, and the request that it came from."""

    request: int
    span: Span


def once(pieces: Sequence[Piece]) -> list[Span | None]:
    """What is left of each piece, in the order given; None where others cover all of it.

    Wherever clips overlap, the fewest segments that cover what all of them cover are kept, each for as long as it can
    be: what a clip's end cut short gives way to the next clip's whole one. Where one that is kept begins before its
    predecessor's end, it is said to begin there; its vector has seen the seconds before that too. What is alone stays
    as it is. So all that was covered still is, and nothing twice, but for rounding (0.05 s).
    """
    spans: dict[int, list[Span]] = defaultdict(list)
    for piece in pieces:
        spans[piece.request].append(piece.span)
    zones = _shared([Span(min(s.start_s for s in of), max(s.end_s for s in of)) for of in spans.values()])
    kept: list[Span | None] = [piece.span for piece in pieces]
    if not zones:
        return kept
    contested = [index for index, piece in enumerate(pieces) if _reaches_into(zones, piece.span)]
    starts_s = _fewest([pieces[index] for index in contested])
    for index, start_s in zip(contested, starts_s, strict=True):
        kept[index] = None if start_s is None else Span(start_s, pieces[index].span.end_s)
    return kept


def _shared(spans: Sequence[Span]) -> list[Span]:
    """The stretches that two or more cover, in order, but for those that are rounding."""
    changes = sorted([(s.start_s, 1) for s in spans] + [(s.end_s, -1) for s in spans])
    zones: list[Span] = []
    depth = 0
    for (at_s, change), (until_s, _) in pairwise(changes):
        depth += change
        if depth < 2 or until_s <= at_s:  # noqa: PLR2004 (two make an overlap)
            continue
        if zones and zones[-1].end_s == at_s:
            zones[-1] = Span(zones[-1].start_s, until_s)
        else:
            zones.append(Span(at_s, until_s))
    return [zone for zone in zones if zone.duration_s > _ROUNDING_S]


def _reaches_into(zones: Sequence[Span], span: Span) -> bool:
    """Zones lie apart, so that only the last that starts before its end can matter, or one that is all inside."""
    index = bisect_right(zones, span.end_s - _ROUNDING_S, key=lambda zone: zone.start_s)
    return index > 0 and zones[index - 1].end_s > span.start_s + _ROUNDING_S


def _fewest(pieces: Sequence[Piece]) -> list[float | None]:
    """From when on each is kept: of those that go on from where the last one ended, the one that goes farthest."""
    waiting = deque(sorted(range(len(pieces)), key=lambda index: _rank(pieces[index])))
    kept: list[float | None] = [None] * len(pieces)
    covered_s, slack_s = -math.inf, _ROUNDING_S
    best: int | None = None
    while True:
        while waiting and pieces[waiting[0]].span.start_s <= covered_s + slack_s:
            candidate = waiting.popleft()
            if best is None or _reach(pieces[candidate], covered_s) > _reach(pieces[best], covered_s):
                best = candidate
        if best is not None and pieces[best].span.end_s > covered_s + slack_s:
            kept[best] = max(pieces[best].span.start_s, covered_s)
            covered_s, slack_s = pieces[best].span.end_s, _ROUNDING_S
            best = None
        elif waiting:  # nobody covers what is between
            covered_s, slack_s = pieces[waiting[0]].span.start_s, 0.0
            best = None
        else:
            return kept


def _reach(piece: Piece, covered_s: float) -> tuple[float, float]:
    """Of two that end at the same time, the one of which less is covered already."""
    return (piece.span.end_s, min(piece.span.start_s, covered_s))


def _rank(piece: Piece) -> tuple[float, int]:
    return (piece.span.start_s, piece.request)
