"""How far the work is: told now and then, with a clock that the tests wind."""

from __future__ import annotations

import pytest

from preflight.progress import EVERY_S, Meter, Progress


class Clock:
    now_s = 100.0

    def __call__(self) -> float:
        return self.now_s


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def told():
    return []


def test_it_is_told_a_few_times_a_second_at_most(clock, told):
    meter = Meter("a.mp4", 1000.0, told.append, clock)
    for tick in range(1, 101):
        clock.now_s = 100.0 + tick / 100
        meter.watch(tick * 0.5)
    assert 3 <= len(told) <= 1 / EVERY_S
    assert [p.requests for p in told] == [0] * len(told)
    times = [p.done_s for p in told]
    assert times == sorted(times)


def test_speed_and_time_left(clock, told):
    meter = Meter("a.mp4", 600.0, told.append, clock)
    clock.now_s += 10
    meter.watch(200.0)
    assert told == [Progress("a.mp4", 0, 200.0, 600.0, speed=20.0, left_s=20.0)]


def test_after_each_request_at_once(clock, told):
    meter = Meter("a.mp4", 600.0, told.append, clock)
    meter.made(300.0)
    meter.made(600.0)
    assert told == [Progress("a.mp4", 1, 300.0, 600.0), Progress("a.mp4", 2, 600.0, 600.0)]


def test_it_never_goes_back(clock, told):
    """A clip may repeat what was done, and sound may lag behind its picture."""
    meter = Meter("a.mp4", None, told.append, clock)
    for done_s in (5.0, 3.0):
        clock.now_s += 1
        meter.watch(done_s)
    assert [(p.done_s, p.total_s, p.left_s) for p in told] == [(5.0, None, None), (5.0, None, None)]


def test_beyond_the_end_nothing_is_left(clock, told):
    meter = Meter("a.mp4", 10.0, told.append, clock)
    clock.now_s += 1
    meter.watch(12.0)
    assert told[0].left_s == 0.0


def test_what_has_no_timeline(clock, told):
    Meter("a.txt", None, told.append, clock).made(None)
    assert told == [Progress("a.txt", 1, None, None)]


def test_to_read_packets_takes_no_time_mostly_and_then_nobody_hears_of_it(clock, told):
    meter = Meter("a.mkv", None, told.append, clock, stage="scan")
    meter.watch(100.0)
    assert told == []
    clock.now_s += EVERY_S
    meter.watch(200.0)
    assert [(p.stage, p.done_s) for p in told] == [("scan", 200.0)]


def test_frames_are_whole_and_the_end_is_told_as_the_end(clock, told):
    meter = Meter("a.mp4", 10.0, told.append, clock)
    meter.made(5.0)
    meter.made(9.99)
    meter.finish()
    meter.finish()
    assert [(p.requests, p.done_s) for p in told] == [(1, 5.0), (2, 9.99), (2, 10.0)]
