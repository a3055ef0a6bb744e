"""What beside the picture of a PNG stops readers that unpack it: most guard against bombs and refuse the whole file."""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from typing import BinaryIO

from preflight.probers.png_structure import PngChunk, PngStructure

# Pillow's PngImagePlugin.MAX_TEXT_CHUNK and MAX_TEXT_MEMORY. libvips and FFmpeg read what is larger.
_MOST_UNPACKED = 1 << 20
_MOST_TEXT = 64 << 20
_MOST_ADDITIONS = 1_000
"""Each may unpack to a megabyte, or to most of one before it turns out to be damaged."""
_MOST_PROFILE = 16 << 20
_MOST_LOOKED_INTO = 2 << 20
"""Of a chunk: what is packed and does not unpack to more than a megabyte of that is damaged, or made to take time."""
_FRAME_BYTES = 12


def png_stumbling_block(file: BinaryIO, structure: PngStructure) -> str | None:
    """What of its texts, profile and other additions a common reader refuses, in words; None where there is nothing."""
    if structure.exif_in_bad_text:
        return "its EXIF, which is kept as a text, is damaged"
    text_bytes = 0
    for number, each in enumerate(each for each in structure.chunks if each.kind in _READ_AS):
        if number == _MOST_ADDITIONS:
            return f"there are more than {_MOST_ADDITIONS:,} texts beside the picture"
        packed, method, plain_bytes = _READ_AS[each.kind](_body(file, each, _MOST_LOOKED_INTO))
        if method:
            return f"its chunk {each.kind.decode()} is compressed in a way that the standard does not know"
        not_read = max(0, each.end - each.start - _FRAME_BYTES - _MOST_LOOKED_INTO)
        unpacked = plain_bytes + not_read if packed is None else _unpacked(packed, _MOST_UNPACKED + 1)
        if packed is not None and unpacked > _MOST_UNPACKED:
            what = "colour profile" if each.kind == b"iCCP" else "text"
            return f"a compressed {what} beside the picture unpacks to more than {_MOST_UNPACKED:,} bytes"
        text_bytes += unpacked if each.kind != b"iCCP" else 0
        if text_bytes > _MOST_TEXT:
            return f"the texts beside the picture take more than {_MOST_TEXT:,} bytes"
    return None


def large_profile(file: BinaryIO, chunks: Sequence[PngChunk]) -> bytes | None:
    """The ICC profile, where it is one that `png_stumbling_block` speaks of; None also for what no profile can be."""
    for each in chunks:
        if each.kind == b"iCCP":
            packed, _, _ = _compressed(_body(file, each, _MOST_PROFILE))
            try:
                profile = zlib.decompressobj().decompress(packed or b"", _MOST_PROFILE)
            except zlib.error:
                return None
            return profile if _MOST_UNPACKED < len(profile) < _MOST_PROFILE else None
    return None


def _body(file: BinaryIO, each: PngChunk, most_bytes: int) -> bytes:
    file.seek(each.start + 8)
    return file.read(min(each.end - each.start - _FRAME_BYTES, most_bytes))


_Parts = tuple[bytes | None, int, int]
"""What is compressed, the number of its method, and how many bytes of text there are where nothing is."""


def _plain(body: bytes) -> _Parts:
    return None, 0, len(body.partition(b"\0")[2])


def _compressed(body: bytes) -> _Parts:
    rest = body.partition(b"\0")[2]
    return rest[1:], rest[0] if rest else 0, 0


def _international(body: bytes) -> _Parts:
    rest = body.partition(b"\0")[2]
    text = rest[2:].split(b"\0", 2)[-1]
    is_compressed = rest[:1] not in (b"", b"\0") and rest[1:2] == b"\0"
    return (text if is_compressed else None), 0, len(text)


_READ_AS = {b"tEXt": _plain, b"zTXt": _compressed, b"iTXt": _international, b"iCCP": _compressed}


def _unpacked(packed: bytes, most: int) -> int:
    """How many bytes it becomes, counted no further than `most`; 0 for what is damaged, which readers pass over."""
    try:
        return len(zlib.decompressobj().decompress(packed, most))
    except zlib.error:
        return 0
