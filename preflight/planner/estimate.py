"""What will become of an encode, as near as can be said before it: only the packer makes it true."""

from __future__ import annotations

import math

from preflight.limits import TimedLimits
from preflight.media import Span
from preflight.planner.interface import PlannedOutput


def even_outputs(duration_s: float | None, size: int, bounds: TimedLimits) -> tuple[PlannedOutput, ...]:
    if not duration_s:
        return (PlannedOutput(span=None, media_bytes=None),)
    most_s = bounds.max_duration_s.value - 0.6  # what the caps allow, less what clips of whole frames fall short of
    count = max(1, math.ceil(duration_s / most_s), math.ceil(size / bounds.max_media_bytes))
    return tuple(
        PlannedOutput(span=Span(duration_s * i / count, duration_s * (i + 1) / count), media_bytes=size // count)
        for i in range(count)
    )
