"""The packets of an MP4 that has no fragments: a table says where each is and when (ISO/IEC 14496-12, 8.5 to 8.7)."""

from __future__ import annotations

import struct
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import chain, groupby, islice, repeat

from preflight.errors import UsageError
from preflight.testing.corrupt.interface import Element, at
from preflight.testing.corrupt.splice import Edit, Splice, fits, put, uint

_TABLES = {"stts", "ctts", "stsc", "stsz", "stco", "co64", "stss"}
# They tell something of each sample, or of runs of them, that no player needs.
_DROPPED = {"sdtp", "sbgp", "stps", "stdp", "padb", "subs", "saiz", "saio"}
_AROUND_TABLES = ("moov", "moov/trak", "moov/trak/mdia", "moov/trak/mdia/minf", "moov/trak/mdia/minf/stbl")


@dataclass(frozen=True, kw_only=True, slots=True)
class _Sample:
    start: int
    size: int
    ticks: int
    """How long it lasts."""
    shift: int
    """From decoding to display, as its 32 bits are stored."""
    keyframe: bool
    description: int

    @property
    def place(self) -> tuple[int, int]:
        return self.start, self.start + self.size


def samples(data: bytes, boxes: Sequence[Element]) -> list[Element]:
    """Of all tracks, by where they lie.

    Raises UsageError for uncompressed sound: there a sample is a moment of sound, and nothing says what a packet is.
    """
    places = set[tuple[int, int]]()
    for track in at(boxes, "moov/trak"):
        found = _read(data, track)
        if _is_uncompressed(data, track, found):
            raise UsageError(
                "this MP4 holds uncompressed sound, and nothing says where a packet of that ends: "
                "take one with coded sound"
            )
        places |= {sample.place for sample in found}
    return [Element(kind="packet", start=a, body=a, end=b, role="data") for a, b in sorted(places) if b > a]


def repacked_samples(data: bytes, boxes: Sequence[Element], copies: Sequence[int]) -> bytes:
    """Only the tables change: what is dropped stays in `mdat`, unmentioned; what is repeated is mentioned twice.

    The samples behind a dropped one keep their time (the one before it lasts longer); a hole at the very start
    closes. A repeated sample has the time of the first.
    """
    times = dict(zip((packet.start for packet in samples(data, boxes)), copies, strict=True))
    return _rewritten(data, boxes, [list(_repeated(_read(data, track), times)) for track in at(boxes, "moov/trak")])


def stretched_samples(data: bytes, boxes: Sequence[Element], ticks: Sequence[int]) -> bytes:
    """The last sample of each track lasts until so many ticks of it are over; none gets shorter."""
    changed: list[list[_Sample] | None] = []
    for track, wanted in zip(at(boxes, "moov/trak"), ticks, strict=True):
        found = _read(data, track)
        missing = wanted - sum(sample.ticks for sample in found)
        if missing <= 0 or not found or _is_uncompressed(data, track, found):
            changed.append(None)
        else:
            lasts = fits(found[-1].ticks + missing, 32, "duration in ticks")
            changed.append([*found[:-1], replace(found[-1], ticks=lasts)])
    return _rewritten(data, boxes, changed)


def _rewritten(data: bytes, boxes: Sequence[Element], changed: Sequence[list[_Sample] | None]) -> bytes:
    """The tables of each track are about these samples, or are as they were; whatever moves is found again."""
    edits: list[Edit] = []
    offsets: list[tuple[int, int, Sequence[int]]] = []
    for track, kept in zip(at(boxes, "moov/trak"), changed, strict=True):
        for table in at(track.children, "mdia/minf/stbl"):
            old = [box for box in table.children if box.kind in _TABLES | _DROPPED]
            long, short = at(table.children, "co64"), at(table.children, "stco")
            width = 8 if long else 4
            if kept is None or not old:
                chunks = [offset for box in long or short for (offset,) in _rows(data, box, ">Q" if long else ">I")]
                offsets += [(box.start, width, chunks) for box in long or short]
                continue
            shifts_version = next((data[box.body] for box in at(table.children, "ctts")), None)
            new = _tables(kept, width, shifts_version, keyframes=bool(at(table.children, "stss")))
            edits += [Edit(box.start, box.end, new if box is old[0] else b"") for box in old]
            # Of the new tables that of the offsets stands first, because only now is known what it has to say.
            offsets.append((old[0].start, width, [sample.start for sample in kept]))
    splice = Splice(data, edits)
    buffer = bytearray(splice.data)
    for table_start, width, starts in offsets:
        first = splice.moved(table_start) + 16
        for i, start in enumerate(starts):
            put(buffer, first + i * width, width, splice.moved(start), what="offset of a sample")
    for box in (box for path in _AROUND_TABLES for box in at(boxes, path)):
        if uint(data, box.start, 4) > 1:
            put(buffer, splice.moved(box.start), 4, splice.length(box.start, box.end), what="length")
    return bytes(buffer)


