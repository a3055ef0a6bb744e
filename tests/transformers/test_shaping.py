"""Filters before the encoder: combs are gone where there were any, and nothing else changes."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from preflight.media import Source, VideoFacts
from preflight.planner import EncodeVideo, Geometry
from preflight.planner.cuts import caps_for
from preflight.planner.geometry import fit_picture
from preflight.probers import probe
from preflight.testing.recipes.encoder import run
from preflight.transformers.video import encode_video
from tests.judges import frames_rgb
from tests.transformers.test_video import STRICT, recipe_for

WIDTH, HEIGHT = 320, 240
SHAPE = Geometry(scale_width=320, scale_height=240, crop_width=320, crop_height=240, width=320, height=240)
BARS = f"color=s={WIDTH}x{HEIGHT}:r=50:d=2,geq=lum='if(lt(mod(X+6*N,64),32),210,40)':cb=128:cr=128"
INTERLACED = {
    "h264.mkv": ["-c:v", "libx264", "-preset", "ultrafast", "-flags", "+ilme+ildct", "-x264-params", "tff=1"],
    "mpeg2.ts": ["-c:v", "mpeg2video", "-q:v", "3", "-flags", "+ilme+ildct"],
    "prores.mov": ["-c:v", "prores_ks", "-profile:v", "0", "-flags", "+ilme+ildct"],
}


def encoded(path, recipe: EncodeVideo, folder):
    facts = probe(Source.of(path))
    assert isinstance(facts, VideoFacts)
    (output,) = encode_video(Source.of(path), facts, recipe, caps_for("mp4", 27_000_000, 600, 4))
    made = folder / "made.mp4"
    made.write_bytes(output.media.read())
    return made


def combing(path) -> float:
    """How much further apart adjacent lines are than every second one, of the luma."""
    lines = frames_rgb(path, WIDTH, HEIGHT)[5:-5, :, :, 1].astype(int)
    return float(np.abs(np.diff(lines, axis=1)).mean() - np.abs(lines[:, 2:] - lines[:, :-2]).mean())


class TestDeinterlacing:
    @pytest.mark.parametrize("name", INTERLACED)
    def test_takes_away_the_combs_and_keeps_every_frame(self, tmp_path, name):
        path = tmp_path / name
        pix_fmt = "yuv422p10le" if "prores" in name else "yuv420p"
        run("-f", "lavfi", "-i", f"{BARS},interlace=scan=tff", *INTERLACED[name], "-pix_fmt", pix_fmt, str(path))
        facts = probe(Source.of(path))
        assert combing(path) > 10
        recipe = recipe_for(facts)
        assert recipe.deinterlace is not None
        for kept in {recipe.deinterlace, "marked"}:
            made = encoded(path, replace(recipe, geometry=SHAPE, deinterlace=kept), tmp_path)
            assert combing(made) < 2
            assert len(frames_rgb(made, WIDTH, HEIGHT)) == 50

    def test_leaves_what_is_progressive_as_it_is(self, tmp_path):
        path = tmp_path / "progressive.mkv"
        run("-f", "lavfi", "-i", BARS, "-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p", str(path))
        facts = probe(Source.of(path))
        assert facts.interlaced is False
        recipe = recipe_for(facts)
        assert recipe.deinterlace is None
        plain, asked = (
            frames_rgb(
                encoded(path, replace(recipe, geometry=SHAPE, frame_rate=None, deinterlace=d), tmp_path), WIDTH, HEIGHT
            )
            for d in (None, "marked")
        )
        assert len(plain) == len(asked) == 100
        # The encoder looks ahead in other steps at the end; a deinterlaced edge would be a hundred levels off.
        assert np.abs(plain.astype(int) - asked).max() <= 10


@pytest.mark.parametrize(
    ("size", "rotation", "fit"),
    [
        ((16, 16), 0, "pad"),
        ((2, 400), 0, "pad"),
        ((1920, 80), 90, "crop"),
        ((719, 401), 270, "pad"),
        ((1281, 533), 180, "crop"),
        ((362, 874), 0, "crop"),
    ],
)
def test_the_encoder_makes_what_was_planned(tmp_path, size, rotation, fit):
    path = tmp_path / "odd.mkv"
    run(
        "-f", "lavfi", "-i", f"testsrc2=s={size[0]}x{size[1]}:r=5:d=1", "-c:v", "ffv1", "-pix_fmt", "yuv444p", str(path)
    )
    upright = size if rotation in (0, 180) else size[::-1]
    geometry = fit_picture(*upright, STRICT.video, fit, max_short_side=720)
    made = probe(Source.of(encoded(path, EncodeVideo(geometry=geometry, rotation=rotation), tmp_path)))
    assert (made.width, made.height, made.rotation, made.sample_aspect_ratio) == (geometry.width, geometry.height, 0, 1)
