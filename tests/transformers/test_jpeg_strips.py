"""One JPEG of strips: by every decoder the same picture as libjpeg makes of the whole."""

from __future__ import annotations

import io
import os
import threading
import weakref
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageChops, JpegImagePlugin

from preflight.errors import BrokenMediaError
from preflight.transformers.jpeg_strips import STRIP_ROWS, jpeg_of, jpeg_of_strips, scan_bytes
from tests.judges import complaints, frames_rgb


def noise(mode: str, width: int, height: int) -> Image.Image:
    pixels = np.random.default_rng(3).integers(0, 256, (height, width, 3), dtype=np.uint8)
    return Image.fromarray(pixels).convert(mode)


def striped(image: Image.Image, quality: int, subsampling: int) -> bytes:
    tops = range(0, image.height, STRIP_ROWS)
    boxes = ((0, top, image.width, min(top + STRIP_ROWS, image.height)) for top in tops)
    return jpeg_of_strips((image.crop(box) for box in boxes), image.height, quality, subsampling)


@pytest.mark.parametrize("height", [1, STRIP_ROWS - 1, STRIP_ROWS, STRIP_ROWS + 1, 12 * STRIP_ROWS + 37])
@pytest.mark.parametrize("subsampling", [0, 1, 2])
@pytest.mark.parametrize("mode", ["L", "RGB", "YCbCr"])
def test_it_decodes_to_what_the_whole_decodes_to(mode: str, subsampling: int, height: int) -> None:
    picture = noise(mode, 131, height)
    whole, joined = (Image.open(io.BytesIO(f(picture, 83, subsampling))) for f in (jpeg_of, striped))
    assert isinstance(joined, JpegImagePlugin.JpegImageFile)
    assert isinstance(whole, JpegImagePlugin.JpegImageFile)
    assert (joined.size, joined.mode, joined.quantization) == (whole.size, whole.mode, whole.quantization)
    assert JpegImagePlugin.get_sampling(joined) == JpegImagePlugin.get_sampling(whole)
    assert ImageChops.difference(joined, whole).getbbox() is None


def test_another_decoder_has_no_complaints(tmp_path: Path) -> None:
    picture = noise("RGB", 400, 1_000).resize((400, 1_000))
    whole, joined = tmp_path / "whole.jpg", tmp_path / "joined.jpg"
    whole.write_bytes(jpeg_of(picture, 90, 2))
    joined.write_bytes(striped(picture, 90, 2))
    assert complaints(joined) == ""
    assert np.array_equal(frames_rgb(joined, 400, 1_000), frames_rgb(whole, 400, 1_000))


def test_the_widest_jpeg_has_an_interval_that_can_be_written() -> None:
    for mode in ("L", "RGB"):
        picture = Image.new(mode, (65_500, STRIP_ROWS + 8), "gray")
        joined = Image.open(io.BytesIO(striped(picture, 50, 0)))
        joined.load()
        assert joined.size == picture.size


def test_coded_data_are_the_file_without_its_header() -> None:
    black, other = (jpeg_of(Image.new("RGB", (64, side), "black"), 75, 2) for side in (64, 640))
    # A block of black takes 6 bits of two components' DC and AC each, at least: ten times the blocks, ten times that.
    assert scan_bytes(other) == pytest.approx(10 * scan_bytes(black), abs=20)
    assert scan_bytes(black) < len(black) - 600


def test_a_strip_that_cannot_be_had_ends_it_and_its_threads() -> None:
    def strips() -> Iterator[Image.Image]:
        for _ in range(9):
            yield noise("RGB", 600, STRIP_ROWS)
        raise BrokenMediaError("its coded data end too early")

    before = threading.active_count()
    with pytest.raises(BrokenMediaError):
        jpeg_of_strips(strips(), 100 * STRIP_ROWS, 80, 0)
    assert threading.active_count() == before


def test_where_no_descriptor_is_left_it_is_the_same() -> None:
    resource = pytest.importorskip("resource")
    picture = noise("RGB", 300, 3 * STRIP_ROWS)
    whole = striped(picture, 80, 2)
    kept = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (0, kept[1]))
    try:
        with pytest.raises(OSError, match="Too many open files"):
            os.pipe()
        without = striped(picture, 80, 2)
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, kept)
    assert without == whole


def test_where_files_may_not_be_large_it_is_the_same() -> None:
    """A descriptor in memory counts as a file."""
    resource = pytest.importorskip("resource")
    picture = noise("RGB", 300, 3 * STRIP_ROWS)
    whole = striped(picture, 80, 2)
    kept = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1_000, kept[1]))
    try:
        without = striped(picture, 80, 2)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, kept)
    assert without == whole


def test_no_more_strips_are_held_than_are_worked_on() -> None:
    brought: list[weakref.ref[Image.Image]] = []
    most = 0

    def strips() -> Iterator[Image.Image]:
        nonlocal most
        for _ in range(60):
            strip = noise("L", 64, STRIP_ROWS)
            brought.append(weakref.ref(strip))
            yield strip
            del strip
            most = max(most, sum(ref() is not None for ref in brought))

    jpeg_of_strips(strips(), 60 * STRIP_ROWS, 80, 0)
    assert len(brought) == 60
    assert most <= 6
