"""The one thing of EXIF that turns a picture: a TIFF directory with an orientation in it (CIPA DC-008)."""

from __future__ import annotations

import struct

_ORIENTATION, _SHORT, _LONG = 0x0112, 3, 4


def oriented(tiff: bytes, orientation: int) -> bytes:
    """`tiff` with its orientation overwritten, or a new block of nothing else where it has none."""
    order = {b"II": "<", b"MM": ">"}.get(tiff[:2])
    if order is not None and len(tiff) >= 8:  # noqa: PLR2004 (its header)
        (directory,) = struct.unpack_from(f"{order}I", tiff, 4)
        rows = struct.unpack_from(f"{order}H", tiff, directory)[0] if directory + 2 <= len(tiff) else 0
        for entry in range(directory + 2, min(directory + 2 + 12 * rows, len(tiff) - 11), 12):
            tag, kind = struct.unpack_from(f"{order}HH", tiff, entry)
            if tag == _ORIENTATION:
                value = struct.pack(f"{order}I" if kind == _LONG else f"{order}H", orientation)
                return tiff[: entry + 8] + value + tiff[entry + 8 + len(value) :]
    return b"MM\0*" + struct.pack(">IHHHIHHI", 8, 1, _ORIENTATION, _SHORT, 1, orientation, 0, 0)
