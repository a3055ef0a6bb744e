"""How many are under way at once: by the rule, and as threads and tasks that really wait."""

from __future__ import annotations

import asyncio
import threading

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
        with gate.passed():
            with lock:
                inside[0] += 1
                most[0] = max(most[0], inside[0])
            full.wait()  # only three at once get past it
            with lock:
                inside[0] -= 1

    threads = [threading.Thread(target=go) for _ in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert most == [3]


def test_tasks_wait_until_there_is_room_and_leave_it_when_they_are_cancelled():
    async def run() -> int:
        gate, most, inside = AsyncGate(Concurrency(2)), 0, 0

        async def go() -> None:
            nonlocal most, inside
            async with gate.passed() as round_:
                inside += 1
                most = max(most, inside)
                try:
                    await asyncio.sleep(0.001)
                finally:
                    inside -= 1
                await gate.learn(round_, limited=False, well=True)

        tasks = [asyncio.create_task(go()) for _ in range(20)]
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        tasks[0].cancel()
        tasks[5].cancel()
        await asyncio.wait_for(asyncio.gather(*tasks, return_exceptions=True), 10)
        return most

    assert asyncio.run(run()) == 2
