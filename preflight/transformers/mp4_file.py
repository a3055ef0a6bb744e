"""A stretch of an indexed MP4 as a file of its own: a new header, and the coded samples as ranges of the source.

No sample is touched. What is new is the index: which bytes they are now, and when the stretch starts on their clock.
"""

from __future__ import annotations

import struct
import sys
from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate, chain, repeat
from operator import sub

from preflight.probers.mp4_index import Mp4Index, Track

_Chunk = tuple[int, int, int, int]
"""(offset in the source, bytes, which stretch, samples)."""

_U32 = 1 << 32
_USUAL_HZ, _COARSEST_HZ, _FINEST_HZ = 90_000, 1_000, 1_000_000
_REORDERED = 32
"""H.264 and HEVC put at most 16 pictures into another order."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Stretch:
    """Consecutive samples of one track, from `first` to before `end`; at least one."""

    track: Track
    is_picture: bool
    first: int
    end: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Mp4File:
    """The bytes in front, and then ranges of the source: (offset, size)."""

    head: bytes
    ranges: tuple[tuple[int, int], ...]


def mp4_file(index: Mp4Index, stretches: Sequence[Stretch], base_s: float) -> Mp4File:
    """These stretches as a file whose clock starts at `base_s` of theirs, its samples in the order of the source."""
    of_each = [list(_chunks(stretch, i)) for i, stretch in enumerate(stretches)]
    chunks = sorted(chain.from_iterable(of_each))
    ends = list(accumulate((size for _, size, _, _ in chunks), initial=0))
    starts: list[list[int]] = [[] for _ in stretches]
    for at, (_, _, number, _) in zip(ends, chunks, strict=False):
        starts[number].append(at)
    hz = _movie_hz(stretches)
    edits = [_edit(stretch, base_s, hz) for stretch in stretches]
    tables = [_tables(*each) for each in zip(stretches, edits, of_each, strict=True)]
    is_long = ends[-1] + sum(map(len, tables)) + _MOST_REST_BYTES >= _U32
    mdat = struct.pack(">I4sQ", 1, b"mdat", 16 + ends[-1]) if is_long else struct.pack(">I4s", 8 + ends[-1], b"mdat")
    ftyp = _ftyp(index, stretches, edits)

    def moov(data_offset: int) -> bytes:
        traks = (
            _trak(index, stretch, edit, table + _chunk_offsets(starts[i], data_offset, is_long=is_long), i + 1)
            for i, (stretch, edit, table) in enumerate(zip(stretches, edits, tables, strict=True))
        )
        return _box(b"moov", _mvhd(index, hz, max(edit.whole for edit in edits), len(stretches)), *traks)

    data_offset = len(ftyp) + len(moov(0)) + len(mdat)
    return Mp4File(head=ftyp + moov(data_offset) + mdat, ranges=tuple(_joined(chunks)))


_MOST_REST_BYTES = 1 << 26
"""Of the header, without the tables of samples."""


def _chunks(stretch: Stretch, number: int) -> Iterable[_Chunk]:
    """As they lie in the source; of the first and the last only what is of this stretch."""
    track, first, end = stretch.track, stretch.first, stretch.end
    low = bisect_right(track.chunk_firsts, first) - 1
    high = bisect_left(track.chunk_firsts, end)
    edges = [first, *track.chunk_firsts[low + 1 : high], end]
    offsets = track.chunk_offsets[low:high]
    offsets[0] = track.position(first)
    held = [track.ends[edge] for edge in edges]
    return zip(offsets, map(sub, held[1:], held), repeat(number), map(sub, edges[1:], edges), strict=False)


def _joined(chunks: Iterable[_Chunk]) -> Iterator[tuple[int, int]]:
    """As few ranges as they are."""
    start = end = 0
    for offset, size, _, _ in chunks:
        if offset != end:
            if end > start:
                yield start, end - start
            start = end = offset
        end += size
    if end > start:
        yield start, end - start


@dataclass(frozen=True, kw_only=True, slots=True)
class _Edit:
    """When a stretch is played: nothing, and then its media from a moment on. Ticks of the movie, if not said else."""

    empty: int
    shown: int
    media_start: int
    """Ticks of the track."""
    raised: int
    """Ticks of the track that its composition offsets grow by, so that nothing is shown before 0."""

    @property
    def whole(self) -> int:
        return self.empty + self.shown


def _edit(stretch: Stretch, base_s: float, hz: int) -> _Edit:
    track, first, end = stretch.track, stretch.first, stretch.end
    decoded, base = track.dts[first], round(base_s * track.timescale)
    earliest = min(track.pts[first:end])
    raised = max(decoded - earliest, 0)
    start = max(earliest, base)
    late = max(earliest - base, 0)
    shown = max(_end(stretch) - start, 1)
    return _Edit(
        empty=(2 * late * hz + track.timescale) // (2 * track.timescale),
        shown=-(-shown * hz // track.timescale),
        media_start=start - decoded + raised,
        raised=raised,
    )


def _end(stretch: Stretch) -> int:
    """When the last picture, or the last sound, is over."""
    track, end = stretch.track, stretch.end
    if stretch.is_picture and end < len(track):
        return track.pts[end]  # the next unit starts with what is shown next
    last = range(max(end - _REORDERED, stretch.first), end)
    over = max(track.pts[i] + track.dts[i + 1] - track.dts[i] for i in last)
    return over if track.edit_end is None or end < len(track) else min(over, track.edit_end)


def _movie_hz(stretches: Sequence[Stretch]) -> int:
    """The finest of their clocks, so that edits are exact, as long as it is a sensible one."""
    sensible = [s.track.timescale for s in stretches if _COARSEST_HZ <= s.track.timescale <= _FINEST_HZ]
    return max(sensible, default=_USUAL_HZ)


def _tables(stretch: Stretch, edit: _Edit, chunks: Iterable[_Chunk]) -> bytes:
    """All of stbl but where the chunks lie."""
    track, first, end = stretch.track, stretch.first, stretch.end
    lengths = map(sub, track.dts[first + 1 : end + 1], track.dts[first:end])
    boxes = [_nameless(stretch), _full_box(b"stts", 0, _counted("I", _runs(lengths), 2))]
    if track.offsets is not None:
        offsets = [offset + edit.raised for offset in track.offsets[first:end]]
        boxes.append(_full_box(b"ctts", int(min(offsets) < 0), _counted("i", _runs(offsets), 2)))
    if track.sync is not None:
        sync = track.sync[bisect_left(track.sync, first) : bisect_left(track.sync, end)]
        boxes.append(_full_box(b"stss", 0, _counted("I", [sample - first + 1 for sample in sync], 1)))
    boxes.append(_full_box(b"stsz", 0, struct.pack(">I", 0), _counted("I", track.sizes[first:end], 1)))
    boxes.append(_full_box(b"stsc", 0, _counted("I", _samples_a_chunk(chunks), 3)))
    return b"".join(boxes)


def _runs(values: Iterable[int]) -> list[int]:
    """How often, what; and so on."""
    rows: list[int] = []
    count, last = 0, None
    for value in values:
        if value == last:
            count += 1
            continue
        if last is not None:
            rows += (count, last)
        count, last = 1, value
    return rows if last is None else [*rows, count, last]


def _samples_a_chunk(chunks: Iterable[_Chunk]) -> list[int]:
    """From which chunk on, how many samples, of the only description; and so on."""
    rows: list[int] = []
    last = 0
    for number, chunk in enumerate(chunks, start=1):
        if chunk[3] != last:
            last = chunk[3]
            rows += (number, last, 1)
    return rows


def _chunk_offsets(starts: Sequence[int], data_offset: int, *, is_long: bool) -> bytes:
    offsets = [data_offset + start for start in starts]
    return _full_box(b"co64" if is_long else b"stco", 0, _counted("Q" if is_long else "I", offsets, 1))


def _counted(typecode: str, numbers: Iterable[int], columns: int) -> bytes:
    table = array(typecode, numbers)
    rows = len(table) // columns
    if sys.byteorder == "little":
        table.byteswap()
    return struct.pack(">I", rows) + table.tobytes()


def _box(kind: bytes, *content: bytes) -> bytes:
    return struct.pack(">I4s", 8 + sum(map(len, content)), kind) + b"".join(content)


def _full_box(kind: bytes, version: int, *content: bytes, flags: int = 0) -> bytes:
    return _box(kind, struct.pack(">I", version << 24 | flags), *content)


def _ftyp(index: Mp4Index, stretches: Sequence[Stretch], edits: Sequence[_Edit]) -> bytes:
    if index.is_quicktime:
        return _box(b"ftyp", b"qt  ", struct.pack(">I", 0x200), b"qt  ")
    is_signed = any(
        s.track.offsets is not None and min(s.track.offsets[s.first : s.end]) + edit.raised < 0
        for s, edit in zip(stretches, edits, strict=True)
    )
    brands = [b"iso4"] * is_signed + [b"isom", b"iso2", b"mp41"]
    return _box(b"ftyp", brands[0], struct.pack(">I", 0x200), *brands)


def _mvhd(index: Mp4Index, hz: int, duration: int, tracks: int) -> bytes:
    is_long = duration >= _U32
    times = struct.pack(">QQIQ" if is_long else ">IIII", 0, 0, hz, duration)
    played = struct.pack(">IH10x", 0x1_0000, 0x100)
    return _full_box(b"mvhd", int(is_long), times, played, index.matrix, bytes(24), struct.pack(">I", tracks + 1))


def _nameless(stretch: Stretch) -> bytes:
    """What the samples are, without the name of the program that coded them."""
    description = stretch.track.description
    if not stretch.is_picture or len(description) < _ENCODERS_NAME.stop:
        return description
    return description[: _ENCODERS_NAME.start] + bytes(len(_ENCODERS_NAME)) + description[_ENCODERS_NAME.stop :]


_ENCODERS_NAME = range(66, 98)
"""Bytes of a picture's stsd: 16 before its only entry, and in that 50 before 32 of text (ISO 14496-12, 12.1.3)."""


