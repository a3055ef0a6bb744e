"""Facts of audio and video against what is known of how each file was made."""

from __future__ import annotations

import struct
from dataclasses import replace
from fractions import Fraction

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from preflight.media import AudioFacts, Source, Unprobed, VideoFacts
from preflight.probers import probe
from preflight.probers.timed import probe_units
from tests.media_factory import AUDIOS, VIDEOS, Audio, Video, copy, corner_colours, frames_rgb, run


@pytest.fixture(params=VIDEOS, ids=lambda made: made.name)
def video(request) -> Video:
    return request.param


@pytest.fixture(params=AUDIOS, ids=lambda made: made.name)
def audio(request) -> Audio:
    return request.param


class TestEveryVideo:
    def test_is_what_it_was_made_to_be(self, media, video):
        facts = probe(Source.of(media(video.name)))
        assert isinstance(facts, VideoFacts)
        assert facts.size_bytes == media(video.name).stat().st_size
        assert (facts.container, facts.video_codec, facts.audio_codec) == (
            video.container,
            video.codec,
            video.audio_codec,
        )
        assert (facts.width, facts.height) == (video.width, video.height)
        assert facts.sample_aspect_ratio == video.sample_aspect_ratio
        assert facts.rotation == 0
        assert facts.starts_with_keyframe is True
        assert facts.has_timestamps
        has_sound = video.audio_codec is not None
        assert facts.sample_rate == (video.sample_rate if has_sound else None)
        assert facts.channels == (video.channels if has_sound else None)
        assert len(facts.streams) == (2 if has_sound else 1)

    def test_lasts_as_long_as_was_put_in(self, media, video):
        facts = probe(Source.of(media(video.name)))
        assert video.seconds - 0.005 <= facts.duration_s <= video.seconds + video.slack_s
        assert facts.claimed_duration_s == pytest.approx(video.seconds, abs=0.15)
        assert facts.start_s == pytest.approx(video.start_s, abs=0.03)
        assert float(facts.frame_rate) == pytest.approx(video.frame_rate, rel=0.02)

    def test_displayed_size_has_square_pixels(self, media, video):
        facts = probe(Source.of(media(video.name)))
        wide = round(video.width * video.sample_aspect_ratio)
        assert (facts.displayed_width, facts.displayed_height) == (wide, video.height)

    def test_is_the_same_from_bytes(self, media, video):
        from_path = probe(Source.of(media(video.name)))
        assert probe(Source.of(media(video.name).read_bytes())) == from_path

    def test_as_audio_it_is_its_sound(self, media, video):
        facts = probe(Source.of(media(video.name)), "audio")
        if video.audio_codec is None:
            assert facts == Unprobed(size_bytes=facts.size_bytes, code="audio_file_broken", reason="it holds no sound")
        else:
            assert isinstance(facts, AudioFacts)
            assert facts.codec == video.audio_codec
            assert facts.duration_s == pytest.approx(video.seconds, abs=max(video.slack_s, 0.05))

    @pytest.mark.parametrize("share", [0.97, 0.6, 0.2])
    def test_cut_off_it_is_shorter_or_broken_but_never_an_exception(self, media, video, share):
        data = media(video.name).read_bytes()
        facts = probe(Source.of(data[: int(len(data) * share)], name=video.name))
        if isinstance(facts, Unprobed):
            # An MP4 has its index at its end: without it nothing can be said.
            assert facts.code == "video_file_broken"
        else:
            assert facts.duration_s < video.seconds * (share + 0.25)


class TestEveryAudio:
    def test_is_what_it_was_made_to_be(self, media, audio):
        facts = probe(Source.of(media(audio.name)))
        assert isinstance(facts, AudioFacts)
        assert (facts.container, facts.codec) == (audio.container, audio.codec)
        assert (facts.sample_rate, facts.channels) == (audio.sample_rate, audio.channels)
        assert facts.bit_depth == audio.bit_depth
        assert facts.has_timestamps

    def test_lasts_as_long_as_was_put_in(self, media, audio):
        facts = probe(Source.of(media(audio.name)))
        assert audio.seconds - 0.001 <= facts.duration_s <= audio.seconds + audio.slack_s
        assert facts.start_s == 0

    def test_is_no_video(self, media, audio):
        facts = probe(Source.of(media(audio.name)), "video")
        assert isinstance(facts, Unprobed)
        assert facts.code == "video_file_broken"

    @pytest.mark.parametrize("share", [0.6, 0.2])
    def test_cut_off_it_is_shorter_or_broken(self, media, audio, share):
        data = media(audio.name).read_bytes()
        facts = probe(Source.of(data[: int(len(data) * share)], name=audio.name))
        if isinstance(facts, Unprobed):
            assert facts.code in ("audio_file_broken", "video_file_broken")
        else:
            assert facts.duration_s < audio.seconds * (share + 0.25)


