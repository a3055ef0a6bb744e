"""Whether the bytes that the index of an MP4 or MOV names can be its samples: without reading any of the media.

A file is written without a gap, or with gaps that hold something else, and no byte of it belongs to two samples. A
false size in the table moves what its chunk holds, a false offset the chunk itself: either way two ranges overlap, or
a gap comes to be where there was none. An overlap is proof. Beside a gap the last picture of the chunk is asked: in
H.264 and HEVC four bytes say how long it is. So a file without gaps, as most are, costs nothing but its index, and a
false size among a thousand samples is found by four bytes.
"""

from __future__ import annotations

import struct
from array import array
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate, compress, pairwise
from operator import add, gt, ne, sub
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
)

_MOST_MOOV_BYTES = 64 << 20
_MOST_SAMPLES = 2_000_000
_MOST_ASKED = 1_000
"""Pictures beside a gap; of more, so many in even steps: a file of which each chunk has one costs 10 ms."""
_TABLES = (b"stsd", b"stsz", b"stsc")
# In the box of each codec: where the length of a length is, in bits 0 and 1 of a byte.
_LENGTH_AT = {b"avcC": 4, b"hvcC": 21}
_SAMPLE_ENTRY_BYTES = 78
"""Of a picture, before the boxes in it."""


@dataclass(frozen=True, kw_only=True, slots=True)
class _Chunks:
    """Of one track."""

    starts: array[int]
    """In the file, as the index has them in the order of time."""
    ends: list[int]
    firsts: Sequence[int]
    """The first sample of each, and one more: how many samples there are."""
    sizes: array[int]
    prefix_bytes: int | None
    """What the length of each NAL unit takes; None where the samples are made otherwise."""


def what_is_false(file: BinaryIO, size_bytes: int) -> str | None:
    """What the index says that cannot be, in words that follow "by it, "; None where nothing is.

    What the end of the file cut off is no lie of its index. Raises UnreadableError as the file does.
    """
    try:
        moov, taken = _boxes_of(file, size_bytes)
        tracks = [chunks for body in moov for chunks in _tracks(body)]
    except (UnusualError, struct.error, IndexError, OverflowError):
        return None
    if not tracks:
        return None
    outside = _outside(tracks, size_bytes)
    if outside:
        return f"{outside} of its chunks would lie behind the end of the file, before others that do not"
    starts, ends = _edges(tracks, taken)
    if any(map(gt, ends, starts[1:])) and (shared := _overlapping(tracks, taken)):
        return f"{shared} of its samples would share bytes with another"
    torn = sum(is_torn(file, *place) for place in _beside_gaps(tracks, starts, ends, size_bytes))
    return f"{torn} of its pictures would not end where they do" if torn else None


def _boxes_of(file: BinaryIO, size_bytes: int) -> tuple[list[memoryview], list[tuple[int, int]]]:
    """(what is in each moov, where boxes are that hold no media). The last box may go on behind the end of the file."""
    at, found, taken = 0, list[memoryview](), list[tuple[int, int]]()
    for _ in range(MOST_BOXES):
        if size_bytes - at < 8:  # noqa: PLR2004 (no box is that short)
            return found, taken
        file.seek(at)
        size, kind, start = read_head(file.read(16), 0, 1 << 62)
        size = min(size, size_bytes - at)
        if kind in (b"moov", b"ftyp"):
            taken.append((at, at + size))
        if kind == b"moov":
            if size > _MOST_MOOV_BYTES:
                raise UnusualError
            file.seek(at + start)
            found.append(memoryview(file.read(size - start)))
        elif kind == b"moof":
            raise UnusualError
        at += size
    raise UnusualError


def _tracks(moov: memoryview) -> Iterator[_Chunks]:
    """Those that can be judged."""
    room = _MOST_SAMPLES
    for kind, body in read_boxes(moov):
        if kind != b"trak":
            continue
        try:
            chunks = _chunks(body, room)
        except (UnusualError, struct.error, IndexError, OverflowError):
            continue
        room -= len(chunks.sizes)
        yield chunks


