"""Encoding video: upright, not stretched, in step with its sound, under the caps, and all of it."""

from __future__ import annotations

import itertools
import math
from pathlib import Path

import av
import numpy as np
import pytest

from preflight.errors import BrokenMediaError
from preflight.limits import Limits, load
from preflight.media import Fidelity, Source, VideoFacts
from preflight.planner import EncodeVideo, Policy
from preflight.planner.cuts import Caps, caps_for
from preflight.planner.timed import plan_encoding
from preflight.probers import probe
from preflight.rules import check_facts
from preflight.testing import catalogue
from preflight.testing.catalogue.video import formats, pictures
from preflight.testing.recipes.encoder import run
from preflight.testing.recipes.film import BLUE, CORNERS, LIME, RED, YELLOW
from preflight.transformers import Output
from preflight.transformers.video import encode_video
from tests.judges import (
    coded_packets,
    corner_colours,
    flash_times_s,
    frames_rgb,
    strictest_duration_s,
    tone_times_s,
)

STRICT = load("marengo3.0")


def recipe_for(facts: VideoFacts, limits: Limits = STRICT, policy: Policy | None = None) -> EncodeVideo:
    recipe = plan_encoding(check_facts("a", facts, limits), facts, limits, policy or Policy()).recipe
    assert isinstance(recipe, EncodeVideo)
    return recipe


def caps(seconds: float = 600.0, max_bytes: int = 27_000_000) -> Caps:
    return caps_for("mp4", max_bytes, seconds, 4.0)


def encoded(
    source: Path, folder: Path, within: Caps | None = None, policy: Policy | None = None
) -> list[tuple[Output, Path]]:
    facts = probe(Source.of(source))
    assert isinstance(facts, VideoFacts)
    made = []
    for i, output in enumerate(
        encode_video(Source.of(source), facts, recipe_for(facts, policy=policy), within or caps())
    ):
        path = folder / f"{i:04}.mp4"
        path.write_bytes(output.media.read())
        run("-xerror", "-i", str(path), "-f", "null", "-")  # decodes to its end without a complaint
        made.append((output, path))
    return made


def only(made: list[tuple[Output, Path]]) -> Path:
    ((output, path),) = made
    assert output.fidelity is Fidelity.TRANSCODED
    return path


def keyframes_s(path: Path) -> list[float]:
    with av.open(str(path)) as container:
        return [float(p.pts * p.time_base) for p in container.demux(video=0) if p.size and p.is_keyframe]


