"""What requests will use, take and cost: a pure reckoning, without sending anything."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from preflight.limits.rates import Group, Prices, Rates, group_of
from preflight.media import InputType

MINUTE_S, HOUR_S, DAY_S = 60.0, 3_600.0, 86_400.0


@dataclass(frozen=True, kw_only=True, slots=True)
class Use:
    """What requests of one kind come to."""

    requests: int = 0
    media_s: float = 0.0
    """Seconds of audio or video in all of them."""

    def __add__(self, other: Use) -> Use:
        return Use(requests=self.requests + other.requests, media_s=self.media_s + other.media_s)


@dataclass(frozen=True, kw_only=True, slots=True)
class Estimate:
    """What a run comes to."""

    requests: int
    media_s: float
    least_s: float
    """Seconds: under the plan's limits it cannot be faster, were the network and the service infinitely fast."""
    usd: float
    """By published prices, without taxes and a plan's own fee."""


def estimate(uses: Mapping[InputType, Use], rates: Rates, prices: Prices) -> Estimate:
    """`uses` by kind of request; all begin at once, with nothing used of the plan before."""
    by_group: dict[Group, Use] = {}
    for kind, use in uses.items():
        by_group[group_of(kind)] = by_group.get(group_of(kind), Use()) + use
    total = sum(uses.values(), Use())
    return Estimate(
        requests=total.requests,
        media_s=total.media_s,
        least_s=max((least_s(use, rates, group) for group, use in by_group.items()), default=0.0),
        usd=sum(prices.usd(kind, requests=use.requests, media_s=use.media_s) for kind, use in uses.items()),
    )


def least_s(use: Use, rates: Rates, group: Group) -> float:
    """Seconds that the limits alone make it take: each full window but the last has to pass."""
    quota = rates.quota(group)
    minutes = use.media_s / 60
    return max(
        _least_s(use.requests, quota.requests_a_minute, MINUTE_S),
        _least_s(use.requests, quota.requests_a_day, DAY_S),
        _least_s(minutes, quota.media_minutes_an_hour, HOUR_S),
        _least_s(minutes, quota.media_minutes_a_day, DAY_S),
    )


def _least_s(used: float, quota: float | None, window_s: float) -> float:
    return max(math.ceil(used / quota) - 1, 0) * window_s if quota is not None else 0.0
