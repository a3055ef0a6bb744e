"""Units → clips: of units written down by hand, and of units of real packets."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from preflight.media import Source
from preflight.planner.cuts import Caps
from preflight.probers import probe
from preflight.probers.container import open_media
from preflight.probers.cut_points import probe_units
from preflight.probers.timed import pick_streams
from preflight.probers.units import PacketUnit, units_of
from preflight.transformers.packer import clips_at, clips_under

CAPS = Caps(max_s=10.0, max_bytes=1_000, min_tail_s=4.0, fixed_bytes=100, packet_bytes=10)


class Coded(NamedTuple):
    size: int
    stream_index: int = 0
    pts: int | None = 0
    dts: int | None = 0
    duration: int | None = 0
    time_base: None = None
    is_keyframe: bool = True


def made(*lengths_and_sizes: tuple[float, int], start_s: float = 0.0) -> list[PacketUnit[Coded]]:
    units = []
    for length, size in lengths_and_sizes:
        unit: PacketUnit[Coded] = PacketUnit(start_s, duration_s=length)
        unit.add(Coded(size))
        units.append(unit)
        start_s += length
    return units


def length_s(clip: Sequence[PacketUnit[Coded]]) -> float:
    return sum(u.duration_s for u in clip)


def fits(clip: Sequence[PacketUnit[Coded]]) -> bool:
    return CAPS.fits(length_s(clip), sum(u.size_bytes for u in clip), sum(u.packets for u in clip))


# Quarters of a second, so that sums are exact.
lengths_and_sizes = st.lists(st.tuples(st.integers(1, 12).map(lambda n: n / 4), st.integers(1, 200)), max_size=60)


class TestKnownSizes:
    @settings(deadline=None)
    @given(pieces=lengths_and_sizes, data=st.data())
    def test_a_clip_for_each_cut_and_every_unit_once(self, pieces, data):
        units = made(*pieces, start_s=1.4)
        places = data.draw(st.sets(st.sampled_from(range(1, len(units))))) if len(units) > 1 else set()
        cuts = [units[i].start_s for i in sorted(places)]
        clips = list(clips_at(units, cuts))
        assert [u for clip in clips for u in clip] == units
        assert [clip[0].start_s for clip in clips[1:]] == cuts

    def test_a_cut_that_rounding_moved_is_found(self):
        units = made((0.1, 1), (0.2, 1), (0.3, 1))
        assert [len(c) for c in clips_at(units, [0.1 + 0.2 - 1e-7])] == [2, 1]
        assert [len(c) for c in clips_at(units, [0.1 + 0.2 + 1e-7])] == [2, 1]

    def test_nothing(self):
        assert list(clips_at([], [1.0])) == []


class TestUnknownSizes:
    @settings(max_examples=300, deadline=None)
    @given(pieces=lengths_and_sizes)
    def test_no_cap_is_broken_and_no_unit_lost(self, pieces):
        units = made(*pieces)
        clips = list(clips_under(units, CAPS))
        assert [u for clip in clips for u in clip] == units
        assert all(map(fits, clips))
        assert all(clips)
        total = length_s(units)
        # Only bytes can make a clip a runt: by time alone, any two neighbours over 10 s can share.
        if all(u.size_bytes <= 20 for u in units) and total >= CAPS.min_tail_s:
            assert all(length_s(c) >= CAPS.min_tail_s for c in clips)

    def test_a_clip_is_closed_at_the_last_unit_that_fits(self):
        clips = list(clips_under(made(*[(1.0, 1)] * 25), CAPS))
        assert [length_s(c) for c in clips] == [10, 10, 5]

    def test_a_tail_is_evened_out_with_the_clip_before_it(self):
        clips = list(clips_under(made(*[(1.0, 1)] * 22), CAPS))
        assert [length_s(c) for c in clips] == [10, 6, 6]

    def test_a_short_source_stays_short(self):
        assert [length_s(c) for c in clips_under(made((1.0, 1), (1.0, 1)), CAPS)] == [2]

    def test_a_unit_over_the_cap_stands_alone_to_be_refused_by_its_check(self):
        clips = list(clips_under(made((5.0, 10), (1.0, 2_000), (1.0, 10)), CAPS))
        assert [length_s(c) for c in clips] == [5, 1, 1]

    def test_a_clip_comes_as_soon_as_the_next_can_stand_alone(self):
        taken = 0

        def units():
            nonlocal taken
            for unit in made(*[(1.0, 1)] * 100):
                taken += 1
                yield unit

        next(clips_under(units(), CAPS))
        assert taken == 14

    def test_nothing(self):
        assert list(clips_under([], CAPS)) == []


overlaps = st.sampled_from([0.25, 1.0, 2.5, 4.0])


class TestOverlap:
    @settings(max_examples=300, deadline=None)
    @given(pieces=lengths_and_sizes, overlap_s=overlaps)
    def test_unknown_sizes_keep_the_caps_and_every_unit(self, pieces, overlap_s):
        units = made(*pieces)
        clips = list(clips_under(units, CAPS, overlap_s=overlap_s))
        assert all(clips)
        assert all(map(fits, clips))
        index = {id(u): i for i, u in enumerate(units)}
        places = [[index[id(u)] for u in clip] for clip in clips]
        assert all(p == list(range(p[0], p[-1] + 1)) for p in places), "each clip is a stretch of the units"
        assert sorted({i for p in places for i in p}) == list(range(len(units)))
        for before, after in pairwise(places):
            assert before[0] < after[0] <= before[-1] + 1, "it begins in the clip before, or right behind it"
            assert after[-1] > before[-1], "and goes further"

    def test_light_units_repeat_as_much_as_is_wanted(self):
        clips = list(clips_under(made(*[(0.5, 1)] * 60), CAPS, overlap_s=2.0))
        for before, after in pairwise(clips):
            end_s = before[-1].start_s + before[-1].duration_s
            assert end_s - after[0].start_s == 2.0
        assert all(length_s(c) >= CAPS.min_tail_s for c in clips)

    def test_a_clip_that_is_full_too_soon_gives_half(self):
        clips = list(clips_under(made(*[(1.0, 200)] * 12), CAPS, overlap_s=4.0))
        assert [c[0].start_s for c in clips][:3] == [0, 2, 4]

    @settings(deadline=None)
    @given(pieces=lengths_and_sizes, data=st.data())
    def test_known_sizes_begin_where_the_plan_says_with_packets_of_their_own(self, pieces, data):
        units = made(*pieces)
        places = sorted(data.draw(st.sets(st.sampled_from(range(1, len(units)))))) if len(units) > 1 else []
        begins = [data.draw(st.integers(low, cut)) for low, cut in zip([0, *places], places, strict=False)]
        copied = []

        def copy(packet: Coded) -> Coded:
            copied.append(packet)
            return Coded(packet.size)

        clips = list(clips_at(units, [units[i].start_s for i in places], [units[i].start_s for i in begins], copy))
        edges = zip([0, *begins], [*places, len(units)], strict=True)
        assert [[u.start_s for u in c] for c in clips] == [[u.start_s for u in units[a:b]] for a, b in edges if a < b]
        assert len(copied) == sum(cut - begin for begin, cut in zip(begins, places, strict=True))
        mine = [id(p) for c in clips for u in c for p in u.coded]
        assert len(mine) == len(set(mine)), "no packet is written twice"


class TestWishes:
    @settings(max_examples=200, deadline=None)
    @given(pieces=lengths_and_sizes, wishes=st.lists(st.floats(0, 120), max_size=8).map(sorted))
    def test_the_caps_come_first(self, pieces, wishes):
        units = made(*pieces)
        clips = list(clips_under(units, CAPS, cuts_s=wishes))
        assert [u for clip in clips for u in clip] == units
        assert all(map(fits, clips))

    def test_a_clip_starts_at_the_first_unit_at_or_behind_the_wish(self):
        clips = list(clips_under(made(*[(1.0, 1)] * 20), CAPS, cuts_s=[6.0, 12.5]))
        assert [c[0].start_s for c in clips] == [0, 6, 13]

    def test_a_wish_that_would_leave_too_little_is_forgotten(self):
        clips = list(clips_under(made(*[(1.0, 1)] * 16), CAPS, cuts_s=[6.0, 8.0]))
        assert [c[0].start_s for c in clips] == [0, 6]


@pytest.mark.parametrize(
    "name", ["video/b_frames_mp4", "video/b_frames_mkv", "video/b_frames_ts", "audio/mp3", "audio/wav_s16"]
)
@pytest.mark.parametrize("max_s", [1.5, 2.6])
def test_real_packets_each_in_one_clip_and_in_order(media, name, max_s):
    source = Source.of(media(name))
    facts = probe(source)
    caps = Caps(max_s=max_s, max_bytes=10_000_000, min_tail_s=0.5, fixed_bytes=0, packet_bytes=0)

    def units(container):
        video, audio = pick_streams(container)
        kept = [s for s in (video, audio) if s is not None]
        index = video.index if video is not None else None
        return units_of(container.demux(*kept), index, with_audio=audio is not None, start_s=facts.start_s)

    with open_media(source) as container:
        whole = [(p.stream_index, p.pts, p.size) for u in units(container) for p in u.coded]
    with open_media(source) as container:
        clips = [
            [(p.stream_index, p.pts, p.size) for u in c for p in u.coded] for c in clips_under(units(container), caps)
        ]
    assert [p for clip in clips for p in clip] == whole
    assert len(clips) >= facts.duration_s / max_s
    planned = probe_units(source, facts)
    cuts = [facts.start_s + u.start_s for u in planned[1::2]]
    with open_media(source) as container:
        at = list(clips_at(units(container), cuts))
    assert len(at) == len(cuts) + 1
    assert all(b[0].start_s == pytest.approx(cut, abs=1e-6) for (_, b), cut in zip(pairwise(at), cuts, strict=True))
