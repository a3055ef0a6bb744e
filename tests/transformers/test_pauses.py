"""How much silence stands before a frame, by its time and by what came before it."""

from __future__ import annotations

from fractions import Fraction

import pytest
from av.audio.frame import AudioFrame

from preflight.transformers.pauses import Pauses

RATE = 16_000


def frame(pts: int | None, samples: int = 1_024) -> AudioFrame:
    made = AudioFrame(format="s16", layout="mono", samples=samples)
    made.sample_rate, made.pts, made.time_base = RATE, pts, Fraction(1, RATE)
    return made


def missing(*times: int | None) -> list[int]:
    pauses = Pauses()
    return [pauses.before(frame(pts)) for pts in times]


def test_frames_that_follow_each_other_have_nothing_between_them():
    assert missing(0, 1_024, 2_048) == [0, 0, 0]


def test_what_is_not_there_is_missing_once():
    assert missing(5_000, 6_024, 9_000, 10_024) == [0, 0, 9_000 - 7_048, 0]


def test_clocks_that_round_miss_nothing():
    assert missing(0, 1_040, 2_040, 3_090) == [0, 0, 0, 0]


def test_frames_that_come_too_early_do_not_make_later_ones_late():
    """What overlaps is played all the same, and takes its time."""
    assert missing(0, 500, 2_048) == [0, 0, 0]


@pytest.mark.parametrize("pts", [None, 1_024])
def test_frames_without_a_time_of_their_own_follow_at_once(pts):
    assert missing(0, 1_024, pts, pts, 4_096) == [0, 0, 0, 0, 0]


def test_times_that_jump_make_no_hours_of_silence():
    hour = 3_600 * RATE
    assert missing(0, hour, hour + 1_024) == [0, 0, 0]
    halves = missing(0, *(400 * RATE * n for n in range(1, 4)))
    assert sum(halves) <= 600 * RATE
