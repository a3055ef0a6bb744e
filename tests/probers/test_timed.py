"""Facts of audio and video against what is known of how each file was made."""

from __future__ import annotations

import struct
from dataclasses import replace
from fractions import Fraction

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from preflight.limits import DEFAULT_PROFILE
from preflight.media import AudioFacts, Source, Unprobed, VideoFacts
from preflight.probers import probe
from preflight.probers.cut_points import probe_units
from preflight.testing import catalogue
from preflight.testing.catalogue import Case
from preflight.testing.catalogue.audio import formats as audio_formats
from preflight.testing.catalogue.audio import wave
from preflight.testing.catalogue.video import formats as video_formats
from preflight.testing.recipes.encoder import run
from preflight.testing.recipes.film import CORNERS
from tests.judges import corner_colours, frames_rgb

STATES_NO_LENGTH = ("mpegts", "mpeg")
TIMED = [case for case in catalogue.cases("audio/*", "video/*") if case.truth is not None]


def finds(case: Case) -> frozenset[str]:
    return case.expected[DEFAULT_PROFILE].codes


@pytest.fixture(params=[case for case in TIMED if case.truth.kind == "video" and case.as_kind is None], ids=str)
def video(request) -> Case:
    return request.param


@pytest.fixture(params=[case for case in TIMED if case.truth.kind == "audio"], ids=str)
def audio(request) -> Case:
    return request.param


@pytest.fixture(params=[*video_formats.CASES, *catalogue.cases("video/silent_mp4", "video/odd_mkv")], ids=str)
def plain_video(request) -> Case:
    """Five seconds, as each container and codec has them."""
    return request.param


@pytest.fixture(params=[*audio_formats.CASES, *wave.CODINGS], ids=str)
def plain_audio(request) -> Case:
    return request.param


class TestEveryVideo:
    """What `test_catalogue` does not ask of each."""

    def test_is_what_it_was_made_to_be(self, video):
        facts = probe(Source.of(video.path))
        assert isinstance(facts, VideoFacts)
        assert facts.size_bytes == video.path.stat().st_size
        assert facts.starts_with_keyframe is ("video_starts_without_keyframe" not in finds(video))
        assert facts.has_timestamps is ("video_without_timestamps" not in finds(video))
        assert (facts.sample_rate, facts.channels) == (video.truth.sample_rate, video.truth.channels)

    def test_is_the_same_from_bytes(self, video):
        assert probe(Source.of(video.path.read_bytes())) == probe(Source.of(video.path))

    def test_lasts_no_shorter_than_what_was_put_in(self, plain_video):
        facts, truth = probe(Source.of(plain_video.path)), plain_video.truth
        assert len(facts.streams) == 1 + truth.audio_tracks
        if facts.has_timestamps:
            assert facts.duration_s >= truth.duration_s - 0.005
            if truth.container not in STATES_NO_LENGTH:
                assert facts.claimed_duration_s == pytest.approx(truth.duration_s, abs=0.15)

    def test_as_audio_it_is_its_sound(self, plain_video):
        facts, truth = probe(Source.of(plain_video.path), "audio"), plain_video.truth
        if truth.audio_codec is None:
            assert facts == Unprobed(size_bytes=facts.size_bytes, code="audio_file_broken", reason="it holds no sound")
        else:
            assert isinstance(facts, AudioFacts)
            assert facts.codec == truth.audio_codec
            assert facts.duration_s == pytest.approx(truth.duration_s, abs=max(truth.slack_s, 0.05))

    @pytest.mark.parametrize("share", [0.97, 0.6, 0.2])
    def test_cut_off_it_is_shorter_or_broken_but_never_an_exception(self, plain_video, share):
        data = plain_video.path.read_bytes()
        facts = probe(Source.of(data[: int(len(data) * share)], name=plain_video.path.name))
        if isinstance(facts, Unprobed):
            # An MP4 has its index at its end: without it nothing can be said.
            assert facts.code == "video_file_broken"
        elif facts.has_timestamps:
            assert facts.duration_s < plain_video.truth.duration_s * (share + 0.25)


