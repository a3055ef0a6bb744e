"""What the picture data of a PNG unpack to: whether it is as much as the header asks for."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator, Sequence
from typing import BinaryIO

from PIL import ImageFile

from preflight.probers.png_structure import PngChunk, pixel_blocks, png_chunks

_IHDR = 16
"""Where its content begins, of the first chunk."""
_MOST_AT_ONCE = 1 << 20
_SAMPLES = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}
"""Of a pixel, by colour type (PNG, third edition, 11.2.1)."""
_ADAM7 = ((0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2))
"""Of each pass: the first column and row, and how many to the next (8.2)."""


def lacks_rows(image: ImageFile.ImageFile, file: BinaryIO) -> bool:
    """Whether a decoded PNG has rows that are not in the file. Pillow leaves them black, and says nothing where the
    data end in good order.

    Data that cannot be unpacked are not asked about: Pillow does not decode them.
    """
    if _has_its_last_row(image):
        return False
    chunks = png_chunks(file)
    left = filtered_bytes(file)
    try:
        for piece in PngData(file, chunks).pieces(left):
            left -= len(piece)
    except ValueError:
        return True
    except zlib.error:
        return False
    return False


def _has_its_last_row(image: ImageFile.ImageFile) -> bool:
    """False also where it is black: to unpack everything once more takes three quarters of the time of decoding."""
    rows = image.height
    last = rows // 2 * 2 - 1 if image.info.get("interlace") else rows - 1  # the seventh pass has every second one
    if last < 0:
        return False
    row = image.crop((0, last, image.width, last + 1))
    # Alpha says nothing: it may have been made of the one colour that is transparent.
    return any((row.convert(row.mode.removesuffix("A")) if row.mode in ("LA", "RGBA") else row).tobytes())


def filtered_bytes(file: BinaryIO) -> int:
    """How much all rows have by the header of a PNG, which begins with IHDR: each with a byte that names its filter."""
    file.seek(_IHDR)
    width, height, depth, colour, _, _, interlacing = struct.unpack(">IIBBBBB", file.read(13))
    pixel_bits = depth * _SAMPLES[colour]
    total = 0
    for left, top, across, down in _ADAM7 if interlacing else ((0, 0, 1, 1),):
        columns, rows = -(-(width - left) // across), -(-(height - top) // down)
        if columns > 0 and rows > 0:  # a pass without columns has no rows
            total += rows * (1 + (columns * pixel_bits + 7) // 8)
    return total


class PngData:
    """What the IDAT chunks hold, a piece at a time."""

    def __init__(self, file: BinaryIO, chunks: Sequence[PngChunk]) -> None:
        self._blocks = pixel_blocks(file, chunks)
        self._unpacker = zlib.decompressobj()

    def read(self, size: int) -> list[bytes]:
        """The next `size` bytes, in pieces. Raises zlib.error at damage, and ValueError at the end."""
        return list(self.pieces(size))

    def pieces(self, size: int) -> Iterator[bytes]:
        """As `read`, one at a time."""
        while size:
            block = self._unpacker.unconsumed_tail or next(self._blocks, b"")
            piece = self._unpacker.decompress(block, min(size, _MOST_AT_ONCE))
            if not piece and (not block or self._unpacker.eof):
                raise ValueError("they end too early")
            size -= len(piece)
            yield piece
