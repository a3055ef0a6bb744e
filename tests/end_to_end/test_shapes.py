"""Squares in films of odd shapes, encoded: an FFmpeg that made none of it measures them, and they are square."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from preflight.pipeline import Preflight
from preflight.planner import Policy
from preflight.probers import probe
from preflight.testing.recipes.encoder import run
from tests.judges import frames_rgb


@dataclass(frozen=True)
class Shape:
    """As coded; a white box in the middle is `box` pixels wide and high as coded, and square as displayed."""

    width: int
    height: int
    box: tuple[int, int]
    pixels: Fraction = Fraction(1)
    rotation: int = 0


SHAPES = {
    "tiny": Shape(48, 36, (20, 20)),
    "very wide": Shape(1_600, 96, (72, 72)),
    "very tall": Shape(96, 1_600, (72, 72)),
    "odd sides": Shape(387, 291, (151, 151)),
    "on its side": Shape(640, 300, (180, 180), rotation=90),
    "wide pixels": Shape(360, 300, (90, 120), pixels=Fraction(4, 3)),
    "odd and narrow pixels": Shape(251, 301, (176, 110), pixels=Fraction(5, 8), rotation=90),
    "over the maximum": Shape(2_560, 2_304, (1_200, 1_200)),
}


def made(shape: Shape, folder: Path) -> Path:
    (wide, high), path = shape.box, folder / "film.mp4"
    box = f"drawbox=x={(shape.width - wide) // 2}:y={(shape.height - high) // 2}:w={wide}:h={high}:color=white:t=fill"
    ratio = f"setsar={shape.pixels.numerator}/{shape.pixels.denominator}"
    picture = f"color=c=black:s={shape.width}x{shape.height}:r=2:d=2,format=yuv444p,{box},{ratio}"
    plain = folder / "plain.mp4"
    coded = ["-c:v", "libx264", "-preset", "ultrafast", "-crf", "1", "-pix_fmt", "yuv444p"]
    run("-f", "lavfi", "-i", picture, *coded, str(plain))
    turned = ["-display_rotation:v:0", str(-shape.rotation)] if shape.rotation else []
    run(*turned, "-i", str(plain), "-c", "copy", str(path))
    return path


def sides(frame: np.ndarray) -> tuple[float, float]:
    """Width and height of the white in the middle, to a fraction of a pixel."""
    light = frame.mean(axis=2) / 255
    height, width = light.shape
    return float(light[height // 2].sum()), float(light[:, width // 2].sum())


@pytest.mark.parametrize("name", SHAPES)
@pytest.mark.parametrize("fit", ["pad", "crop"])
def test_what_is_square_stays_square(name, fit, tmp_path):
    source = made(SHAPES[name], tmp_path)
    (payload,) = Preflight(policy=Policy(fit=fit)).prepare(source)
    assert payload.fidelity == "transcoded", "or there is nothing to see"
    clip = tmp_path / "clip.mp4"
    clip.write_bytes(payload.media[0].source.read())
    facts = probe(payload.media[0].source)
    assert (facts.sample_aspect_ratio, facts.rotation) == (1, 0)
    wide, high = sides(frames_rgb(clip, facts.width, facts.height)[1])
    assert min(wide, high) > 15
    assert max(wide / high, high / wide) <= 1.01 + 0.5 / min(wide, high), "a hundredth, and half a pixel of measuring"
