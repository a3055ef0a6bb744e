"""How many are under way at once: by the rule, and as threads and tasks that really wait."""

from __future__ import annotations

import asyncio
import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from preflight.submitter.concurrency import FIRST, AsyncGate, Concurrency, Gate


def test_one_more_for_each_round_that_goes_well():
    concurrency = Concurrency(most=10)
    assert concurrency.limit == FIRST == 8
    for _ in range(9):
        concurrency.went_well()
    assert concurrency.limit == 9
    for _ in range(100):
        concurrency.went_well()
    assert concurrency.limit == 10


def test_half_for_all_that_were_under_way_together():
    concurrency = Concurrency()
    for _ in range(8):
        concurrency.was_limited(0)
    assert (concurrency.limit, concurrency.round) == (4, 1)
    concurrency.was_limited(1)
    assert concurrency.limit == 2


@given(st.lists(st.booleans()), st.integers(1, 40))
def test_there_is_always_room_for_one_and_never_for_more_than_the_bound(went_well, most):
    concurrency = Concurrency(most)
    for well in went_well:
        concurrency.went_well() if well else concurrency.was_limited(concurrency.round)
        assert 1 <= concurrency.limit <= most


def test_threads_wait_until_there_is_room():
    gate, inside, most = Gate(Concurrency(3)), [0], [0]
    lock = threading.Lock()
    full = threading.Barrier(3, timeout=10)

    def go() -> None:
        round_ = gate.enter()
        with lock:
            inside[0] += 1
            most[0] = max(most[0], inside[0])
        full.wait()  # only three at once get past it
        with lock:
            inside[0] -= 1
        gate.leave(round_, well=True)

    threads = [threading.Thread(target=go) for _ in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert most == [3]


def test_a_thread_waits_no_longer_than_it_may():
    gate = Gate(Concurrency(1))
    round_ = gate.enter()
    with pytest.raises(TimeoutError):
        gate.enter(0.01)
    gate.leave(round_)
    assert gate.enter(0.01) == round_


def test_after_a_429_fewer_are_let_in():
    concurrency = Concurrency()
    gate = Gate(concurrency)
    rounds = [gate.enter() for _ in range(FIRST)]
    for round_ in rounds:
        gate.leave(round_, limited=True)
    for _ in range(FIRST // 2):
        gate.enter(0.01)
    with pytest.raises(TimeoutError):
        gate.enter(0.01)


def test_tasks_wait_until_there_is_room_in_the_order_in_which_they_came():
    async def run() -> tuple[int, list[int]]:
        gate, most, inside, order = AsyncGate(Concurrency(2)), 0, 0, []

        async def go(n: int) -> None:
            nonlocal most, inside
            round_ = await gate.enter()
            order.append(n)
            inside += 1
            most = max(most, inside)
            await asyncio.sleep(0.001)
            inside -= 1
            gate.leave(round_, well=True)

        await asyncio.wait_for(asyncio.gather(*map(go, range(20))), 10)
        return most, order

    assert asyncio.run(run()) == (2, list(range(20)))


@given(st.lists(st.integers(0, 9), max_size=10), st.integers(1, 3))
def test_whoever_is_cancelled_and_whenever_the_others_have_their_turn(cancelled, most):
    """Also at the very moment that it is let in: nobody's place is lost."""

    async def run() -> None:
        gate = AsyncGate(Concurrency(most))

        async def go() -> None:
            round_ = await gate.enter()
            try:
                await asyncio.sleep(0)
            finally:
                gate.leave(round_)

        tasks = [asyncio.create_task(go()) for _ in range(10)]
        for n in cancelled:
            await asyncio.sleep(0)
            tasks[n].cancel()
        await asyncio.wait_for(asyncio.gather(*tasks, return_exceptions=True), 10)
        for _ in range(most):
            await asyncio.wait_for(gate.enter(), 10)

    asyncio.run(run())
