"""A picture that is never held whole as pixels → one JPEG, strip by strip.

Each strip is encoded by itself, and what it gave is joined by restart markers (T.81, E.1.4), which every decoder reads:
the quantizers and code tables of libjpeg are the same for all strips, a strip holds whole blocks of both brightness and
colour, and so each block comes out as it would of the whole picture.
"""

from __future__ import annotations

import io
import os
import struct
import sys
from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from typing import BinaryIO

from PIL import Image

STRIP_ROWS = 64
"""Whole blocks at every subsampling; so few that the widest JPEG's restart interval stays under 65,536 blocks."""
_SIDE_BY_SIDE = 2
"""Threads: so many encode a strip as fast as it is brought."""
_SOF0, _SOS = 0xC0, 0xDA
_EOI = b"\xff\xd9"
_RESTART_INTERVAL = b"\xff\xdd\0\4"
_ONE_BY_ONE = 0x11
"""Blocks of the only component: its sampling means nothing then (T.81, A.2.2)."""


def jpeg_of_strips(strips: Iterable[Image.Image], height: int, quality: int, subsampling: int) -> bytes:
    """`strips` from the top, in mode L, RGB or YCbCr, of `STRIP_ROWS` each but the last; `height` is that of all."""
    joined = io.BytesIO()
    for number, one in enumerate(_encoded(strips, quality, subsampling)):
        start = _start_of_scan(one)
        if number == 0:
            joined.write(_header(one, start, height))
        else:
            joined.write(bytes([0xFF, 0xD0 + (number - 1) % 8]))
        joined.write(memoryview(one)[start : -len(_EOI)])
    joined.write(_EOI)
    return joined.getvalue()


def _encoded(strips: Iterable[Image.Image], quality: int, subsampling: int) -> Iterator[bytes]:
    """Each strip by itself, in threads beside the one that brings them."""
    begun: deque[Future[bytes]] = deque()
    with ThreadPoolExecutor(max_workers=_SIDE_BY_SIDE) as beside:
        for strip in strips:
            begun.append(beside.submit(jpeg_of, strip, quality, subsampling))
            if len(begun) > _SIDE_BY_SIDE:
                yield begun.popleft().result()
        while begun:
            yield begun.popleft().result()


def jpeg_of(picture: Image.Image, quality: int, subsampling: int) -> bytes:
    # In memory; but only where a file has a descriptor does Pillow let other threads run while it encodes.
    if sys.platform == "linux":
        # Where no descriptor is left, a sandbox forbids it, or files may not be so large, it is done without.
        with suppress(OSError), os.fdopen(os.memfd_create("jpeg"), "w+b") as file:
            jpeg = _saved(picture, file, quality, subsampling)
            if jpeg.endswith(_EOI):  # Pillow does not see that only the first part of its last bytes was written
                return jpeg
    return _saved(picture, io.BytesIO(), quality, subsampling)


def _saved(picture: Image.Image, file: BinaryIO, quality: int, subsampling: int) -> bytes:
    # Not optimised: it saves a tenth but takes three times as long, and Pillow fails at it on noise.
    picture.save(file, "JPEG", quality=quality, subsampling=subsampling)
    file.seek(0)
    return file.read()


def scan_bytes(jpeg: bytes) -> int:
    """What of a JPEG of one scan is coded data."""
    return len(jpeg) - _start_of_scan(jpeg) - len(_EOI)


def _start_of_scan(jpeg: bytes) -> int:
    at = _segment(jpeg, _SOS)
    return at + 2 + int.from_bytes(jpeg[at + 2 : at + 4])


def _segment(jpeg: bytes, marker: int) -> int:
    """Where a marker is, of a JPEG by libjpeg: segments without gaps, in front of one scan."""
    at = 2
    while jpeg[at + 1] != marker:
        at += 2 + int.from_bytes(jpeg[at + 2 : at + 4])
    return at


def _header(strip: bytes, start_of_scan: int, height: int) -> bytes:
    """That of the whole picture, by that of its first strip."""
    frame = _segment(strip, _SOF0)
    # Marker, length, depth, height, width, number of components; of each its name, sampling and table (T.81, B.2.2).
    rows, width = struct.unpack_from(">HH", strip, frame + 5)
    if rows == height:
        return strip[:start_of_scan]
    sampling = strip[frame + 11] if strip[frame + 9] > 1 else _ONE_BY_ONE
    blocks = -(-width // (8 * (sampling >> 4))) * (rows // (8 * (sampling & 15)))
    scan = _segment(strip, _SOS)
    return b"".join(
        (
            strip[: frame + 5],
            height.to_bytes(2),
            strip[frame + 7 : scan],
            _RESTART_INTERVAL + blocks.to_bytes(2),
            strip[scan:start_of_scan],
        )
    )
