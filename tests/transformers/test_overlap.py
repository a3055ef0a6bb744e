"""Clips that repeat the end of the one before: what is in both is the same, and the spans tell the truth."""

from __future__ import annotations

import io
import subprocess
import wave
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import av
import numpy as np
import pytest
from msgspec.structs import replace as set_to

from preflight.limits import load
from preflight.media import Source
from preflight.planner import CutBetweenUnits, EncodeAudio, EncodeVideo, Policy
from preflight.planner.timed import plan_timed
from preflight.probers import probe
from preflight.probers.cut_points import probe_units
from preflight.probers.seams import Seams
from preflight.rules import check_facts
from preflight.transformers import transform
from tests.judges import coded_packets, complaints, frames_rgb

LIMITS = load("marengo3.0")
AT_MOST_S = 5.0


def limits(seconds: float = AT_MOST_S):
    """So short that short media must be cut."""

    def timed(bounds):
        most = set_to(bounds.max_duration_s, value=seconds + 0.5)
        least = set_to(bounds.min_duration_s, value=1.0)
        return set_to(bounds, max_duration_s=most, min_duration_s=least)

    return set_to(LIMITS, audio=timed(LIMITS.audio), video=timed(LIMITS.video))


def outputs(path: Path, policy: Policy):
    source, bounds = Source.of(path), limits()
    facts = probe(source)
    report = check_facts("a", facts, bounds)
    plan = plan_timed(report, facts, probe_units(source, facts), bounds, policy)
    made = list(transform(source, facts, plan, bounds))
    return plan, made


def checked(plan, made, overlap_s: float, unit_s: float) -> None:
    assert len(made) > 1
    assert made[0].span.start_s == 0
    for before, after in pairwise(made):
        repeated = before.span.end_s - after.span.start_s
        assert overlap_s - 1e-6 <= repeated <= overlap_s + unit_s + 1e-6
    assert all(m.span.duration_s <= AT_MOST_S + 0.5 for m in made)
    if isinstance(plan.recipe, CutBetweenUnits):
        planned = [(o.span.start_s, o.span.end_s) for o in plan.outputs]
        assert [(m.span.start_s, m.span.end_s) for m in made] == [pytest.approx(p, abs=0.03) for p in planned]


def ramp(path: Path, seconds: float = 14.0, rate: int = 4_000) -> np.ndarray:
    samples = (np.arange(round(seconds * rate)) % 30_000).astype("<i2")
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes(samples.tobytes())
    return samples


def samples_of(media: Source) -> np.ndarray:
    with wave.open(io.BytesIO(media.read())) as file:
        return np.frombuffer(file.readframes(file.getnframes()), "<i2")


@pytest.mark.parametrize("overlap_s", [0.5, 1.3, 2.0])
def test_wav_to_the_sample(tmp_path, overlap_s):
    path = tmp_path / "ramp.wav"
    truth, rate = ramp(path), 4_000
    plan, made = outputs(path, Policy(overlap_s=overlap_s))
    checked(plan, made, overlap_s, unit_s=0.6)
    for each in made:
        first, end = round(each.span.start_s * rate), round(each.span.end_s * rate)
        np.testing.assert_array_equal(samples_of(each.media), truth[first:end])
    assert made[-1].span.end_s == 14.0


@pytest.mark.parametrize("overlap_s", [0.5, 2.0])
def test_sound_that_is_encoded_to_the_sample(tmp_path, overlap_s):
    path = tmp_path / "ramp.wav"
    truth, rate = ramp(path), 4_000
    source, bounds = Source.of(path), limits()
    facts = probe(source)
    recipe = EncodeAudio(container="wav", sample_rate=rate, channels=1, overlap_s=overlap_s)
    plan = plan_timed(check_facts("a", facts, bounds), facts, None, bounds, Policy(overlap_s=overlap_s))
    assert isinstance(plan.recipe, EncodeAudio)
    assert plan.recipe.overlap_s == overlap_s
    made = list(transform(source, facts, replace(plan, recipe=recipe), bounds))
    assert len(made) == len(plan.outputs)
    checked(plan, made, overlap_s, unit_s=0.3)
    for each in made:
        first, end = round(each.span.start_s * rate), round(each.span.end_s * rate)
        np.testing.assert_array_equal(samples_of(each.media), truth[first:end])
    assert made[-1].span.end_s == 14.0


def test_sound_that_is_encoded_is_cut_where_that_was_wished_for(tmp_path):
    path = tmp_path / "ramp.wav"
    ramp(path)
    source, bounds = Source.of(path), limits()
    facts = probe(source)
    plan = plan_timed(check_facts("a", facts, bounds), facts, None, bounds, Policy())
    recipe = EncodeAudio(container="flac", sample_rate=4_000, channels=1, cuts_s=(4.2, 4.4, 9.0))
    spans = [o.span for o in transform(source, facts, replace(plan, recipe=recipe), bounds)]
    assert [s.start_s for s in spans][:3] == [0.0, 4.2, 9.0]
    assert spans[-1].end_s == 14.0


