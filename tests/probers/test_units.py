"""Where audio and video may be cut: of packets written down by hand, and of files of known structure."""

from __future__ import annotations

import itertools
from fractions import Fraction
from typing import NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from preflight.media import Source
from preflight.planner.open_gops import closed_only
from preflight.probers import probe
from preflight.probers.container import open_media
from preflight.probers.cut_points import probe_units
from preflight.probers.opening import opening_test
from preflight.probers.timed import pick_streams
from preflight.probers.units import PacketUnit, from_first_keyframe, gops_of, units_of
from preflight.testing import catalogue
from tests.judges import coded_packets

VIDEO, AUDIO = 0, 1
MS = Fraction(1, 1_000)


class Coded(NamedTuple):
    stream_index: int
    pts: int | None
    dts: int | None
    duration: int | None = 40
    time_base: Fraction | None = MS
    size: int = 100
    is_keyframe: bool = False


def picture(ms: int, *, key: bool = False, decoded_ms: int | None = None, size: int = 100) -> Coded:
    return Coded(VIDEO, ms, ms if decoded_ms is None else decoded_ms, is_keyframe=key, size=size)


def sound(ms: int, size: int = 10) -> Coded:
    return Coded(AUDIO, ms, ms, 20, is_keyframe=True, size=size)


def grouped(packets: list[Coded], *, with_audio: bool = True, start_s: float = 0.0) -> list[PacketUnit[Coded]]:
    return list(units_of(packets, VIDEO, with_audio=with_audio, start_s=start_s))


def film(gops: int, frames: int = 3) -> list[Coded]:
    """GOPs of 40 ms frames with two packets of sound under each frame."""
    packets = []
    for i in range(gops * frames):
        packets += [picture(40 * i, key=i % frames == 0), sound(40 * i), sound(40 * i + 20)]
    return packets


