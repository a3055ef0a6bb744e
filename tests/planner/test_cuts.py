"""Cuts: no cap is ever broken, nothing is lost, no packing is better. Held against every packing there is."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations, pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from preflight.planner.cuts import OVERHEAD, Caps, caps_for, choose_cuts


@dataclass(frozen=True)
class Piece:
    duration_s: float
    size_bytes: int
    packets: int = 1


CAPS = Caps(max_s=10.0, max_bytes=1_000, min_tail_s=4.0, fixed_bytes=100, packet_bytes=10)

# Quarters of a second, so that sums are exact and equal lengths are equal.
pieces = st.lists(
    st.builds(Piece, st.integers(0, 40).map(lambda n: n / 4), st.integers(1, 890), st.integers(1, 3)),
    min_size=1,
    max_size=9,
)
light_pieces = st.lists(
    st.builds(Piece, st.integers(0, 40).map(lambda n: n / 4), st.integers(1, 60)), min_size=1, max_size=9
)


def clips_of(units: Sequence[Piece], cuts: Sequence[int]) -> list[Sequence[Piece]]:
    return [units[a:b] for a, b in pairwise((0, *cuts, len(units)))]


def clips_with_overlap(units: Sequence[Piece], cuts: Sequence[int], overlap_s: float) -> list[Sequence[Piece]]:
    """Each clip with the fewest units before its start that last as long as is to be repeated."""
    clips = []
    for start, end in pairwise((0, *cuts, len(units))):
        begin = start
        while start and begin and length_s(units[begin:start]) < overlap_s:
            begin -= 1
        clips.append(units[begin:end])
    return clips


def length_s(clip: Sequence[Piece]) -> float:
    return sum(u.duration_s for u in clip)


def fits(clip: Sequence[Piece], caps: Caps = CAPS) -> bool:
    return caps.fits(length_s(clip), sum(u.size_bytes for u in clip), sum(u.packets for u in clip))


def runts(clips: Sequence[Sequence[Piece]], caps: Caps = CAPS) -> int:
    return sum(length_s(clip) < caps.min_tail_s for clip in clips)


def every_packing(units: Sequence[Piece]) -> Iterator[list[Sequence[Piece]]]:
    for count in range(len(units)):
        for cuts in combinations(range(1, len(units)), count):
            clips = clips_of(units, cuts)
            if all(map(fits, clips)):
                yield clips


@settings(max_examples=400, deadline=None)
@given(units=st.one_of(pieces, light_pieces))
def test_no_packing_is_better(units):
    cuts = choose_cuts(units, CAPS)
    if any(not fits([u]) for u in units):
        assert cuts is None
        return
    assert cuts is not None
    assert list(cuts) == sorted(set(cuts))
    clips = clips_of(units, cuts)
    assert all(clips)
    assert all(map(fits, clips))
    packings = list(every_packing(units))
    fewest_runts = min(map(runts, packings))
    assert runts(clips) == fewest_runts
    as_good = [p for p in packings if runts(p) == fewest_runts]
    assert len(clips) == min(map(len, as_good))
    if fewest_runts:
        return
    as_few = [p for p in as_good if len(p) == len(clips)]
    longest = min(max(map(length_s, p)) for p in as_few)
    assert max(map(length_s, clips)) == pytest.approx(longest, abs=0.002)


@settings(max_examples=200, deadline=None)
@given(
    units=st.lists(st.builds(Piece, st.floats(0, 12), st.integers(0, 1_200), st.integers(0, 20)), max_size=200),
)
def test_caps_hold_for_any_units(units):
    cuts = choose_cuts(units, CAPS)
    if cuts is None:
        assert any(not fits([u]) for u in units)
        return
    for clip in clips_of(units, cuts):
        assert length_s(clip) <= CAPS.max_s + 1e-9
        assert CAPS.file_bytes(sum(u.size_bytes for u in clip), sum(u.packets for u in clip)) <= CAPS.max_bytes


@settings(max_examples=400, deadline=None)
@given(units=st.one_of(pieces, light_pieces), overlap_s=st.sampled_from([0.25, 1.0, 2.5, 5.0]))
def test_with_overlap_no_packing_is_better(units, overlap_s):
    every = (cuts for count in range(len(units)) for cuts in combinations(range(1, len(units)), count))
    packings = [clips for cuts in every if all(map(fits, clips := clips_with_overlap(units, cuts, overlap_s)))]
    cuts = choose_cuts(units, CAPS, overlap_s)
    assert (cuts is None) == (not packings)
    if cuts is None:
        return
    clips = clips_with_overlap(units, cuts, overlap_s)
    assert all(map(fits, clips))
    assert runts(clips) == min(map(runts, packings))
    as_good = [p for p in packings if runts(p) == runts(clips)]
    assert len(clips) == min(map(len, as_good))


def fewest(units: Sequence[Piece], caps: Caps) -> tuple[int, int]:
    """(runts, clips) of the best packing: every beginning from all shorter ones, the plain way."""
    best = [(0, 0)]
    for end in range(1, len(units) + 1):
        options = []
        for start in range(end):
            clip = units[start:end]
            if fits(clip, caps):
                options.append((best[start][0] + (length_s(clip) < caps.min_tail_s), best[start][1] + 1))
        best.append(min(options))
    return best[-1]


@settings(max_examples=60, deadline=None)
@given(
    units=st.lists(
        st.builds(Piece, st.integers(1, 40).map(lambda n: n / 4), st.integers(1, 880)), min_size=10, max_size=70
    )
)
def test_of_many_units_no_packing_has_fewer_clips(units):
    cuts = choose_cuts(units, CAPS)
    assert cuts is not None
    clips = clips_of(units, cuts)
    assert (runts(clips), len(clips)) == fewest(units, CAPS)


@settings(max_examples=200, deadline=None)
@given(
    units=st.lists(
        st.builds(Piece, st.integers(1, 8).map(lambda n: n / 4), st.integers(1, 100)), min_size=1, max_size=60
    )
)
def test_units_half_as_long_as_a_clip_must_last_leave_no_runt(units):
    """Where none is longer than 2 s and 4 s of any fit, a tail can always be made long enough."""
    cuts = choose_cuts(units, CAPS)
    assert cuts is not None
    clips = clips_of(units, cuts)
    total = length_s(units)
    light = all(
        fits(units[i : i + k]) for i in range(len(units)) for k in range(1, 33) if length_s(units[i : i + k]) <= 8
    )
    if total >= CAPS.min_tail_s and light:
        assert not runts(clips)


def test_a_fit_needs_no_cut():
    assert choose_cuts([Piece(4, 10), Piece(6, 10)], CAPS) == ()
    assert choose_cuts([], CAPS) == ()


def test_clips_are_as_even_as_the_units_allow():
    assert choose_cuts([Piece(1, 1)] * 24, CAPS) == (8, 16)


def test_a_tail_takes_from_the_clip_before_it():
    # 10 and 1 would be the greedy way.
    assert choose_cuts([Piece(1, 1)] * 11, CAPS) == (6,)


def test_a_tail_is_mended_across_more_than_two_clips():
    """Full clips of 5, 5 and 2 seconds: taking from the last but one alone makes that the runt."""
    heavy = [Piece(1, 170)] * 12
    cuts = choose_cuts(heavy, CAPS)
    assert cuts is not None
    assert [length_s(c) for c in clips_of(heavy, cuts)] == [4, 4, 4]


def test_another_clip_is_better_than_one_that_is_too_short():
    """Three clips would do, with the middle one of 2 s; the contract takes none under 4 s."""
    units = [Piece(4, 100), Piece(3, 600), Piece(1, 280), Piece(1, 280), Piece(3, 600), Piece(4, 100)]
    cuts = choose_cuts(units, CAPS)
    assert cuts is not None
    assert [length_s(c) for c in clips_of(units, cuts)] == [4, 4, 4, 4]


def test_a_runt_that_cannot_be_helped_stays():
    assert choose_cuts([Piece(10, 1), Piece(1, 1)], CAPS) == (1,)


@pytest.mark.parametrize("unit", [Piece(10.25, 1), Piece(1, 891), Piece(1, 1, 90)], ids=["time", "bytes", "packets"])
def test_a_unit_over_a_cap_cannot_be_cut(unit):
    assert choose_cuts([Piece(1, 1), unit], CAPS) is None
    assert choose_cuts([Piece(1, 1), Piece(10, 880)], CAPS) == (1,)


@pytest.mark.parametrize(
    "units",
    [
        [Piece(0.04, 2_000)] * 360_000,
        # Four hours of which every clip is a runt: 27 MB a second.
        [Piece(0.04, 1_000_000)] * 360_000,
    ],
    ids=["four hours of sound", "nothing but runts"],
)
def test_long_sources_take_seconds(units):
    caps = caps_for("matroska", 27_000_000, 600.0, 4.0)
    started = time.perf_counter()
    cuts = choose_cuts(units, caps)
    assert time.perf_counter() - started < 15
    assert cuts is not None
    assert len(cuts) + 1 >= sum(u.size_bytes for u in units) / caps.max_bytes


def test_caps_aim_a_little_inside():
    caps = caps_for("mp4", 27_000_000, 600.0, 4.0)
    assert (caps.max_s, caps.min_tail_s, caps.max_bytes) == (599.5, 4.1, 27_000_000)
    assert (caps.fixed_bytes, caps.packet_bytes) == OVERHEAD["mp4"]
