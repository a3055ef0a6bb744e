"""How often to ask whether something is ready: a pure decision, shared by tasks and assets."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True, slots=True)
class Pace:
    """Intervals that grow, within bounds, and an end."""

    first_s: float = 1.0
    growth: float = 1.5
    most_s: float = 30.0
    """No interval is longer."""
    deadline_s: float
    """Seconds from the first question after which there is none any more."""


TASK_PACE = Pace(deadline_s=4 * 3600.0)
"""How long the service takes for 4 hours of video is not documented; this is as long as the video."""
ASSET_PACE = Pace(most_s=15.0, deadline_s=1800.0)
"""SDK:types/asset.py: "typically within a few seconds to a few minutes"."""


def next_poll_s(pace: Pace, *, polled: int, elapsed_s: float, jitter: float) -> float | None:
    """Seconds to wait before asking again; None where the deadline is over.

    `polled`: how often it was asked, from 1. `jitter`: in [0, 1), drawn anew each time. The last question falls on the
    deadline itself, so that it is not given up before its time.
    """
    left_s = pace.deadline_s - elapsed_s
    if left_s <= 0:
        return None
    whole_s = min(pace.most_s, pace.first_s * pace.growth ** min(polled - 1, 64))
    return min(whole_s * (0.75 + 0.25 * jitter), left_s)
