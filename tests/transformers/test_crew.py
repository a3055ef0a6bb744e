"""Threads that work for a generator, and how they end."""

from __future__ import annotations

import threading

import pytest

from preflight.transformers.crew import Crew, Lane


def test_leaving_it_ends_all_its_threads_in_the_middle() -> None:
    with Crew() as crew:
        lane: Lane[int] = Lane(crew, 2)

        def endless() -> None:
            number = 0
            while True:
                lane.put(number, 1)
                number += 1

        crew.start(endless, "endless")
        taken = iter(lane)
        assert [next(taken) for _ in range(5)] == list(range(5))
    assert [thread for thread in threading.enumerate() if thread.name == "endless"] == []


def test_an_error_is_raised_where_it_is_waited_for() -> None:
    def fail() -> None:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError), Crew() as crew:  # noqa: PT012
        lane: Lane[int] = Lane(crew, 1)
        crew.start(fail, "fails")
        list(lane)


@pytest.mark.parametrize("is_begun", [False, True])
def test_ctrl_c_while_a_thread_is_started(monkeypatch, is_begun: bool) -> None:
    """Before the system has made it, or before it told that it runs: neither is to be joined."""
    start, worked, started = threading.Thread.start, [], []

    def interrupted(thread: threading.Thread) -> None:
        started.append(thread)
        if is_begun:
            run, thread.run = thread.run, lambda: (left.wait(10), run())
            start(thread)
            thread._started.clear()
        raise KeyboardInterrupt

    left = threading.Event()
    monkeypatch.setattr(threading.Thread, "start", interrupted)
    with pytest.raises(KeyboardInterrupt), Crew() as crew:
        crew.start(lambda: worked.append(1), "late")
    left.set()
    if is_begun:
        started[0]._started.set()
        started[0].join(10)
    assert worked == []
