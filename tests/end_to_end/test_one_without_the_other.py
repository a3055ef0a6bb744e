"""Sound that goes on without its picture, or begins without it, and the reverse: every clip has a picture, none of the
sound is lost, and all of it is where it was.
"""

from __future__ import annotations

import base64
import itertools
import json
import shutil
from pathlib import Path

import pytest

from preflight.media import Span
from preflight.pipeline import Preflight
from preflight.planner import Policy
from preflight.testing.recipes.encoder import run
from preflight.testing.recipes.film import X264
from preflight.testing.recipes.marked import MarkedFilm, MarkedSound
from preflight.testing.store import Store
from tests.judges import complaints, samples
from tests.lowered import lowered
from tests.marks import faults
from tests.timelines import tracks

pytestmark = pytest.mark.skipif(shutil.which("ffprobe") is None, reason="ffprobe is not installed")

CAP_S = 12.0
B_FRAMES = {**X264, "preset": "ultrafast", "bf": 2, "g": 30, "pix_fmt": "yuv420p"}
LATE_S = 18.0


def picture(seconds: float) -> Path:
    film = MarkedFilm(suffix=".mp4", seconds=seconds, sample_rate=None, options=B_FRAMES)
    return Store().path(film)


def sound(seconds: float) -> Path:
    return Store().path(MarkedSound(seconds=seconds, sample_rate=48_000))


@pytest.fixture(scope="module")
def make(tmp_path_factory):
    """A film of so many seconds of picture and of sound, each of which may begin late."""
    folder = tmp_path_factory.mktemp("films")

    def made(suffix: str, picture_s: float, sound_s: float, *, picture_at_s: float = 0.0, sound_at_s: float = 0.0):
        path = folder / f"{picture_s:g}-{sound_s:g}-{picture_at_s:g}-{sound_at_s:g}{suffix}"
        if path.exists():
            return path
        one = ["-t", "0.04"] if picture_s == 0 else []
        pictures = [*one, "-itsoffset", str(picture_at_s), "-i", str(picture(max(picture_s, 1.0)))]
        # Each second of sound keeps its number.
        sounds = ["-ss", str(sound_at_s), "-itsoffset", str(sound_at_s), "-i", str(sound(sound_at_s + sound_s))]
        run(*pictures, *sounds, "-map", "0:v", "-map", "1:a", "-c:v", "copy", "-c:a", "aac", str(path))
        return path

    return made


def prepared(source: Path, folder: Path, min_clip_s: float = 1.0) -> tuple[list[tuple[Path, Span]], str]:
    clips, fidelities = [], set()
    for number, payload in enumerate(
        Preflight(limits=lowered(max_s=CAP_S), policy=Policy(min_clip_s=min_clip_s)).prepare(source)
    ):
        body = json.loads(b"".join(payload.chunks()))
        path = folder / f"{number}.mp4"
        path.write_bytes(base64.b64decode(body["video"]["media_source"]["base64_string"]))
        clips.append((path, payload.span))
        fidelities.add(payload.fidelity.value)
    (fidelity,) = fidelities
    return clips, fidelity


def must_be_whole(clips: list[tuple[Path, Span]], seconds: float) -> None:
    assert clips[0][1].start_s == 0.0
    assert all(a.end_s == pytest.approx(b.start_s, abs=1e-6) for (_, a), (_, b) in itertools.pairwise(clips))
    assert clips[-1][1].end_s == pytest.approx(seconds, abs=0.1)
    for path, span in clips:
        assert tracks(path).picture, "a clip without a picture is no video"
        assert span.duration_s <= CAP_S
        assert complaints(path) == ""


@pytest.mark.parametrize("suffix", [".mp4", ".ts"])
def test_the_last_picture_is_shown_for_as_long_as_there_is_sound(suffix, make, tmp_path):
    source = make(suffix, 5.0, 40.0)
    clips, fidelity = prepared(source, tmp_path)
    assert fidelity == "transcoded"
    must_be_whole(clips, 40.0)
    assert faults(source, clips) == []


@pytest.mark.parametrize("suffix", [".mkv"])
def test_one_picture_under_a_talk(suffix, make, tmp_path):
    source = make(suffix, 0.0, 30.0)
    clips, _ = prepared(source, tmp_path)
    must_be_whole(clips, 30.0)
    assert faults(source, clips) == []


@pytest.mark.parametrize("suffix", [".mp4", ".ts"])
def test_sound_that_begins_long_before_its_picture_is_under_black_until_then(suffix, make, tmp_path):
    source = make(suffix, 12.0, 30.0, picture_at_s=LATE_S)
    clips, fidelity = prepared(source, tmp_path)
    assert fidelity == "transcoded"
    must_be_whole(clips, 30.0)
    assert faults(source, clips) == []
    # Nobody should find in the first clip what is shown later.
    luma = run("-i", str(clips[0][0]), "-map", "0:v", "-f", "rawvideo", "-pix_fmt", "gray", "-")
    assert max(luma) < 32


@pytest.mark.parametrize("suffix", [".mkv", ".ts"])
def test_sound_that_begins_long_after_its_picture_stays_where_it_was(suffix, make, tmp_path):
    source = make(suffix, 30.0, 12.0, sound_at_s=LATE_S)
    clips, fidelity = prepared(source, tmp_path)
    assert fidelity == "lossless"
    must_be_whole(clips, 30.0)
    copied = [packet.digest for clip, _ in clips for packet in tracks(clip).sound]
    if suffix != ".ts":  # where each packet has a header of its own
        assert copied == [packet.digest for packet in tracks(source).sound]
    assert faults(source, clips) == []


def test_sound_that_begins_late_in_a_broadcast_is_encoded_at_its_own_rate(make, tmp_path):
    """FFmpeg gives up looking for it after some seconds, and then does not know its rate."""
    source = make(".ts", 30.0, 12.0, sound_at_s=LATE_S)
    clips, fidelity = prepared(source, tmp_path, min_clip_s=600.0)
    assert fidelity == "transcoded"
    path, span = clips[-1]
    assert len(samples(path, 1)) == pytest.approx(span.duration_s * 48_000, rel=0.05)


@pytest.mark.parametrize("suffix", [".mp4"])
def test_picture_that_goes_on_without_sound_is_copied(suffix, make, tmp_path):
    source = make(suffix, 30.0, 4.0)
    clips, fidelity = prepared(source, tmp_path)
    assert fidelity == "lossless"
    must_be_whole(clips, 30.0)
    assert faults(source, clips) == []
