"""What an image file's own structure says, read without decoding a pixel: where its parts are, and what is damaged."""

from __future__ import annotations

import re
import struct
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from os import SEEK_END
from typing import BinaryIO, Literal, NamedTuple

_WINDOW = 1 << 16
# Coded data as they are at the highest quality, of the largest picture that is decoded here; to look through them takes
# a second.
_MOST_BYTES = 1 << 28
# Real ones have some dozens; a thousand-fold is still no work.
_MOST_SEGMENTS = 10_000
# Programs write up to a dozen. Each goes through the whole picture, so that a small file could take minutes.
_MOST_SCANS = 100


class JpegSegment(NamedTuple):
    """One marker with what belongs to it: for SOS that is the header of the scan and its coded data."""

    marker: int
    start: int
    end: int


_SOI, _EOI, _SOS, _APP2, _COM = 0xD8, 0xD9, 0xDA, 0xE2, 0xFE
_STANDALONE = frozenset({0x01, _SOI, _EOI, *range(0xD0, 0xD8)})
# In coded data FF 00 is a stuffed byte, FF D0 to FF D7 are restarts; FF FF is fill.
_MARKER = re.compile(rb"\xff[^\x00\xff\xd0-\xd7]", re.DOTALL)
_ARITHMETIC = frozenset({0xC9, 0xCA, 0xCB, 0xCD, 0xCE, 0xCF})
"""Starts of frames: SOF9 to SOF15 (T.81, table B.1)."""
_INDEX_OF_PICTURES = b"MPF\0"


def jpeg_segments(file: BinaryIO) -> list[JpegSegment]:
    """From SOI to EOI, in order; without EOI at the end where the file breaks off or goes on for more than 256 MiB."""
    return list(islice(_jpeg_segments(file), _MOST_SEGMENTS))


def _jpeg_segments(file: BinaryIO) -> Iterator[JpegSegment]:
    start = 0
    while True:
        file.seek(start)
        head = file.read(4)  # the marker is right here, mostly
        if _MARKER.match(head) is None:
            if (start := _next_marker(file, start)) < 0:
                return
            file.seek(start)
            head = file.read(4)
        marker = head[1]
        end = start + 2
        if marker not in _STANDALONE:
            length = int.from_bytes(head[2:]) if len(head) == 4 else 0  # noqa: PLR2004
            if length < 2:  # noqa: PLR2004 (it counts its own two bytes)
                return
            end += length
        if marker == _SOS and (end := _next_marker(file, end)) < 0:
            return
        yield JpegSegment(marker, start, end)
        if marker == _EOI:
            return
        start = end


def _next_marker(file: BinaryIO, start: int) -> int:
    """Where the next marker is at or after `start`; -1 where there is none."""
    file.seek(start)
    window = file.read(_WINDOW)
    while True:
        if found := _MARKER.search(window):
            return start + found.start()
        if start > _MOST_BYTES or not (block := file.read(_WINDOW)):
            return -1
        start += len(window) - len(window[-1:])
        window = window[-1:] + block


def is_arithmetic(segments: Sequence[JpegSegment]) -> bool:
    """Whether it is coded arithmetically (T.81, annex D)."""
    return any(segment.marker in _ARITHMETIC for segment in segments)


def jpeg_damage(segments: list[JpegSegment]) -> str | None:
    markers = {segment.marker for segment in segments}
    if _EOI not in markers:
        return "the file breaks off: the end of the JPEG is missing"
    if _SOS not in markers:
        return "the JPEG holds no picture data"
    if sum(segment.marker == _SOS for segment in segments) > _MOST_SCANS:
        return "the JPEG is in more scans than can be true"
    return None


def coded_bytes(segments: Iterable[JpegSegment]) -> int:
    """What of a JPEG is its picture, and not what is said of it."""
    return sum(segment.end - segment.start for segment in segments if segment.marker == _SOS)


def without_comments(segments: Iterable[JpegSegment], size_bytes: int) -> list[tuple[int, int]]:
    """Where all else of a JPEG's file is, as starts and ends."""
    comments = [s for s in segments if s.marker == _COM]
    starts = [0, *(comment.end for comment in comments)]
    return list(zip(starts, [*(comment.start for comment in comments), size_bytes], strict=True))


_FRAMES = frozenset({*range(0xC0, 0xD0), 0xF7}) - {0xC4, 0xC8, 0xCC}
"""Starts of frames (T.81, table B.1), and that of JPEG-LS (T.87, C.1)."""


class JpegFrame(NamedTuple):
    """What the header of a frame says."""

    marker: int
    bits: int
    """Of a sample."""
    height: int
    width: int
    components: int


def jpeg_frame(file: BinaryIO) -> JpegFrame | None:
    """The first; None where there is none."""
    for segment in islice(_jpeg_segments(file), _MOST_SEGMENTS):
        if segment.marker in _FRAMES:
            file.seek(segment.start + 4)
            header = file.read(6)
            return JpegFrame(segment.marker, *struct.unpack(">BHHB", header)) if len(header) == 6 else None  # noqa: PLR2004
    return None


