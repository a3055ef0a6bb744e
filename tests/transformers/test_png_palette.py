"""Pictures of few colours: the same pixels by number, in fewer bytes."""

from __future__ import annotations

import io

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from preflight.transformers.image_fit import png
from preflight.transformers.png_palette import with_palette

CHANNELS = {"L": 1, "LA": 2, "RGB": 3, "RGBA": 4}
DICE = np.random.default_rng(11)
PALETTE = DICE.permutation(256 * 256 * 256)[:257].astype(">u4").view(np.uint8).reshape(-1, 4)


def picture(mode: str, colours: int, width: int = 60, height: int = 300) -> Image.Image:
    """Every one of so many colours, here and there."""
    numbers = DICE.integers(0, colours, (height, width))
    numbers.flat[:colours] = np.arange(colours)
    # The low bytes differ first.
    samples = np.ascontiguousarray(PALETTE[numbers][..., 4 - CHANNELS[mode] :])
    if mode == "L":
        samples = numbers.astype(np.uint8)[..., None]
    return Image.frombytes(mode, (width, height), samples.tobytes())


def saved(image: Image.Image) -> bytes:
    file = io.BytesIO()
    image.save(file, "PNG")
    return file.getvalue()


@pytest.mark.parametrize("colours", [1, 2, 3, 16, 17, 100, 256])
@pytest.mark.parametrize("mode", CHANNELS)
def test_a_palette_shows_the_same_pixels_in_fewer_bytes(mode: str, colours: int) -> None:
    image = picture(mode, colours)
    data = png(with_palette(image))
    with Image.open(io.BytesIO(data)) as again:
        assert np.array_equal(np.asarray(again.convert(mode)), np.asarray(image))
        if colours <= 16 or mode in ("RGB", "RGBA"):
            assert again.mode == "P"
    assert len(data) <= len(saved(image))


@pytest.mark.parametrize("mode", ["RGB", "RGBA"])
def test_one_colour_more_than_a_palette_holds_leaves_it_as_it_is(mode: str) -> None:
    image = picture(mode, 257)
    assert with_palette(image) is image


def test_two_colours_take_a_bit_a_pixel() -> None:
    image = picture("RGB", 2, 800, 800)
    assert len(png(with_palette(image))) < 1.1 * 800 * 800 / 8


@settings(max_examples=100, deadline=None)
@given(
    st.sampled_from(sorted(CHANNELS)),
    st.integers(1, 40),
    st.integers(1, 600),
    st.lists(st.integers(0, 0xFFFFFFFF), min_size=1, max_size=8),
)
def test_any_picture(mode: str, width: int, height: int, colours: list[int]) -> None:
    entries = np.array([list(c.to_bytes(4)[: CHANNELS[mode]]) for c in colours], np.uint8)
    samples = entries[np.random.default_rng(width).integers(0, len(entries), (height, width))]
    image = Image.frombytes(mode, (width, height), samples.tobytes())
    again = with_palette(image)
    assert again.mode == "P"
    assert np.array_equal(np.asarray(again.convert(mode)), np.asarray(image))
