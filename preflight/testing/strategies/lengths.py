"""Durations on either side of the limits, as a number of frames or samples at a rate."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import ceil, floor
from typing import Literal, assert_never

from hypothesis import strategies as st
from hypothesis.strategies import DrawFn

from preflight.limits import TimedLimits
from preflight.testing.strategies.wishes import pick, spread

Aim = Literal["ordinary", "allowed", "too_long", "too_short"]
"""`ordinary` is little more than the minimum, `allowed` anything that is no error."""

_NEAR_S = 2
"""How far from a limit that is kept."""
_BEYOND_S = 60
"""How far from one that is broken."""


@dataclass(frozen=True, kw_only=True)
class Length:
    count: int
    """Frames or samples."""
    rate: Fraction
    """A second."""

    @property
    def seconds(self) -> float:
        return float(self.count / self.rate)


@st.composite
def lengths(draw: DrawFn, limits: TimedLimits, aim: Aim, rates: Sequence[Fraction], slow: Sequence[Fraction]) -> Length:
    """At one of the rates, or where it is long at one of the slow ones.

    The simplest is the shortest that is long enough; beyond a limit, the one next to it.
    """
    where = draw(pick(_places(limits, aim)))
    least, most = Fraction(limits.min_duration_s.value), Fraction(limits.max_duration_s.value)
    rate = draw(pick(slow if where in ("longest", "beyond") else rates))
    match where:
        case "ordinary":
            first = ceil(least * rate)
            count = draw(spread(first, max(first, floor((least + _NEAR_S) * rate))))
        case "longest":
            last = floor(most * rate)
            count = last - draw(spread(0, max(0, last - ceil((most - _NEAR_S) * rate))))
        case "beyond":
            first = floor(most * rate) + 1
            count = draw(spread(first, max(first, floor((most + _BEYOND_S) * rate))))
        case "brief":
            last = ceil(least * rate) - 1
            count = last - draw(spread(0, last - 1))
        case _:
            assert_never(where)
    return Length(count=count, rate=rate)


_Place = Literal["ordinary", "longest", "beyond", "brief"]


def _places(limits: TimedLimits, aim: Aim) -> tuple[_Place, ...]:
    match aim:
        case "ordinary":
            return ("ordinary",)
        case "too_long":
            return ("beyond",)
        case "too_short":
            return ("brief",)
        case "allowed":
            brief: tuple[_Place, ...] = () if limits.min_duration_is_error.value else ("brief",)
            return ("ordinary", "ordinary", "ordinary", "longest", *brief)
        case _:
            assert_never(aim)
