"""Rows of a compressed SGI picture that end where their table says, as FFmpeg writes them. Pillow waits for the zero
that the format wants behind each, and runs into the next.
"""

from __future__ import annotations

import io
import struct
from itertools import accumulate
from typing import BinaryIO

from PIL import ImageFile

_HEADER_BYTES = 512
_TABLE_ENTRY = 4


def are_run_lengths(image: ImageFile.ImageFile) -> bool:
    return image.format == "SGI" and [tile.codec_name for tile in image.tile] == ["sgi_rle"]


def with_ends(image: ImageFile.ImageFile) -> BinaryIO:
    """The file of `image` with a zero behind each row. Raises EOFError where rows are missing."""
    assert image.fp is not None
    (tile,) = image.tile
    assert isinstance(tile.args, tuple)
    sample_bytes = int(tile.args[2])
    end = bytes(sample_bytes)
    most = (2 * image.width + 1) * sample_bytes  # a count for each sample; rows may all be said to be the whole file
    image.fp.seek(0)
    data = image.fp.read()
    rows = len(image.getbands()) * image.height
    tables = data[_HEADER_BYTES : _HEADER_BYTES + 2 * rows * _TABLE_ENTRY]
    if len(tables) < 2 * rows * _TABLE_ENTRY:
        raise EOFError("the file breaks off")
    numbers = struct.unpack(f">{2 * rows}I", tables)
    starts, lengths = numbers[:rows], numbers[rows:]
    if any(start + length > len(data) for start, length in zip(starts, lengths, strict=True)):
        raise EOFError("the file breaks off")
    ended = [data[start : start + min(length, most)] + end for start, length in zip(starts, lengths, strict=True)]
    first = _HEADER_BYTES + len(tables)
    new_starts = list(accumulate(map(len, ended), initial=first))[:-1]
    new_tables = struct.pack(f">{2 * rows}I", *new_starts, *map(len, ended))
    return io.BytesIO(b"".join([data[:_HEADER_BYTES], new_tables, *ended]))
