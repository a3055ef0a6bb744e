"""Cuts at the best moments: never more clips than the even ones, and of those packings none that is worth more."""

from __future__ import annotations

from itertools import combinations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from preflight.planner.cuts import caps_for, choose_cuts
from preflight.planner.wished import choose_best_cuts, worths
from preflight.probers.moments import Moment
from tests.planner.test_cuts import CAPS, Piece, clips_with_overlap, fits, runts

pieces = st.lists(
    st.builds(Piece, st.integers(1, 16).map(lambda n: n / 4), st.integers(1, 300)), min_size=1, max_size=9
)


@settings(max_examples=400, deadline=None)
@given(units=pieces, overlap_s=st.sampled_from([0.0, 0.0, 1.5]), data=st.data())
def test_as_many_clips_as_even_and_none_worth_more(units, overlap_s, data):
    worth = data.draw(st.lists(st.integers(0, 3), min_size=len(units), max_size=len(units)))
    even = choose_cuts(units, CAPS, overlap_s)
    best = choose_best_cuts(units, CAPS, worth, overlap_s)
    if even is None:
        assert best is None
        return
    assert best is not None
    assert len(best) == len(even)
    clips = clips_with_overlap(units, best, overlap_s)
    assert all(map(fits, clips))
    if runts(clips_with_overlap(units, even, overlap_s)):
        return
    assert not runts(clips)
    options = [
        sum(worth[i] for i in cuts)
        for cuts in combinations(range(1, len(units)), len(even))
        if all(map(fits, made := clips_with_overlap(units, cuts, overlap_s))) and not runts(made)
    ]
    assert sum(worth[i] for i in best) <= max(options)
    if _has_slack(units, overlap_s, len(even)):
        assert sum(worth[i] for i in best) == max(options)


def _has_slack(units, overlap_s, cuts):
    """Whether it is the caps, and not the least length of a clip, that ask for so many."""
    start, count = 0, 0
    while start < len(units):
        end = start
        while end < len(units) and all(
            map(fits, clips_with_overlap(units[: end + 1], (start,) if start else (), overlap_s)[-1:])
        ):
            end += 1
        start, count = end, count + 1
    return count - 1 == cuts


def test_of_equals_the_nearest_to_even():
    units = [Piece(1, 1)] * 14
    assert choose_best_cuts(units, CAPS, [0.0] * 14) == (7,)
    assert choose_best_cuts(units, CAPS, [0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0, 0, 0]) == (5,)
    # Worth more, but the second clip would last 11 s.
    assert choose_best_cuts(units, CAPS, [0, 0, 0, 3, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0]) == (8,)


def test_no_slack_no_choice():
    units = [Piece(1, 1)] * 20
    assert choose_best_cuts(units, CAPS, [0, 0, 0, 0, 9] * 4) == (10,)
    assert choose_best_cuts([Piece(1, 1)], CAPS, [9]) == ()


@pytest.mark.parametrize(
    ("at_s", "worth"),
    [(3.9, 0.0), (4.0, 2.0), (4.2, 2.2), (5.0, 2.5), (5.9, 2.1), (6.1, 0.0), (9.0, 1.5), (9.5, 0.8), (8.0, 0.0)],
)
def test_deep_in_the_quiet_or_near_a_change(at_s, worth):
    moments = [Moment(4.0, 6.0, 2.0), Moment(9.0, 9.0, 1.5)]
    assert worths([at_s], moments) == [pytest.approx(worth, abs=0.051)]


def test_an_hour_of_sound_takes_seconds():
    units = [Piece(0.026, 600)] * 138_000
    caps = caps_for("mp3", 27_000_000, 600.0, 4.0)
    worth = [float(i % 97 == 0) for i in range(len(units))]
    cuts = choose_best_cuts(units, caps, worth)
    assert cuts is not None
    assert len(cuts) == 5
    assert all(worth[i] for i in cuts)