def _trak(index: Mp4Index, stretch: Stretch, edit: _Edit, stbl: bytes, track_id: int) -> bytes:
    track = stretch.track
    is_long = edit.whole >= _U32
    times = struct.pack(">QQI4xQ" if is_long else ">III4xI", 0, 0, track_id, edit.whole)
    shape = track.matrix + struct.pack(">II", track.width, track.height)
    volume = struct.pack(">8xHHH2x", 0, 0, track.volume)
    tkhd = _full_box(b"tkhd", int(is_long), times, volume, shape, flags=_ENABLED | _IN_MOVIE)
    return _box(b"trak", tkhd, _edts(edit), _mdia(index, stretch, stbl))


_ENABLED, _IN_MOVIE = 1, 2


def _edts(edit: _Edit) -> bytes:
    is_long = max(edit.empty, edit.shown) >= _U32 or edit.media_start >= _U32 // 2
    row = struct.Struct(">QqI" if is_long else ">IiI")
    rows = [row.pack(edit.empty, -1, 0x1_0000)] if edit.empty else []
    rows.append(row.pack(edit.shown, edit.media_start, 0x1_0000))
    return _box(b"edts", _full_box(b"elst", int(is_long), struct.pack(">I", len(rows)), *rows))


def _mdia(index: Mp4Index, stretch: Stretch, stbl: bytes) -> bytes:
    track = stretch.track
    duration = track.dts[stretch.end] - track.dts[stretch.first]
    is_long = duration >= _U32
    times = struct.pack(">QQIQ" if is_long else ">IIII", 0, 0, track.timescale, duration)
    mdhd = _full_box(b"mdhd", int(is_long), times, struct.pack(">HH", _UNDETERMINED, 0))
    if stretch.is_picture:
        header, handler = _full_box(b"vmhd", 0, bytes(8), flags=1), _hdlr(index, b"vide", b"VideoHandler")
    else:
        header, handler = _full_box(b"smhd", 0, bytes(4)), _hdlr(index, b"soun", b"SoundHandler")
    dref = _full_box(b"dref", 0, struct.pack(">I", 1), _full_box(b"url ", 0, flags=1))
    return _box(b"mdia", mdhd, handler, _box(b"minf", header, _box(b"dinf", dref), _box(b"stbl", stbl)))


_UNDETERMINED = 0x55C4
"""The language "und", as muxers write it that are not told one: a clip says nothing of who speaks in it."""


def _hdlr(index: Mp4Index, kind: bytes, name: bytes) -> bytes:
    """QuickTime wants a word more, and counts its text instead of ending it."""
    component, text = (b"mhlr", bytes([len(name)]) + name) if index.is_quicktime else (bytes(4), name + b"\0")
    return _full_box(b"hdlr", 0, component, kind, bytes(12), text)
