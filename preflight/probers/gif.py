"""Whether a GIF is there to its end: FFmpeg plays what is left of one that was cut off, and says nothing."""

from __future__ import annotations

from typing import BinaryIO

_MOST_BYTES = 1 << 28
"""Nobody has larger ones, and each 255 bytes take a look."""
_HEADER_BYTES = 13
_IMAGE_BYTES = 9


def breaks_off(file: BinaryIO, size_bytes: int) -> bool:
    """Whether it ends before its trailer, or what stands there is no block. Reads a byte of each sub-block.

    Of what is larger than 256 MB nothing is said.
    """
    if size_bytes > _MOST_BYTES:
        return False
    header = file.read(_HEADER_BYTES)
    if len(header) < _HEADER_BYTES:
        return True
    file.seek(_palette_bytes(header[10]), 1)
    while True:
        match file.read(1):
            case b"\x3b":
                return file.tell() > size_bytes
            case b"\x2c":
                placed = file.read(_IMAGE_BYTES)
                if len(placed) < _IMAGE_BYTES:
                    return True
                file.seek(_palette_bytes(placed[8]) + 1, 1)
            case b"\x21":
                file.seek(1, 1)
            case b"\0":
                continue  # an empty block more than there need be, which readers pass over
            case _:
                return True
        if not _passed(file):
            return True


def _palette_bytes(flags: int) -> int:
    return 3 << (flags & 7) + 1 if flags & 0x80 else 0


def _passed(file: BinaryIO) -> bool:
    """Sub-blocks, up to the empty one behind them."""
    while size := file.read(1):
        if size == b"\0":
            return True
        file.seek(size[0], 1)
    return False
