"""One budget for all that a run sends, whoever sends it: threads and tasks ask it before each request."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping

from preflight.limits.rates import Rates
from preflight.submitter.allowance import Cost, allowances
from preflight.submitter.rate_headers import limits_told


class Budget:
    """The rates of a plan, kept to by everybody who shares this object, and corrected by what the service says.

    It counts within any minute, hour and day, not by the service's own, which nobody knows: so it is never over, and at
    worst later than need be. What was sent before it was made, or by others of the same organization, it learns only
    from the service's answers. `clock` counts seconds.
    """

    def __init__(self, rates: Rates, *, clock: Callable[[], float] = time.monotonic) -> None:
        self.rates = rates
        self._clock = clock
        self._groups = allowances(rates)
        self._lock = threading.Lock()

    def book(self, cost: Cost) -> float:
        """Seconds until it may be sent. 0.0: now, and it is booked; else nothing is, and it asks again then."""
        with self._lock:
            now_s = self._clock()
            group = self._groups[cost.group]
            wait_s = group.earliest_s(cost, now_s) - now_s
            if wait_s <= 0:
                group.use(cost, now_s)
            return max(wait_s, 0.0)

    def learn(self, cost: Cost, headers: Mapping[str, str], *, now: float) -> None:
        """What was booked was answered, with these headers (names in lower case); no headers where nobody answered.

        `now`: seconds since 1970.
        """
        with self._lock:
            group = self._groups[cost.group]
            group.answered(cost)
            group.tell(limits_told(headers, now=now), self._clock())

    def pause(self, cost: Cost, seconds: float) -> None:
        """The service limited the rate: nobody sends more of this group for so long."""
        with self._lock:
            self._groups[cost.group].pause(self._clock() + seconds)
