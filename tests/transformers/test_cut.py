"""Cutting without decoding: every coded packet in exactly one clip, in order and in step, under the caps."""

from __future__ import annotations

import itertools
import math
from pathlib import Path

import numpy as np
import pytest
from msgspec import structs

from preflight.errors import BrokenMediaError
from preflight.limits import DEFAULT_PROFILE, Limits, load
from preflight.media import AudioFacts, Fidelity, Source, VideoFacts
from preflight.pipeline import Preflight
from preflight.planner import CutBetweenUnits, Policy
from preflight.probers import probe
from preflight.probers.cut_points import probe_units
from preflight.testing import catalogue
from preflight.transformers import Output
from preflight.transformers.cut import cut
from preflight.transformers.lead_in import LED_IN
from tests.judges import (
    coded_packets,
    complaints,
    flash_times_s,
    frames_rgb,
    samples,
    strictest_duration_s,
    tone_times_s,
)
from tests.timelines import tracks

SUFFIXES = {"mp4": ".mp4", "matroska": ".mkv", "webm": ".webm", "wav": ".wav", "mp3": ".mp3"}


def limited(seconds: float, max_bytes: int = 27_000_000) -> Limits:
    """The strict profile with a shorter day, so that short media show what long ones do."""
    limits = load("marengo3.0")

    def shorter(bounds):
        return structs.replace(
            bounds,
            max_duration_s=structs.replace(bounds.max_duration_s, value=seconds),
            min_duration_s=structs.replace(bounds.min_duration_s, value=0.4),
            max_base64_bytes=structs.replace(bounds.max_base64_bytes, value=max_bytes // 3 * 4),
        )

    return structs.replace(limits, video=shorter(limits.video), audio=shorter(limits.audio))


def cut_at(path: Path, container: str, every: int, folder: Path) -> tuple[list[Output], list[Path]]:
    """Cut at every n-th unit."""
    source = Source.of(path)
    facts = probe(source)
    assert isinstance(facts, AudioFacts | VideoFacts)
    cuts = tuple(u.start_s for u in probe_units(source, facts)[every::every])
    outputs = list(cut(source, facts, CutBetweenUnits(container=container, cuts_s=cuts)))
    assert len(outputs) == len(cuts) + 1
    paths = []
    for i, output in enumerate(outputs):
        paths.append(folder / f"{i:04}{SUFFIXES[container]}")
        paths[-1].write_bytes(output.media.read())
    return outputs, paths


def digests(paths: list[Path], stream: int) -> list[str]:
    return [p.digest for path in paths for p in coded_packets(path) if p.stream == stream]


# (source, container, units a clip, whether the new container stores the packets just as the old one did)
CASES = [
    ("video/h264_aac_mp4", "mp4", 2, True),
    ("video/h264_aac_mov", "mp4", 1, True),
    ("video/h264_aac_flv", "mp4", 2, True),
    ("video/h264_aac_fragmented_mp4", "mp4", 2, True),
    ("video/b_frames_mp4", "mp4", 2, True),
    ("video/b_frames_mkv", "matroska", 2, True),
    ("video/b_frames_flv", "mp4", 2, True),
    ("video/b_frames_ts", "mp4", 2, False),
    ("video/closed_gop_hevc", "mp4", 2, True),
    ("video/vp9_opus_webm", "webm", 1, True),
    ("video/theora_vorbis_ogv", "matroska", 4, True),
    ("video/mpeg4_mp3_avi", "mp4", 4, True),
    ("video/mjpeg_pcm_avi", "matroska", 50, True),
    ("video/mpeg2_mp2_mpg", "matroska", 4, True),
    ("video/prores_pcm_mov", "matroska", 50, True),
    ("video/silent_mp4", "mp4", 2, True),
    ("video/wide_pixels_mkv", "matroska", 2, True),
    ("video/two_tracks_mkv", "matroska", 2, True),
    ("video/short_sound_mp4", "mp4", 2, True),
    ("video/late_sound_mp4", "mp4", 2, True),
    ("video/late_picture_mp4", "mp4", 2, True),
    ("video/edit_list_mp4", "mp4", 2, True),
    ("video/vfr_mkv", "matroska", 1, True),
    ("video/cover_mp4", "mp4", 2, True),
]


@pytest.fixture(params=CASES, ids=lambda case: case[0])
def case(request) -> tuple[str, str, int, bool]:
    return request.param


class TestVideo:
    def test_every_packet_is_in_exactly_one_clip_and_in_order(self, media, case, tmp_path):
        name, container, every, is_same = case
        outputs, paths = cut_at(media(name), container, every, tmp_path)
        assert {o.fidelity for o in outputs} == {Fidelity.LOSSLESS}
        for stream in (0, 1):
            want, got = digests([media(name)], stream), digests(paths, stream)
            if is_same:
                assert got == want
            else:
                # Start codes become lengths, ADTS headers are dropped: as many packets, of other bytes. And of AAC the
                # packet before each clip is there, too (see test_lead_in).
                assert len(got) == len(want) + stream * (len(paths) - 1)

    def test_no_clip_makes_a_decoder_complain(self, media, case, tmp_path):
        name, container, every, _ = case
        _, paths = cut_at(media(name), container, every, tmp_path)
        assert complaints(media(name)) == ""
        assert [complaints(p) for p in paths] == [""] * len(paths)

    def test_spans_join_and_say_how_long_the_clips_are(self, media, case, tmp_path):
        name, container, every, _ = case
        facts = probe(Source.of(media(name)))
        outputs, paths = cut_at(media(name), container, every, tmp_path)
        assert outputs[0].span.start_s == 0.0
        assert outputs[-1].span.end_s == pytest.approx(facts.duration_s, abs=0.001)
        for a, b in itertools.pairwise(outputs):
            assert a.span.end_s == b.span.start_s
        for output, path in zip(outputs, paths, strict=True):
            # The last sound may reach past the picture's end by what one packet of it holds.
            assert strictest_duration_s(path) == pytest.approx(output.span.duration_s, abs=0.075)
            made = probe(Source.of(path))
            assert (made.start_s, made.starts_with_keyframe) == (0.0, True)

    def test_picture_and_sound_keep_their_distance(self, media, case, tmp_path):
        """Each clip's packets, put back at the clip's start, are where they were in the source."""
        name, container, every, _ = case
        outputs, paths = cut_at(media(name), container, every, tmp_path)
        start_s = probe(Source.of(media(name))).start_s
        for stream in (0, 1):
            want = [p.pts_s - start_s for p in coded_packets(media(name)) if p.stream == stream]
            got = [
                p.pts_s + output.span.start_s
                for output, path in zip(outputs, paths, strict=True)
                for p in coded_packets(path)
                if p.stream == stream and not (LED_IN in output.steps and stream and p.pts_s < 0)
            ]
            assert len(got) == len(want)
            assert [g for g, w in zip(got, want, strict=True) if not math.isnan(w)] == [
                pytest.approx(w, abs=0.02) for w in want if not math.isnan(w)
            ]

    @pytest.mark.parametrize(
        "name", ["video/h264_aac_mp4", "video/h264_aac_mkv", "video/h264_aac_ts", "video/h264_aac_flv"]
    )
    def test_flash_and_tone_are_shown_and_heard_together(self, media, name, tmp_path):
        container = "matroska" if name.endswith("mkv") else "mp4"
        outputs, paths = cut_at(media(name), container, 2, tmp_path)
        flashes, tones = [], []
        for output, path in zip(outputs, paths, strict=True):
            flashes += [t + output.span.start_s for t in flash_times_s(path, 480, 360)]
            tones += [t + output.span.start_s for t in tone_times_s(path)]
        # The cuts fall on flashes: the packet of sound that spans one ends the clip before it, where it is heard too.
        once = [b for a, b in zip([-1.0, *tones], tones, strict=False) if b - a > 0.1]
        assert len(flashes) == 5
        assert once == [pytest.approx(t, abs=0.04) for t in flashes]

    def test_what_is_not_kept_is_said(self, media, tmp_path):
        outputs, _ = cut_at(media("video/two_tracks_mkv"), "matroska", 2, tmp_path)
        assert all("left out 1 other stream" in o.steps for o in outputs)

    def test_a_remux_is_one_clip(self, media, tmp_path):
        outputs, _ = cut_at(media("video/h264_aac_mp4"), "mp4", 99, tmp_path)
        assert [o.steps for o in outputs] == [("remuxed into mp4",)]

    def test_clips_come_while_later_ones_are_still_unread(self, media):
        source = Source.of(media("video/h264_aac_mp4"))
        facts = probe(source)
        clips = cut(source, facts, CutBetweenUnits(container="mp4", cuts_s=(1.0, 2.0, 3.0)))
        assert next(clips).span.end_s == 1.0
        clips.close()

    def test_damage_is_our_error(self, media):
        source = Source.of(media("video/h264_aac_mp4"))
        facts = probe(source)
        recipe = CutBetweenUnits(container="webm", cuts_s=())
        with pytest.raises(BrokenMediaError, match=r"webm|codec"):
            list(cut(source, facts, recipe))


OPEN = ["video/open_gop_hevc", "video/open_gop_hevc_mkv", "video/open_gop_hevc_ts", "video/open_gop_mpg"]


class TestOpenGops:
    @pytest.fixture(params=OPEN)
    def clips(self, request, media, tmp_path) -> tuple[Path, list[Output], list[Path]]:
        """Prepared under a cap of 2.4 s."""
        source = media(request.param)
        preflight = Preflight(limits=limited(2.9), policy=Policy(min_clip_s=0.0))
        outputs = [v.output for v in preflight.verified(Source.of(source), preflight.check(source))]
        paths = [tmp_path / f"{i}.mp4" for i in range(len(outputs))]
        for output, path in zip(outputs, paths, strict=True):
            path.write_bytes(output.media.read())
        return source, outputs, paths

    def test_every_picture_is_shown_once_and_no_decoder_complains(self, clips):
        source, outputs, paths = clips
        assert len(outputs) >= 3
        assert {o.fidelity for o in outputs} == {Fidelity.LOSSLESS}
        assert [complaints(p) for p in paths] == [""] * len(paths)
        shown = np.concatenate([frames_rgb(p, 480, 360) for p in paths])
        assert np.array_equal(shown, frames_rgb(source, 480, 360))

    def test_one_keyframe_a_seam_stands_in_both_clips(self, clips):
        source, outputs, paths = clips
        assert len(digests(paths, 0)) == len(digests([source], 0)) + len(paths) - 1
        led = sum(LED_IN in output.steps for output in outputs)
        assert led == (len(paths) - 1 if source.suffix == ".ts" else 0)
        assert len(digests(paths, 1)) == len(digests([source], 1)) + led
        assert sum(step.startswith("open_gop: the keyframe at ") for step in outputs[0].steps) == len(paths) - 1

    def test_spans_join_and_clips_are_as_long_as_they_say(self, clips):
        _, outputs, paths = clips
        assert all(a.span.end_s == b.span.start_s for a, b in itertools.pairwise(outputs))
        for output, path in zip(outputs, paths, strict=True):
            made = probe(Source.of(path))
            assert made.duration_s == pytest.approx(output.span.duration_s, abs=0.045)
            assert (made.start_s, made.starts_with_keyframe) == (0.0, True)


class TestTrimmedEnd:
    """An edit list hides 0.8 s at the end, from within a GOP on."""

    @pytest.mark.parametrize("every", [1, 2, 9])
    def test_what_is_hidden_stays_hidden_and_is_kept_once(self, media, every, tmp_path):
        source = media("video/trimmed_end_mp4")
        outputs, paths = cut_at(source, "mp4", every, tmp_path)
        assert outputs[-1].span.end_s == pytest.approx(4.2, abs=0.04)
        assert all(o.span.duration_s > 0.1 for o in outputs), "none of nothing but hidden pictures"
        shown = np.concatenate([frames_rgb(p, 480, 360) for p in paths])
        assert len(shown) == 105
        assert np.array_equal(shown, frames_rgb(source, 480, 360))
        kept = [p.digest for path in paths for p in tracks(path).picture]
        assert kept == [p.digest for p in tracks(source).picture]
        assert probe(Source.of(paths[-1])).duration_s == pytest.approx(outputs[-1].span.duration_s, abs=0.045)


class TestWithoutAKeyframe:
    @pytest.mark.parametrize("name", ["video/no_keyframe_first_mp4", "video/no_keyframe_first_ts"])
    def test_what_hangs_on_nothing_is_left_out_and_said(self, media, name, tmp_path):
        outputs, (path,) = cut_at(media(name), "mp4", 99, tmp_path)
        whole = coded_packets(media("video/h264_aac_mp4"))
        kept = [p for p in coded_packets(path) if p.stream == 0]
        assert "left out 13 pictures before the first keyframe, which nothing can decode" in outputs[0].steps
        assert len(kept) == sum(p.stream == 0 for p in whole) - 25
        assert complaints(path) == ""
        # Sound goes on from the start, and the picture starts where it did: a second in.
        sound_s = min(p.pts_s for p in coded_packets(path) if p.stream == 1)
        assert min(p.pts_s for p in kept) - max(sound_s, 0.0) == pytest.approx(1.0, abs=0.04)


class TestSound:
    @pytest.mark.parametrize(
        "name", ["audio/wav_s16", "audio/wav_s24", "audio/wav_u8", "audio/wav_float32", "audio/wav_8_khz"]
    )
    def test_wav_is_cut_to_the_sample(self, media, name, tmp_path):
        outputs, paths = cut_at(media(name), "wav", 20, tmp_path)
        rate, channels = catalogue.case(name).truth.sample_rate, catalogue.case(name).truth.channels
        want = samples(media(name), channels)
        assert np.array_equal(np.concatenate([samples(p, channels) for p in paths]), want)
        for output, path in zip(outputs, paths, strict=True):
            assert len(samples(path, channels)) == round(output.span.duration_s * rate)

    @pytest.mark.parametrize("name", ["audio/mp3", "audio/mp3_cover_art"])
    def test_mp3_is_cut_between_frames(self, media, name, tmp_path):
        source = media(name)
        outputs, paths = cut_at(source, "mp3", 4, tmp_path)
        assert len(paths) >= 5
        sound = 1 if name == "audio/mp3_cover_art" else 0
        assert digests(paths, 0) == digests([media("audio/mp3")], 0)
        assert digests([source], sound) == digests([media("audio/mp3")], 0)
        assert {complaints(p) for p in paths} == {""}
        assert sum(o.span.duration_s for o in outputs) == pytest.approx(probe(Source.of(source)).duration_s)
        for output, path in zip(outputs, paths, strict=True):
            # No more than the frame that tells the length is added, and that is not heard.
            assert strictest_duration_s(path) == pytest.approx(output.span.duration_s, abs=0.03)
            assert path.stat().st_size < sum(p.size for p in coded_packets(path)) + 4_096

    def test_mp3_that_does_not_decode_is_not_copied(self, media):
        data = bytearray(media("audio/mp3").read_bytes())
        data[20_000:20_300] = bytes(range(200, 250)) * 6
        source = Source.of(bytes(data), name="damaged.mp3")
        facts = probe(source)
        with pytest.raises(BrokenMediaError):
            list(cut(source, facts, CutBetweenUnits(container="mp3", cuts_s=(2.0,))))


class TestPipeline:
    """The same through every room: probed, checked, planned, cut and checked again."""

    @pytest.mark.parametrize(
        "name", ["video/h264_aac_mp4", "video/b_frames_mkv", "video/b_frames_ts", "audio/wav_s16", "audio/mp3"]
    )
    def test_too_long_is_cut_and_nothing_is_lost(self, media, name):
        preflight = Preflight(limits=limited(4.9), policy=Policy(min_clip_s=30.0))
        payloads = list(preflight.prepare(media(name)))
        assert len(payloads) >= 2
        if name.startswith("video/"):
            assert {p.fidelity for p in payloads} == {Fidelity.TRANSCODED}, "clips under min_clip_s are not worth it"
        else:
            assert {p.fidelity for p in payloads} == {Fidelity.LOSSLESS}
        assert payloads[-1].span.end_s == pytest.approx(probe(Source.of(media(name))).duration_s, abs=0.1)

    @pytest.mark.parametrize(
        "case",
        catalogue.cases("video/duration_599_9", "video/duration_600_and_its_sound", "video/duration_600_3"),
        ids=str,
    )
    def test_ten_minutes_and_a_little(self, case, tmp_path):
        """Looped by copying: by its sound, the file of 600.0 s lasts 600.02."""
        source, clips = case.path, case.expected[DEFAULT_PROFILE].requests
        assert (strictest_duration_s(source) > 600.0) == (clips > 1)
        outputs = list(Preflight().verified(Source.of(source), Preflight().check(source)))
        assert len(outputs) == clips
        paths = []
        for i, verified in enumerate(outputs):
            paths.append(tmp_path / f"{i}.mp4")
            paths[-1].write_bytes(verified.output.media.read())
            assert 4.0 <= strictest_duration_s(paths[-1]) <= 600.0
        for stream in (0, 1):
            assert digests(paths, stream) == digests([source], stream)

    def test_a_byte_cap_is_kept_to_the_byte(self, media, tmp_path):
        cap = 180_000
        preflight = Preflight(limits=limited(600.0, max_bytes=cap))
        source = media("audio/wav_s16")
        sizes = [v.media.size_bytes for v in preflight.verified(Source.of(source), preflight.check(source))]
        assert all(size <= cap for size in sizes)
        assert len(sizes) == -(-source.stat().st_size // (cap - 1_024 - 4_096))
