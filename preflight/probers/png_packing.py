"""A PNG whose rows are packed again, as tightly as zlib can: rows, filters and all else stay as they are coded."""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from typing import BinaryIO

from preflight.media import ImageFacts
from preflight.probers.image_bare import Bare, bare_png
from preflight.probers.png_rows import filtered_bytes
from preflight.probers.png_structure import PIXEL_BLOCK, pixel_blocks, png_structure

_TIGHTEST = 9
_SURE_AFTER = 1 << 21
"""Bytes of rows after which it is told what all will take."""
_SPREAD = 2.0
"""Times what they took so far, a byte: drawings have empty parts and full ones."""


def packed_png(file: BinaryIO, facts: ImageFacts, most_bytes: int) -> Bare | None:
    """The first picture with what it takes to show it. None where that would be over `most_bytes`, or where its rows
    are damaged.
    """
    chunks = png_structure(file).chunks
    pixels = _packed(pixel_blocks(file, chunks), filtered_bytes(file), most_bytes)
    if pixels is None:
        return None
    packed = bare_png(file, chunks, facts.orientation, facts.size_bytes, pixels)
    return packed if packed.size_bytes <= most_bytes else None


def _packed(blocks: Iterator[bytes], row_bytes: int, most_bytes: int) -> bytes | None:
    """Given up as soon as it is plain that it will not do: noise takes ten times as long as a drawing."""
    unpacker, packer = zlib.decompressobj(), zlib.compressobj(_TIGHTEST)
    packed = bytearray()
    unpacked = 0
    try:
        for block in blocks:
            left = block
            while left and not unpacker.eof:
                rows = unpacker.decompress(left, PIXEL_BLOCK)
                left = unpacker.unconsumed_tail
                unpacked += len(rows)
                packed += packer.compress(rows)
                is_sure = unpacked >= _SURE_AFTER and len(packed) * row_bytes > _SPREAD * most_bytes * unpacked
                if is_sure or len(packed) > most_bytes or unpacked > row_bytes:
                    return None
    except zlib.error:
        return None
    packed += packer.flush()
    return bytes(packed) if unpacker.eof and unpacked == row_bytes else None
