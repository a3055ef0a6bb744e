"""What a plan still lets one use, and when there is more: pure reckoning, without clock, lock or network.

Times are seconds of any clock that only goes forward; it is passed in.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from preflight.limits.rates import Group, Quota, Rates
from preflight.submitter.estimate import DAY_S, HOUR_S, MINUTE_S

Dimension = Literal["request", "duration"]
"""What the service counts, in the words of its headers (CONTRACT 5.4): requests, and seconds of media."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Cost:
    """What a request uses."""

    group: Group
    media_s: float = 0.0
    """Seconds of audio or video."""

    def of(self, dimension: Dimension) -> float:
        return 1.0 if dimension == "request" else self.media_s


@dataclass(frozen=True, kw_only=True, slots=True)
class Told:
    """What the service said of one dimension."""

    remaining: float | None = None
    reset_s: float | None = None
    """Seconds from now until there is all of it again; None where it does not say."""
    limit: float | None = None
    """All of it; more than 0."""


class Window:
    """At most `quota` of something within any stretch of `span_s` seconds."""

    def __init__(self, quota: float, span_s: float) -> None:
        self._plan = self._quota = quota
        self._span_s = span_s
        self._uses: deque[tuple[float, float]] = deque()
        self._used = 0.0

    def lower(self, limit: float) -> None:
        """The service allows this much, or as much as the plan where that is less."""
        self._quota = min(self._plan, limit)

    def earliest_s(self, amount: float, now_s: float) -> float:
        """When so much may be used, from `now_s` on. What is more than the whole quota has a window for itself: it
        could never be sent otherwise.
        """
        if not amount:
            return now_s
        used, at_s = self._used, now_s
        for used_at_s, each in self._uses:
            over_s = used_at_s + self._span_s
            if over_s > now_s:
                if used + amount <= self._quota:
                    break
                at_s = over_s
            used -= each
        return at_s

    def use(self, amount: float, at_s: float) -> None:
        """`at_s` is never before that of an earlier call."""
        while self._uses and self._uses[0][0] + self._span_s <= at_s:
            self._used -= self._uses.popleft()[1]
        if not self._uses:
            self._used = 0.0  # without what rounding left of it
        if amount:
            self._uses.append((at_s, amount))
            self._used += amount


class Allowance:
    """Of one group: all its windows, and what the service itself last said of them."""

    def __init__(self, quota: Quota) -> None:
        windows: tuple[tuple[Dimension, float | None, float], ...] = (
            ("request", quota.requests_a_minute, MINUTE_S),
            ("request", quota.requests_a_day, DAY_S),
            ("duration", _seconds(quota.media_minutes_an_hour), HOUR_S),
            ("duration", _seconds(quota.media_minutes_a_day), DAY_S),
        )
        self._windows = [(dimension, Window(most, span_s)) for dimension, most, span_s in windows if most is not None]
        self._told: dict[Dimension, tuple[float, float]] = {}
        """How much is left, and when that is over."""
        self._under_way: dict[Dimension, float] = {"request": 0.0, "duration": 0.0}
        self._last_s = float("-inf")

    def earliest_s(self, cost: Cost, now_s: float) -> float:
        """When it may be sent: `now_s`, or later."""
        at_s = max(now_s, self._last_s)
        while (later_s := self._later_s(cost, at_s)) > at_s:
            at_s = later_s
        return at_s

    def use(self, cost: Cost, at_s: float) -> None:
        """It is sent at this time, which `earliest_s` gave."""
        self._last_s = at_s
        for dimension, window in self._windows:
            window.use(cost.of(dimension), at_s)
        for dimension, (left, until_s) in self._told.items():
            self._told[dimension] = (left - cost.of(dimension), until_s)
        for dimension in self._under_way:
            self._under_way[dimension] += cost.of(dimension)

    def answered(self, cost: Cost) -> None:
        """It is no longer under way."""
        for dimension in self._under_way:
            self._under_way[dimension] -= cost.of(dimension)

    def tell(self, told: Mapping[Dimension, Told], now_s: float) -> None:
        """What the service said. What is under way may have come after what it counted, and is taken off.

        Of which window a limit is, it does not say. Where it is lower than the plan's for the shortest one, it is taken
        to be of that: if it is of a longer one, that is no harm.
        """
        for dimension, each in told.items():
            shortest = next((window for counted, window in self._windows if counted == dimension), None)
            if each.limit is not None and shortest is not None:
                shortest.lower(each.limit)
            if each.remaining is None:
                continue
            usual_s = MINUTE_S if dimension == "request" else HOUR_S
            until_s = now_s + (each.reset_s if each.reset_s is not None else usual_s)
            self._told[dimension] = (each.remaining - self._under_way[dimension], until_s)

    def pause(self, until_s: float) -> None:
        """Nothing more before this time."""
        self._last_s = max(self._last_s, until_s)

    def _later_s(self, cost: Cost, at_s: float) -> float:
        waits = [window.earliest_s(cost.of(dimension), at_s) for dimension, window in self._windows]
        for dimension, (left, until_s) in self._told.items():
            if at_s < until_s and cost.of(dimension) > 0 and left < cost.of(dimension):
                waits.append(until_s)
        return max(waits, default=at_s)


def allowances(rates: Rates) -> dict[Group, Allowance]:
    groups: tuple[Group, ...] = ("media", "still", "upload")
    return {group: Allowance(rates.quota(group)) for group in groups}


def _seconds(minutes: float | None) -> float | None:
    return minutes * 60 if minutes is not None else None
