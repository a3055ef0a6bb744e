"""When a request may be sent: when there is room, and the plan allows it; and what its answer says to all others."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass
from typing import get_args

from preflight.limits.rates import Group
from preflight.submitter.allowance import Cost
from preflight.submitter.budget import Budget
from preflight.submitter.concurrency import AsyncGate, Concurrency, Gate
from preflight.submitter.decision import used_up
from preflight.submitter.exchange import Exchange
from preflight.submitter.outcome import Answered, Outcome
from preflight.submitter.rate_headers import stated_wait_s
from preflight.submitter.waits import waiting

_RATE_LIMITED, _SERVER = 429, 500
_OTHERS = "others are before it"


@dataclass(slots=True)
class Turn:
    """Of one try. `outcome` is what became of it; None where it was not even sent to its end."""

    outcome: Outcome | None = None

    @property
    def is_limited(self) -> bool:
        """Whether there were too many."""
        return isinstance(self.outcome, Answered) and self.outcome.status == _RATE_LIMITED

    @property
    def went_well(self) -> bool:
        """Whether there might be more at once: what failed for another reason says nothing of that."""
        return isinstance(self.outcome, Answered) and self.outcome.status < _SERVER and not self.is_limited

    def tell(self, budget: Budget, cost: Cost, *, max_wait_s: float) -> None:
        """What the answer says of the plan's rates, to all who share them."""
        now = time.time()
        budget.learn(cost, self.outcome.headers if isinstance(self.outcome, Answered) else {}, now=now)
        if isinstance(self.outcome, Answered) and self.is_limited:
            wait_s = stated_wait_s(self.outcome, now=now)
            # A wait of hours ends this run; who shares the budget is told so by the same answer.
            if wait_s is not None and wait_s <= max_wait_s:
                budget.pause(cost, wait_s)


class Turns:
    """Those of threads.

    One of a group at a time waits for the plan, and the others behind it: whoever comes first waits no longer than the
    plan makes it, however many there are, and what an answer says meanwhile holds for all the others. It does not keep
    a place at the gate for that long: other groups may have their turn.
    """

    def __init__(self, budget: Budget | None, most: int, sleep: Callable[[float], None]) -> None:
        self._budget = budget
        self._gate = Gate(Concurrency(most))
        self._sleep = sleep
        self._lines = {group: threading.Lock() for group in get_args(Group)}

    @contextmanager
    def next(self, exchange: Exchange, began: float) -> Iterator[Turn]:
        """Where `exchange` may be sent; it began at this time of the monotonic clock. Raises a SubmitError where it
        would take longer than it may.
        """
        turn, cost = Turn(), exchange.cost
        if cost is None:
            yield turn
            return
        try:
            round_ = self._entered(exchange, cost, began)
        except TimeoutError:
            raise exchange.crowded_out().error from None
        try:
            yield turn
        finally:
            self._gate.leave(round_, limited=turn.is_limited, well=turn.went_well)
            if self._budget is not None:
                turn.tell(self._budget, cost, max_wait_s=exchange.patience.max_wait_s)

    def _entered(self, exchange: Exchange, cost: Cost, began: float) -> int:
        if self._budget is None:
            return self._through(exchange, began)
        self._queue(exchange, self._lines[cost.group], began)
        try:
            while True:
                round_ = self._through(exchange, began)
                wait_s = self._budget.book(cost)
                if not wait_s:
                    return round_
                self._gate.leave(round_)
                _or_give_up(exchange, wait_s, _since(began))
                with waiting(used_up(cost), seconds=wait_s, is_open=exchange.is_open):
                    self._sleep(wait_s)
        finally:
            self._lines[cost.group].release()

    def _through(self, exchange: Exchange, began: float) -> int:
        """The gate, when there is room: its round. Raises TimeoutError."""
        with suppress(TimeoutError):
            return self._gate.enter(0.0)
        with waiting(_OTHERS, seconds=None, is_open=exchange.is_open):
            return self._gate.enter(exchange.left_s(_since(began)))

    def _queue(self, exchange: Exchange, line: threading.Lock, began: float) -> None:
        """Until it is the first in line. Raises TimeoutError."""
        if line.acquire(blocking=False):
            return
        left_s = exchange.left_s(_since(began))
        with waiting(_OTHERS, seconds=None, is_open=exchange.is_open):
            if not line.acquire(timeout=-1 if left_s is None else min(left_s, threading.TIMEOUT_MAX)):
                raise TimeoutError


class AsyncTurns:
    """Those of one event loop's tasks, in the same way."""

    def __init__(self, budget: Budget | None, most: int, sleep: Callable[[float], Awaitable[None]]) -> None:
        self._budget = budget
        self._gate = AsyncGate(Concurrency(most))
        self._sleep = sleep
        self._lines = {group: asyncio.Lock() for group in get_args(Group)}

    @asynccontextmanager
    async def next(self, exchange: Exchange, began: float) -> AsyncIterator[Turn]:
        """See `Turns.next`."""
        turn, cost = Turn(), exchange.cost
        if cost is None:
            yield turn
            return
        try:
            async with asyncio.timeout(exchange.left_s(_since(began))):
                round_ = await self._entered(exchange, cost, began)
        except TimeoutError:
            raise exchange.crowded_out().error from None
        try:
            yield turn
        finally:
            self._gate.leave(round_, limited=turn.is_limited, well=turn.went_well)
            if self._budget is not None:
                turn.tell(self._budget, cost, max_wait_s=exchange.patience.max_wait_s)

    async def _entered(self, exchange: Exchange, cost: Cost, began: float) -> int:
        if self._budget is None:
            return await self._gate.enter()
        async with self._lines[cost.group]:
            while True:
                round_ = await self._gate.enter()
                wait_s = self._budget.book(cost)
                if not wait_s:
                    return round_
                self._gate.leave(round_)
                _or_give_up(exchange, wait_s, _since(began))
                await self._sleep(wait_s)


def _since(began: float) -> float:
    return time.monotonic() - began


def _or_give_up(exchange: Exchange, wait_s: float, elapsed_s: float) -> None:
    if wait_s > exchange.most_wait_s(elapsed_s):
        raise exchange.too_long(wait_s, now=time.time()).error