def first_picture(file: BinaryIO, segments: list[JpegSegment]) -> list[JpegSegment]:
    """The segments of a JPEG's first picture that are its own.

    Left out is the index of further pictures (CIPA DC-007), which would point behind the end of a file that
    holds one picture, and with it everything that follows the picture's end.
    """
    return [s for s in segments if not (s.marker == _APP2 and _body_starts_with(file, s, _INDEX_OF_PICTURES))]


def _body_starts_with(file: BinaryIO, segment: JpegSegment, prefix: bytes) -> bool:
    file.seek(segment.start + 4)
    return file.read(len(prefix)) == prefix


def webp_damage(head: bytes, size_bytes: int) -> str | None:
    """`head` is at least the first 12 bytes."""
    claimed = int.from_bytes(head[4:8], "little") + 8
    return "the file breaks off: it is shorter than its header says" if size_bytes < claimed else None


def webp_size(head: bytes) -> tuple[int, int] | None:
    """Of the canvas, from the first 30 bytes; None where they do not say."""
    match head[12:16]:
        case b"VP8X" if len(head) >= 30:  # noqa: PLR2004
            return int.from_bytes(head[24:27], "little") + 1, int.from_bytes(head[27:30], "little") + 1
        case b"VP8L" if len(head) >= 25:  # noqa: PLR2004
            bits = int.from_bytes(head[21:25], "little")
            return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
        case b"VP8 " if len(head) >= 30:  # noqa: PLR2004
            return int.from_bytes(head[26:28], "little") & 0x3FFF, int.from_bytes(head[28:30], "little") & 0x3FFF
        case _:
            return None


def webp_additions(file: BinaryIO) -> int:
    """Bytes of what stands beside the pictures of a WebP: a profile, EXIF, XMP and the like."""
    file.seek(0, SEEK_END)
    size = file.tell()
    at, total = 12, 0
    for _ in range(_MOST_PARTS):
        if at >= size:
            break
        file.seek(at)
        head = file.read(8)
        length = min(int.from_bytes(head[4:], "little"), size)
        total += length if head[:4] not in _WEBP_PICTURES else 0
        at += 8 + length + (length & 1)
    return total


_MOST_PARTS = 200_000
_WEBP_PICTURES = frozenset({b"VP8 ", b"VP8L", b"VP8X", b"ALPH", b"ANIM", b"ANMF"})
_MOST_PAGES = 100_000
_MOST_ENTRIES = 0xFFFF
"""What a TIFF can count; a BigTIFF may claim any number."""
_NEW_SUBFILE_TYPE, _SUBFILE_TYPE = 254, 255
_REDUCED_OR_MASK = 0b101
_REDUCED = 2
_WIDTHS = {3: 2, 4: 4, 16: 8}
"""Bytes of a SHORT, a LONG and a LONG8."""


def tiff_pages(file: BinaryIO) -> int | None:
    """How many pictures a TIFF or BigTIFF chains; None where the chain breaks off.

    Smaller versions of a picture, as of a pyramid, and masks are chained too, and are no pictures of their own.
    """
    file.seek(0)
    head = file.read(16)
    order: Literal["little", "big"] = "little" if head.startswith(b"II") else "big"
    big = head[2:4] in (b"+\0", b"\0+")
    count_bytes, entry_bytes, pointer_bytes = (8, 20, 8) if big else (2, 12, 4)
    at = int.from_bytes(head[8:16] if big else head[4:8], order)
    seen = set[int]()
    extras = 0
    while at and at not in seen and len(seen) < _MOST_PAGES:
        seen.add(at)
        file.seek(at)
        count = int.from_bytes(file.read(count_bytes), order)
        entries_bytes = count * entry_bytes
        if count > _MOST_ENTRIES:
            return None
        directory = file.read(entries_bytes + pointer_bytes)
        if len(directory) < entries_bytes + pointer_bytes:
            return None
        entries = (directory[start : start + entry_bytes] for start in range(0, entries_bytes, entry_bytes))
        extras += any(_is_no_page(entry, order) for entry in entries)
        at = int.from_bytes(directory[entries_bytes:], order)
    return max(1, len(seen) - extras)


def _is_no_page(entry: bytes, order: Literal["little", "big"]) -> bool:
    """Whether this entry of a directory says so."""
    tag, kind = int.from_bytes(entry[:2], order), int.from_bytes(entry[2:4], order)
    if tag not in (_NEW_SUBFILE_TYPE, _SUBFILE_TYPE):
        return False
    value_at = len(entry) // 2 + 2  # 8 of 12, 12 of 20
    value = int.from_bytes(entry[value_at : value_at + _WIDTHS.get(kind, 4)], order)
    return bool(value & _REDUCED_OR_MASK) if tag == _NEW_SUBFILE_TYPE else value == _REDUCED