def _repeated(found: Sequence[_Sample], times: dict[int, int]) -> Iterator[_Sample]:
    """Each as often as it is asked for."""
    held: _Sample | None = None
    for sample in found:
        match times.get(sample.start, 1):
            case 0 if held is not None:
                held = replace(held, ticks=held.ticks + sample.ticks)
            case 0:
                pass
            case n:
                if held is not None:
                    yield held
                yield from repeat(replace(sample, ticks=0), n - 1)
                held = sample
    if held is not None:
        yield held


def _read(data: bytes, track: Element) -> list[_Sample]:
    tables = {box.kind: box for path in at(track.children, "mdia/minf/stbl") for box in path.children}
    if "stz2" in tables:
        raise UsageError("the sizes of the packets of this MP4 are in a compact table (stz2): take a fragmented MP4")
    sizes = list(_sizes(data, tables.get("stsz")))
    ticks = _runs(data, tables.get("stts"))
    shifts = chain(_runs(data, tables.get("ctts")), repeat(0))
    keyframes = {number for (number,) in _rows(data, tables.get("stss"), ">I")} if "stss" in tables else None
    return [
        _Sample(
            start=start,
            size=size,
            ticks=lasts,
            shift=shift,
            keyframe=keyframes is None or number in keyframes,
            description=description,
        )
        for number, ((start, size, description), lasts, shift) in enumerate(
            zip(_places(data, tables, sizes), ticks, shifts, strict=False), 1
        )
    ]


def _is_uncompressed(data: bytes, track: Element, found: Sequence[_Sample]) -> bool:
    """Each sample lasts for one of the sampling rate."""
    is_sound = any(data[box.body + 8 : box.body + 12] == b"soun" for box in at(track.children, "mdia/hdlr"))
    return is_sound and bool(found) and all(sample.ticks == 1 for sample in found)


def _rows(data: bytes, table: Element | None, row: str) -> Iterator[tuple[int, ...]]:
    """What follows version, flags and the number of rows."""
    if table is None:
        return
    width = struct.calcsize(row)
    start = table.body + 8
    stop = min(start + uint(data, table.body + 4, 4) * width, table.end - width + 1)
    for offset in range(start, stop, width):
        yield struct.unpack_from(row, data, offset)


def _runs(data: bytes, table: Element | None) -> Iterator[int]:
    return (value for times, value in _rows(data, table, ">II") for value in repeat(value, times))


def _sizes(data: bytes, table: Element | None) -> Iterable[int]:
    if table is None:
        return ()
    count, one_size = uint(data, table.body + 8, 4), uint(data, table.body + 4, 4)
    if one_size:
        return repeat(one_size, min(count, len(data) // one_size))
    start = table.body + 12
    return (uint(data, offset, 4) for offset in range(start, min(start + 4 * count, table.end - 3), 4))


def _places(data: bytes, tables: dict[str, Element], sizes: Sequence[int]) -> Iterator[tuple[int, int, int]]:
    """Start, size and number of description of each sample, from how many of them are in which chunk."""
    long = tables.get("co64")
    chunks = [start for (start,) in (_rows(data, long, ">Q") if long else _rows(data, tables.get("stco"), ">I"))]
    rows = list(_rows(data, tables.get("stsc"), ">III"))
    remaining = iter(sizes)
    for (first, per_chunk, description), (last, *_) in zip(rows, [*rows[1:], (len(chunks) + 1,)], strict=False):
        for start in chunks[max(first, 1) - 1 : max(last, 1) - 1]:
            offset = start
            for size in islice(remaining, per_chunk):
                yield offset, size, description
                offset += size


def _tables(kept: Sequence[_Sample], width: int, shifts_version: int | None, *, keyframes: bool) -> bytes:
    """One chunk a sample; the offsets come first, and are left out: they depend on how long all this gets."""
    kind = b"co64" if width == 8 else b"stco"  # noqa: PLR2004 (bytes)
    boxes = [
        _box(kind, struct.pack(">I", len(kept)) + bytes(width * len(kept))),
        _box(b"stsz", struct.pack(f">II{len(kept)}I", 0, len(kept), *(sample.size for sample in kept))),
        _box(b"stts", _packed((len(list(run)), ticks) for ticks, run in groupby(s.ticks for s in kept))),
    ]
    described = groupby(enumerate((s.description for s in kept), 1), key=lambda numbered: numbered[1])
    boxes.append(_box(b"stsc", _packed((next(run)[0], 1, description) for description, run in described)))
    if shifts_version is not None:
        shifts = groupby(s.shift for s in kept)
        boxes.append(_box(b"ctts", _packed((len(list(run)), shift) for shift, run in shifts), version=shifts_version))
    if keyframes:
        boxes.append(_box(b"stss", _packed((number,) for number, s in enumerate(kept, 1) if s.keyframe)))
    return b"".join(boxes)


def _packed(rows: Iterable[tuple[int, ...]]) -> bytes:
    rows = list(rows)
    return struct.pack(">I", len(rows)) + b"".join(struct.pack(f">{len(row)}I", *row) for row in rows)


def _box(kind: bytes, content: bytes, *, version: int = 0) -> bytes:
    return struct.pack(">I4sI", 12 + len(content), kind, version << 24) + content
