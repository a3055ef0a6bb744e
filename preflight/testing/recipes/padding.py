"""Files of any size that take up next to no room: what they are grown by is a hole, where the disk knows holes."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from preflight.errors import UsageError
from preflight.testing.recipes.interface import Kitchen, Recipe
from preflight.testing.recipes.png import SIGNATURE

Piece = bytes | int
"""Bytes, or how many of them are zeros."""

_LONGEST_COMMENT = 65_533
_LONGEST_BLOCK = (1 << 24) - 1
_BLOCK = 1 << 20


@dataclass(frozen=True, kw_only=True)
class Padded(Recipe):
    """An MP4, WAV, FLAC, MP3, JPEG or PNG grown to an exact size by zeros that its format lets readers pass over."""

    of: Recipe
    size_bytes: int

    def write(self, path: Path, kitchen: Kitchen) -> None:
        data = kitchen.path(self.of).read_bytes()
        grown = next((grow for magic, offset, grow in _FORMATS if data.startswith(magic, offset)), None)
        if grown is None:
            raise UsageError(f"no padding is known for {self.of.suffix}. Take an MP4, WAV, FLAC, MP3, JPEG or PNG.")
        with path.open("wb") as file:
            for piece in grown(data, self.size_bytes - len(data)):
                if isinstance(piece, bytes):
                    file.write(piece)
                else:
                    file.seek(piece, 1)
            file.truncate(self.size_bytes)


def _mp4(data: bytes, more: int) -> list[Piece]:
    """A `free` box at the end."""
    return [data, more.to_bytes(4) + b"free", more - 8]


def _riff(data: bytes, more: int) -> list[Piece]:
    """A JUNK chunk at the end, with the byte that makes it even."""
    size = struct.pack("<L", len(data) + more - 8)
    # An odd chunk is followed by a byte that does not count: that one is left out at the end of a file.
    return [data[:4] + size + data[8:], b"JUNK" + struct.pack("<L", more - 8), more - 8]


def _flac(data: bytes, more: int) -> list[Piece]:
    """PADDING blocks behind STREAMINFO, which is the first, has 34 bytes, and may be the last."""
    count = -(-more // (_LONGEST_BLOCK + 4))
    is_last = data[4] & 0x80
    pieces: list[Piece] = [data[:4] + bytes([data[4] & 0x7F]) + data[5:42]]
    for number in range(count):
        size = more // count + (1 if number < more % count else 0) - 4
        kind = 1 | (is_last if number == count - 1 else 0)
        pieces += [bytes([kind]) + size.to_bytes(3), size]
    return [*pieces, data[42:]]


def _mp3(data: bytes, more: int) -> list[Piece]:
    """An ID3v2.4 tag of nothing but padding in front: the file must not have one already."""
    size = more - 10
    return [b"ID3\x04\0\0" + bytes((size >> shift) & 0x7F for shift in (21, 14, 7, 0)), size, data]


def _jpeg(data: bytes, more: int) -> list[Piece]:
    """Comments after the start, each with a marker of two bytes, and a length that counts itself."""
    count = -(-more // (_LONGEST_COMMENT + 4))
    pieces: list[Piece] = [data[:2]]
    for number in range(count):
        size = more // count + (1 if number < more % count else 0)
        pieces += [b"\xff\xfe" + (size - 2).to_bytes(2), size - 4]
    return [*pieces, data[2:]]


def _png(data: bytes, more: int) -> list[Piece]:
    """A private chunk that decoders pass over, after IHDR, the length of which is always the same."""
    kind, first = b"paDd", len(SIGNATURE) + 25
    crc = _crc_with_zeros(kind, more - 12)
    return [data[:first], (more - 12).to_bytes(4) + kind, more - 12, crc.to_bytes(4), data[first:]]


_FORMATS: tuple[tuple[bytes, int, Callable[[bytes, int], list[Piece]]], ...] = (
    (b"ftyp", 4, _mp4),
    (b"RIFF", 0, _riff),
    (b"fLaC", 0, _flac),
    (b"\xff\xfb", 0, _mp3),
    (b"\xff\xd8", 0, _jpeg),
    (SIGNATURE, 0, _png),
)


@cache
def _crc_with_zeros(kind: bytes, zeros: int) -> int:
    crc, block = zlib.crc32(kind), bytes(_BLOCK)
    for start in range(0, zeros, _BLOCK):
        crc = zlib.crc32(block[: zeros - start], crc)
    return crc
