"""GIFs for who says that they are films: made by script, cut off, and played by the independent FFmpeg."""

from __future__ import annotations

import io
import shutil
from pathlib import Path

import pytest
from PIL import Image

from preflight.media import Fidelity, Source, VideoFacts
from preflight.pipeline import Preflight
from preflight.probers.gif import breaks_off, count_frames
from tests.judges import strictest_duration_s

DELAYS_MS = [1_000, 2_500, 400, 1_200, 900]


def gif(frames: int = len(DELAYS_MS), size: tuple[int, int] = (480, 360), delays_ms: list[int] = DELAYS_MS) -> bytes:
    """Squares that wander over a ground."""
    pictures = []
    for number in range(frames):
        picture = Image.new("P", size, 3)
        picture.putpalette([k * 37 % 256 for k in range(768)])
        picture.paste(9 + number % 200, (20 * number, 30, 20 * number + 90, 200))
        pictures.append(picture)
    file = io.BytesIO()
    pictures[0].save(file, "GIF", save_all=True, append_images=pictures[1:], duration=delays_ms[:frames], loop=0)
    return file.getvalue()


def facts_of(data: bytes) -> VideoFacts:
    facts = Preflight().check(Source.of(data), kind="video").facts
    assert isinstance(facts, VideoFacts)
    return facts


def test_each_picture_lasts_as_long_as_it_says():
    facts = facts_of(gif())
    assert facts.duration_s == pytest.approx(sum(DELAYS_MS) / 1_000, abs=0.01)
    assert facts.damaged_packets == 0


def test_a_gif_is_an_image_unless_somebody_says_otherwise():
    assert Preflight().check(Source.of(gif())).kind == "image"


def test_what_fits_is_sent_as_it_is():
    (payload,) = Preflight().prepare(Source.of(gif()), kind="video")
    assert payload.fidelity is Fidelity.IDENTICAL
    assert payload.input_type == "video"


@pytest.mark.skipif(shutil.which("ffprobe") is None, reason="ffprobe is not installed")
@pytest.mark.parametrize("size", [(120, 90), (1_200, 300)])
def test_what_does_not_becomes_a_film(size, tmp_path):
    (payload,) = Preflight().prepare(Source.of(gif(size=size)), kind="video")
    path = tmp_path / "made.mp4"
    path.write_bytes(payload.media[0].source.read())
    assert payload.span is not None
    assert payload.span.end_s == pytest.approx(sum(DELAYS_MS) / 1_000, abs=0.05)
    assert strictest_duration_s(path) == pytest.approx(sum(DELAYS_MS) / 1_000, abs=0.1)


@pytest.mark.parametrize("keep", [0.4, 0.75, 0.97])
def test_one_that_breaks_off_is_damaged_and_sent_as_far_as_it_goes(keep):
    data = gif(30, delays_ms=[300] * 30)
    cut = data[: int(len(data) * keep)]
    report = Preflight().check(Source.of(cut), kind="video")
    assert [f.code for f in report.errors] == ["video_packets_damaged"]
    (payload,) = Preflight().prepare(Source.of(cut), kind="video")
    assert payload.span is not None
    assert 0.6 * 9 * keep <= payload.span.end_s <= 9


def test_without_its_last_byte_it_breaks_off():
    data = gif()
    assert data.endswith(b";")
    assert not breaks_off(io.BytesIO(data), len(data))
    assert breaks_off(io.BytesIO(data[:-1]), len(data) - 1)
    assert not breaks_off(io.BytesIO(data + b"more"), len(data) + 4)


@pytest.mark.parametrize("size", [0, 1, 13, 20, 781, 800])
def test_stumps_break_off(size):
    assert breaks_off(io.BytesIO(gif()[:size]), size)


@pytest.mark.parametrize("name", ["sample-videos__people-detection", "pgmagick__output", "wand__sequence-frames"])
def test_whole_ones_of_others_do_not(corpus: Path, name):
    path = corpus / "image" / f"{name}.gif"
    with path.open("rb") as file:
        assert not breaks_off(file, path.stat().st_size)


def test_frames_are_counted_to_where_it_breaks_off():
    whole = gif()
    assert count_frames(io.BytesIO(whole)) == len(DELAYS_MS)
    fourth = [at for at in range(len(whole)) if whole.startswith(b"\x21\xf9\x04", at)][3]
    assert count_frames(io.BytesIO(whole[:fourth])) == 3
    assert count_frames(io.BytesIO(whole[:5])) == 0
