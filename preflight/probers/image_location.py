"""Where a JPEG or PNG says that it was taken: in whatever of it, and of what follows the picture, that may be told.

EXIF and XMP stand in a segment or chunk of their own, in one of several, compressed, as text in text; behind the
picture there may be another, or a film. All that is read of a file is bounded, and nothing is decoded.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from itertools import islice
from typing import BinaryIO

from preflight.probers.exif import EXIF_MARK, exif_location, place_in_fractions, xmp_location
from preflight.probers.image_structure import JpegSegment
from preflight.probers.movie_location import movie_location
from preflight.probers.png_structure import TEXT_CHUNKS, PngChunk, raw_profile

Place = tuple[float, float]
"""Latitude and longitude in degrees, north and east positive."""

_APP0, _APP14, _APP15, _COM = 0xE0, 0xEE, 0xEF, 0xFE
_EXTENDED_XMP = b"http://ns.adobe.com/xmp/extension/\0"
# Its digest of 32 characters, how long it is, and where in it this part begins (XMP part 3, 1.1.3.1).
_DIGEST_BYTES, _PART_HEAD_BYTES = 32, 40
# Of all parts of a file that may say it, and unpacked: maps of depth of some megabytes stand in XMP.
_MOST_BYTES = 1 << 24
_MOST_PARTS = 4_096
_MOST_UNPACKED = 1 << 22
_MOST_BEFORE_TEXT = 1 << 16
"""Keywords and language."""


def jpeg_location(file: BinaryIO, segments: Sequence[JpegSegment], size_bytes: int) -> Place | None:
    """Of the first that says it. `size_bytes` is the file's."""
    return _first(_of_segments(file, segments)) or _behind(file, segments[-1].end if segments else 0, size_bytes)


def png_location(file: BinaryIO, chunks: Sequence[PngChunk], size_bytes: int) -> Place | None:
    """Of the first that says it. `size_bytes` is the file's."""
    place = _first(_of_chunks(file, chunks)) or _of_properties(file, chunks)
    return place or _behind(file, chunks[-1].end if chunks else 0, size_bytes)


def _first(blocks: Iterable[bytes]) -> Place | None:
    return next((place for block in blocks if (place := _told(block)) is not None), None)


def _told(block: bytes) -> Place | None:
    """What EXIF or XMP says, with its mark or without, and alone or inside something else."""
    if block.startswith((EXIF_MARK, b"II*\0", b"MM\0*")):
        return exif_location(block)
    if (at := block.find(EXIF_MARK)) >= 0 and (place := exif_location(block[at:])) is not None:
        return place
    return xmp_location(block)


def _of_segments(file: BinaryIO, segments: Sequence[JpegSegment]) -> Iterator[bytes]:
    may_tell = (s for s in segments if (_APP0 < s.marker <= _APP15 or s.marker == _COM) and s.marker != _APP14)
    extended: dict[bytes, dict[int, bytes]] = {}
    for body in _read(file, ((s.start + 4, s.end) for s in may_tell)):
        if not body.startswith(_EXTENDED_XMP):
            yield body
            continue
        digest, rest = _cut(body[len(_EXTENDED_XMP) :], _DIGEST_BYTES)
        head, part = _cut(rest, _PART_HEAD_BYTES - _DIGEST_BYTES)
        extended.setdefault(digest, {})[int.from_bytes(head[4:])] = part
    for parts in extended.values():
        yield b"".join(part for _, part in sorted(parts.items()))


def _cut(data: bytes, at: int) -> tuple[bytes, bytes]:
    return data[:at], data[at:]


def _of_chunks(file: BinaryIO, chunks: Sequence[PngChunk]) -> Iterator[bytes]:
    left = _MOST_BYTES
    for kind, body in _told_in(file, chunks, TEXT_CHUNKS | {b"eXIf"}):
        if kind == b"eXIf":
            yield body
        elif left > 0:
            keyword, text = _text(kind, body, min(left, _MOST_UNPACKED))
            left -= len(text)
            yield _of_profile(text) if keyword.startswith(b"Raw profile type ") else text


def _of_profile(text: bytes) -> bytes:
    try:
        return raw_profile(text)
    except ValueError:
        return b""


