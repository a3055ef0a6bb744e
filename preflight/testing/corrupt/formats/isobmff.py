"""MP4, MOV, M4A, 3GP, HEIF, AVIF: boxes in boxes (ISO/IEC 14496-12)."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import ClassVar

from preflight.testing.corrupt.formats.sample_table import repacked_samples, samples, stretched_samples
from preflight.testing.corrupt.interface import Element, Format, Part, Role, at, copied
from preflight.testing.corrupt.splice import fits, put, uint

_FIRST = {b"ftyp", b"styp", b"moov", b"mdat", b"wide", b"free", b"skip"}
_WITH_BOXES = re.compile("moov|trak|edts|mdia|minf|dinf|stbl|stsd|mvex|moof|traf|mfra|udta|meta|iprp|ipco")
_INDEX = re.compile(
    "stts|ctts|cslg|stsc|stsz|stz2|stco|co64|stss|sdtp|sbgp|sgpd|subs|saiz|saio|elst|sidx|ssix|"
    "mfra|tfra|mfro|moof|mfhd|traf|tfhd|tfdt|trun|iloc|iref|ipma|pitm|iinf"
)
_DATA = {"mdat", "idat"}
_DEEPEST = 12


class IsoBmff(Format):
    title: ClassVar[str] = "MP4 (ISO BMFF)"

    def recognises(self, data: bytes) -> bool:
        return data[4:8] in _FIRST

    def parse(self, data: bytes) -> list[Element]:
        return _boxes(data, 0, len(data), _DEEPEST)

    def packets(self, data: bytes) -> list[Element]:
        """Fragments, each with its media data, or else the samples of all tracks as they lie in the file."""
        boxes = self.elements(data)
        return _fragments(boxes) or samples(data, boxes)

    def repacked(self, data: bytes, copies: Sequence[int]) -> bytes:
        boxes = self.elements(data)
        if fragments := _fragments(boxes):
            return _repacked_fragments(data, boxes, fragments, copies)
        return repacked_samples(data, boxes, copies)

    def with_duration(self, data: bytes, seconds: float) -> bytes:
        """In the headers of movie and tracks. A longer one also in edit lists, and as the time that the last packet
        takes: readers that add up the packets' durations would not believe the headers alone.
        """
        boxes = self.elements(data)
        movie = at(boxes, "moov/mvhd")
        if not movie:
            self._cannot("states no duration here (no moov/mvhd)", "a whole file with sound or video")
        buffer = bytearray(data)
        ticks = round(seconds * _timescale(data, movie[0]))
        for kind, path in (("clock", "moov/mvhd"), ("track", "moov/trak/tkhd"), ("extent", "moov/mvex/mehd")):
            for box in at(boxes, path):
                _put_duration(buffer, box, kind, ticks)
        for box in at(boxes, "moov/trak/edts/elst"):
            _lengthen_edits(buffer, box, ticks)
        tracks_ticks = []
        for track in at(boxes, "moov/trak"):
            clocks = at(track.children, "mdia/mdhd")
            tracks_ticks.append(sum(round(seconds * _timescale(data, clock)) for clock in clocks))
            for clock in clocks:
                _put_duration(buffer, clock, "clock", tracks_ticks[-1])
        return stretched_samples(bytes(buffer), boxes, tracks_ticks)

    def with_size(self, data: bytes, width: int, height: int) -> bytes:
        boxes = self.elements(data)
        buffer = bytearray(data)
        tracks = _visual_tracks(data, boxes)
        pictures = at(boxes, "meta/iprp/ipco/ispe")
        if not tracks and not pictures:
            self._cannot("holds no picture here", "a file with video")
        for box in pictures:
            put(buffer, box.body + 4, 4, width, what="width")
            put(buffer, box.body + 8, 4, height, what="height")
        for track in tracks:
            for header in at(track.children, "tkhd"):
                # Fixed point, 16.16.
                put(buffer, _matrix(data, header) + 36, 4, fits(width, 16, "width") << 16)
                put(buffer, _matrix(data, header) + 40, 4, fits(height, 16, "height") << 16)
            for entry in (e for table in at(track.children, "mdia/minf/stbl/stsd") for e in table.children):
                put(buffer, entry.start + 32, 2, width, what="width")
                put(buffer, entry.start + 34, 2, height, what="height")
        return bytes(buffer)

    def with_rotation(self, data: bytes, degrees: int, *, mirrored: bool) -> bytes:
        headers = [h for track in _visual_tracks(data, self.elements(data)) for h in at(track.children, "tkhd")]
        if not headers:
            self._cannot("has no video track to turn here", "a file with video")
        buffer = bytearray(data)
        for header in headers:
            start = _matrix(data, header)
            width, height = uint(data, start + 36, 4), uint(data, start + 40, 4)
            # (x, y) becomes (ax + cy + tx, bx + dy + ty): turned clockwise and pushed back into view.
            a, b = {0: (1, 0), 90: (0, 1), 180: (-1, 0), 270: (0, -1)}[degrees]
            tx, ty = {0: (0, 0), 90: (height, 0), 180: (width, height), 270: (0, width)}[degrees]
            c, d = -b, a
            if mirrored:
                tx, ty = tx + a * width, ty + b * width
                a, b = -a, -b
            one = 1 << 16
            for i, value in enumerate((a * one, b * one, 0, c * one, d * one, 0, tx, ty, 1 << 30)):
                put(buffer, start + 4 * i, 4, value % (1 << 32))
        return bytes(buffer)

    def with_length(self, data: bytes, part: Part, length: int) -> bytes:
        buffer = bytearray(data)
        if uint(data, part.start, 4) == 1:
            put(buffer, part.start + 8, 8, length, what="length")
        else:
            put(buffer, part.start, 4, length, what="length")
        return bytes(buffer)


def _boxes(data: bytes, start: int, end: int, levels: int) -> list[Element]:
    found = []
    while start + 8 <= end:
        size, header = uint(data, start, 4), 8
        if size == 1:
            size, header = uint(data, start + 8, 8), 16
        elif size == 0:
            size = end - start
        if size < header:
            break
        kind = data[start + 4 : start + 8].decode("latin-1")
        box_end = min(start + size, end)
        body = min(start + header, box_end)
        inner = body + _before_boxes(data, kind, body)
        children = _boxes(data, inner, box_end, levels - 1) if _WITH_BOXES.fullmatch(kind) and levels else []
        role: Role = "data" if kind in _DATA else "index" if _INDEX.fullmatch(kind) else "header"
        found.append(Element(kind=kind, start=start, body=body, end=box_end, role=role, children=tuple(children)))
        start = box_end
    return found


def _before_boxes(data: bytes, kind: str, body: int) -> int:
    """Version and flags, and what else stands before the first box within; QuickTime's `meta` has nothing."""
    match kind:
        case "stsd":
            return 8
        case "meta":
            return 0 if data[body + 4 : body + 8] == b"hdlr" else 4
        case _:
            return 0


