"""Pictures in a FLAC that are not as RFC 9639, 8.8, has them: FFmpeg complains of them, whatever the sound."""

from __future__ import annotations

import struct
from typing import BinaryIO

from preflight.probers.mp3_junk import ByteRange

_MARK = b"fLaC"
_PICTURE = 6
_MOST_BLOCKS = 4_096
_HEAD_BYTES = 4
_MOST_TYPE = 20
_BEHIND_DESCRIPTION_BYTES = 20
"""Width, height, depth, colours, and how long the picture is."""
_PNG = b"\x89PNG\r\n\x1a\n"
# What every reader knows, and what such a picture must begin with; a PNG may stand under any of the names.
_NAMES = {
    b"image/png": (_PNG,),
    b"PNG": (_PNG,),
    b"image/jpeg": (b"\xff\xd8",),
    b"image/jpg": (b"\xff\xd8",),
    b"JPG": (b"\xff\xd8",),
    b"image/gif": (b"",),
    b"image/bmp": (b"BM",),
    b"image/tiff": (b"II", b"MM"),
}


def senseless_pictures(file: BinaryIO, start: int, size_bytes: int) -> tuple[ByteRange, ...]:
    """Where they are, each with the header of its block; `start` is where the tags in front end."""
    file.seek(start)
    if file.read(len(_MARK)) != _MARK:
        return ()
    found: list[ByteRange] = []
    at = start + len(_MARK)
    for _ in range(_MOST_BLOCKS):
        file.seek(at)
        head = file.read(_HEAD_BYTES)
        end = at + _HEAD_BYTES + int.from_bytes(head[1:])
        if len(head) < _HEAD_BYTES or end > size_bytes:
            break
        if head[0] & 0x7F == _PICTURE and not _makes_sense(file, end):
            found.append((at, end))
        if head[0] >> 7:
            break
        at = end
    return tuple(found)


def _makes_sense(file: BinaryIO, end: int) -> bool:
    """The block that `file` stands at the contents of."""
    try:
        kind, length = struct.unpack(">LL", file.read(8))
        name = file.read(length) if length <= _MOST_NAME_BYTES else b""
        (length,) = struct.unpack(">L", file.read(4))
        behind = file.tell() + length
        if kind > _MOST_TYPE or name.rstrip(b"\0") not in _NAMES or behind + _BEHIND_DESCRIPTION_BYTES >= end:
            return False
        file.seek(behind)
        (length,) = struct.unpack(">16xL", file.read(_BEHIND_DESCRIPTION_BYTES))
    except struct.error:
        return False
    begins = file.read(len(_PNG))
    fits = file.tell() - len(begins) + length <= end
    return length > len(_PNG) and fits and begins.startswith((_PNG, *_NAMES[name.rstrip(b"\0")]))


_MOST_NAME_BYTES = 63
