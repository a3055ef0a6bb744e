"""Matroska and WebM: elements in elements, each with an ID and a length of variable width (RFC 8794, RFC 9559)."""

from __future__ import annotations

import re
import struct
import zlib
from bisect import bisect_left, insort
from collections.abc import Callable, Sequence
from typing import ClassVar, NamedTuple

from preflight.testing.corrupt.interface import Element, Format, Part, Role, at, walk
from preflight.testing.corrupt.splice import Edit, Splice, fits, put, uint

_NAMES = {
    0x1A45DFA3: "EBML",
    0x18538067: "Segment",
    0x114D9B74: "SeekHead",
    0x4DBB: "Seek",
    0x53AB: "SeekID",
    0x53AC: "SeekPosition",
    0x1549A966: "Info",
    0x2AD7B1: "TimestampScale",
    0x4489: "Duration",
    0x4D80: "MuxingApp",
    0x5741: "WritingApp",
    0x73A4: "SegmentUUID",
    0x1654AE6B: "Tracks",
    0xAE: "TrackEntry",
    0xD7: "TrackNumber",
    0x73C5: "TrackUID",
    0x83: "TrackType",
    0x9C: "FlagLacing",
    0x22B59C: "Language",
    0x536E: "Name",
    0x86: "CodecID",
    0x63A2: "CodecPrivate",
    0xE0: "Video",
    0xB0: "PixelWidth",
    0xBA: "PixelHeight",
    0x54B0: "DisplayWidth",
    0x54BA: "DisplayHeight",
    0xE1: "Audio",
    0x1C53BB6B: "Cues",
    0xBB: "CuePoint",
    0xB3: "CueTime",
    0xB7: "CueTrackPositions",
    0xF1: "CueClusterPosition",
    0xF0: "CueRelativePosition",
    0x1F43B675: "Cluster",
    0xE7: "Timestamp",
    0xA7: "Position",
    0xAB: "PrevSize",
    0xA3: "SimpleBlock",
    0xA0: "BlockGroup",
    0xEC: "Void",
    0xBF: "CRC-32",
    0x1254C367: "Tags",
    0x1043A770: "Chapters",
    0x1941A469: "Attachments",
}
_WITH_PARTS = re.compile("Segment|SeekHead|Seek|Info|Tracks|TrackEntry|Video|Cues|CuePoint|CueTrackPositions|Cluster")
_IN_SEGMENT = {"SeekHead", "Info", "Tracks", "Cues", "Cluster", "Tags", "Chapters", "Attachments"}
_POSITIONS = {"SeekPosition", "CueClusterPosition", "Position"}
"""Numbers that count from the start of the segment's content."""
_PACKETS = {"SimpleBlock", "BlockGroup"}
_DEEPEST = 8
_CRC_BYTES = 6


class _Head(NamedTuple):
    kind: str
    size_at: int
    body: int
    size: int | None
    """None for an element that ends where the next begins that cannot be in it."""


class Matroska(Format):
    title: ClassVar[str] = "Matroska"

    def recognises(self, data: bytes) -> bool:
        return data[:4] == b"\x1a\x45\xdf\xa3"

    def parse(self, data: bytes) -> list[Element]:
        return _elements(data, 0, len(data), "", _DEEPEST)

    def packets(self, data: bytes) -> list[Element]:
        return [
            e for cluster in at(self.elements(data), "Segment/Cluster") for e in cluster.children if e.kind in _PACKETS
        ]

    def repacked(self, data: bytes, copies: Sequence[int]) -> bytes:
        packets = zip(self.packets(data), copies, strict=True)
        return _rewritten(
            data, self.elements(data), [Edit(p.start, p.end, data[p.start : p.end] * n) for p, n in packets if n != 1]
        )

    def with_duration(self, data: bytes, seconds: float) -> bytes:
        elements = self.elements(data)
        buffer = bytearray(data)
        fields = at(elements, "Segment/Info/Duration")
        if not fields:
            self._cannot("states no duration here, as live recordings do not", "a file that was finished")
        # In ticks of so many nanoseconds; a million is what is meant where nothing is said.
        scales = [uint(data, s.body, s.end - s.body) for s in at(elements, "Segment/Info/TimestampScale")]
        for field in fields:
            kind = ">d" if field.end - field.body == 8 else ">f"  # noqa: PLR2004 (bytes)
            struct.pack_into(kind, buffer, field.body, seconds * 1e9 / (scales or [1_000_000])[0])
        _mend_checksums(buffer, elements, lambda offset: offset)
        return bytes(buffer)

    def with_size(self, data: bytes, width: int, height: int) -> bytes:
        elements = self.elements(data)
        pictures = at(elements, "Segment/Tracks/TrackEntry/Video")
        if not pictures:
            self._cannot("holds no picture here", "a file with video")
        edits = []
        for field in (inner for picture in pictures for inner in picture.children):
            match field.kind:
                case "PixelWidth" | "DisplayWidth":
                    edits.append(_replacement(data, field, width))
                case "PixelHeight" | "DisplayHeight":
                    edits.append(_replacement(data, field, height))
        return _rewritten(data, elements, edits)

    def with_length(self, data: bytes, part: Part, length: int) -> bytes:
        head = _head(data, part.start)
        if head is None:
            return super().with_length(data, part, length)
        buffer = bytearray(data)
        buffer[head.size_at : head.body] = _variable(length, head.body - head.size_at)
        return bytes(buffer)