@pytest.mark.parametrize("degrees", [0, 90, 180, 270])
def test_rotation_is_the_one_that_a_player_shows(media, degrees):
    path = media(f"turned_{degrees}.mp4")
    facts = probe(Source.of(path))
    assert facts.rotation == degrees
    assert (facts.width, facts.height) == (480, 360)
    shown = (360, 480) if degrees in (90, 270) else (480, 360)
    assert (facts.displayed_width, facts.displayed_height) == shown
    # The independent player turns the picture itself: clockwise, the top left corner moves to the top right.
    clockwise = {0: "RGBY", 90: "BRYG", 180: "YBGR", 270: "GYRB"}[degrees]
    colours = {"R": (255, 0, 0), "G": (0, 255, 0), "B": (0, 0, 255), "Y": (255, 255, 0)}
    assert corner_colours(frames_rgb(path, *shown)[3]) == tuple(colours[c] for c in clockwise)


def test_a_tag_that_looks_like_a_rotation_is_none(media, tmp_path):
    path = tmp_path / "tagged.mkv"
    forged = "x\n      displaymatrix: rotation of -90.00 degrees"
    copy(media("h264_aac.mkv"), path, **{"metadata:s:v:0": f"comment={forged}"})
    assert probe(Source.of(path)).rotation == 0


class TestStreams:
    @pytest.mark.parametrize("name", ["cover.m4a", "cover.mp3"])
    def test_a_cover_does_not_make_a_film_of_a_song(self, media, name):
        facts = probe(Source.of(media(name)))
        assert isinstance(facts, AudioFacts)
        assert [s.type for s in facts.streams if s.cover_art] == ["video"]

    def test_a_cover_is_not_taken_for_the_picture(self, media):
        facts = probe(Source.of(media("cover.mp4")))
        assert isinstance(facts, VideoFacts)
        assert (facts.width, facts.height, facts.video_codec) == (480, 360, "h264")
        assert facts.duration_s == pytest.approx(5.0, abs=0.05)

    def test_of_several_sounds_the_first_counts(self, media):
        facts = probe(Source.of(media("two_tracks.mkv")))
        assert [s.type for s in facts.streams] == ["video", "audio", "audio"]
        assert (facts.sample_rate, facts.channels) == (48_000, 2)

    def test_without_sound(self, media):
        facts = probe(Source.of(media("silent.mp4")))
        assert (facts.audio_codec, facts.sample_rate, facts.channels) == (None, None, None)


