"""AAC cut out of a transport stream: what is heard around each seam is what is heard in the source, to the sample."""

from __future__ import annotations

import subprocess
from pathlib import Path

import numpy as np
import pytest

from preflight.media import Source
from preflight.planner import CutBetweenUnits
from preflight.probers import probe
from preflight.probers.cut_points import probe_units
from preflight.transformers.cut import cut
from preflight.transformers.lead_in import LED_IN
from tests.judges import complaints, samples
from tests.timelines import tracks

RATE = 48_000


@pytest.fixture(scope="module")
def films(tmp_path_factory) -> Path:
    """Five seconds of a changing tone that never falls silent, in several containers; no noise is made up for it, as
    each decoder would make up another."""
    folder = tmp_path_factory.mktemp("films")
    whole = folder / "film.ts"
    sweep = f"aevalsrc=0.4*sin(2*PI*(300+90*t)*t)+0.2*sin(2*PI*1700*t*t):s={RATE}:d=5"
    made = ["-f", "lavfi", "-i", "testsrc=s=128x96:r=10:d=5", "-f", "lavfi", "-i", sweep]
    coded = ["-c:v", "libx264", "-preset", "ultrafast", "-g", "10", "-c:a", "aac", "-aac_pns", "0", "-f", "mpegts"]
    subprocess.run(["ffmpeg", "-v", "error", *made, *coded, whole], check=True)
    for other in ("film.mp4", "film.mkv"):
        subprocess.run(["ffmpeg", "-v", "error", "-i", whole, "-c", "copy", folder / other], check=True)
    return folder


def clips_of(path: Path, container: str, folder: Path) -> tuple[list, list[Path]]:
    source = Source.of(path)
    facts = probe(source)
    cuts_s = tuple(u.start_s for u in probe_units(source, facts)[1:])
    outputs = list(cut(source, facts, CutBetweenUnits(container=container, cuts_s=cuts_s)))
    paths = [folder / f"{number}.{container}" for number in range(len(outputs))]
    for output, clip in zip(outputs, paths, strict=True):
        clip.write_bytes(output.media.read())
    return outputs, paths


def test_of_a_transport_stream_every_sample_is_heard_once(films, tmp_path):
    outputs, paths = clips_of(films / "film.ts", "mp4", tmp_path)
    assert len(paths) == 5
    heard = np.concatenate([samples(path, 1) for path in paths])
    np.testing.assert_array_equal(heard, samples(films / "film.ts", 1))
    assert [complaints(path) for path in paths] == [""] * 5
    assert [LED_IN in output.steps for output in outputs] == [False, True, True, True, True]


def test_the_packet_before_is_there_and_not_heard_and_the_rest_is_on_time(films, tmp_path):
    outputs, paths = clips_of(films / "film.ts", "mp4", tmp_path)
    whole = tracks(films / "film.ts")
    times_s = [p.pts_s - whole.start_s for p in whole.sound]
    placed_s = []
    for number, (output, path) in enumerate(zip(outputs, paths, strict=True)):
        sound = tracks(path).sound
        assert [p.is_discarded for p in sound] == [bool(number)] + [False] * (len(sound) - 1)
        placed_s += [p.pts_s + output.span.start_s for p in sound if not p.is_discarded]
    assert placed_s == [pytest.approx(t, abs=0.001) for t in times_s]


@pytest.mark.parametrize("name", ["film.mp4", "film.mkv"])
def test_of_others_each_packet_is_in_one_clip(films, name, tmp_path):
    outputs, paths = clips_of(films / name, "mp4" if name.endswith("mp4") else "matroska", tmp_path)
    got = [p.digest for path in paths for p in tracks(path).sound]
    assert got == [p.digest for p in tracks(films / name).sound]
    assert not any(LED_IN in output.steps for output in outputs)
