"""What will become of an encode, as near as can be said before it: only the packer makes it true."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from preflight.limits import TimedLimits
from preflight.media import Span
from preflight.planner.cuts import Caps, Packing, choose_cuts
from preflight.planner.interface import PlannedOutput
from preflight.planner.wished import choose_best_cuts, worths
from preflight.probers.moments import Moment


def even_outputs(duration_s: float | None, size: int, bounds: TimedLimits) -> tuple[PlannedOutput, ...]:
    if not duration_s:
        return (PlannedOutput(span=None, media_bytes=None),)
    most_s = bounds.max_duration_s.value - _SHORT_S
    count = max(1, math.ceil(duration_s / most_s), math.ceil(size / bounds.max_media_bytes))
    return tuple(
        PlannedOutput(span=Span(duration_s * i / count, duration_s * (i + 1) / count), media_bytes=size // count)
        for i in range(count)
    )


def wished_outputs(
    outputs: Sequence[PlannedOutput], bounds: TimedLimits, overlap_s: float, moments: Sequence[Moment]
) -> tuple[tuple[float, ...], tuple[PlannedOutput, ...]]:
    """Where an encode should start its clips, and what they will be, if each clip repeats `overlap_s` of the one before
    and is cut at the best of the moments; `outputs` are as they would be else, with spans.

    Where clips of so many bytes cannot repeat so much, they repeat half of each at most.
    """
    end_s = max((o.span.end_s for o in outputs if o.span is not None), default=0.0)
    count = max(math.ceil(end_s / _GRAIN_S), 1)
    size = sum(o.media_bytes or 0 for o in outputs)
    grains = [_Grain(end_s / count, size * (i + 1) // count - size * i // count) for i in range(count)]
    caps = Caps(
        max_s=bounds.max_duration_s.value - _SHORT_S,
        max_bytes=bounds.max_media_bytes,
        min_tail_s=bounds.min_duration_s.value,
        fixed_bytes=0,
        packet_bytes=0,
    )
    repeated_s = min(overlap_s, _full_s(caps, size, end_s) / 2)
    if moments:
        starts_s = [end_s * i / count for i in range(count)]
        cuts = choose_best_cuts(grains, caps, worths(starts_s, moments), repeated_s)
    else:
        cuts = choose_cuts(grains, caps, repeated_s)
    if cuts is None:
        return (), tuple(outputs)
    packing = Packing(grains, caps, repeated_s)
    edges = list(zip((0, *cuts), (*cuts, count), strict=True))
    planned = tuple(
        PlannedOutput(
            span=Span(packing.seconds[packing.begin(a)], packing.seconds[b]),
            media_bytes=sum(g.size_bytes for g in grains[packing.begin(a) : b]),
        )
        for a, b in edges
    )
    return tuple(packing.seconds[a] for a in cuts) if moments else (), planned


def _full_s(caps: Caps, size: int, end_s: float) -> float:
    """How long a clip is at most, by time and by bytes."""
    return min(caps.max_s, end_s * caps.max_bytes / size) if size else caps.max_s


@dataclass(frozen=True, slots=True)
class _Grain:
    """A little of what will be encoded, for want of units."""

    duration_s: float
    size_bytes: int
    packets: int = 1


_GRAIN_S = 0.25
_SHORT_S = 0.6
"""What the caps keep free, and what clips of whole frames fall short of."""