def _timescale(data: bytes, box: Element) -> int:
    """Ticks a second, of mvhd or mdhd."""
    return uint(data, box.body + (20 if data[box.body] else 12), 4)


def _put_duration(buffer: bytearray, box: Element, kind: str, ticks: int) -> None:
    long = bool(buffer[box.body])
    offset = {"clock": 24 if long else 16, "track": 28 if long else 20, "extent": 4}[kind]
    put(buffer, box.body + offset, 8 if long else 4, ticks, what="duration in ticks")


def _lengthen_edits(buffer: bytearray, edits: Element, ticks: int) -> None:
    """The last edit lasts until so many ticks of the movie are over; none gets shorter."""
    long = bool(buffer[edits.body])
    width, entry = (8, 20) if long else (4, 12)
    count = min(uint(buffer, edits.body + 4, 4), (edits.end - edits.body - 8) // entry)
    fields = [edits.body + 8 + i * entry for i in range(count)]
    missing = ticks - sum(uint(buffer, field, width) for field in fields)
    if fields and missing > 0:
        put(buffer, fields[-1], width, uint(buffer, fields[-1], width) + missing, what="duration in ticks")


def _matrix(data: bytes, track_header: Element) -> int:
    """Where the nine numbers of the matrix are; width and height follow."""
    return track_header.body + (52 if data[track_header.body] else 40)


def _visual_tracks(data: bytes, boxes: Sequence[Element]) -> list[Element]:
    def handler(track: Element) -> bytes:
        return b"".join(data[h.body + 8 : h.body + 12] for h in at(track.children, "mdia/hdlr"))

    return [track for track in at(boxes, "moov/trak") if handler(track) == b"vide"]


def _fragments(boxes: Sequence[Element]) -> list[Element]:
    """From each `moof` to the end of the media data that follow it."""
    found = []
    for i, box in enumerate(boxes):
        if box.kind != "moof":
            continue
        last = box
        for following in boxes[i + 1 :]:
            if following.kind != "mdat":
                break
            last = following
        found.append(Element(kind="packet", start=box.start, body=box.body, end=last.end, role="data"))
    return found


_ABSOLUTE_BASE = 1
"""tfhd, flag 0x000001: the offset of the fragment's data is counted from the start of the file."""


def _repacked_fragments(
    data: bytes, boxes: Sequence[Element], fragments: Sequence[Element], copies: Sequence[int]
) -> bytes:
    splice = copied(data, fragments, copies)
    buffer = bytearray(splice.data)
    moofs = [box for box in boxes if box.kind == "moof"]
    for moof, fragment, times in zip(moofs, fragments, copies, strict=True):
        for header in at(moof.children, "traf/tfhd"):
            if not uint(data, header.body + 1, 3) & _ABSOLUTE_BASE:
                continue
            base = uint(data, header.body + 8, 8) - moof.start
            for i in range(times):
                start = splice.moved(fragment.start) + i * (fragment.end - fragment.start)
                put(buffer, start + header.body - moof.start + 8, 8, start + base, what="offset of a fragment")
    for table in at(boxes, "mfra/tfra"):
        long = bool(data[table.body])
        lengths = uint(data, table.body + 8, 4)
        entry = (16 if long else 8) + 3 + (lengths >> 4 & 3) + (lengths >> 2 & 3) + (lengths & 3)
        for old in range(
            table.body + 16, min(table.body + 16 + entry * uint(data, table.body + 12, 4), table.end), entry
        ):
            field, width = (old + 8, 8) if long else (old + 4, 4)
            put(buffer, splice.moved(field), width, splice.moved(uint(data, field, width)), what="offset of a fragment")
    return bytes(buffer)
