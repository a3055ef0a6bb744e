"""How many requests are under way at once: one more for each round that went well, half as many after a 429.

That is how TCP finds the width of a road that it does not know (additive increase, multiplicative decrease).
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager

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


class Gate:
    """Lets as many threads through as `Concurrency` says."""

    def __init__(self, concurrency: Concurrency) -> None:
        self._concurrency = concurrency
        self._inside = 0
        self._changed = threading.Condition()

    @contextmanager
    def passed(self) -> Iterator[int]:
        """The round that this one belongs to."""
        with self._changed:
            self._changed.wait_for(lambda: self._inside < self._concurrency.limit)
            self._inside += 1
            round_ = self._concurrency.round
        try:
            yield round_
        finally:
            with self._changed:
                self._inside -= 1
                self._changed.notify_all()

    def learn(self, round_: int, *, limited: bool, well: bool) -> None:
        with self._changed:
            _learn(self._concurrency, round_, limited=limited, well=well)
            self._changed.notify_all()


class AsyncGate:
    """Lets as many tasks of one event loop through as `Concurrency` says."""

    def __init__(self, concurrency: Concurrency) -> None:
        self._concurrency = concurrency
        self._inside = 0
        self._changed = asyncio.Condition()

    @asynccontextmanager
    async def passed(self) -> AsyncIterator[int]:
        """The round that this one belongs to."""
        async with self._changed:
            await self._changed.wait_for(lambda: self._inside < self._concurrency.limit)
            self._inside += 1
            round_ = self._concurrency.round
        try:
            yield round_
        finally:
            self._inside -= 1
            async with self._changed:
                self._changed.notify_all()

    async def learn(self, round_: int, *, limited: bool, well: bool) -> None:
        _learn(self._concurrency, round_, limited=limited, well=well)
        async with self._changed:
            self._changed.notify_all()


def _learn(concurrency: Concurrency, round_: int, *, limited: bool, well: bool) -> None:
    if limited:
        concurrency.was_limited(round_)
    elif well:
        concurrency.went_well()
