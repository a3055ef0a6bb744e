"""Rates, metered as the service does (CONTRACT 5.5): by group of input types, requests and seconds of media.

What the documents leave open is decided so: a window opens with the first request in it, and all of it is free again at
its end; a request counts once its body was understood, even if its media are refused then; one that meets a limit
does not count ("the platform has not processed the request"); of media, what lies between `start_sec` and `end_sec`
counts. Synchronous requests and tasks share their counters.
"""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from preflight.emulator.any_kind import AnyKindRequest
from preflight.emulator.rate_headers import Dimension, Spent, Style, body, headers
from preflight.emulator.schema import Request, TimedRequest
from preflight.emulator.wire import Refusal
from preflight.limits.rates import Group, Quota, Rates

_GROUPS: tuple[Group, ...] = ("media", "still", "upload")
_MINUTE_S, _HOUR_S, _DAY_S = 60.0, 3_600.0, 86_400.0
_PER = {_MINUTE_S: "1 minute", _HOUR_S: "1 hour", _DAY_S: "1 day"}


class RateLimited(Refusal):
    """429, in one of the ways that are known."""

    def __init__(self, style: Style, spent: Spent, *, now: float) -> None:
        super().__init__(429, "too_many_requests", f"{spent.dimension} {spent.per}")
        self.headers = headers(style, spent, now=now)
        self._body = body(style, spent)

    def body(self) -> Mapping[str, object]:
        return self._body


def group_of(request: Request | AnyKindRequest) -> Group:
    """Whose limits a request draws on."""
    return "media" if isinstance(request, TimedRequest) else "still"


@dataclass(slots=True)
class _Window:
    dimension: Dimension
    limit: float
    length_s: float
    used: float = 0.0
    ends_at: float = 0.0

    def left(self, now: float) -> float:
        if now >= self.ends_at:
            self.used = 0.0
        return self.limit - self.used

    def use(self, amount: float, now: float) -> None:
        if now >= self.ends_at:
            self.used, self.ends_at = 0.0, now + self.length_s
        self.used = max(0.0, self.used + amount)

    def spent(self, now: float) -> Spent:
        # Media longer than the limit are refused in a window that was never opened, too.
        wait_s = math.ceil(self.ends_at - now if now < self.ends_at else self.length_s)
        return Spent(dimension=self.dimension, limit=int(self.limit), per=_PER[self.length_s], wait_s=wait_s)


@dataclass(slots=True)
class _Counters:
    requests: list[_Window] = field(default_factory=list)
    media: list[_Window] = field(default_factory=list)


class Meter:
    """Counts what comes in, and refuses what is too much. Its methods may be called from any thread.

    `clock`: seconds since 1970. Without `rates` nothing is metered.
    """

    def __init__(
        self,
        rates: Rates | None,
        *,
        style: Style = "retry_after",
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._style = style
        self._clock = clock
        self._lock = threading.Lock()
        self._groups = {group: _counters(rates.quota(group)) for group in _GROUPS} if rates is not None else {}

    def request(self, group: Group) -> None:
        """One more. Raises RateLimited, and then it does not count."""
        with self._lock:
            if (counters := self._groups.get(group)) is not None:
                self._take(counters.requests, 1)

    def media(self, group: Group, seconds: float) -> None:
        """Of a request that was counted. Raises RateLimited, and then the request does not count either."""
        with self._lock:
            if (counters := self._groups.get(group)) is None:
                return
            try:
                self._take(counters.media, seconds)
            except RateLimited:
                for window in counters.requests:
                    window.use(-1, self._clock())
                raise

    def remaining(self, group: Group) -> dict[str, str]:
        """Headers for an answer that is not 429: of each dimension, the window that has the least left for its size."""
        now, shown = self._clock(), {}
        with self._lock:
            counters = self._groups.get(group, _Counters())
            for windows in (counters.requests, counters.media):
                if not windows:
                    continue
                least = min(windows, key=lambda window: window.left(now) / max(window.limit, 1))
                prefix = f"X-RateLimit-{least.dimension}-"
                shown[f"{prefix}Limit"] = str(int(least.limit))
                shown[f"{prefix}Remaining"] = str(int(max(0.0, least.left(now))))
                shown[f"{prefix}Reset"] = str(int(max(least.ends_at, now)) + 1)
        return shown

    def _take(self, windows: list[_Window], amount: float) -> None:
        now = self._clock()
        full = [window for window in windows if window.left(now) < amount]
        if full:
            last = max((window.spent(now) for window in full), key=lambda spent: spent.wait_s)
            raise RateLimited(self._style, last, now=now)
        for window in windows:
            window.use(amount, now)


def _counters(quota: Quota) -> _Counters:
    requests = [(quota.requests_a_minute, _MINUTE_S), (quota.requests_a_day, _DAY_S)]
    minutes = [(quota.media_minutes_an_hour, _HOUR_S), (quota.media_minutes_a_day, _DAY_S)]
    return _Counters(
        requests=[_Window("Request", limit, length_s) for limit, length_s in requests if limit is not None],
        media=[_Window("Duration", 60 * limit, length_s) for limit, length_s in minutes if limit is not None],
    )
