"""Bytes that are packed as the strips and tiles of a TIFF are, unpacked by the libtiff that is in Pillow."""

from __future__ import annotations

import io
import struct
from functools import cache
from typing import TYPE_CHECKING

from PIL import Image
from PIL.TiffImagePlugin import COMPRESSION_INFO, TiffImageFile

from preflight.probers.libtiff import quiet_libtiff
from preflight.probers.quiet import quiet
from preflight.probers.second_reader import NotReadError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

RAW, PACKBITS = 1, 32773
_LOSSLESS = frozenset({"tiff_lzw", "tiff_adobe_deflate", "tiff_deflate", "packbits", "lzma", "zstd"})
"""Pillow's names of what packs any bytes, whatever they mean."""
_OPTIONAL = frozenset({"jpeg", "lzma", "zstd", "webp"})
"""What a libtiff may be built without."""
_SHORT, _LONG = 3, 4


def unpacked(data: bytes, compression: int, row_bytes: int, rows: int) -> NDArray[np.uint8]:
    """Rows x bytes of a row, `compression` being TIFF's number of it. Raises EOFError or OSError where the data are
    damaged or hold less.
    """
    import numpy as np

    if compression == RAW:
        if len(data) < row_bytes * rows:
            raise EOFError("the file breaks off")
        return np.frombuffer(data, np.uint8, row_bytes * rows).reshape(rows, row_bytes)
    # For libtiff it is a picture in grey, of as many pixels as there are bytes: so it leaves their meaning to us.
    with quiet(), quiet_libtiff(), TiffImageFile(io.BytesIO(_as_file(data, compression, row_bytes, rows))) as picture:
        picture.load()
        return np.asarray(picture)


def _as_file(data: bytes, compression: int, row_bytes: int, rows: int) -> bytes:
    fields = {
        256: (_LONG, row_bytes),
        257: (_LONG, rows),
        258: (_SHORT, 8),
        259: (_SHORT, compression),
        262: (_SHORT, 1),
        273: (_LONG, 8 + 2 + 10 * 12 + 4),
        277: (_SHORT, 1),
        278: (_LONG, rows),
        279: (_LONG, len(data)),
        284: (_SHORT, 1),
    }
    rows_of_fields = (struct.pack("<HHII", tag, kind, 1, value) for tag, (kind, value) in fields.items())
    return b"II*\0" + struct.pack("<IH", 8, len(fields)) + b"".join(rows_of_fields) + bytes(4) + data


def raise_if_not_unpacked(compression: int) -> None:
    """Raise NotReadError where `unpacked` would not know what to do."""
    name = COMPRESSION_INFO.get(compression)
    if compression != RAW and name not in _LOSSLESS:
        raise NotReadError(f"a TIFF that is compressed as {_NAMES.get(compression, name or f'number {compression}')}")
    raise_without_codec(name)


def raise_without_codec(compression: str | None) -> None:
    """Raise NotReadError where the libtiff that is there was built without it; the name is Pillow's."""
    if compression in _OPTIONAL and not _is_built_in(compression):
        raise NotReadError(f"a TIFF that is compressed as {compression.upper()}")


@cache
def _is_built_in(compression: str) -> bool:
    """By using it: nothing tells what a libtiff was built with."""
    try:
        with quiet(), quiet_libtiff():
            Image.new("RGB", (16, 16)).save(io.BytesIO(), "TIFF", compression=compression)
    except OSError:
        return False
    return True


_NAMES = {
    6: "JPEG of the old kind",
    7: "JPEG",
    33003: "JPEG 2000",
    33004: "JPEG 2000",
    33005: "JPEG 2000",
    34661: "JBIG",
    34712: "JPEG 2000",
    34887: "LERC",
    50001: "WEBP",
    50002: "JPEG XL",
    52546: "JPEG XL",
}
