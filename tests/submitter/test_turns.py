"""Whose turn it is, for threads and for tasks: the deadline also holds while others are before one."""

from __future__ import annotations

import asyncio
import datetime as dt
import threading
import time

import pytest

from preflight.errors import RateLimitError, ServiceUnavailableError
from preflight.limits.rates import Quota, Rates
from preflight.submitter import Budget
from preflight.submitter.allowance import Cost
from preflight.submitter.decision import Patience
from preflight.submitter.exchange import Exchange
from preflight.submitter.turns import AsyncTurns, Turns

STILL = Cost(group="still")
IMPATIENT = Patience(deadline_s=0.05)
CROWDED_OUT = r"did not get its turn within the deadline of 0\.05 s: others were before it"
A_DAY = Rates(summary="", source="", read_on=dt.date(2026, 1, 1), still=Quota(requests_a_day=1))


class _EnoughError(Exception):
    """Of sleep."""


def exchange(patience: Patience = Patience()) -> Exchange:  # noqa: B008 (it is frozen)
    return Exchange(patience, cost=STILL)


class TestThreads:
    @pytest.mark.parametrize("budget", [None, Budget(A_DAY)], ids=["no budget", "budget"])
    def test_no_room_within_the_deadline(self, budget):
        turns = Turns(budget, 1, time.sleep)
        with (
            turns.next(exchange(), time.monotonic()),
            pytest.raises(ServiceUnavailableError, match=CROWDED_OUT),
            turns.next(exchange(IMPATIENT), time.monotonic()),
        ):
            raise AssertionError

    def test_not_the_first_in_line_within_the_deadline(self):
        asleep, awake = threading.Event(), threading.Event()

        def sleep(_seconds: float) -> None:
            asleep.set()
            awake.wait(10)
            raise _EnoughError

        turns = Turns(Budget(A_DAY), 8, sleep)
        with turns.next(exchange(), time.monotonic()):
            pass

        def first_in_line() -> None:
            patient = exchange(Patience(max_wait_s=90_000))
            with pytest.raises(_EnoughError), turns.next(patient, time.monotonic()):
                raise AssertionError

        thread = threading.Thread(target=first_in_line)
        thread.start()
        assert asleep.wait(10)
        with (
            pytest.raises(ServiceUnavailableError, match=CROWDED_OUT),
            turns.next(exchange(IMPATIENT), time.monotonic()),
        ):
            raise AssertionError
        awake.set()
        thread.join(10)
        assert not thread.is_alive()

    def test_what_is_not_metered_does_not_wait(self):
        turns = Turns(None, 1, time.sleep)
        with (
            turns.next(exchange(), time.monotonic()),
            turns.next(Exchange(IMPATIENT), time.monotonic()) as turn,
        ):
            assert turn.outcome is None


class TestTasks:
    def test_no_room_within_the_deadline(self):
        async def run() -> None:
            turns = AsyncTurns(None, 1, asyncio.sleep)
            async with turns.next(exchange(), time.monotonic()):
                with pytest.raises(ServiceUnavailableError, match=CROWDED_OUT):
                    async with turns.next(exchange(IMPATIENT), time.monotonic()):
                        raise AssertionError
            async with turns.next(exchange(IMPATIENT), time.monotonic()):
                pass  # its place is free again

        asyncio.run(run())

    def test_not_the_first_in_line_within_the_deadline(self):
        async def run() -> None:
            asleep = asyncio.Event()

            async def sleep(_seconds: float) -> None:
                asleep.set()
                await asyncio.Event().wait()

            turns = AsyncTurns(Budget(A_DAY), 8, sleep)
            async with turns.next(exchange(), time.monotonic()):
                pass

            async def first_in_line() -> None:
                async with turns.next(exchange(Patience(max_wait_s=90_000)), time.monotonic()):
                    raise AssertionError

            first = asyncio.create_task(first_in_line())
            await asyncio.wait_for(asleep.wait(), 10)
            with pytest.raises(ServiceUnavailableError, match=CROWDED_OUT):
                async with turns.next(exchange(IMPATIENT), time.monotonic()):
                    raise AssertionError
            first.cancel()
            # Who is cancelled leaves the line: the next is told what the plan says.
            with pytest.raises(RateLimitError, match=r"in 86[0-9]{3} s"):
                async with turns.next(exchange(), time.monotonic()):
                    raise AssertionError

        asyncio.run(run())