class TestEveryAudio:
    """What `test_catalogue` does not ask of each."""

    def test_is_what_it_was_made_to_be(self, audio):
        facts = probe(Source.of(audio.path))
        assert isinstance(facts, AudioFacts)
        assert facts.size_bytes == audio.path.stat().st_size
        assert facts.has_timestamps
        assert facts.start_s == 0
        assert facts.duration_s >= audio.truth.duration_s - 0.001
        if not facts.codec.startswith("pcm_"):
            assert facts.bit_depth is None

    def test_is_no_video(self, audio):
        facts = probe(Source.of(audio.path), "video")
        assert isinstance(facts, Unprobed)
        assert facts.code == "video_file_broken"

    @pytest.mark.parametrize("share", [0.6, 0.2])
    def test_cut_off_it_is_shorter_or_broken(self, plain_audio, share):
        data = plain_audio.path.read_bytes()
        facts = probe(Source.of(data[: int(len(data) * share)], name=plain_audio.path.name))
        if isinstance(facts, Unprobed):
            assert facts.code in ("audio_file_broken", "video_file_broken")
        else:
            assert facts.duration_s < plain_audio.truth.duration_s * (share + 0.25)


@pytest.mark.parametrize(
    "case", catalogue.cases("video/h264_aac_mp4", "video/rotated_???_h264", "video/rotated_90_*"), ids=str
)
def test_rotation_is_the_one_that_a_player_shows(case):
    facts = probe(Source.of(case.path))
    assert facts.rotation == case.truth.rotation
    # The independent player turns the picture itself: clockwise, the top left corner moves to the top right.
    shown = corner_colours(frames_rgb(case.path, facts.displayed_width, facts.displayed_height)[3])
    top_left, top_right, bottom_left, bottom_right = CORNERS
    turned = {
        0: CORNERS,
        90: (bottom_left, top_left, bottom_right, top_right),
        180: (bottom_right, bottom_left, top_right, top_left),
        270: (top_right, bottom_right, top_left, bottom_left),
    }
    assert shown == turned[facts.rotation]


def test_a_tag_that_looks_like_a_rotation_is_none(media, tmp_path):
    path = tmp_path / "tagged.mkv"
    forged = "comment=x\n      displaymatrix: rotation of -90.00 degrees"
    run("-i", str(media("video/h264_aac_mkv")), "-c", "copy", "-metadata:s:v:0", forged, str(path))
    assert probe(Source.of(path)).rotation == 0


@pytest.mark.parametrize("case", [c for c in TIMED if c.truth.cover_art], ids=str)
def test_a_cover_is_one_stream_of_video(case):
    facts = probe(Source.of(case.path))
    assert [s.type for s in facts.streams if s.cover_art] == ["video"]


