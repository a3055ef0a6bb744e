"""When pictures are shown, and when again: of times written down by hand, in seconds."""

from __future__ import annotations

import pytest

from preflight.transformers.pacing import KEYFRAME_EVERY_S, Exhibition, from_zero, ticks
from preflight.transformers.shaping import CLOCK


def shown(times_s: list[float], end_s: float, own_s: float = 0.0) -> list[tuple[float, float, bool]]:
    """(when, for how long, whether it is a keyframe) of what is encoded."""
    exhibition, found = Exhibition(), []
    for at_s in times_s:
        found += exhibition.show(object(), ticks(at_s), ticks(own_s))
    found += exhibition.end(ticks(end_s), ticks(1))
    return [(float(s.pts * CLOCK), float(s.duration * CLOCK), s.is_key) for s in found]


class TestStanding:
    def test_a_picture_that_stands_is_shown_again_at_each_keyframe(self):
        assert shown([0.0], 10.0) == [(0, 4, True), (4, 4, True), (8, 2, True)]

    def test_also_where_it_comes_late_in_its_unit(self):
        """Or that would last almost twice as long as a clip may."""
        assert shown([0.0, 3.0], 9.0) == [(0, 3, True), (3, 1, False), (4, 5, True)]

    def test_one_that_makes_room_soon_after_is_shown_once(self):
        assert shown([0.0, 3.5, 4.5, 5.5], 6.5) == [(0, 3.5, True), (3.5, 1, False), (4.5, 1, True), (5.5, 1, False)]

    @pytest.mark.parametrize("step_s", [0.04, 0.5, 1.0, 2.7, 3.9, 7.0, 30.0])
    def test_no_unit_is_more_than_a_second_late(self, step_s):
        found = shown([step_s * i for i in range(20)], step_s * 20, step_s)
        keys = [at for at, _, is_key in found if is_key]
        assert max(b - a for a, b in zip(keys, [*keys[1:], step_s * 20], strict=True)) <= KEYFRAME_EVERY_S + 1.001
        assert sum(length for _, length, _ in found) == pytest.approx(step_s * 20, abs=0.001)


class TestBeforeZero:
    def test_nobody_is_shown_it(self):
        assert list(from_zero([(-2, "a"), (-1, "b"), (0, "c"), (1, "d")])) == [(0, "c"), (1, "d")]

    def test_the_last_of_it_stands_until_the_next_comes(self):
        assert list(from_zero([(-2, "a"), (-1, "b"), (5, "c")])) == [(0, "b"), (5, "c")]
        assert list(from_zero([(-1, "a")])) == [(0, "a")]

    def test_pictures_without_times_are_no_part_of_it(self):
        assert list(from_zero([(None, "a"), (None, "b")])) == [(None, "a"), (None, "b")]
