"""Whose turn it is, for threads and for tasks: the deadline also holds while others are before one."""

from __future__ import annotations

import asyncio
import datetime as dt
import threading
import time

import pytest

from preflight.errors import RateLimitError, ServiceUnavailableError
from preflight.limits.rates import Quota, Rates
from preflight.submitter import Budget, waits
from preflight.submitter.allowance import Cost
from preflight.submitter.decision import Patience
from preflight.submitter.exchange import Exchange
from preflight.submitter.outcome import Answered
from preflight.submitter.refusal import Said
from preflight.submitter.turns import AsyncTurns, Turns

STILL = Cost(group="still")
IMPATIENT = Patience(deadline_s=0.05)
CROWDED_OUT = r"did not get its turn within the deadline of 0\.05 s: others were before it"
A_DAY = Rates(summary="", source="", read_on=dt.date(2026, 1, 1), still=Quota(requests_a_day=1))


class _EnoughError(Exception):
    """Of sleep."""


class Heard:
    """A listener whose sleep ends at once, with an error."""

    def __init__(self) -> None:
        self.said: list[waits.Wait | float | str] = []

    def waits(self, wait: waits.Wait) -> None:
        self.said.append(wait)

    def goes_on(self) -> None:
        self.said.append("goes on")

    def sleep(self, seconds: float) -> None:
        self.said.append(seconds)
        raise _EnoughError


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

    def test_who_waits_is_heard_of_it(self):
        """The first in line, for the plan; whoever is behind, for that one."""
        heard = Heard()
        with waits.heard_by(heard):
            turns = Turns(Budget(A_DAY), 8, waits.sleep)
            with turns.next(exchange(), time.monotonic()):
                assert heard.said == []
            turns._lines["still"].acquire()
            with pytest.raises(ServiceUnavailableError), turns.next(exchange(IMPATIENT), time.monotonic()):
                raise AssertionError
            turns._lines["still"].release()
            patient = exchange(Patience(max_wait_s=90_000))
            patient.after(Answered(status=503, headers={}, said=Said()), elapsed_s=0.0, now=0.0, jitter=0.0)
            with pytest.raises(_EnoughError), turns.next(patient, time.monotonic()):
                raise AssertionError
        behind, first, slept_s = heard.said
        assert (behind.why, behind.until, behind.is_open) == ("others are before it", None, False)
        assert first.why == "the plan's limits are used up for now (texts and images)"
        assert first.until == pytest.approx(time.time() + 86_400, abs=60)
        assert first.is_open  # of a 503 nobody knows whether it was done
        assert slept_s == pytest.approx(86_400, abs=60)

    def test_so_is_who_finds_no_room(self):
        heard, turns = Heard(), Turns(None, 1, waits.sleep)
        with (
            waits.heard_by(heard),
            turns.next(exchange(), time.monotonic()),
            pytest.raises(ServiceUnavailableError),
            turns.next(exchange(IMPATIENT), time.monotonic()),
        ):
            raise AssertionError
        assert [wait.why for wait in heard.said] == ["others are before it"]

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