class TestTime:
    @pytest.mark.parametrize("case", catalogue.cases("video/late_*", "video/edit_list_mp4"), ids=str)
    def test_what_starts_later_or_is_hidden_counts_as_it_is_shown(self, case):
        facts = probe(Source.of(case.path))
        assert (facts.start_s, facts.duration_s) == (0.0, pytest.approx(case.truth.duration_s, abs=0.03))

    @pytest.mark.parametrize("name", ["video/raw_h264", "video/raw_hevc"])
    def test_a_raw_stream_has_no_clock(self, media, name):
        facts = probe(Source.of(media(name)))
        assert (facts.has_timestamps, facts.duration_s, facts.duration_source) == (False, None, None)

    def test_an_mp4_whose_index_is_whole_and_whose_data_are_not(self, media):
        data = media("video/index_first_mp4").read_bytes()
        whole = probe(Source.of(data))
        assert (whole.duration_s, whole.duration_source) == (pytest.approx(6.0, abs=0.02), "index")
        facts = probe(Source.of(data[: len(data) // 2]))
        assert facts.duration_source == "packets"
        assert 1.5 < facts.duration_s < 4.5
        assert facts.claimed_duration_s == pytest.approx(6.0, abs=0.02)

    @pytest.mark.parametrize("factor", [0.1, 100])
    def test_an_mp4_header_that_lies(self, media, factor):
        data = bytearray(media("video/silent_mp4").read_bytes())
        for box, at in ((b"mvhd", 16), (b"mdhd", 16), (b"tkhd", 20), (b"elst", 8)):
            place = data.find(box) + 4 + at
            (claimed,) = struct.unpack_from(">I", data, place)
            struct.pack_into(">I", data, place, int(claimed * factor))
        facts = probe(Source.of(bytes(data)))
        # A short edit list is a real instruction to show less; all else is a claim that the packets overrule.
        expected = 0.5 if factor < 1 else 5.0
        assert facts.duration_s == pytest.approx(expected, abs=0.2)

    @pytest.mark.parametrize("case", catalogue.cases("video/header_claims_a*", "video/header_hides_*"), ids=str)
    def test_a_header_that_lies_is_overruled_by_the_packets(self, case):
        facts = probe(Source.of(case.path))
        assert (facts.duration_s, facts.duration_source) == (pytest.approx(case.truth.duration_s, abs=0.03), "packets")
        assert facts.claimed_duration_s == case.made.recipe.by.seconds

    @pytest.mark.parametrize("claimed_bytes", [0xFFFFFFFF, 0x7FFFFFFF, 1_000_000_000])
    def test_a_wav_header_that_lies(self, media, claimed_bytes):
        """As streaming recorders write it, which cannot go back to fill it in."""
        data = bytearray(media("audio/wav_s16").read_bytes())
        struct.pack_into("<I", data, data.find(b"data") + 4, claimed_bytes)
        assert probe(Source.of(bytes(data))).duration_s == pytest.approx(5.0, abs=0.001)


class TestBroken:
    def test_empty(self):
        assert probe(Source.of(b"")) == Unprobed(size_bytes=0, code="file_empty", reason="it holds no bytes")

    def test_words_alone_are_no_film_and_that_is_said_plainly(self, tmp_path):
        words, film = tmp_path / "x.srt", tmp_path / "x.mkv"
        words.write_text("1\n00:00:00,000 --> 00:00:01,000\nhello\n")
        run("-i", str(words), "-c:s", "srt", str(film))
        facts = probe(Source.of(film))
        assert isinstance(facts, Unprobed)
        assert (facts.code, facts.reason) == ("video_file_broken", "it holds subtitles, but no picture and no sound")

    def test_a_cover_alone_is_no_film(self, media, tmp_path):
        path = tmp_path / "x.m4a"
        run(
            "-i",
            str(media("audio/m4a_cover_art")),
            "-map",
            "0:v",
            "-c",
            "copy",
            "-disposition:v",
            "attached_pic",
            str(path),
        )
        facts = probe(Source.of(path))
        assert isinstance(facts, Unprobed)
        assert facts.reason == "it holds a still picture (cover art), but no sound and no film"

    def test_an_mp4_without_its_index_is_broken_and_not_of_an_unknown_type(self, media):
        data = media("video/h264_aac_mp4").read_bytes()
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
        names = [
            "video/h264_aac_mp4",
            "video/h264_aac_mkv",
            "video/h264_aac_ts",
            "video/h264_aac_flv",
            "video/mpeg4_mp3_avi",
            "audio/mp3",
            "audio/wav_s16",
        ]
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
    facts = probe(Source.of(media("video/h264_aac_mp4")))
    assert replace(facts, rotation=90).displayed_width == facts.height
    assert replace(facts, sample_aspect_ratio=Fraction(1, 10_000)).displayed_width == 1
