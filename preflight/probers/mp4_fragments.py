"""Whether the bytes that the fragments of an MP4 name can be their samples: as `mp4_layout` asks of a whole index.

Each fragment says how large its samples are and where the first of a run lies. A false size moves the end of its run:
into the next run or box, which is proof, or before it, where the pictures of the run are asked how long they are.
"""

from __future__ import annotations

import struct
from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import accumulate, islice, pairwise
from typing import BinaryIO

from preflight.probers.mp4_boxes import UnusualError, needed, read_boxes, read_head, read_numbers, read_once
from preflight.probers.mp4_layout import is_torn, prefix_bytes

_MOST_BOXES, _MOST_MOOF_BYTES, _MOST_SAMPLES = 40_000, 1 << 22, 2_000_000
_NO_MEDIA = frozenset({b"moov", b"moof", b"ftyp", b"styp", b"sidx", b"mfra"})
# ISO/IEC 14496-12, 8.8.7 and 8.8.8: flags of `tfhd` and `trun`, each for a number that is there.
_BASE, _DESCRIPTION, _DURATION, _SIZE, _FROM_MOOF = 0x1, 0x2, 0x8, 0x10, 0x2_0000
_OFFSET, _FIRST_FLAGS, _EACH, _EACH_SIZE, _EACH_DURATION = 0x1, 0x4, 0xF00, 0x200, 0x100

_Place = tuple[int, int]
"""Where it starts in the file, and where it ends."""


@dataclass(frozen=True, kw_only=True, slots=True)
class _Track:
    size: int
    """Bytes of a sample where a fragment does not say."""
    prefix_bytes: int | None


@dataclass(frozen=True, kw_only=True, slots=True)
class _Run:
    """Samples that lie one behind the other."""

    edges: list[int]
    prefix_bytes: int | None


def what_is_false_in_fragments(file: BinaryIO, size_bytes: int) -> str | None:
    """What the fragments say that cannot be, in words that follow "by it, "; None where nothing is.

    Where a run reaches behind the end of the file, nothing is said: that its packets are damaged, the clock finds.
    Raises UnreadableError as the file does.
    """
    try:
        taken, runs = _read(file, size_bytes)
    except (UnusualError, struct.error, IndexError, OverflowError, MemoryError):
        return None
    if any(run.edges[-1] > size_bytes for run in runs):
        return None
    if shared := _shared(taken, runs):
        return f"{shared} of its samples would share bytes with another"
    gaps = list(_gaps(taken, runs))
    torn = sum(islice((_is_any_torn(file, run) for run, _ in gaps), _MOST_ASKED))
    if torn:
        return f"pictures of {torn} of its fragments would not end where they do"
    unclaimed = [(run, end) for run, end in gaps if run.prefix_bytes is None and _holds_something(file, run, end)]
    # Where all leave something, that is how the file was made: a track of it was left out, say.
    if unclaimed and len(unclaimed) * _RARE < len(runs):
        return f"bytes behind {len(unclaimed)} of its fragments would belong to nothing"
    return None


_MOST_ASKED = 100
"""Runs beside a gap, of which each picture is asked."""
_RARE = 4


def _gaps(taken: list[_Place], runs: list[_Run]) -> Iterator[tuple[_Run, int]]:
    """Runs behind which nothing follows at once, and where the next does."""
    starts = sorted({start for start, _ in taken} | {run.edges[0] for run in runs})
    for run in runs:
        index = bisect_left(starts, run.edges[-1])
        if index < len(starts) and starts[index] != run.edges[-1]:
            yield run, starts[index]


def _holds_something(file: BinaryIO, run: _Run, end: int) -> bool:
    file.seek(run.edges[-1])
    return any(file.read(min(end - run.edges[-1], _MOST_READ_BYTES)))


_MOST_READ_BYTES = 65_536


def _read(file: BinaryIO, size_bytes: int) -> tuple[list[_Place], list[_Run]]:
    """(where boxes are, and all runs)."""
    tracks: dict[int, _Track] = {}
    taken, runs, room, at = list[_Place](), list[_Run](), _MOST_SAMPLES, 0
    for _ in range(_MOST_BOXES):
        if size_bytes - at < 8:  # noqa: PLR2004 (no box is that short)
            return [*taken, (size_bytes, size_bytes)], runs
        file.seek(at)
        size, kind, start = read_head(file.read(16), 0, 1 << 62)
        end = min(at + size, size_bytes)
        # Of the others it matters only where they start: some hold media, and some media that were left out.
        taken.append((at, end if kind in _NO_MEDIA else at))
        if kind in (b"moov", b"moof") and at + size <= size_bytes:
            if size > _MOST_MOOF_BYTES:
                raise UnusualError
            file.seek(at + start)
            body = memoryview(file.read(size - start))
            if kind == b"moov":
                tracks = dict(_tracks(body))
            else:
                found = list(_runs(body, at, tracks))
                runs += found
                room -= sum(len(run.edges) for run in found)
        if room < 0:
            raise UnusualError
        at = end
    raise UnusualError


