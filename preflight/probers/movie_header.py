"""What the movie header of an MP4 says of its length: FFmpeg believes the tracks' instead, others do not.

The two differ where an edit list begins with nothing (the movie counts that), and where pictures are stored in another
order than they are shown and the last shown stays for long (the track counts in the order of decoding).
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, BinaryIO

if TYPE_CHECKING:
    from preflight.media import Source

_BOX = struct.Struct(">I4s")
_U64 = struct.Struct(">Q")
# ISO/IEC 14496-12, `mvhd`: version and flags, two dates, ticks a second, length; by version.
_HEADERS = {0: (struct.Struct(">4xIIII"), (1 << 32) - 1), 1: (struct.Struct(">4xQQIQ"), (1 << 64) - 1)}
_MOST_BOXES = 10_000
"""Before the index; a file of many fragments begins with it."""


def movie_duration_s(source: Source) -> float | None:
    """Seconds; None where there is no such header, or it says nothing."""
    with source.open() as file:
        moov = _find(file, b"moov", 0, source.size_bytes())
        mvhd = _find(file, b"mvhd", *moov) if moov is not None else None
        if mvhd is None:
            return None
        file.seek(mvhd[0])
        head = file.read(32)
    layout, unknown = _HEADERS.get(head[0] if head else 0, _HEADERS[0])
    if len(head) < layout.size:
        return None
    *_, per_second, ticks = layout.unpack_from(head)
    return ticks / per_second if per_second and 0 < ticks < unknown else None


def _find(file: BinaryIO, kind: bytes, at: int, stop: int) -> tuple[int, int] | None:
    """(start, end) of the contents of the first box of that kind."""
    for _ in range(_MOST_BOXES):
        if at + _BOX.size > stop:
            return None
        file.seek(at)
        head = file.read(_BOX.size + _U64.size)
        if len(head) < _BOX.size:
            return None
        size, found = _BOX.unpack_from(head)
        start = at + _BOX.size
        if size == 1 and len(head) == _BOX.size + _U64.size:
            size, start = _U64.unpack_from(head, _BOX.size)[0], start + _U64.size
        end = min(at + size, stop) if size else stop
        if end < start:
            return None
        if found == kind:
            return start, end
        at = end
    return None
