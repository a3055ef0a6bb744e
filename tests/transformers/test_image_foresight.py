"""What a sample of rows foretells, against what encoding it all then gives."""

from __future__ import annotations

import io
from functools import cache

import numpy as np
import pytest
from PIL import Image

from preflight.transformers.image_fit import FLOOR_QUALITY, Start, Try, fit_jpeg
from preflight.transformers.image_foresight import foresee
from preflight.transformers.image_planes import Planes, planes_of
from preflight.transformers.jpeg_strips import jpeg_of, jpeg_of_strips


@cache
def photograph() -> tuple[Planes, int]:
    """Detail at every scale, a bright calm sky above, and the grain of a sensor; and how many bytes it was."""
    dice = np.random.default_rng(1)
    width, height = 1_600, 1_200
    picture = np.full((height, width), 128.0, np.float32)
    for cells in (4, 8, 16, 32, 64, 128, 256):
        coarse = Image.fromarray(dice.normal(0, 1, (cells * 3 // 4, cells)).astype(np.float32))
        picture += 90 / cells**0.5 * np.asarray(coarse.resize((width, height), Image.Resampling.BICUBIC))
    picture = np.clip(picture, 0, 255)
    picture[: height // 4] = 200 + picture[: height // 4] / 20
    grained = picture[..., None] + dice.normal(0, 5, (height, width, 3))
    file = io.BytesIO()
    Image.fromarray(grained.clip(0, 255).astype(np.uint8)).save(file, "JPEG", quality=95, subsampling=2)
    with Image.open(file) as image:
        planes = planes_of(image, file, None)
    assert planes is not None
    return planes, file.tell()


def at(scale: float) -> Planes:
    planes, _ = photograph()
    return planes.at((round(planes.size[0] * scale), round(planes.size[1] * scale)))


@pytest.mark.parametrize("share", [0.9, 0.7, 0.5, 0.35])
def test_the_first_encode_fits_and_is_as_large_as_it_can_be(share: float) -> None:
    _, size_bytes = photograph()
    max_bytes = round(share * size_bytes)
    start = Start(quality=95, subsampling=2, known=Try(95, size_bytes), least_scale=0.1)
    foreseen = foresee(at, start, max_bytes=max_bytes)
    assert foreseen is not None
    assert foreseen.setting.quality >= FLOOR_QUALITY
    encoded = [
        len(jpeg_of_strips(at(foreseen.setting.scale).strips(), foreseen.picture.size[1], quality, 2))
        for quality in (foreseen.setting.quality, foreseen.setting.quality + 1)
    ]
    assert encoded[0] <= max_bytes
    # Its limit is full, or one quality more is too much.
    assert encoded[0] > 0.88 * max_bytes or encoded[1] > 0.96 * max_bytes
    fitted = fit_jpeg(at, start, max_bytes=max_bytes, foreseen=foreseen)
    assert fitted.encodes == 1 + (encoded[0] < 0.85 * max_bytes and foreseen.setting.scale < 1)
    assert len(fitted.data) <= max_bytes


def test_it_is_not_coded_finer_than_it_was() -> None:
    start = Start(quality=60, subsampling=2, least_scale=0.1)
    foreseen = foresee(at, start, max_bytes=10_000_000)
    assert foreseen is not None
    assert foreseen.setting == (60, 1.0)
    assert foreseen.over == ()


def test_where_nothing_fits_nothing_is_foreseen() -> None:
    assert foresee(at, Start(subsampling=2, least_scale=0.9), max_bytes=1_000) is None


def test_small_pictures_are_not_sampled() -> None:
    assert foresee(lambda scale: at(0.25 * scale), Start(), max_bytes=10_000) is None


@pytest.mark.parametrize("share", [0.95, 0.8, 0.7])
@pytest.mark.parametrize("mode", ["RGB", "L"])
def test_a_picture_that_is_held_whole_is_foreseen_as_well(mode: str, share: float) -> None:
    """Grain alone, which answers to quality as no photograph does: a blind search made it smaller."""
    grain = np.random.default_rng(4).integers(90, 160, (1_200, 1_000, len(mode)), dtype=np.uint8)
    image = Image.fromarray(grain.squeeze(), mode)
    best = len(jpeg_of(image, 95, 2))
    start = Start(subsampling=2, least_scale=0.1)

    def scaled(scale: float) -> Image.Image:
        return image.resize((round(image.width * scale), round(image.height * scale)))

    foreseen = foresee(scaled, start, max_bytes=round(share * best))
    assert foreseen is not None
    fitted = fit_jpeg(scaled, start, max_bytes=round(share * best), foreseen=foreseen)
    assert len(fitted.data) <= share * best
    assert fitted.encodes <= 2
    if len(jpeg_of(image, FLOOR_QUALITY, 2)) < 0.95 * share * best:
        assert (fitted.width, fitted.height) == image.size
