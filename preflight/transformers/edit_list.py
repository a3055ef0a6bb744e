"""The end of an MP4's picture hidden by its edit list: stored and decoded, as what is before hangs on it, not shown.

FFmpeg's muxer writes an edit list for each track, but no way of telling it where to end; what it wrote is mended.
ISO/IEC 14496-12: `elst` and `tkhd` count in ticks of the movie's clock, which `mvhd` states.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from fractions import Fraction

from preflight.errors import BrokenMediaError

_U32, _U64 = struct.Struct(">I"), struct.Struct(">Q")
_HEADER = 8
_FLAGS = 4
"""A version of one byte, and flags."""


def hide_picture_after(data: bytes, shown_s: Fraction) -> bytes:
    """The same MP4, whose picture ends `shown_s` after its first frame. Raises BrokenMediaError without an index."""
    moov, start, _ = next((b for b in _boxes(data, 0, len(data)) if b[0] == b"moov"), (b"", 0, 0))
    if not moov:
        raise BrokenMediaError("it has no index")
    end = start + _U32.unpack_from(data, start - _HEADER)[0] - _HEADER
    index = bytearray(data[start:end])
    movie = _child(index, b"mvhd", 0, len(index))
    per_second = _times_at(index, movie, before=2)
    ticks = int(shown_s * _read(index, movie, per_second, is_wide=False))
    lengths = []
    for kind, at, stop in _boxes(index, 0, len(index)):
        if kind == b"trak":
            lengths.append(_shortened(index, at, stop, ticks))
    _write(index, movie, per_second + _U32.size, max(lengths, default=0))
    return b"".join((memoryview(data)[:start], index, memoryview(data)[end:]))


def _shortened(index: bytearray, at: int, stop: int, ticks: int) -> int:
    """How long a track is shown now."""
    head = _child(index, b"tkhd", at, stop)
    duration_at = _times_at(index, head, before=2) + 2 * _U32.size  # behind the track's number and a reserved word
    media = _child(index, b"mdia", at, stop)
    handler = _child(index, b"hdlr", media, media + _U32.unpack_from(index, media - _HEADER)[0] - _HEADER)
    if index[handler + 2 * _FLAGS : handler + 3 * _FLAGS] == b"vide":
        edits = _child(index, b"edts", at, stop)
        edit = _child(index, b"elst", edits, edits + _U32.unpack_from(index, edits - _HEADER)[0] - _HEADER)
        size = 20 if index[edit] else 12
        count = _U32.unpack_from(index, edit + _FLAGS)[0]
        first = edit + 2 * _FLAGS
        before = sum(_read(index, edit, first + n * size) for n in range(count - 1))
        _write(index, edit, first + (count - 1) * size, ticks)
        _write(index, head, duration_at, before + ticks)
    return _read(index, head, duration_at)


def _times_at(index: bytearray, box: int, *, before: int) -> int:
    """Behind the version and `before` dates, whose width is the version's."""
    return box + _FLAGS + before * (_U64.size if index[box] else _U32.size)


def _read(index: bytearray, box: int, at: int, *, is_wide: bool = True) -> int:
    number: int = (_U64 if is_wide and index[box] else _U32).unpack_from(index, at)[0]
    return number


def _write(index: bytearray, box: int, at: int, number: int) -> None:
    (_U64 if index[box] else _U32).pack_into(index, at, number)


def _child(data: bytes | bytearray, kind: bytes, at: int, stop: int) -> int:
    """Where the contents of the first box of that kind start."""
    for found, start, _ in _boxes(data, at, stop):
        if found == kind:
            return start
    raise BrokenMediaError(f"its index has no {kind.decode()}")


def _boxes(data: bytes | bytearray, at: int, stop: int) -> Iterator[tuple[bytes, int, int]]:
    """(kind, start of the contents, end) of each box."""
    while at + _HEADER <= stop:
        size, header = _U32.unpack_from(data, at)[0], _HEADER
        if size == 1:
            size, header = _U64.unpack_from(data, at + _HEADER)[0], 2 * _HEADER
        if size < header:
            return
        yield bytes(data[at + 4 : at + 8]), at + header, at + size
        at += size
