"""The index of an MP4 or MOV file: where each coded sample lies and when it is due, read from its boxes alone.

Only what is plain is read here. Of anything else (fragments, several descriptions of a track, edit lists that do more
than place it, media in other files, encryption, tables that contradict each other or the file) the answer is None, and
FFmpeg's demuxer takes the file packet by packet. A hostile file gets no further than its own size lets it.
"""

from __future__ import annotations

import struct
from array import array
from bisect import bisect_right
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate, chain, repeat
from operator import add, lt, sub
from typing import BinaryIO

from preflight.probers.mp4_boxes import (
    MOST_BOXES,
    UnusualError,
    needed,
    read_boxes,
    read_chunk_firsts,
    read_head,
    read_numbers,
    read_once,
    read_sizes,
    required,
)

_MOST_MOOV_BYTES = 64 << 20
_MOST_SAMPLES = 2_000_000
"""Of all tracks together; eight hours of film. The tables of so many take 70 MB."""
_MOST_DESCRIPTION_BYTES = 6_000
"""Of one track's codec. Two of these and all other boxes of a clip stay below `OVERHEAD["mp4"]`."""
_MOST_TICKS = 1 << 31


@dataclass(frozen=True, kw_only=True, slots=True)
class Track:
    """One track's samples, in the order of decoding. Times are ticks of `timescale` on the clock of the movie."""

    track_id: int
    timescale: int
    """Ticks a second."""
    description: bytes
    """The stsd box, as it is."""
    matrix: bytes
    width: int
    height: int
    """As tkhd has them: 16.16."""
    volume: int
    sizes: array[int]
    ends: array[int]
    """Bytes of all samples before the i-th; one more than there are samples."""
    chunk_offsets: array[int]
    """In the file, rising."""
    chunk_firsts: array[int]
    """The first sample of each chunk."""
    dts: array[int]
    """One more than there are samples: where the last one ends."""
    pts: array[int]
    offsets: array[int] | None
    """pts - dts; None where there are none."""
    sync: array[int] | None
    """Indices of the sync samples, rising; None where all are."""
    groups_keyframes: bool
    """Whether more is said of keyframes than `sync` holds, so that FFmpeg may know others."""
    edit_end: int | None
    """Where the edit list ends what is played; None where it leaves that to the samples."""

    def __len__(self) -> int:
        return len(self.sizes)

    def position(self, sample: int) -> int:
        """Where a sample lies in the file."""
        chunk = bisect_right(self.chunk_firsts, sample) - 1
        return self.chunk_offsets[chunk] + self.ends[sample] - self.ends[self.chunk_firsts[chunk]]


@dataclass(frozen=True, kw_only=True, slots=True)
class Mp4Index:
    is_quicktime: bool
    """MOV: some of its boxes mean other things than those of MP4."""
    matrix: bytes
    """Of the whole movie."""
    tracks: dict[int, Track]
    """By their id."""


def read_index(file: BinaryIO, size_bytes: int, track_ids: Collection[int]) -> Mp4Index | None:
    """The index of these tracks; None where it is not plain. Raises UnreadableError as the file does."""
    try:
        brand, moov = _movie(file, size_bytes)
        return _index(moov, brand, size_bytes, track_ids)
    except (UnusualError, struct.error, IndexError, OverflowError):
        return None


def _movie(file: BinaryIO, size_bytes: int) -> tuple[bytes | None, memoryview]:
    """(major brand, what is in the moov box). The boxes must end where the file does."""
    at, brand, found = 0, None, None
    for _ in range(MOST_BOXES):
        if at == size_bytes:
            if found is None:
                raise UnusualError
            return brand, found
        file.seek(at)
        head = file.read(16)
        size, kind, start = read_head(head, 0, size_bytes - at)
        if kind == b"ftyp" and brand is None:
            brand = head[8:12]
        elif kind == b"moov":
            if found is not None or size > _MOST_MOOV_BYTES:
                raise UnusualError
            file.seek(at + start)
            found = memoryview(file.read(size - start))
            if len(found) != size - start:
                raise UnusualError
        elif kind in (b"moof", b"ftyp"):
            raise UnusualError
        at += size
    raise UnusualError


