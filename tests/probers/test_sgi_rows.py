"""Compressed SGI pictures, by FFmpeg, which ends no row, and by hand, as the format has it."""

from __future__ import annotations

import io
import struct
import tracemalloc
from itertools import accumulate
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from preflight.errors import BrokenMediaError
from preflight.media import Source
from preflight.probers.image_decoded import decode_fully, load_whole, opened
from preflight.testing.recipes.encoder import run

KINDS = {"gray": 1, "rgb24": 3, "rgba": 4}


def pixels(channels: int) -> NDArray[np.uint8]:
    """Runs of all lengths, and noise."""
    noise = np.random.default_rng(8).integers(0, 256, (50, 200, channels), dtype=np.uint8)
    noise[10:30, 20:190] = noise[10:30, 20:21]
    return noise


def by_ffmpeg(samples: NDArray[np.uint8], kind: str, folder: Path) -> bytes:
    height, width = samples.shape[:2]
    raw, made = folder / "raw", folder / "made.sgi"
    raw.write_bytes(samples.tobytes())
    layout = ("-f", "rawvideo", "-pix_fmt", kind, "-s", f"{width}x{height}")
    run(*layout, "-i", str(raw), "-c:v", "sgi", "-f", "image2", "-update", "1", str(made))
    return made.read_bytes()


def by_hand(samples: NDArray[np.uint8], end: bytes) -> bytes:
    """Each row in pieces of up to 100 samples as they are."""
    height, width, channels = samples.shape
    rows = []
    for channel in range(channels):
        for row in samples[::-1, :, channel]:
            pieces = (row[at : at + 100] for at in range(0, width, 100))
            rows.append(b"".join(bytes([0x80 | len(piece)]) + piece.tobytes() for piece in pieces) + end)
    head = struct.pack(">HBBHHHH", 474, 1, 1, 3 if channels > 1 else 2, width, height, channels)
    starts = list(accumulate(map(len, rows), initial=512 + 8 * len(rows)))[:-1]
    tables = struct.pack(f">{2 * len(rows)}I", *starts, *map(len, rows))
    return b"".join([head.ljust(512, b"\0"), tables, *rows])


def shown(data: bytes) -> NDArray[np.uint8]:
    file = io.BytesIO(data)
    image = opened(file, "picture")
    load_whole(image, file, "picture")
    return np.asarray(image).reshape(image.height, image.width, -1)


@pytest.mark.parametrize("kind", KINDS)
def test_those_of_ffmpeg_are_whole(kind: str, tmp_path: Path) -> None:
    samples = pixels(KINDS[kind])
    data = by_ffmpeg(samples, kind, tmp_path)
    assert data[2] == 1  # compressed
    assert np.array_equal(shown(data), samples)


@pytest.mark.parametrize("end", [b"", b"\0"])
@pytest.mark.parametrize("channels", [1, 3])
def test_rows_end_with_or_without_a_zero(channels: int, end: bytes) -> None:
    assert np.array_equal(shown(by_hand(pixels(channels), end)), pixels(channels))


def test_what_is_not_compressed_stays(tmp_path: Path) -> None:
    file = io.BytesIO()
    Image.fromarray(pixels(3)).save(file, "SGI")
    assert np.array_equal(shown(file.getvalue()), pixels(3))


@pytest.mark.parametrize("missing", [1, 500, 20_000, 29_900])
def test_what_breaks_off_is_broken(missing: int) -> None:
    with pytest.raises(BrokenMediaError):
        decode_fully(Source.of(by_hand(pixels(3), b"")[:-missing]))


def test_rows_that_are_all_said_to_be_the_whole_file_take_no_memory() -> None:
    """5,000 rows of 1 MB each, of one that is there once."""
    width, height = 300, 5_000
    head = struct.pack(">HBBHHHH", 474, 1, 1, 2, width, height, 1).ljust(512, b"\0")
    row = (b"\x7f\x05" * 3).ljust(1_000_000, b"\0")
    start = 512 + 8 * height
    data = head + struct.pack(f">{height}I", *[start] * height) + struct.pack(f">{height}I", *[len(row)] * height) + row
    file = io.BytesIO(data)
    tracemalloc.start()
    try:
        load_whole(opened(file, "picture"), file, "picture")
    except BrokenMediaError:
        pass  # its rows may be short for a reader; that is not asked here
    finally:
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
    assert peak < 20_000_000