def _of_properties(file: BinaryIO, chunks: Sequence[PngChunk]) -> Place | None:
    """ImageMagick writes what it finds in EXIF as texts, each under a name of its own."""
    said = dict(_text(kind, body, _WORD_BYTES) for kind, body in _told_in(file, chunks, frozenset({b"tEXt"})))
    latitude, longitude = said.get(b"exif:GPSLatitude", b""), said.get(b"exif:GPSLongitude", b"")
    sides = said.get(b"exif:GPSLatitudeRef", b"N"), said.get(b"exif:GPSLongitudeRef", b"E")
    return place_in_fractions(latitude, longitude, *sides) if latitude and longitude else None


_WORD_BYTES = 200


def _told_in(file: BinaryIO, chunks: Sequence[PngChunk], kinds: Collection[bytes]) -> Iterator[tuple[bytes, bytes]]:
    """Type and content."""
    wanted = [each for each in chunks if each.kind in kinds]
    bodies = _read(file, [(each.start + 8, each.end - 4) for each in wanted])
    return ((each.kind, body) for each, body in zip(wanted, bodies, strict=False))


def _text(kind: bytes, body: bytes, most: int) -> tuple[bytes, bytes]:
    """(keyword, text), which is unpacked no further than `most`; empty where it is damaged."""
    keyword, _, rest = body[: most + _MOST_BEFORE_TEXT].partition(b"\0")  # what is behind would be copied for nothing
    match kind:
        case b"tEXt":
            return keyword, rest[:most]
        case b"zTXt":
            return keyword, _unpacked(rest[1:], most)
        case _:
            text = rest[2:].split(b"\0", 2)[-1]
            return keyword, _unpacked(text, most) if rest[:1] not in (b"", b"\0") else text[:most]


def _unpacked(packed: bytes, most: int) -> bytes:
    try:
        return zlib.decompressobj().decompress(packed, most)
    except zlib.error:
        return b""


def _read(file: BinaryIO, ranges: Iterable[tuple[int, int]]) -> Iterator[bytes]:
    left = _MOST_BYTES
    for start, end in islice(ranges, _MOST_PARTS):
        if left <= 0:
            return
        file.seek(start)
        body = file.read(min(end - start, left))
        left -= len(body)
        yield body


def _behind(file: BinaryIO, start: int, size_bytes: int) -> Place | None:
    """Of another picture behind the first, or of a film: found by what they begin with, as anything may be between."""
    looked_into = dict.fromkeys(_MARKS, 0)
    at = start
    while at < min(size_bytes, start + _MOST_BEHIND_BYTES):
        file.seek(at)
        window = file.read(_WINDOW_BYTES + _AROUND_BYTES)
        for mark, ask in _MARKS.items():
            found = window.find(mark, 0, _WINDOW_BYTES + len(mark) - 1)
            while found >= 0 and looked_into[mark] < _MOST_MARKS:
                looked_into[mark] += 1
                if (place := ask(file, at + found, size_bytes)) is not None:
                    return place
                found = window.find(mark, found + 1, _WINDOW_BYTES + len(mark) - 1)
        at += _WINDOW_BYTES
    return None


_WINDOW_BYTES, _AROUND_BYTES = 1 << 20, 1 << 16
_MOST_BEHIND_BYTES = 1 << 26
"""More than any image that is sent may have."""
_MOST_MARKS = 16
"""Of each, that are looked into; a stereo camera writes two pictures, others a handful."""


def _exif_at(file: BinaryIO, at: int, size_bytes: int) -> Place | None:  # noqa: ARG001 (as the others are asked)
    file.seek(at)
    return exif_location(file.read(_AROUND_BYTES))


def _xmp_at(file: BinaryIO, at: int, size_bytes: int) -> Place | None:  # noqa: ARG001 (as the others are asked)
    """The longitude may stand in front of the latitude."""
    file.seek(max(at - _AROUND_BYTES, 0))
    return xmp_location(file.read(2 * _AROUND_BYTES))


def _film_at(file: BinaryIO, at: int, size_bytes: int) -> Place | None:
    """A film begins with a box of that kind, behind four bytes that say how long it is."""
    return movie_location(file, at - 4, size_bytes)


_MARKS: dict[bytes, Callable[[BinaryIO, int, int], Place | None]] = {
    EXIF_MARK + b"II*\0": _exif_at,
    EXIF_MARK + b"MM\0*": _exif_at,
    b"GPSLatitude": _xmp_at,
    b"GpsLatitude": _xmp_at,
    b"ftyp": _film_at,
}