def _tracks(moov: memoryview) -> Iterator[tuple[int, _Track]]:
    """By their number."""
    sizes: dict[int, int] = {}
    prefixes: dict[int, int | None] = {}
    for kind, body in read_boxes(moov):
        if kind == b"mvex":
            for inner, trex in read_boxes(body):
                if inner == b"trex":
                    number, _, _, size = struct.unpack_from(">IIII", trex, 4)
                    sizes[number] = size
        if kind == b"trak":
            trak = needed(read_once(body), b"tkhd", b"mdia")
            (number,) = struct.unpack_from(">I", trak[b"tkhd"], 20 if trak[b"tkhd"][0] else 12)
            media = needed(read_once(trak[b"mdia"]), b"hdlr", b"minf")
            table = needed(read_once(needed(read_once(media[b"minf"]), b"stbl")[b"stbl"]), b"stsd")
            is_picture = bytes(media[b"hdlr"][8:12]) == b"vide"
            prefixes[number] = prefix_bytes(table[b"stsd"]) if is_picture else None
    for number, size in sizes.items():
        yield number, _Track(size=size, prefix_bytes=prefixes.get(number))


def _runs(moof: memoryview, moof_at: int, tracks: dict[int, _Track]) -> Iterator[_Run]:
    implied = moof_at
    for kind, traf in read_boxes(moof):
        if kind != b"traf":
            continue
        boxes = list(read_boxes(traf))
        head = next((body for inner, body in boxes if inner == b"tfhd"), None)
        if head is None:
            raise UnusualError
        flags, number = struct.unpack_from(">II", head)
        if number not in tracks:
            raise UnusualError
        at, base = 8, moof_at if flags & _FROM_MOOF else implied
        if flags & _BASE:
            (base,) = struct.unpack_from(">Q", head, at)
            at += 8
        at += 4 * (bool(flags & _DESCRIPTION) + bool(flags & _DURATION))
        size = struct.unpack_from(">I", head, at)[0] if flags & _SIZE else tracks[number].size
        begins = base
        for inner, trun in boxes:
            if inner == b"trun":
                run = _run(trun, base, begins, size, tracks[number])
                implied = begins = run.edges[-1]
                yield run


def _run(trun: memoryview, base: int, begins: int, size: int, track: _Track) -> _Run:
    """Without an offset of its own it begins where the one before ends."""
    flags, count = struct.unpack_from(">II", trun)
    if count > _MOST_SAMPLES:
        raise UnusualError
    at = 8
    if flags & _OFFSET:
        begins = base + struct.unpack_from(">i", trun, at)[0]
        at += 4
    at += 4 * bool(flags & _FIRST_FLAGS)
    each = (flags & _EACH).bit_count()
    if flags & _EACH_SIZE:
        sizes = read_numbers("I", trun, at, each * count)[bool(flags & _EACH_DURATION) :: each]
    else:
        sizes = read_numbers("I", memoryview(size.to_bytes(4) * count), 0, count)
    return _Run(edges=list(accumulate(sizes, initial=begins)), prefix_bytes=track.prefix_bytes)


def _shared(taken: list[_Place], runs: list[_Run]) -> int:
    """Samples that share a part of their bytes with others, or with what is no media."""
    full = {place for place in taken if place[0] < place[1]}
    whole = sorted(full | {(run.edges[0], run.edges[-1]) for run in runs})
    if all(a[1] <= b[0] for a, b in pairwise(whole)):
        return 0
    places = full
    for run in runs:
        places.update(pairwise(run.edges))
    found, held = 0, 0
    for start, end in sorted(places):
        if start == end:
            continue
        found += start < held
        held = max(held, end)
    return found


def _is_any_torn(file: BinaryIO, run: _Run) -> bool:
    if run.prefix_bytes is None:
        return False
    return any(is_torn(file, start, end - start, run.prefix_bytes) for start, end in pairwise(run.edges))