class TestGrouping:
    def test_a_unit_is_a_gop_with_the_sound_under_it(self):
        units = grouped(film(3))
        assert [(round(u.start_s, 3), round(u.duration_s, 3), u.packets) for u in units] == [
            (0.0, 0.12, 9),
            (0.12, 0.12, 9),
            (0.24, 0.12, 9),
        ]
        assert [u.size_bytes for u in units] == [3 * 100 + 6 * 10] * 3

    def test_a_gop_that_later_pictures_look_back_across_starts_no_unit(self):
        packets = [
            picture(0, key=True, decoded_ms=-40),
            picture(40, decoded_ms=0),
            picture(160, key=True, decoded_ms=40),
            picture(80, decoded_ms=80),  # shown before its keyframe: it hangs on the GOP before
            picture(120, decoded_ms=120),
            picture(200, key=True, decoded_ms=160),
            picture(240, decoded_ms=200),
        ]
        assert [(u.start_s, u.packets) for u in grouped(packets, with_audio=False)] == [(0.0, 5), (0.2, 2)]
        first, opened, closed = gops_of(packets, VIDEO, with_audio=False, start_s=0.0)
        assert [u.is_open for u in (first, opened, closed)] == [False, True, False]
        assert [p.pts for p in opened.seam] == [160, 80, 120]
        assert (opened.start_s, opened.packets, closed.seam) == (0.16, 3, [])

    def test_a_keyframe_that_promises_nothing_is_an_open_one(self):
        packets = [picture(40 * i, key=i % 5 == 0) for i in range(10)]
        units = list(gops_of(packets, VIDEO, with_audio=False, start_s=0.0, opens=lambda p: p.pts == 0))
        assert [(u.is_open, u.seam) for u in units] == [(False, []), (True, [])]

    def test_pictures_before_any_keyframe_are_left_out(self):
        left_out: list[Coded] = []
        packets = [sound(0), picture(0), picture(40), picture(80, key=True), picture(120)]
        kept = list(from_first_keyframe(packets, VIDEO, left_out.append))
        assert kept == [packets[0], *packets[3:]]
        assert left_out == packets[1:3]
        assert list(from_first_keyframe(packets, None)) == packets

    def test_a_clock_that_jumps_leaves_a_gap_at_the_end_of_a_unit(self):
        """Sound leads its picture by 10 ms: what is heard behind the gap is of the unit there."""
        hour = 3_600_000
        packets = [*film(1), sound(hour - 10), picture(hour, key=True), sound(hour + 10), picture(hour + 40)]
        first, second = grouped(packets)
        assert (first.packets, first.gap_s) == (9, pytest.approx(hour / 1_000 - 0.13))
        assert (second.start_s, second.packets) == (pytest.approx(hour / 1_000 - 0.01), 4)

    def test_a_moment_without_anything_is_no_jump(self):
        first, second = grouped([*film(1), sound(1_990), picture(2_000, key=True)])
        assert (first.packets, second.start_s) == (10, 2.0)

    def test_sound_goes_where_it_starts_however_late_it_is_stored(self):
        packets = [p for p in film(3) if p.stream_index == VIDEO] + [p for p in film(3) if p.stream_index == AUDIO]
        for unit in grouped(packets):
            heard = [p.pts / 1000 for p in unit.coded if p.stream_index == AUDIO]
            assert heard == [pytest.approx(unit.start_s + 0.02 * i) for i in range(6)]

    def test_sound_from_before_the_picture_is_the_first_units(self):
        packets = [sound(0), sound(20), picture(500, key=True), picture(540), sound(500), picture(580, key=True)]
        first, second = grouped(packets)
        assert (first.start_s, first.duration_s, first.packets) == (0.0, pytest.approx(0.58), 5)
        assert (second.start_s, second.duration_s) == (pytest.approx(0.58), pytest.approx(0.04))

    def test_sound_longer_than_the_picture_stays_with_the_last(self):
        last = grouped([*film(2), *(sound(240 + 20 * i) for i in range(50))])[-1]
        assert last.duration_s == pytest.approx(0.12 + 1.0)
        assert last.packets == 9 + 50

    def test_sound_that_ends_early_does_not_hold_the_whole_film_back(self):
        """No more than 64 MiB wait for it: what has been read when the first unit comes out shows it."""
        read = 0

        def packets():
            nonlocal read
            yield sound(0)
            for i in range(400):
                read += 1
                yield picture(40 * i, key=True, size=1_000_000)

        units = units_of(packets(), VIDEO, with_audio=True, start_s=0.0)
        next(units)
        assert 64 <= read <= 75
        assert len(list(units)) == 399

    def test_sound_that_comes_after_it_was_given_up_is_an_error(self):
        packets = [sound(0), *(picture(40 * i, key=True, size=1_000_000) for i in range(100)), sound(20)]
        with pytest.raises(ValueError, match="too far behind"):
            grouped(packets)

    def test_within_a_unit_sound_stands_beside_its_picture(self):
        (unit,) = grouped([*(picture(40 * i, key=i == 0) for i in range(250)), *(sound(20 * i) for i in range(500))])
        decoded = [p.dts for p in unit.coded]
        assert decoded == sorted(decoded)

    def test_the_order_of_decoding_is_kept_where_the_file_does_not_state_it(self):
        shown = [0, 160, 80, 40, 120]
        packets = [Coded(VIDEO, ms, None, is_keyframe=ms == 0) for ms in shown]
        (unit,) = grouped([*packets, sound(0), sound(200)])
        assert [p.pts for p in unit.coded if p.stream_index == VIDEO] == shown

    def test_a_clock_that_goes_backwards_is_an_error(self):
        with pytest.raises(ValueError, match="backwards"):
            grouped([*[*film(2), picture(0, key=True)][:-1], picture(60000, key=True), picture(0, key=True)])

    def test_a_packet_without_any_time_is_an_error(self):
        with pytest.raises(ValueError, match="no time"):
            grouped([Coded(VIDEO, None, None, is_keyframe=True)])

    def test_the_flush_of_a_demuxer_is_no_packet(self):
        assert sum(u.packets for u in grouped([*film(1), Coded(VIDEO, None, None, size=0)])) == 9

    def test_nothing(self):
        assert grouped([]) == []
        assert list(units_of([], None, with_audio=True, start_s=0.0)) == []

    def test_audio_alone_is_a_unit_a_packet(self):
        units = list(units_of([sound(500 + 20 * i) for i in range(5)], None, with_audio=True, start_s=0.5))
        assert [(u.start_s, u.packets) for u in units] == [(pytest.approx(0.5 + 0.02 * i), 1) for i in range(5)]
        assert units[-1].duration_s == pytest.approx(0.02)

    def test_packets_at_the_same_time_are_one_unit(self):
        units = list(units_of([sound(0), sound(0), sound(20)], None, with_audio=True, start_s=0.0))
        assert [u.packets for u in units] == [2, 1]

    def test_a_length_that_wrapped_around_counts_for_nothing(self):
        ogg = [Coded(AUDIO, 0, 0, 20), Coded(AUDIO, 20, 20, (1 << 32) - 440)]
        assert list(units_of(ogg, None, with_audio=True, start_s=0.0))[-1].duration_s == 0.0

    @given(
        gops=st.lists(st.tuples(st.integers(1, 6), st.integers(0, 3), st.booleans()), min_size=1, max_size=12),
        lag=st.integers(0, 5),
    )
    def test_every_packet_is_in_exactly_one_unit_and_each_stream_in_order(self, gops, lag):
        pictures, ms = [], 0
        for frames, sounds, is_open in gops:
            start = ms
            pictures.append((picture(ms, key=True), sounds))
            for i in range(1, frames):
                ms += 40
                # Shown just before its keyframe, where it is a leading picture.
                pictures.append((picture(start - 20 if is_open and i == 1 else ms), sounds))
            ms += 40
        packets = [p for p, _ in pictures]
        heard = [sound(20 * i) for i in range(sum(s for _, s in pictures))]
        for i, packet in enumerate(heard):
            packets.insert(min(len(packets), 2 * i + lag), packet)
        packets = [p._replace(dts=None) if p.stream_index == VIDEO else p for p in packets]
        units = grouped(packets)
        for stream in (VIDEO, AUDIO):
            out = [id(p) for u in units for p in u.coded if p.stream_index == stream]
            assert out == [id(p) for p in packets if p.stream_index == stream]
        assert [u.start_s for u in units] == sorted(u.start_s for u in units)
        for unit, following in itertools.pairwise(units):
            assert unit.start_s + unit.duration_s == pytest.approx(following.start_s)
            assert all(p.pts / 1000 < following.start_s + 1e-9 for p in unit.coded if p.stream_index == AUDIO)


