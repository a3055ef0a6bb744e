"""The end of an MP4's picture or the start of its sound hidden by its edit list: stored and decoded, as what is beside
it hangs on it, and neither shown nor heard.

FFmpeg's muxer writes an edit list for each track, but no way of telling it where to start or end; what it wrote is
mended.
ISO/IEC 14496-12: `elst` and `tkhd` count in ticks of the movie's clock, which `mvhd` states.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator
from fractions import Fraction
from typing import NamedTuple

from preflight.errors import BrokenMediaError

_U32, _U64 = struct.Struct(">I"), struct.Struct(">Q")
_HEADER = 8
_FLAGS = 4
"""A version of one byte, and flags."""


def hide_picture_after(data: bytes, shown_s: Fraction) -> bytes:
    """The same MP4, whose picture ends `shown_s` after its first frame. Raises BrokenMediaError without an index."""

    def shorten(index: bytearray, track: _Track, per_second: int) -> None:
        _write(index, track.edit, track.last, int(shown_s * per_second))

    return _mended(data, b"vide", shorten)


def hide_first_sound(data: bytes) -> bytes:
    """The same MP4, whose sound starts with its second packet, when it did with its first: so that one is decoded and
    not heard, and all of it comes that much sooner. Raises BrokenMediaError without an index.
    """

    def skip(index: bytearray, track: _Track, per_second: int) -> None:
        rate = _read(index, track.clock, _times_at(index, track.clock, before=2), is_wide=False)
        length = _U32.unpack_from(index, track.lengths + _FLAGS + 2 * _U32.size)[0]
        width = _U64.size if index[track.edit] else _U32.size
        skipped = _read(index, track.edit, track.last + width)
        _write(index, track.edit, track.last + width, skipped + length)
        shown = _read(index, track.edit, track.last) - length * per_second // rate
        _write(index, track.edit, track.last, max(shown, 1))

    return _mended(data, b"soun", skip)


class _Track(NamedTuple):
    """Where its boxes' contents start."""

    head: int
    clock: int
    """`mdhd`"""
    lengths: int
    """`stts`: how many samples last how long."""
    edit: int
    """`elst`"""
    last: int
    """Of its entries: how long it shows, then from where of the track on."""


def _mended(data: bytes, kind: bytes, mend: Callable[[bytearray, _Track, int], None]) -> bytes:
    """`mend` is given the index, the tracks of that kind, and how many ticks of the movie's clock make a second."""
    moov, start, _ = next((b for b in _boxes(data, 0, len(data)) if b[0] == b"moov"), (b"", 0, 0))
    if not moov:
        raise BrokenMediaError("it has no index")
    end = start + _U32.unpack_from(data, start - _HEADER)[0] - _HEADER
    index = bytearray(data[start:end])
    movie = _child(index, b"mvhd", 0, len(index))
    clock = _times_at(index, movie, before=2)
    per_second = _read(index, movie, clock, is_wide=False)
    lengths = []
    for name, at, stop in _boxes(index, 0, len(index)):
        if name != b"trak":
            continue
        head = _child(index, b"tkhd", at, stop)
        duration_at = _times_at(index, head, before=2) + 2 * _U32.size  # behind the track's number and a reserved word
        if _kind(index, at, stop) == kind:
            track = _track(index, at, stop)
            mend(index, track, per_second)
            first = track.edit + 2 * _FLAGS
            size = _entry_bytes(index, track.edit)
            _write(
                index, head, duration_at, sum(_read(index, track.edit, e) for e in range(first, track.last + 1, size))
            )
        lengths.append(_read(index, head, duration_at))
    _write(index, movie, clock + _U32.size, max(lengths, default=0))
    return b"".join((memoryview(data)[:start], index, memoryview(data)[end:]))


def _kind(index: bytearray, at: int, stop: int) -> bytes:
    media = _child(index, b"mdia", at, stop)
    handler = _child(index, b"hdlr", media, _end(index, media))
    return bytes(index[handler + 2 * _FLAGS : handler + 3 * _FLAGS])


def _track(index: bytearray, at: int, stop: int) -> _Track:
    media = _child(index, b"mdia", at, stop)
    inside = _child(index, b"minf", media, _end(index, media))
    table = _child(index, b"stbl", inside, _end(index, inside))
    edits = _child(index, b"edts", at, stop)
    edit = _child(index, b"elst", edits, _end(index, edits))
    count = _U32.unpack_from(index, edit + _FLAGS)[0]
    return _Track(
        head=_child(index, b"tkhd", at, stop),
        clock=_child(index, b"mdhd", media, _end(index, media)),
        lengths=_child(index, b"stts", table, _end(index, table)),
        edit=edit,
        last=edit + 2 * _FLAGS + (count - 1) * _entry_bytes(index, edit),
    )


def _entry_bytes(index: bytearray, edit: int) -> int:
    return 20 if index[edit] else 12


def _end(index: bytearray, start: int) -> int:
    """Of a box, whose contents start there."""
    return start + int(_U32.unpack_from(index, start - _HEADER)[0]) - _HEADER


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
