"""The blocks of a GIF: how many frames it has, and whether it is there to its end. FFmpeg plays what is left of one
that was cut off, and says nothing.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import BinaryIO

_MOST_STEPS = 1_000_000
"""A look each, at a block or at 255 bytes of one. Nobody has larger ones."""
_MOST_FRAMES = 100_000
_HEADER_BYTES = 13
_IMAGE_BYTES = 9
_TRAILER, _IMAGE, _NOTHING = b"\x3b", b"\x2c", b"\0"


def breaks_off(file: BinaryIO, size_bytes: int) -> bool:
    """Whether it ends before its trailer, or what stands there is no block. Reads a byte of each sub-block.

    Of what takes more than a million looks nothing is said.
    """
    last = b""
    for step, last in enumerate(_looks(file)):  # noqa: B007 (the last is what is asked for)
        if step == _MOST_STEPS:
            return False
    return last != _TRAILER or file.tell() > size_bytes


def count_frames(file: BinaryIO) -> int:
    """As far as it goes on, but no further than 100,000 frames or a million looks."""
    file.seek(0)
    frames = 0
    for step, found in enumerate(_looks(file)):
        frames += found == _IMAGE
        if step == _MOST_STEPS or frames == _MOST_FRAMES:
            break
    return frames


def _looks(file: BinaryIO) -> Iterator[bytes]:
    """By what each block begins with, in front of its sub-blocks, of each of which there is an empty look; up to the
    trailer, or to where it breaks off, which is the last look then, and empty.
    """
    header = file.read(_HEADER_BYTES)
    if len(header) < _HEADER_BYTES:
        return
    file.seek(_palette_bytes(header[10]), 1)
    while True:
        match begin := file.read(1):
            case b"\x3b":
                yield begin
                return
            case b"\x2c":
                placed = file.read(_IMAGE_BYTES)
                if len(placed) < _IMAGE_BYTES:
                    return
                yield begin
                file.seek(_palette_bytes(placed[8]) + 1, 1)
            case b"\x21":
                yield begin
                file.seek(1, 1)
            case b"\0":
                yield begin  # an empty block more than there need be, which readers pass over
                continue
            case _:
                yield b""
                return
        while (size := file.read(1)) != _NOTHING:
            yield b""
            if not size:
                return
            file.seek(size[0], 1)


def _palette_bytes(flags: int) -> int:
    return 3 << (flags & 7) + 1 if flags & 0x80 else 0
