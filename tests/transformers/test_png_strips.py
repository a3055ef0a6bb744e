"""A PNG, strip by strip: the very samples that were filtered and packed by hand."""

from __future__ import annotations

import io
import struct
import zlib
from itertools import cycle

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from preflight.errors import BrokenMediaError
from preflight.media import Source
from preflight.probers.png_structure import SIGNATURE, chunk
from preflight.transformers.jpeg_strips import STRIP_ROWS
from preflight.transformers.png_strips import PngRows

WIDTH, HEIGHT = 1_100, 1_000


def pixels(channels: int) -> NDArray[np.uint8]:
    fine = np.random.default_rng(5).integers(0, 60, (HEIGHT, WIDTH, channels))
    return (fine + np.arange(WIDTH)[:, None] // 8).astype(np.uint8)


def packed(
    samples: NDArray[np.uint8],
    filters: tuple[int, ...],
    *,
    parts: int = 3,
    level: int = 1,
    claimed_height: int | None = None,
) -> bytes:
    """Filtered as the standard says (PNG, third edition, 9.2), each row by the next of `filters`."""
    height, width, channels = samples.shape
    now = samples.reshape(height, -1).astype(int)
    above = np.vstack([np.zeros_like(now[:1]), now[:-1]])
    left, corner = (np.hstack([np.zeros((height, channels), int), a[:, :-channels]]) for a in (now, above))
    guess = left + above - corner
    a, b, c = (np.abs(guess - x) for x in (left, above, corner))
    paeth = np.where((a <= b) & (a <= c), left, np.where(b <= c, above, corner))
    predicted = [np.zeros_like(now), left, above, (left + above) // 2, paeth]
    rows = []
    for number, kind in zip(range(height), cycle(filters), strict=False):
        rows.append(bytes([kind]) + ((now[number] - predicted[kind][number]) % 256).astype(np.uint8).tobytes())
    data = zlib.compress(b"".join(rows), level)
    header = struct.pack(">IIBBBBB", width, claimed_height or height, 8, 2 if channels == 3 else 0, 0, 0, 0)
    size = -(-len(data) // parts)
    chunks = [chunk(b"IDAT", data[at : at + size]) for at in range(0, len(data), size)]
    return b"".join([SIGNATURE, chunk(b"IHDR", header), *chunks, chunk(b"IEND", b"")])


def rows_of(data: bytes) -> PngRows | None:
    with Image.open(io.BytesIO(data)) as image:
        return PngRows.of(Source.of(data), image, io.BytesIO(data))


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("filters", [(0,), (1,), (2,), (3,), (4,), (4, 2, 3, 1, 0, 2, 4)])
def test_every_filter_is_undone_across_strips(filters: tuple[int, ...], channels: int) -> None:
    samples = pixels(channels)
    rows = rows_of(packed(samples, filters))
    assert rows is not None
    for _ in range(2):  # each time anew
        strips = [np.asarray(strip) for strip in rows.strips()]
        assert {len(strip) for strip in strips[:-1]} == {STRIP_ROWS}
        assert np.array_equal(np.vstack(strips).reshape(samples.shape), samples)


@pytest.mark.parametrize(("parts", "level"), [(1, 0), (700, 9)])
def test_however_it_is_packed(parts: int, level: int) -> None:
    samples = pixels(3)
    rows = rows_of(packed(samples, (4,), parts=parts, level=level))
    assert rows is not None
    assert np.array_equal(np.vstack([np.asarray(strip) for strip in rows.strips()]), samples)


def test_data_that_end_too_early_or_are_damaged_are_broken() -> None:
    whole = packed(pixels(3), (1,), parts=1)
    short = packed(pixels(3)[:900], (1,), claimed_height=HEIGHT)
    damaged = whole[:300_000] + bytes(50) + whole[300_050:]
    for data in (short, damaged):
        rows = rows_of(data)
        assert rows is not None
        with pytest.raises(BrokenMediaError):
            list(rows.strips())


@pytest.mark.parametrize("mode", ["RGBA", "LA", "P", "1", "I;16"])
def test_other_pictures_are_not_taken(mode: str) -> None:
    file = io.BytesIO()
    Image.new(mode, (WIDTH, HEIGHT)).save(file, "PNG")
    assert rows_of(file.getvalue()) is None


def test_neither_are_small_ones_nor_those_that_can_be_seen_through() -> None:
    for size, options in (((300, 200), {}), ((WIDTH, HEIGHT), {"transparency": (1, 2, 3)})):
        file = io.BytesIO()
        Image.new("RGB", size).save(file, "PNG", **options)
        assert rows_of(file.getvalue()) is None