class TestRealFiles:
    @pytest.mark.parametrize(
        "name",
        [
            "video/h264_aac_mp4",
            "video/b_frames_mp4",
            "video/b_frames_mkv",
            "video/b_frames_ts",
            "video/b_frames_flv",
            "video/closed_gop_hevc",
        ],
    )
    def test_closed_gops_of_a_second_are_units_of_a_second(self, media, name):
        facts = probe(Source.of(media(name)))
        units = probe_units(Source.of(media(name)), facts)
        assert len(units) == catalogue.case(name).truth.duration_s
        # The first lasts longer where the sound starts first: by what B-frames delay the picture.
        assert all(u.duration_s == pytest.approx(1.0, abs=0.08) for u in units)
        assert sum(u.duration_s for u in units) == pytest.approx(facts.duration_s, abs=0.001)
        assert sum(u.packets for u in units) == len(coded_packets(media(name)))

    @pytest.mark.parametrize(
        "name", ["video/open_gop_mp4", "video/open_gop_ts", "video/open_gop_hevc", "video/open_gop_mpg"]
    )
    def test_open_gops_are_told_from_closed_ones(self, media, name):
        """Each starts 25 frames and its leading pictures after the one before; only the first is closed."""
        facts = probe(Source.of(media(name)))
        first, *others = probe_units(Source.of(media(name)), facts)
        assert len(others) >= 4
        assert not first.is_open
        assert all(u.is_open and u.seam_bytes < u.size_bytes for u in others)
        # Where x264 finds no use for leading pictures, its keyframe is open by what it does not promise alone.
        assert sum(u.seam_bytes > 0 for u in others) >= 3
        assert len(closed_only([first, *others])) == 1

    def test_every_frame_of_an_intra_codec_is_a_unit(self, media):
        facts = probe(Source.of(media("video/mjpeg_pcm_avi")))
        assert len(probe_units(Source.of(media("video/mjpeg_pcm_avi")), facts)) == 125

    def test_avi_does_not_say_when_reordered_frames_are_shown(self, media):
        facts = probe(Source.of(media("video/b_frames_avi")))
        assert probe_units(Source.of(media("video/b_frames_avi")), facts) == ()

    def test_pictures_that_are_packed_are_not_parted(self, media):
        facts = probe(Source.of(media("video/packed_b_frames_avi")))
        assert probe_units(Source.of(media("video/packed_b_frames_avi")), facts) == ()

    def test_raw_video_has_no_units(self, media):
        assert probe_units(Source.of(media("video/raw_h264")), probe(Source.of(media("video/raw_h264")))) == ()

    @pytest.mark.parametrize(
        ("name", "opening"), [("video/h264_aac_mp4", 5), ("video/h264_aac_ts", 5), ("video/open_gop_ts", 1)]
    )
    def test_decoding_h264_starts_at_idr_pictures_alone(self, media, name, opening):
        with open_media(Source.of(media(name))) as container:
            video, _ = pick_streams(container)
            opens = opening_test(video)
            packets = [p for p in container.demux(video) if p.size]
            assert sum(map(opens, packets)) == opening
            assert sum(p.is_keyframe for p in packets) >= 5

    def test_h264_of_full_colour_is_cut_only_where_it_is_proved(self, media):
        """By a note in the first packet decoders know of an old x264's mistake: a later clip would not have it."""
        facts = probe(Source.of(media("video/h264_444")))
        first, *others = probe_units(Source.of(media("video/h264_444")), facts)
        assert not first.is_open
        assert others
        assert all(u.is_open and u.seam_bytes == 0 for u in others)

    @pytest.mark.parametrize("name", ["audio/wav_s16", "audio/wav_8_khz"])
    def test_wav_is_parted_at_whole_blocks(self, media, name):
        facts = probe(Source.of(media(name)))
        units = probe_units(Source.of(media(name)), facts)
        assert len(units) > 10
        assert all(u.size_bytes % 4_096 == 0 for u in units[:-1])
        assert sum(u.size_bytes for u in units) == 5 * facts.sample_rate * facts.channels * 2
        assert sum(u.duration_s for u in units) == pytest.approx(catalogue.case(name).truth.duration_s)

    def test_planned_cuts_are_found_again_in_the_packets(self, media):
        """The plan and the cut group the same packets: neither may see a place that the other does not."""
        for name in (
            "video/b_frames_mkv",
            "video/late_picture_mp4",
            "video/edit_list_mp4",
            "video/two_tracks_mkv",
            "video/open_gop_hevc",
            "audio/wav_s16",
        ):
            source = Source.of(media(name))
            facts = probe(source)
            planned = probe_units(source, facts)
            with open_media(source) as container:
                video, audio = pick_streams(container)
                kept = [s for s in (video, audio) if s is not None]
                index = video.index if video is not None else None
                units = gops_of(
                    container.demux(*kept),
                    index,
                    with_audio=audio is not None,
                    start_s=facts.start_s,
                    opens=opening_test(video),
                )
                found = [(u.start_s - facts.start_s, u.packets, u.size_bytes) for u in units]
            assert found == [(pytest.approx(u.start_s, abs=1e-9), u.packets, u.size_bytes) for u in planned], name
