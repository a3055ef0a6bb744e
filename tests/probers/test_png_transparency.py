"""The transparent colour of a PNG, at every depth that it may have."""

from __future__ import annotations

import io
import struct
import zlib

import numpy as np
import pytest
from numpy.typing import NDArray

from preflight.errors import BrokenMediaError
from preflight.probers.image_decoded import load_whole, opened
from preflight.probers.png_structure import SIGNATURE, chunk
from preflight.transformers.image_colour import to_srgb
from tests.looks import displayed

GREY, RGB = 0, 2


def png(samples: NDArray[np.uint16], depth: int, clear: tuple[int, ...]) -> bytes:
    """Height x width, or with three channels."""
    height, width = samples.shape[:2]
    rows = samples.reshape(height, -1)
    if depth == 16:
        packed = rows.astype(">u2").view(np.uint8)
    else:
        bits = rows[..., None] >> np.arange(depth - 1, -1, -1) & 1
        packed = np.packbits(bits.reshape(height, -1).astype(np.uint8), axis=1)
    filtered = b"".join(b"\0" + row.tobytes() for row in packed)
    kind = GREY if samples.ndim == 2 else RGB
    return b"".join(
        [
            SIGNATURE,
            chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, depth, kind, 0, 0, 0)),
            chunk(b"tRNS", struct.pack(f">{len(clear)}H", *clear)),
            chunk(b"IDAT", zlib.compress(filtered)),
            chunk(b"IEND", b""),
        ]
    )


def shown(data: bytes) -> NDArray[np.uint8]:
    file = io.BytesIO(data)
    image = opened(file, "picture")
    load_whole(image, file, "picture")
    return np.asarray(to_srgb(image)[0])


def drawn(depth: int, *channels: int) -> NDArray[np.uint16]:
    most = (1 << depth) - 1
    return np.random.default_rng(depth).integers(0, most + 1, (30, 40, *channels), dtype=np.uint16)


@pytest.mark.parametrize("depth", [1, 2, 4, 8, 16])
def test_grey(depth: int) -> None:
    samples = drawn(depth)
    clear = int(samples[3, 3])
    samples[5, 5] = clear ^ 1
    samples[7, 7] = clear
    found = shown(png(samples, depth, (clear,)))
    assert np.array_equal(found[..., 1] == 0, samples == clear)
    assert set(np.unique(found[..., 1])) == {0, 255}
    assert np.abs(found[..., 0] - samples / ((1 << depth) - 1) * 255).max() <= 0.51


@pytest.mark.parametrize("depth", [8, 16])
def test_colour(depth: int) -> None:
    samples = drawn(depth, 3)
    clear = samples[3, 3].copy()
    samples[7, 7] = clear
    samples[5, 5] = clear ^ np.array([0, 0, 1], np.uint16)  # of 16 bits, one that is lost in eight
    found = shown(png(samples, depth, tuple(map(int, clear))))
    assert np.array_equal(found[..., 3] == 0, (samples == clear).all(axis=2))
    assert np.abs(found[..., :3] - samples / ((1 << depth) - 1) * 255).max() < 1


@pytest.mark.parametrize(("depth", "channels"), [(1, ()), (2, ()), (4, ()), (8, ()), (16, ()), (8, (3,)), (16, (3,))])
def test_libvips_sees_the_same_on_white(depth: int, channels: tuple[int, ...]) -> None:
    samples = drawn(depth, *channels)
    clear = samples[3, 3].ravel()
    data = png(samples, depth, tuple(map(int, clear)))
    found = shown(data).astype(float)
    alpha = found[..., -1:] / 255
    on_white = found[..., :-1] * alpha + 255 * (1 - alpha)
    assert np.abs(on_white - displayed(data).numpy()).max() <= 1


def test_bits_above_the_depth_mean_nothing() -> None:
    samples = np.array([[0, 1], [2, 3]], np.uint16)
    assert shown(png(samples, 2, (0xFF02,)))[..., 1].tolist() == [[255, 255], [0, 255]]
    samples = np.array([[[1, 2, 3], [4, 5, 6]]], np.uint16)
    assert shown(png(samples, 8, (0x0104, 0xFF05, 0x8006)))[..., 3].tolist() == [[255, 0]]


def test_a_colour_that_is_not_there_hides_nothing() -> None:
    samples = np.full((9, 9), 500, np.uint16)
    assert (shown(png(samples, 16, (501,)))[..., 1] == 255).all()


def test_missing_pixels_are_found() -> None:
    whole = png(drawn(16, 3), 16, (1, 2, 3))
    file = io.BytesIO(whole[: len(whole) // 2])
    with pytest.raises(BrokenMediaError):
        load_whole(opened(file, "picture"), file, "picture")