def _head(data: bytes, start: int) -> _Head | None:
    """None where there cannot be one: a length of no width, or nothing left."""
    if start + 2 > len(data) or not (id_width := 9 - data[start].bit_length()) <= 4:  # noqa: PLR2004 (bytes of an ID)
        return None
    size_at = start + id_width
    if size_at >= len(data) or not data[size_at]:
        return None
    width = 9 - data[size_at].bit_length()
    ones = (1 << 7 * width) - 1
    size = uint(data, size_at, width) & ones
    number = uint(data, start, id_width)
    kind = _NAMES.get(number, f"0x{number:X}")
    return _Head(kind, size_at, size_at + width, None if size == ones else size)


def _elements(data: bytes, start: int, end: int, parent: str, levels: int) -> list[Element]:
    found: list[Element] = []
    while start < end and (head := _head(data, start)) is not None:
        # A parent of unknown size ends before what cannot be in it.
        if parent == "Cluster" and head.kind in _IN_SEGMENT:
            break
        stop = end if head.size is None else min(head.body + head.size, end)
        body = min(head.body, end)
        children = (
            _elements(data, body, stop, head.kind, levels - 1) if _WITH_PARTS.fullmatch(head.kind) and levels else []
        )
        if head.size is None and children:
            stop = children[-1].end
        found.append(
            Element(
                kind=head.kind,
                start=start,
                body=body,
                end=stop,
                role=_role(head.kind, parent),
                children=tuple(children),
            )
        )
        start = stop
    return found


def _role(kind: str, parent: str) -> Role:
    if kind in {"SeekHead", "Cues", "Position", "PrevSize"} or parent in {"SeekHead", "Seek", "Cues", "CuePoint"}:
        return "index"
    if parent == "CueTrackPositions":
        return "index"
    return "data" if kind in {"Cluster", *_PACKETS} or parent == "Cluster" else "header"


def _variable(value: int, width: int) -> bytes:
    """A length, `width` bytes wide; all ones would say that it is unknown."""
    fits(value + 1, 7 * width, "length plus one")
    return (1 << 7 * width | value).to_bytes(width)


def _replacement(data: bytes, field: Element, value: int) -> Edit:
    """A number where another one was, as wide as it has to be."""
    width = max(field.end - field.body, (value.bit_length() + 7) // 8)
    name = data[field.start : field.start + 9 - data[field.start].bit_length()]
    return Edit(field.start, field.end, name + _variable(width, 1) + value.to_bytes(width))


def _rewritten(data: bytes, elements: Sequence[Element], edits: Sequence[Edit]) -> bytes:
    """With lengths, pointers and checksums mended."""
    done = sorted(edits)
    # Inner ones first: where a length gets longer, all around it does.
    for outer in reversed([element for element in walk(elements) if element.children]):
        first = bisect_left(done, outer.body, key=lambda edit: edit.start)
        last = bisect_left(done, outer.end, key=lambda edit: edit.start)
        if mended := _mended_size(data, outer, done[first:last]):
            insort(done, mended)
    splice = Splice(data, done)
    buffer = bytearray(splice.data)
    for segment in at(elements, "Segment"):
        _mend_positions(data, buffer, segment, splice)
    _mend_checksums(buffer, elements, splice.moved)
    return bytes(buffer)


def _mended_size(data: bytes, outer: Element, inside: Sequence[Edit]) -> Edit | None:
    head = _head(data, outer.start)
    if head is None or head.size is None or not inside:
        return None
    size = head.size + sum(len(edit.new) - (edit.end - edit.start) for edit in inside)
    width = head.body - head.size_at
    while size + 1 >= 1 << 7 * width:
        width += 1
    return Edit(head.size_at, head.body, _variable(size, width))


def _mend_positions(data: bytes, buffer: bytearray, segment: Element, splice: Splice) -> None:
    """Those that got too long for their field stay as they were: nothing may move any more."""
    clusters = {cluster.start: cluster for cluster in segment.children if cluster.kind == "Cluster"}

    def write(field: Element, value: int) -> None:
        width = field.end - field.body
        if value < 1 << 8 * width:
            put(buffer, splice.moved(field.body), width, value)

    for field in walk([segment]):
        if field.kind in _POSITIONS:
            target = segment.body + uint(data, field.body, field.end - field.body)
            write(field, splice.length(segment.body, target))
    for pointer in at(segment.children, "Cues/CuePoint/CueTrackPositions"):
        fields = {field.kind: (field, uint(data, field.body, field.end - field.body)) for field in pointer.children}
        if "CueRelativePosition" in fields and "CueClusterPosition" in fields:
            field, relative = fields["CueRelativePosition"]
            cluster = clusters.get(segment.body + fields["CueClusterPosition"][1])
            if cluster is not None:
                write(field, splice.length(cluster.body, cluster.body + relative))


def _mend_checksums(buffer: bytearray, elements: Sequence[Element], moved: Callable[[int], int]) -> None:
    """The CRC-32 of a parent, if it has one, is its first part and about all others."""
    for outer in walk(elements):
        if outer.children and outer.children[0].kind == "CRC-32":
            body, end = moved(outer.body), moved(outer.end)
            buffer[body + 2 : body + _CRC_BYTES] = zlib.crc32(buffer[body + _CRC_BYTES : end]).to_bytes(4, "little")