def _index(moov: memoryview, brand: bytes | None, size_bytes: int, track_ids: Collection[int]) -> Mp4Index:
    movie = needed(read_once(moov), b"mvhd")
    if movie.keys() & {b"mvex", b"cmov", b"rmra", b"pssh"}:
        raise UnusualError
    header = movie[b"mvhd"]
    timescale_at, after = (20, 32) if header[0] else (12, 20)
    (timescale,) = struct.unpack_from(">I", header, timescale_at)
    if not timescale:
        raise UnusualError
    matrix = bytes(header[after + 16 : after + 16 + _MATRIX_BYTES])
    tracks: dict[int, Track] = {}
    room = _MOST_SAMPLES
    seen: set[int] = set()
    for kind, body in read_boxes(moov):
        if kind != b"trak":
            continue
        boxes = read_once(body)
        track_id = _track_id(boxes[b"tkhd"]) if b"tkhd" in boxes else 0
        if track_id in seen:
            raise UnusualError
        seen.add(track_id)
        if track_id in track_ids:
            track = _track(track_id, boxes, timescale, size_bytes, room)
            tracks[track_id] = track
            room -= len(track)
    held = sum(track.ends[-1] for track in tracks.values())
    if len(tracks) != len(track_ids) or len(matrix) != _MATRIX_BYTES or held > size_bytes:
        raise UnusualError
    return Mp4Index(is_quicktime=brand in (None, b"qt  "), matrix=matrix, tracks=tracks)


_MATRIX_BYTES = 36


def _track_id(tkhd: memoryview) -> int:
    (track_id,) = struct.unpack_from(">I", tkhd, 20 if tkhd[0] else 12)
    return int(track_id)


def _track(track_id: int, boxes: dict[bytes, memoryview], movie_timescale: int, size_bytes: int, room: int) -> Track:
    tkhd = boxes[b"tkhd"]
    at = 36 if tkhd[0] else 24  # past the duration
    (volume,) = struct.unpack_from(">H", tkhd, at + 12)
    matrix = bytes(tkhd[at + 16 : at + 16 + _MATRIX_BYTES])
    width, height = struct.unpack_from(">II", tkhd, at + 52)
    media = needed(read_once(required(boxes, b"mdia")), b"mdhd", b"minf")
    timescale = _timescale(media[b"mdhd"])
    if not 0 < timescale < _MOST_TICKS:
        raise UnusualError
    inner = needed(read_once(media[b"minf"]), b"dinf", b"stbl")
    _must_be_in_this_file(inner[b"dinf"])
    table = needed(read_once(inner[b"stbl"]), b"stsd", b"stts", b"stsz", b"stsc")
    if table.keys() & {b"stps", b"saiz", b"saio", b"senc", b"stz2"}:
        raise UnusualError
    sizes = read_sizes(table[b"stsz"], room)
    count = len(sizes)
    ends = array("Q", accumulate(sizes, initial=0))
    chunk_offsets = _chunk_offsets(table)
    chunk_firsts = read_chunk_firsts(table[b"stsc"], len(chunk_offsets), count)
    _must_end_in_the_file(chunk_offsets, [*chunk_firsts, count], ends, max(sizes), size_bytes)
    shift, edit_end = _edit(boxes.get(b"edts"), timescale, movie_timescale)
    dts = array("q", accumulate(chain.from_iterable(_runs(table[b"stts"], "I", count)), initial=shift))
    offsets = array("i", chain.from_iterable(_runs(table[b"ctts"], "i", count))) if b"ctts" in table else None
    return Track(
        track_id=track_id,
        timescale=timescale,
        description=_description(table[b"stsd"]),
        matrix=matrix,
        width=width,
        height=height,
        volume=volume,
        sizes=sizes,
        ends=ends,
        chunk_offsets=chunk_offsets,
        chunk_firsts=chunk_firsts,
        dts=dts,
        pts=array("q", map(add, dts, offsets)) if offsets is not None else dts[:count],
        offsets=offsets,
        sync=_sync(table[b"stss"], count) if b"stss" in table else None,
        groups_keyframes=_groups_keyframes(inner[b"stbl"]),
        edit_end=edit_end,
    )


def _timescale(mdhd: memoryview) -> int:
    timescale: int = struct.unpack_from(">I", mdhd, 20 if mdhd[0] else 12)[0]
    return timescale


def _must_be_in_this_file(dinf: memoryview) -> None:
    dref = required(read_once(dinf), b"dref")
    (count,) = struct.unpack_from(">I", dref, 4)
    entries = list(read_boxes(dref[8:]))
    if count != 1 or len(entries) != 1 or not entries[0][1][3] & 1:
        raise UnusualError


