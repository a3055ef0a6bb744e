"""What an MP4 says and FFmpeg does not tell: how long the movie is, and what of it cannot be there.

FFmpeg believes the tracks' lengths and not the movie's; others do not. The two differ where an edit list begins with
nothing (the movie counts that), and where pictures are stored in another order than they are shown and the last shown
stays for long (the track counts in the order of decoding).
"""

from __future__ import annotations

import struct
import sys
from array import array
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, BinaryIO

if TYPE_CHECKING:
    from preflight.media import Source

_BOX = struct.Struct(">I4s")
_U64 = struct.Struct(">Q")
# ISO/IEC 14496-12, `mvhd`: version and flags, two dates, ticks a second, length; by version.
_HEADERS = {0: (struct.Struct(">4xIIII"), (1 << 32) - 1), 1: (struct.Struct(">4xQQIQ"), (1 << 64) - 1)}
# `stsz`: version and flags, the size of all samples or 0, how many there are.
_SIZES = struct.Struct(">4xII")
_TABLE = (b"mdia", b"minf", b"stbl", b"stsz")
_MOST_BOXES = 100_000
"""Two a fragment."""


@dataclass(frozen=True, kw_only=True, slots=True)
class MovieHeader:
    duration_s: float | None
    """None where the header says nothing."""
    impossible_samples: int
    """Of 2 GiB and more by the index: what is stored behind one is not where the index says, either."""
    torn_fragments: int
    """Whose own index is cut off by the file's end."""
    is_fragmented: bool = False
    """Each fragment has an index of its own, of which nobody has looked whether it can be true."""


NOTHING = MovieHeader(duration_s=None, impossible_samples=0, torn_fragments=0)


def read_movie_header(source: Source) -> MovieHeader:
    """From some hundred bytes and the table of sizes; raises UnreadableError."""
    size = source.size_bytes()
    with source.open() as file:
        duration_s, impossible, torn, end, is_fragmented = None, 0, 0, 0, False
        for kind, start, stop in boxes(file, 0, size):
            end = stop
            if kind == b"moov":
                duration_s = _duration_s(file, start, min(stop, size))
                impossible = _impossible(file, start, min(stop, size))
            is_fragmented |= kind == b"moof"
            torn += kind == b"moof" and stop > size
        if is_fragmented and end < size < end + _BOX.size:
            torn += 1  # not even the header of the next fragment is whole
    return MovieHeader(
        duration_s=duration_s, impossible_samples=impossible, torn_fragments=torn, is_fragmented=is_fragmented
    )


def _duration_s(file: BinaryIO, at: int, stop: int) -> float | None:
    start, _ = _find(file, (b"mvhd",), at, stop)
    file.seek(start)
    head = file.read(32)
    layout, unknown = _HEADERS.get(head[0] if head else 0, _HEADERS[0])
    if start == stop or len(head) < layout.size:
        return None
    *_, per_second, ticks = layout.unpack_from(head)
    return ticks / per_second if per_second and 0 < ticks < unknown else None


def _impossible(file: BinaryIO, at: int, stop: int) -> int:
    """FFmpeg takes a size of 2 GiB and more for no sample, and says nothing."""
    lost = 0
    for kind, start, end in list(boxes(file, at, stop)):
        if kind != b"trak":
            continue
        table, table_end = _find(file, _TABLE, start, min(end, stop))
        file.seek(table)
        head = file.read(_SIZES.size)
        if table_end - table < _SIZES.size or len(head) < _SIZES.size:
            continue
        common, count = _SIZES.unpack(head)
        if common:
            continue
        sizes = array("I")
        sizes.frombytes(file.read(min(4 * count, table_end - file.tell()) // 4 * 4))
        if sys.byteorder == "little":
            sizes.byteswap()
        if sizes and max(sizes) > _MOST_BYTES:
            lost += sum(size > _MOST_BYTES for size in sizes)
    return lost


_MOST_BYTES = (1 << 31) - 1


def _find(file: BinaryIO, path: tuple[bytes, ...], at: int, stop: int) -> tuple[int, int]:
    """(start, end) of the contents of the first box of each kind inside the one before; empty where one is missing."""
    for kind in path:
        at, stop = next(
            ((start, min(end, stop)) for found, start, end in boxes(file, at, stop) if found == kind), (stop, stop)
        )
    return at, stop


def boxes(file: BinaryIO, at: int, stop: int) -> Iterator[tuple[bytes, int, int]]:
    """(kind, start of the contents, end as it says) of each box."""
    for _ in range(_MOST_BOXES):
        if at + _BOX.size > stop:
            return
        file.seek(at)
        head = file.read(_BOX.size + _U64.size)
        if len(head) < _BOX.size:
            return
        size, kind = _BOX.unpack_from(head)
        start = at + _BOX.size
        if size == 1 and len(head) == _BOX.size + _U64.size:
            size, start = _U64.unpack_from(head, _BOX.size)[0], start + _U64.size
        end = at + size if size else stop
        if end < start:
            return
        yield kind, start, end
        at = end
