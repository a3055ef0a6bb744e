"""How many requests are under way at once: one more for each round that went well, half as many after a 429.

That is how TCP finds the width of a road that it does not know (additive increase, multiplicative decrease).
"""

from __future__ import annotations

import asyncio
import threading
from collections import deque

FIRST, MOST = 8, 32
"""At once, to begin with, and ever: the service documents requests a minute only, at most 2,400 of short ones."""


class Concurrency:
    """The pure part: how many may be under way. `most` is a bound, from 1 on."""

    def __init__(self, most: int = MOST) -> None:
        self._most = most
        self._limit = float(min(FIRST, most))
        self._round = 0

    @property
    def limit(self) -> int:
        return int(self._limit)

    @property
    def round(self) -> int:
        """Goes up with each cut. A request keeps the number that it began with."""
        return self._round

    def went_well(self) -> None:
        self._limit = min(self._limit + 1 / self._limit, float(self._most))

    def was_limited(self, round_: int) -> None:
        """Half, once for all that were under way together: they say the same."""
        if round_ == self._round:
            self._limit = max(self._limit / 2, 1.0)
            self._round += 1

    def learn(self, round_: int, *, limited: bool, well: bool) -> None:
        """What became of one that began in `round_`."""
        if limited:
            self.was_limited(round_)
        elif well:
            self.went_well()


class Gate:
    """Lets as many threads through as `Concurrency` says."""

    def __init__(self, concurrency: Concurrency) -> None:
        self._concurrency = concurrency
        self._inside = 0
        self._changed = threading.Condition()

    def enter(self, most_s: float | None = None) -> int:
        """The round that this one belongs to. Raises TimeoutError where there is no room within `most_s` seconds."""
        with self._changed:
            if not self._changed.wait_for(lambda: self._inside < self._concurrency.limit, most_s):
                raise TimeoutError
            self._inside += 1
            return self._concurrency.round

    def leave(self, round_: int, *, limited: bool = False, well: bool = False) -> None:
        with self._changed:
            self._inside -= 1
            self._concurrency.learn(round_, limited=limited, well=well)
            self._changed.notify_all()


class AsyncGate:
    """Lets as many tasks of one event loop through as `Concurrency` says, in the order in which they came.

    Who leaves wakes those alone who may enter: thousands may wait, and to wake them all each time would take a time
    that grows with their square.
    """

    def __init__(self, concurrency: Concurrency) -> None:
        self._concurrency = concurrency
        self._inside = 0
        self._waiting: deque[asyncio.Future[None]] = deque()

    async def enter(self) -> int:
        """The round that this one belongs to."""
        if self._waiting or self._inside >= self._concurrency.limit:
            let_in = asyncio.get_running_loop().create_future()
            self._waiting.append(let_in)
            try:
                await let_in
            except asyncio.CancelledError:
                if let_in.done() and not let_in.cancelled():  # cancelled at the very moment that it was let in
                    self._inside -= 1
                    self._let_in()
                raise
        else:
            self._inside += 1
        return self._concurrency.round

    def leave(self, round_: int, *, limited: bool = False, well: bool = False) -> None:
        self._inside -= 1
        self._concurrency.learn(round_, limited=limited, well=well)
        self._let_in()

    def _let_in(self) -> None:
        while self._waiting and self._inside < self._concurrency.limit:
            first = self._waiting.popleft()
            if not first.done():  # it may have been cancelled
                self._inside += 1
                first.set_result(None)