def _groups_keyframes(stbl: memoryview) -> bool:
    return any(kind in (b"sgpd", b"sbgp") and bytes(body[4:8]) in (b"rap ", b"sync") for kind, body in read_boxes(stbl))


def _description(stsd: memoryview) -> bytes:
    """The box as a whole. It must hold one codec, which is not encrypted, in media of this file."""
    (count,) = struct.unpack_from(">I", stsd, 4)
    entries = list(read_boxes(stsd[8:]))
    if count != 1 or len(entries) != 1 or len(stsd) > _MOST_DESCRIPTION_BYTES:
        raise UnusualError
    kind, body = entries[0]
    if kind in (b"encv", b"enca", b"drmi", b"drms") or struct.unpack_from(">H", body, 6) != (1,):
        raise UnusualError
    return struct.pack(">I4s", 8 + len(stsd), b"stsd") + stsd


def _chunk_offsets(table: dict[bytes, memoryview]) -> array[int]:
    if (b"stco" in table) == (b"co64" in table):
        raise UnusualError
    body, typecode = (table[b"stco"], "I") if b"stco" in table else (table[b"co64"], "Q")
    (count,) = struct.unpack_from(">I", body, 4)
    offsets = read_numbers(typecode, body, 8, count)
    if not all(map(lt, offsets, offsets[1:])):
        raise UnusualError
    return offsets


def _runs(body: memoryview, typecode: str, samples: int) -> Iterator[Iterator[int]]:
    """Of stts and ctts: the value of each sample, in as many runs as the table has."""
    (count,) = struct.unpack_from(">I", body, 4)
    rows = read_numbers(typecode, body, 8, 2 * count)
    lengths, values = rows[::2], rows[1::2]
    if (
        not count
        or min(lengths) < 0
        or sum(lengths) != samples
        or not -_MOST_TICKS < min(values) <= max(values) < _MOST_TICKS
    ):
        raise UnusualError
    return map(repeat, values, lengths)


def _must_end_in_the_file(
    offsets: array[int], firsts: Sequence[int], ends: array[int], largest_bytes: int, size_bytes: int
) -> None:
    """Only the chunks near the end can be too long: all others would hold more than their samples ever do."""
    most = max(map(sub, firsts[1:], firsts)) * largest_bytes
    for chunk in range(bisect_right(offsets, size_bytes - most), len(offsets)):
        if offsets[chunk] + ends[firsts[chunk + 1]] - ends[firsts[chunk]] > size_bytes:
            raise UnusualError


def _sync(stss: memoryview, samples: int) -> array[int]:
    (count,) = struct.unpack_from(">I", stss, 4)
    numbers = read_numbers("I", stss, 8, count)
    if not count or not all(map(lt, numbers, numbers[1:])) or numbers[0] < 1 or numbers[-1] > samples:
        raise UnusualError
    return array("I", [number - 1 for number in numbers])


def _edit(edts: memoryview | None, timescale: int, movie_timescale: int) -> tuple[int, int | None]:
    """(what is added to the media's times, where the edit ends on that clock), of one edit, an empty one before it."""
    elst = read_once(edts).get(b"elst") if edts is not None else None
    if elst is None:
        return 0, None
    (count,) = struct.unpack_from(">I", elst, 4)
    row = struct.Struct(">QqI" if elst[0] else ">IiI")
    if not 0 < count <= 2 or len(elst) < 8 + count * row.size:  # noqa: PLR2004
        raise UnusualError
    edits = [row.unpack_from(elst, 8 + i * row.size) for i in range(count)]
    if any(rate != _PLAIN_RATE for _, _, rate in edits):
        raise UnusualError
    empty = 0
    if edits[0][1] == -1:
        empty = _rescaled(edits.pop(0)[0], timescale, movie_timescale)
    if len(edits) != 1 or not 0 <= edits[0][1] < _MOST_EDIT_TICKS or empty > _MOST_EDIT_TICKS:
        raise UnusualError
    duration, start, _ = edits[0]
    shown = _rescaled(duration, timescale, movie_timescale)
    return empty - start, (empty + shown if 0 < shown < _MOST_EDIT_TICKS else None)


_PLAIN_RATE = 0x1_0000
_MOST_EDIT_TICKS = 1 << 48


def _rescaled(ticks: int, timescale: int, movie_timescale: int) -> int:
    """To the nearest tick of the track, as FFmpeg rounds."""
    return (2 * ticks * timescale + movie_timescale) // (2 * movie_timescale)
