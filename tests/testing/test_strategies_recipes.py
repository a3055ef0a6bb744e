"""What is written byte by byte is held against FFmpeg, which decodes it and must have nothing to say."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import pytest
from PIL import Image

from preflight.errors import UsageError
from preflight.testing.recipes.encoder import run
from preflight.testing.recipes.grey import Grey, RawGrey
from preflight.testing.recipes.interface import Recipe
from preflight.testing.recipes.padding import Padded
from preflight.testing.recipes.png import Vast
from preflight.testing.recipes.silence import SilentAac, SilentAu, SilentFlac, SilentMp3
from preflight.testing.recipes.still import Still
from preflight.testing.recipes.tiny_mp4 import TinyMp4
from preflight.testing.recipes.wave import Wave
from preflight.testing.recipes.written import Written
from preflight.testing.store import Store

ODD = Grey(width=361, height=719, sample_aspect_ratio=Fraction(16, 11), frames=40)


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path)


def decoded(path: Path, stream: str) -> list[str]:
    """A line a frame, with its checksum last."""
    printed = run("-xerror", "-err_detect", "explode", "-i", str(path), "-map", stream, "-f", "framemd5", "-").decode()
    return [line for line in printed.splitlines() if not line.startswith("#")]


@pytest.mark.parametrize(
    "grey", [Grey(), ODD, Grey(width=16, height=16), Grey(width=5186, height=2162, frames=3)], ids=str
)
def test_grey_pictures(store: Store, grey: Grey):
    for recipe in (RawGrey(picture=grey), TinyMp4(picture=grey), TinyMp4(suffix=".mov", picture=grey, rotation=90)):
        frames = decoded(store.path(recipe), "0:v")
        assert len(frames) == grey.frames
        assert len({line.rpartition(",")[2] for line in frames}) == 1


@pytest.mark.parametrize(
    ("recipe", "samples"),
    [
        *((TinyMp4(sound=SilentAac(channels=n, sample_rate=r)), 188 * 1024) for n in (1, 2) for r in (16_000, 44_100)),
        *((SilentMp3(channels=n, sample_rate=r), 100 * 1152) for n in (1, 2) for r in (32_000, 44_100)),
        *((SilentMp3(channels=1, sample_rate=r), 100 * 576) for r in (8_000, 22_050)),
        *((SilentFlac(channels=n, bit_depth=d, samples=9_001), 9_001) for n in (1, 2) for d in (8, 16, 24)),
        (SilentFlac(samples=600_000, size_bytes=40_000_000), 600_000),
        (SilentMp3(size_bytes=1_000_000), 100 * 1152),
        (SilentAu(), 32_000),
    ],
    ids=str,
)
def test_silence(store: Store, recipe: Recipe, samples: int):
    path = store.path(recipe)
    assert path.stat().st_size == getattr(recipe, "size_bytes", None) or path.stat().st_size
    lines = [line.split(",") for line in decoded(path, "0:a")]
    assert sum(int(line[3]) for line in lines) == samples


@pytest.mark.parametrize("size_bytes", [2_000_000, 2_000_001])
@pytest.mark.parametrize(
    "recipe",
    [TinyMp4(picture=Grey()), Wave(samples=800), Still(), Still(suffix=".png")],
    ids=lambda recipe: recipe.suffix,
)
def test_what_is_grown_is_the_same(store: Store, recipe: Recipe, size_bytes: int):
    grown = store.path(Padded(suffix=recipe.suffix, of=recipe, size_bytes=size_bytes))
    assert grown.stat().st_size == size_bytes
    assert decoded(grown, "0") == decoded(store.path(recipe), "0")


def test_what_cannot_be_grown(store: Store):
    with pytest.raises(UsageError, match="Take an MP4, WAV, FLAC, MP3, JPEG or PNG"):
        store.path(Padded(suffix=".txt", of=Written(suffix=".txt", data=b"text"), size_bytes=100))


def test_a_vast_picture_is_true(store: Store):
    with Image.open(store.path(Vast(width=3_001, height=4_001))) as picture:
        picture.load()
        assert picture.size == (3_001, 4_001)
        assert picture.getextrema() == (0, 0)