def _chunks(trak: memoryview, room: int) -> _Chunks:
    media = needed(read_once(needed(read_once(trak), b"mdia")[b"mdia"]), b"hdlr", b"minf")
    table = needed(read_once(needed(read_once(media[b"minf"]), b"stbl")[b"stbl"]), *_TABLES)
    (each, count), handler = struct.unpack_from(">II", table[b"stsz"], 4), bytes(media[b"hdlr"][8:12])
    if not 0 < count <= room:
        raise UnusualError
    if each and handler != b"vide":
        raise UnusualError  # in QuickTime, a sample of sound is as many bytes as its description says
    sizes = array("I", [each]) * count if each else read_numbers("I", table[b"stsz"], 12, count)
    body, typecode = (table[b"stco"], "I") if b"stco" in table else (needed(table, b"co64")[b"co64"], "Q")
    (chunks,) = struct.unpack_from(">I", body, 4)
    starts = read_numbers(typecode, body, 8, chunks)
    firsts = [*read_chunk_firsts(table[b"stsc"], chunks, count), count]
    bytes_before = array("Q", accumulate(sizes, initial=0))
    edges = list(map(bytes_before.__getitem__, firsts))
    return _Chunks(
        starts=starts,
        ends=list(map(add, starts, map(sub, edges[1:], edges))),
        firsts=firsts,
        sizes=sizes,
        prefix_bytes=prefix_bytes(table[b"stsd"]) if handler == b"vide" else None,
    )


def prefix_bytes(stsd: memoryview) -> int | None:
    """What the length of each NAL unit of a picture takes; None where its samples are made otherwise."""
    entries = list(read_boxes(stsd[8:]))
    if len(entries) != 1 or entries[0][0] in (b"encv", b"drmi"):
        return None
    for kind, body in read_boxes(entries[0][1][_SAMPLE_ENTRY_BYTES:]):
        if kind in _LENGTH_AT and len(body) > _LENGTH_AT[kind]:
            return (body[_LENGTH_AT[kind]] & 3) + 1
    return None


def _outside(tracks: Sequence[_Chunks], size_bytes: int) -> int:
    """Chunks behind the end of the file, before others of their track that lie in it."""
    found = 0
    for track in tracks:
        if max(track.ends) <= size_bytes:
            continue  # as it nearly always is
        beyond = [end > size_bytes for end in track.ends]
        while beyond and beyond[-1]:
            beyond.pop()
        found += sum(beyond)
    return found


def _edges(tracks: Sequence[_Chunks], taken: Sequence[tuple[int, int]]) -> tuple[list[int], list[int]]:
    """Where chunks, and what is no media, start and end, each in order; where nothing overlaps, these are pairs."""
    starts, ends = [a for a, _ in taken], [b for _, b in taken]
    for track in tracks:
        starts += track.starts
        ends += track.ends
    return sorted(starts), sorted(ends)


def _overlapping(tracks: Sequence[_Chunks], taken: Sequence[tuple[int, int]]) -> int:
    """Samples that share a part of their bytes with others, or with what is no media. Where they share all of them, it
    is the same picture shown twice.
    """
    places = set(taken)
    for track in tracks:
        for start, first, end in zip(track.starts, track.firsts, track.firsts[1:], strict=False):
            edges = list(accumulate(track.sizes[first:end], initial=start))
            places.update(pairwise(edges))
    found, held = 0, 0
    for start, end in sorted(places):
        if start == end:
            continue
        found += start < held
        held = max(held, end)
    return found


def _beside_gaps(
    tracks: Sequence[_Chunks], starts: Sequence[int], ends: Sequence[int], size_bytes: int
) -> list[tuple[int, int, int]]:
    """(position, size, bytes of a length) of the last picture of each chunk that nothing follows at once."""
    gaps = {*compress(ends, map(ne, ends, starts[1:])), ends[-1]}
    found = [
        (end - track.sizes[after - 1], track.sizes[after - 1], track.prefix_bytes)
        for track in tracks
        if track.prefix_bytes is not None and not gaps.isdisjoint(track.ends)
        for end, after in zip(track.ends, track.firsts[1:], strict=True)
        if end in gaps and end <= size_bytes
    ]
    return found[:: max(-(-len(found) // _MOST_ASKED), 1)]


def is_torn(file: BinaryIO, position: int, size: int, prefix_bytes: int) -> bool:
    """Whether a picture's NAL units go on behind its end."""
    at, is_first = 0, True
    while size - at > prefix_bytes:
        file.seek(position + at)
        head = file.read(4)
        if is_first and head[:3] in (b"\0\0\1", b"\0\0\0") and head[: prefix_bytes + 1].endswith(b"\1"):
            return False  # marked by start codes, which FFmpeg takes, too
        at += prefix_bytes + int.from_bytes(head[:prefix_bytes], "big")
        is_first = False
    return at > size
