"""FLAC of which frames are damaged or missing: what follows them stays where it was, to the sample."""

from __future__ import annotations

import random
import shutil
from pathlib import Path

import pytest

from preflight.media import Fidelity, Source, Span
from preflight.pipeline import Preflight
from preflight.planner import Policy
from preflight.testing.recipes.encoder import run
from preflight.testing.recipes.marked import MarkedSound
from preflight.testing.store import Store
from tests.judges import samples
from tests.lowered import lowered
from tests.marks import faults
from tests.timelines import tracks

pytestmark = pytest.mark.skipif(shutil.which("ffprobe") is None, reason="ffprobe is not installed")

RATE, SECONDS = 44_100, 12
FIRST, COUNT = 64, 4
"""Frames of 4,096 samples between two marks, from 5.94 s on."""


@pytest.fixture(scope="module")
def whole(tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp("sounds") / "whole.flac"
    run("-i", str(Store().path(MarkedSound(seconds=SECONDS, sample_rate=RATE))), "-c:a", "flac", str(path))
    return path


def damaged(whole: Path, how: str) -> bytes:
    """As `ffprobe` finds the frames: the first of those that are hit, and where the last ends."""
    data = bytearray(whole.read_bytes())
    sizes = [packet.size for packet in tracks(whole).sound]
    start = len(data) - sum(sizes[FIRST:])
    end = start + sum(sizes[FIRST : FIRST + COUNT])
    noise = random.Random(1)
    match how:
        case "noise in one":
            data[start + 5 : start + sizes[FIRST] - 2] = noise.randbytes(sizes[FIRST] - 7)
        case "headers of noise":
            data[start:end] = noise.randbytes(end - start)
        case "zeros":
            data[start:end] = bytes(end - start)
        case "cut out":
            del data[start:end]
    return bytes(data)


@pytest.mark.parametrize("how", ["noise in one", "headers of noise", "zeros", "cut out"])
def test_what_follows_stays_where_it_was(whole, how, tmp_path):
    source = tmp_path / "source.flac"
    source.write_bytes(damaged(whole, how))
    preflight = Preflight(limits=lowered(max_s=8.0))
    plan = preflight.plan(source)
    clips: list[tuple[Path, Span]] = []
    payloads = list(preflight.prepare(source))
    for number, payload in enumerate(payloads):
        path = tmp_path / str(number)
        path.write_bytes(payload.media[0].source.read())
        clips.append((path, payload.span))
    assert faults(whole, clips) == []
    assert sum(len(samples(path, 1)) for path, _ in clips) == SECONDS * RATE
    assert any("with silence" in step for step in payloads[-1].steps)
    if how != "noise in one":  # whose packets look as they should
        assert {payload.fidelity for payload in payloads} == {plan.fidelity}


def test_a_number_that_jumps_makes_no_hours_of_silence(whole, tmp_path):
    """Each part says that half an hour is missing before it."""
    data = whole.read_bytes()
    frames = [packet.size for packet in tracks(whole).sound]
    head, body = data[: len(data) - sum(frames)], data[len(data) - sum(frames) :]
    late = tmp_path / "late.flac"
    run("-f", "lavfi", "-i", f"anullsrc=r={RATE}:cl=mono:d=1900", "-c:a", "flac", str(late))
    sizes = [packet.size for packet in tracks(late).sound]
    source = tmp_path / "jumps.flac"
    source.write_bytes(head + body + late.read_bytes()[-sum(sizes[-20:]) :])
    payloads = list(Preflight(limits=lowered(max_s=8.0)).prepare(source))
    assert sum(payload.span.duration_s for payload in payloads) < 60


@pytest.mark.parametrize("verify", ["metadata", "decode"])
@pytest.mark.parametrize("how", ["headers of noise", "zeros", "cut out"])
def test_what_fits_is_not_sent_with_a_gap(whole, how, verify):
    """Four frames of 4,096 samples; a decoder would play what follows 0.37 s too early."""
    preflight = Preflight(policy=Policy(verify=verify))
    source = Source.of(damaged(whole, how))
    (finding,) = [f for f in preflight.check(source).errors if f.code == "audio_frames_missing"]
    lost_s = COUNT * 4_096 / RATE
    # FFmpeg takes frames before noise for a part of it, until it has looked closer.
    assert finding.measured == pytest.approx(lost_s, abs=0.5 if how == "headers of noise" else 0.001)
    assert finding.measured > lost_s - 0.001
    (payload,) = preflight.prepare(source)
    assert payload.fidelity is Fidelity.TRANSCODED


def test_no_frame_is_missing_from_a_whole_one(whole):
    assert Preflight().check(whole).errors == ()