class TestPicture:
    @pytest.mark.parametrize(
        ("name", "corners"),
        [
            ("video/h264_aac_mp4", (RED, LIME, BLUE, YELLOW)),
            ("video/rotated_90_h264", (BLUE, RED, YELLOW, LIME)),
            ("video/rotated_180_h264", (YELLOW, BLUE, LIME, RED)),
            ("video/rotated_270_h264", (LIME, YELLOW, RED, BLUE)),
            ("video/rotated_90_hevc", (BLUE, RED, YELLOW, LIME)),
        ],
    )
    def test_stands_upright(self, tmp_path, name, corners):
        case = catalogue.case(name)
        path = only(encoded(case.path, tmp_path))
        made = probe(Source.of(path))
        size = (case.truth.displayed_width, case.truth.displayed_height)
        assert (made.width, made.height, made.rotation) == (*size, 0)
        assert corner_colours(frames_rgb(path, *size)[30]) == corners

    @pytest.mark.parametrize(
        ("name", "size"),
        [
            ("video/small_mp4", (480, 360)),
            ("video/odd_mkv", (480, 364)),
            ("video/wide_pixels_mkv", (640, 360)),
            ("video/h263_amr_3gp", (480, 360)),
            ("video/ten_bit_mkv", (480, 360)),
            ("video/full_range_avi", (480, 360)),
            ("video/tagged_709_mp4", (480, 360)),
            ("video/prores_pcm_mov", (480, 360)),
        ],
    )
    def test_has_square_pixels_and_its_own_colours_in_8_bit(self, media, tmp_path, name, size):
        path = only(encoded(media(name), tmp_path))
        made = probe(Source.of(path))
        assert (made.width, made.height, made.sample_aspect_ratio) == (*size, 1)
        with av.open(str(path)) as container:
            context = container.streams.video[0].codec_context
            assert (context.name, context.pix_fmt) == ("h264", "yuv420p")
        frame = frames_rgb(path, *size)[10].astype(int)
        height, width, _ = frame.shape
        for colour, y, x in zip(CORNERS, (1, 1, 5, 5), (1, 5, 1, 5), strict=True):
            assert np.abs(frame[height * y // 6, width * x // 6] - colour).max() <= 16, (colour, name)

    def test_is_padded_and_not_stretched(self, media, tmp_path):
        path = only(encoded(media("video/wide_mp4"), tmp_path))
        frame = frames_rgb(path, 864, 360)[10].astype(int)
        lit = frame.max(axis=2).max(axis=1) > 100
        rows = np.flatnonzero(lit)
        # 640 x 200 is to 864 as 270 is to the height, which is padded to 360 above and below alike.
        assert (rows[0], rows[-1] + 1) == (pytest.approx(45, abs=2), pytest.approx(315, abs=2))
        assert corner_colours(frame[rows[0] : rows[-1] + 1]) == CORNERS
        # The box in the middle is as wide a share of the picture as it was.
        dark = np.flatnonzero(frame[180].max(axis=1) < 60)
        assert (dark[0], dark[-1] + 1) == (pytest.approx(864 * 3 / 8, abs=3), pytest.approx(864 * 5 / 8, abs=3))

    def test_is_cropped_where_the_policy_says_so(self, media, tmp_path):
        path = only(encoded(media("video/wide_mp4"), tmp_path, policy=Policy(fit="crop")))
        frame = frames_rgb(path, 864, 360)[10]
        assert corner_colours(frame) == CORNERS
        # Of 1152 columns the middle 864 are left: the box is a third of them.
        dark = np.flatnonzero(frame[180].max(axis=1) < 60)
        assert dark[-1] - dark[0] == pytest.approx(288, abs=4)

    def test_may_change_its_size_half_way(self, media, tmp_path):
        path = only(encoded(media("video/grows_ts"), tmp_path))
        frames = frames_rgb(path, 480, 360)
        assert len(frames) == 150
        assert corner_colours(frames[20]) == corner_colours(frames[120]) == CORNERS

    def test_a_tag_for_its_colours_is_kept(self, media, tmp_path):
        with av.open(str(only(encoded(media("video/tagged_709_mp4"), tmp_path)))) as container:
            context = container.streams.video[0].codec_context
            assert (context.colorspace, context.color_primaries, context.color_trc) == (1, 1, 1)

    def test_the_sources_own_keyframes_are_not_taken_over(self, media, tmp_path):
        """Every frame of this source is one; its encoder would repeat that at three times the size."""
        path = only(encoded(media("video/mjpeg_pcm_avi"), tmp_path))
        assert len(keyframes_s(path)) <= 4

    def test_has_a_keyframe_every_four_seconds_at_least(self, media, tmp_path):
        keys = keyframes_s(only(encoded(media("video/vfr_mkv"), tmp_path)))
        assert max(np.diff([*keys, 5.0])) <= 4.001


UNTIMED = ("video/raw_h264", "video/raw_hevc", "video/packed_b_frames_avi")
"""A raw stream has no clock, and AVI cannot say when reordered frames are shown."""
FILMS = [
    case
    for case in (*formats.CASES, *pictures.DEPTHS, *catalogue.cases("video/silent_mp4", "video/wide_pixels_mkv"))
    if case.truth.duration_s == 5.0 and case.name not in UNTIMED
]


class TestTime:
    @pytest.mark.parametrize("case", FILMS, ids=str)
    def test_every_frame_is_there_at_its_time_and_with_its_sound(self, tmp_path, case):
        output, path = encoded(case.path, tmp_path)[0]
        made = probe(Source.of(path))
        start_s = probe(Source.of(case.path)).start_s
        source = [p.pts_s - start_s for p in coded_packets(case.path) if p.stream == 0]
        frames = sorted(p.pts_s for p in coded_packets(path) if p.stream == 0)
        assert len(frames) == case.truth.duration_s * case.truth.frame_rate
        if not any(map(math.isnan, source)):
            assert frames == [pytest.approx(t, abs=0.021) for t in sorted(source)]
        flashes = flash_times_s(path, made.width, made.height)
        assert len(flashes) == 5
        assert np.diff(flashes) == pytest.approx([1.0] * 4, abs=0.045)
        if case.truth.audio_codec is not None:
            tones = tone_times_s(path)
            # Windows Media's sound fades in: its first tone is heard late by every decoder.
            first = 1 if case.truth.audio_codec == "wmav2" else 0
            assert tones[first:] == [pytest.approx(t, abs=0.04) for t in flashes[first:]]
        assert (output.span.start_s, output.span.end_s) == (0.0, pytest.approx(5.0, abs=0.1))
        assert strictest_duration_s(path) == pytest.approx(5.0, abs=0.1)

    def test_variable_frame_rate_stays_variable(self, media, tmp_path):
        path = only(encoded(media("video/vfr_mkv"), tmp_path))
        frames = sorted(p.pts_s for p in coded_packets(path) if p.stream == 0)
        want = [i / 5 for i in range(10)] + [2 + i / 25 for i in range(75)]
        assert frames == [pytest.approx(t, abs=0.002) for t in want]
        assert flash_times_s(path, 480, 360) == [pytest.approx(t, abs=0.002) for t in range(5)]
        assert tone_times_s(path) == [pytest.approx(t, abs=0.04) for t in range(5)]

    @pytest.mark.parametrize(
        ("name", "picture_s", "sound_s"), [("video/late_picture_mp4", 0.5, 0.0), ("video/late_sound_mp4", 0.0, 0.5)]
    )
    def test_what_starts_later_still_does(self, media, tmp_path, name, picture_s, sound_s):
        path = only(encoded(media(name), tmp_path))
        assert flash_times_s(path, 480, 360) == [pytest.approx(picture_s + i, abs=0.005) for i in range(5)]
        heard = min(p.pts_s for p in coded_packets(path) if p.stream == 1)
        assert heard == pytest.approx(sound_s, abs=0.05)
        assert strictest_duration_s(path) == pytest.approx(5.5, abs=0.05)

    def test_what_an_edit_list_hides_stays_hidden(self, media, tmp_path):
        path = only(encoded(media("video/edit_list_mp4"), tmp_path))
        # Seconds 1.3 to 5: flashes at 2, 3 and 4.
        assert flash_times_s(path, 480, 360) == [pytest.approx(t, abs=0.045) for t in (0.7, 1.7, 2.7)]
        assert strictest_duration_s(path) == pytest.approx(3.7, abs=0.05)

    def test_a_raw_stream_gets_times_at_its_nominal_rate(self, media, tmp_path):
        path = only(encoded(media("video/raw_h264"), tmp_path))
        frames = sorted(p.pts_s for p in coded_packets(path))
        assert frames == [pytest.approx(i / 25, abs=0.001) for i in range(125)]

    def test_one_frame(self, media, tmp_path):
        path = only(encoded(media("video/one_frame_mp4"), tmp_path))
        assert len(frames_rgb(path, 480, 360)) == 1
        assert strictest_duration_s(path) == pytest.approx(0.04, abs=0.001)


class TestClips:
    def test_close_at_the_time_cap_and_join(self, media, tmp_path):
        made = encoded(media("video/duration_25"), tmp_path, caps(10.0))
        spans = [o.span for o, _ in made]
        assert len(spans) >= 3
        assert spans[0].start_s == 0.0
        assert all(a.end_s == pytest.approx(b.start_s) for a, b in itertools.pairwise(spans))
        assert spans[-1].end_s == pytest.approx(25.0, abs=0.05)
        frames, flashes, tones = 0, [], []
        for output, path in made:
            assert 4.0 <= strictest_duration_s(path) <= 10.0
            assert keyframes_s(path)[0] == 0.0
            frames += sum(p.stream == 0 for p in coded_packets(path))
            flashes += [t + output.span.start_s for t in flash_times_s(path, 480, 360)]
            tones += [t + output.span.start_s for t in tone_times_s(path)]
        assert frames == sum(p.stream == 0 for p in coded_packets(media("video/duration_25")))
        assert flashes == [pytest.approx(t, abs=0.01) for t in flash_times_s(media("video/duration_25"), 480, 360)]
        # A tone that a cut falls on may be heard on both of its sides.
        assert all(min(abs(t - f) for f in flashes) < 0.05 for t in tones)
        assert all(min(abs(t - f) for t in tones) < 0.05 for f in flashes)

    @pytest.mark.parametrize("max_bytes", [300_000, 1_000_000])
    def test_never_pass_the_byte_cap_however_hard_the_picture(self, media, tmp_path, max_bytes):
        made = encoded(media("video/noise_mkv"), tmp_path, caps(600.0, max_bytes))
        assert all(path.stat().st_size <= max_bytes for _, path in made)
        assert all(o.span.duration_s >= 4.0 for o, _ in made)
        assert made[-1][0].span.end_s == pytest.approx(12.0, abs=0.1)

    def test_the_first_comes_before_the_source_is_read_to_its_end(self, media):
        source = Source.of(media("video/duration_25"))
        facts = probe(source)
        clips = encode_video(source, facts, recipe_for(facts), caps(10.0))
        assert next(clips).span.start_s == 0.0
        clips.close()

    def test_a_picture_that_stands_still_is_shown_in_every_clip(self, media, tmp_path):
        made = encoded(media("video/still_mp4"), tmp_path, caps(10.0))
        assert len(made) >= 3
        for _, path in made:
            assert corner_colours(frames_rgb(path, 480, 360)[0]) == CORNERS
            assert 4.0 <= strictest_duration_s(path) <= 10.0
        assert made[-1][0].span.end_s == pytest.approx(30.0, abs=0.1)

    def test_sound_that_ends_early_ends_early(self, media, tmp_path):
        path = only(encoded(media("video/short_sound_mp4"), tmp_path))
        ends = {s: max(p.pts_s + p.duration_s for p in coded_packets(path) if p.stream == s) for s in (0, 1)}
        assert ends == {0: pytest.approx(5.0, abs=0.01), 1: pytest.approx(1.5, abs=0.06)}


class TestDamage:
    def test_packets_that_cannot_be_decoded_are_left_out_and_counted(self, media, tmp_path):
        data = bytearray(media("video/silent_mp4").read_bytes())
        start, end = data.find(b"mdat") + 4, data.find(b"moov") - 4
        third = (end - start) // 3
        data[start + third : start + 2 * third] = bytes(third)
        path = tmp_path / "damaged.mp4"
        path.write_bytes(data)
        ((output, made),) = encoded(path, tmp_path)
        assert output.steps[0].startswith("encoded H.264")
        assert any("could not be decoded" in step for step in output.steps)
        assert 20 < len(frames_rgb(made, 480, 360)) < 125
        assert output.span.end_s == pytest.approx(5.0, abs=0.05)

    def test_nothing_to_decode_is_our_error(self, media):
        data = bytearray(media("video/silent_mp4").read_bytes())
        start, end = data.find(b"mdat") + 4, data.find(b"moov") - 4
        data[start:end] = bytes(end - start)
        source = Source.of(bytes(data))
        facts = probe(source)
        assert isinstance(facts, VideoFacts)
        with pytest.raises(BrokenMediaError, match="not one frame"):
            list(encode_video(source, facts, recipe_for(facts), caps()))

    def test_no_picture_any_more_is_our_error(self, media):
        facts = probe(Source.of(media("video/h264_aac_mp4")))
        with pytest.raises(BrokenMediaError, match="no picture"):
            list(encode_video(Source.of(media("audio/m4a_aac")), facts, recipe_for(facts), caps()))


def test_the_newest_profile_keeps_a_tall_picture_tall(media, tmp_path):
    newest = load("marengo3.0-2026-08")
    facts = probe(Source.of(media("video/rotated_90_h264")))
    recipe = recipe_for(facts, newest)
    (output,) = encode_video(Source.of(media("video/rotated_90_h264")), facts, recipe, caps())
    assert (recipe.geometry.width, recipe.geometry.height) == (360, 480)
    assert check_facts("a", probe(output.media), newest).verdict == "pass"