class TestTime:
    def test_sound_that_starts_later_counts_to_its_end(self, media):
        facts = probe(Source.of(media("late_sound.mp4")))
        assert (facts.start_s, facts.duration_s) == (0.0, pytest.approx(5.5, abs=0.02))

    def test_an_edit_list_hides_what_is_before_it(self, media):
        # Made of seconds 1.3 to 5, copied from the keyframe at 1.
        facts = probe(Source.of(media("edit_list.mp4")))
        assert (facts.start_s, facts.duration_s) == (0.0, pytest.approx(3.7, abs=0.03))

    def test_a_fragmented_mp4_is_not_judged_by_its_first_fragment(self, media):
        facts = probe(Source.of(media("h264_aac_fragmented.mp4")))
        assert facts.duration_s == pytest.approx(5.0, abs=0.04)

    def test_raw_h264_has_no_clock(self, media):
        facts = probe(Source.of(media("raw.h264")))
        assert (facts.has_timestamps, facts.duration_s, facts.duration_source) == (False, None, None)
        assert (facts.width, facts.height) == (480, 360)

    def test_an_mp4_whose_index_is_whole_and_whose_data_are_not(self, media):
        data = media("index_first.mp4").read_bytes()
        whole = probe(Source.of(data))
        assert (whole.duration_s, whole.duration_source) == (pytest.approx(6.0, abs=0.02), "index")
        facts = probe(Source.of(data[: len(data) // 2]))
        assert facts.duration_source == "packets"
        assert 1.5 < facts.duration_s < 4.5
        assert facts.claimed_duration_s == pytest.approx(6.0, abs=0.02)

    @pytest.mark.parametrize("factor", [0.1, 100])
    def test_an_mp4_header_that_lies(self, media, factor):
        data = bytearray(media("silent.mp4").read_bytes())
        for box, at in ((b"mvhd", 16), (b"mdhd", 16), (b"tkhd", 20), (b"elst", 8)):
            place = data.find(box) + 4 + at
            (claimed,) = struct.unpack_from(">I", data, place)
            struct.pack_into(">I", data, place, int(claimed * factor))
        facts = probe(Source.of(bytes(data)))
        # A short edit list is a real instruction to show less; all else is a claim that the packets overrule.
        expected = 0.5 if factor < 1 else 5.0
        assert facts.duration_s == pytest.approx(expected, abs=0.2)

    def test_a_matroska_header_that_lies(self, media):
        data = bytearray(media("h264_aac.mkv").read_bytes())
        place = data.find(b"\x44\x89\x88") + 3
        assert struct.unpack_from(">d", data, place) == (pytest.approx(5_021.0, abs=25),)
        struct.pack_into(">d", data, place, 7_200_000.0)
        facts = probe(Source.of(bytes(data)))
        assert (facts.duration_s, facts.duration_source) == (pytest.approx(5.0, abs=0.03), "packets")
        assert facts.claimed_duration_s == 7_200.0

    @pytest.mark.parametrize("claimed_bytes", [0xFFFFFFFF, 0x7FFFFFFF, 1_000_000_000])
    def test_a_wav_header_that_lies(self, media, claimed_bytes):
        """As streaming recorders write it, which cannot go back to fill it in."""
        data = bytearray(media("s16.wav").read_bytes())
        struct.pack_into("<I", data, data.find(b"data") + 4, claimed_bytes)
        assert probe(Source.of(bytes(data))).duration_s == pytest.approx(5.0, abs=0.001)


class TestBroken:
    def test_empty(self):
        assert probe(Source.of(b"")) == Unprobed(size_bytes=0, code="file_empty", reason="it holds no bytes")

    def test_an_mp4_without_its_index_is_broken_and_not_of_an_unknown_type(self, media):
        data = media("h264_aac.mp4").read_bytes()
        facts = probe(Source.of(data[: data.find(b"moov")]))
        assert isinstance(facts, Unprobed)
        assert facts.code == "video_file_broken"
        assert ".mp4" in facts.reason

    def test_a_container_with_neither_picture_nor_sound(self, media, tmp_path):
        path, subtitles = tmp_path / "only_text.mkv", tmp_path / "a.srt"
        subtitles.write_text("1\n00:00:00,000 --> 00:00:05,000\nhello\n")
        run("-i", str(subtitles), "-c", "copy", str(path))
        facts = probe(Source.of(path))
        assert isinstance(facts, Unprobed)
        assert facts.code == "video_file_broken"
        assert "subtitle" in facts.reason

    @settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
    @given(data=st.data())
    def test_damage_anywhere_is_never_an_exception(self, media, data):
        names = ["h264_aac.mp4", "h264_aac.mkv", "h264_aac.ts", "h264_aac.flv", "mpeg4_mp3.avi", "sound.mp3", "s16.wav"]
        content = bytearray(media(data.draw(st.sampled_from(names))).read_bytes())
        for _ in range(data.draw(st.integers(1, 20))):
            # Half of the blows fall on the header.
            place = data.draw(st.one_of(st.integers(0, 2_000), st.integers(0, len(content) - 1)))
            content[place] = data.draw(st.integers(0, 255))
        facts = probe(Source.of(bytes(content)))
        if isinstance(facts, AudioFacts | VideoFacts):
            probe_units(Source.of(bytes(content)), facts)
            assert facts.duration_s is None or facts.duration_s >= 0


def test_facts_can_be_varied_for_other_tests(media):
    """They are plain values: what the planner is told is what was probed."""
    facts = probe(Source.of(media("h264_aac.mp4")))
    assert replace(facts, rotation=90).displayed_width == facts.height
    assert replace(facts, sample_aspect_ratio=Fraction(1, 10_000)).displayed_width == 1