def test_video_that_is_encoded_repeats_what_is_coded(tmp_path):
    path = tmp_path / "small.mp4"
    film = ["-f", "lavfi", "-i", "testsrc=s=128x96:r=5:d=26", "-f", "lavfi", "-i", "sine=d=26:r=16000"]
    subprocess.run(["ffmpeg", "-v", "error", *film, "-c:v", "libx264", "-c:a", "aac", path], check=True)
    source, bounds = Source.of(path), limits(12.0)
    facts = probe(source)
    plan = plan_timed(check_facts("a", facts, bounds), facts, None, bounds, Policy(overlap_s=3.0))
    assert isinstance(plan.recipe, EncodeVideo)
    made = list(transform(source, facts, plan, bounds))
    assert len(made) > 2
    for before, after in pairwise(made):
        # Whole GOPs of some 4 s.
        assert 3.0 <= before.span.end_s - after.span.start_s <= 7.5
        pictures = [decoded(each.media) for each in (before, after)]
        shared = round((before.span.end_s - after.span.start_s) * 5)
        np.testing.assert_array_equal(pictures[0][-shared:], pictures[1][:shared])
    assert made[-1].span.end_s == pytest.approx(26, abs=0.1)
    assert all(m.span.duration_s <= 12 for m in made)


def decoded(media: Source) -> np.ndarray:
    with media.open() as file, av.open(file) as container:
        return np.stack([f.to_ndarray(format="gray")[::16, ::16] for f in container.decode(video=0)])


@pytest.mark.parametrize("name", ["video/h264_aac_mp4", "video/h264_aac_mkv", "video/h264_aac_ts"])
def test_video_packets_are_in_both_clips(media, name):
    source = Source.of(media(name))
    facts = probe(source)
    units = probe_units(source, facts)
    if len(units) < 3:
        pytest.skip("too short a film")
    cut, begin = units[-1].start_s, units[-2].start_s
    recipe = CutBetweenUnits(container="matroska", cuts_s=(cut,), begins_s=(begin,))
    plan = plan_timed(check_facts("a", facts, LIMITS), facts, None, LIMITS, Policy())
    first, second = transform(source, facts, replace(plan, recipe=recipe), LIMITS)
    assert (first.span.end_s, second.span.start_s) == (cut, begin)
    one, two, whole = (packets(each) for each in (first.media, second.media, source))
    shared = len(one) + len(two) - len(whole)
    assert shared > 0
    assert one[-shared:] == two[:shared]
    assert [*one, *two[shared:]] == whole


@pytest.mark.parametrize("name", ["video/open_gop_hevc", "video/open_gop_mpg"])
def test_open_gops_repeat_what_is_shown(media, name, tmp_path):
    """Each clip's pictures are those of the source's in its span, by a decoder that is not ours."""
    path, bounds = media(name), limits(3.6)
    source = Source.of(path)
    facts = probe(source)
    report, units = check_facts("a", facts, bounds), probe_units(source, facts)
    seams = Seams(source, facts)
    policy = Policy(overlap_s=0.9, min_clip_s=0.0)
    plan = plan_timed(report, facts, units, bounds, policy, refuse=seams.refused)
    assert isinstance(plan.recipe, CutBetweenUnits)
    assert len(plan.recipe.open_starts_s) == len(plan.recipe.shared_cuts_s) == len(plan.outputs) - 1 > 0
    made = list(transform(source, facts, plan, bounds))
    checked(plan, made, 0.9, 1.1)
    whole = frames_rgb(path, 480, 360)
    late_s = min(p.pts_s for p in coded_packets(path) if p.stream == 0) - facts.start_s
    for number, each in enumerate(made):
        clip = tmp_path / f"{number}.mp4"
        clip.write_bytes(each.media.read())
        assert complaints(clip) == ""
        shown = frames_rgb(clip, 480, 360)
        first = round((each.span.start_s - late_s) * 25) if number else 0
        np.testing.assert_array_equal(shown, whole[first : first + len(shown)])
        assert len(shown) == pytest.approx(each.span.duration_s * 25, abs=2)
    repeated = sum(a.span.end_s - b.span.start_s for a, b in pairwise(made))
    assert repeated > 0.9


def packets(media: Source) -> list[bytes]:
    """Of the picture, their ends: a container may put something before them."""
    with media.open() as file, av.open(file) as container:
        return [bytes(p)[-6:] for p in container.demux(video=0) if p.size]
