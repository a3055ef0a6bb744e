"""What of a JPEG or PNG it takes to show its first picture: the rest is baggage, and can go."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import BinaryIO

from preflight.probers.exif import EXIF_MARK, bare_exif, says_only_orientation
from preflight.probers.image_structure import JpegSegment
from preflight.probers.png_structure import IS_ANCILLARY, SHOWN_BY, PngChunk, chunk

Piece = bytes | tuple[int, int]
"""Bytes of their own, or from where to where in the file."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Bare:
    """A picture without its baggage."""

    pieces: tuple[Piece, ...]
    dropped: tuple[str, ...]
    """What was left out, in words."""
    holds_metadata: bool
    """Whether something of it may say who made the picture, with what, where or when."""

    @property
    def size_bytes(self) -> int:
        return sum(len(p) if isinstance(p, bytes) else p[1] - p[0] for p in self.pieces)

    def of(self, file: BinaryIO) -> bytes:
        """The picture, of the file that was looked into."""
        return b"".join(_read(file, piece) for piece in self.pieces)


_APP0, _APP1, _APP2, _APP13, _APP14, _APP15, _COM = 0xE0, 0xE1, 0xE2, 0xED, 0xEE, 0xEF, 0xFE
_SOI, _SOS = 0xD8, 0xDA
_JFIF = b"JFIF\0"
# Marker, length, name, version, unit, densities, and no thumbnail.
_JFIF_BYTES = 18
# Marker, length, name, version, flags of two kinds, and how the colours are stored.
_ADOBE_BYTES = 16
_HEAD_BYTES = 64
_TAIL = 1 << 16


def bare_jpeg(file: BinaryIO, segments: Sequence[JpegSegment], orientation: int, size_bytes: int) -> Bare:
    """What decoding needs, JFIF, Adobe's note on colours, the ICC profile; of EXIF the orientation, if it is not 1.

    `size_bytes` is the file's. What stands between the segments, before a marker or behind the picture's end goes.
    """
    pieces: list[Piece] = []
    dropped = _between(file, segments)
    wants_note = orientation != 1
    at_front = 0
    for segment in segments:
        head = _head(file, segment) if _APP0 <= segment.marker <= _APP15 else b""
        length = segment.end - segment.start
        match segment.marker:
            case 0xD8:
                at_front = len(pieces) + 1
            case 0xE0 if head.startswith(_JFIF):
                at_front = len(pieces) + 1
                if length > _JFIF_BYTES:
                    pieces.append(_marked(_APP0, head[:12] + b"\0\0"))
                    dropped["a thumbnail"] = True
                    continue
            case 0xE1 if length <= 4 + _HEAD_BYTES and _is_note(head, orientation):
                wants_note = True  # it says nothing else: put back below
                continue
            case 0xE2 if head.startswith(b"ICC_PROFILE\0"):
                pass
            case 0xEE if head.startswith(b"Adobe"):
                if length > _ADOBE_BYTES:
                    pieces.append(_marked(_APP14, head[: _ADOBE_BYTES - 4]))
                    dropped["what follows Adobe's note"] = True
                    continue
            case marker if _APP0 <= marker <= _APP15 or marker == _COM:
                dropped[_what(marker, head)] = True
                continue
            case 0xDA:
                end = _without_fill(file, segment)
                if end < segment.end:
                    dropped[_FILL] = False
                pieces.append((segment.start, end))
                continue
            case _:
                pass
        pieces.append((segment.start, segment.end))
    if wants_note:
        pieces.insert(at_front, _marked(_APP1, EXIF_MARK + bare_exif(orientation)))
    if segments and segments[-1].end < size_bytes:
        dropped["what follows the picture"] = True
    return _bare(pieces, dropped, size_bytes)


def _between(file: BinaryIO, segments: Sequence[JpegSegment]) -> dict[str, bool]:
    """What stands in front of markers and belongs to none: fill, which says nothing, or anything at all."""
    found: dict[str, bool] = {}
    at = 0
    for segment in segments:
        if segment.start > at:
            is_fill = _behind(file, at, segment.start) == at
            found.setdefault(_FILL if is_fill else "what stands between its parts", not is_fill)
        at = segment.end
    return found


_FILL = "fill bytes"


def _head(file: BinaryIO, segment: JpegSegment) -> bytes:
    file.seek(segment.start + 4)
    return file.read(min(segment.end - segment.start - 4, _HEAD_BYTES))


def _is_note(head: bytes, orientation: int) -> bool:
    return head.startswith(EXIF_MARK) and says_only_orientation(head, orientation)


def _what(marker: int, head: bytes) -> str:
    match marker:
        case 0xFE:
            return "comments"
        case 0xE1 if head.startswith(EXIF_MARK[:4]):
            return "EXIF"
        case 0xE1 if head.startswith(b"http://ns.adobe.com/"):
            return "XMP"
        case 0xE2 if head.startswith(b"MPF\0"):
            return "the index of further pictures"
        case 0xED:
            return "IPTC"
        case 0xE0:
            return "a thumbnail"
        case _:
            return f"APP{marker - _APP0}"


def _marked(marker: int, body: bytes) -> bytes:
    return bytes([0xFF, marker]) + (len(body) + 2).to_bytes(2) + body


def _without_fill(file: BinaryIO, scan: JpegSegment) -> int:
    """Where the coded data end: any number of FF may stand before a marker (T.81, B.1.1.2), and none ends the data."""
    end = _behind(file, scan.start, scan.end)
    return end if end > scan.start else scan.end


def _behind(file: BinaryIO, start: int, end: int) -> int:
    """Where what is no FF ends."""
    while end > start:
        at = max(start, end - _TAIL)
        file.seek(at)
        if kept := len(file.read(end - at).rstrip(b"\xff")):
            return at + kept
        end = at
    return start


_FRAMES = frozenset({b"acTL", b"fcTL", b"fdAT"})
_NAMES = {b"eXIf": "EXIF", b"tIME": "its time", **dict.fromkeys((b"tEXt", b"zTXt", b"iTXt"), "texts")}


def bare_png(
    file: BinaryIO, chunks: Sequence[PngChunk], orientation: int, size_bytes: int, pixels: bytes | None = None
) -> Bare:
    """What decoding needs, colours, transparency; of EXIF the orientation, if it is not 1.

    `size_bytes` is the file's. `pixels`: what the IDAT chunks are to hold instead of what they do.
    """
    pieces: list[Piece] = [(0, 8)]
    dropped: dict[str, bool] = {}
    wants_note = orientation != 1
    is_packed = False
    for each in chunks:
        if not each.kind[0] & IS_ANCILLARY or each.kind in SHOWN_BY:
            if wants_note and each.kind == b"IDAT":
                pieces.append(chunk(b"eXIf", bare_exif(orientation)))
                wants_note = False
            if pixels is None or each.kind != b"IDAT":
                pieces.append((each.start, each.end))
            elif not is_packed:
                pieces.append(chunk(b"IDAT", pixels))
                is_packed = True
        elif each.kind in _FRAMES:
            dropped["further frames"] = dropped.get("further frames", False)
        elif not _says_only(file, each, orientation):  # what does not is put back in front of the picture
            dropped[_NAMES.get(each.kind, f"the chunk {each.kind.decode('ascii', 'backslashreplace')}")] = True
    if chunks and chunks[-1].end < size_bytes:
        dropped["what follows the picture"] = True
    return _bare(pieces, dropped, size_bytes)


def _says_only(file: BinaryIO, each: PngChunk, orientation: int) -> bool:
    if each.kind != b"eXIf" or each.end - each.start > _FRAME_BYTES + _HEAD_BYTES:
        return False
    file.seek(each.start + 8)
    return says_only_orientation(file.read(each.end - each.start - _FRAME_BYTES), orientation)


_FRAME_BYTES = 12
"""Of a chunk: length, type and checksum."""


def _bare(pieces: Iterable[Piece], dropped: dict[str, bool], size_bytes: int) -> Bare:
    bare = Bare(pieces=tuple(_joined(pieces)), dropped=tuple(dropped), holds_metadata=any(dropped.values()))
    if not dropped and bare.size_bytes < size_bytes:
        return Bare(pieces=bare.pieces, dropped=(_FILL,), holds_metadata=False)
    return bare


def _joined(pieces: Iterable[Piece]) -> list[Piece]:
    """Neighbours in the file are read in one go."""
    joined: list[Piece] = []
    for piece in pieces:
        last = joined[-1] if joined else b""
        if isinstance(last, tuple) and isinstance(piece, tuple) and last[1] == piece[0]:
            joined[-1] = last[0], piece[1]
        else:
            joined.append(piece)
    return joined


def _read(file: BinaryIO, piece: Piece) -> bytes:
    if isinstance(piece, bytes):
        return piece
    file.seek(piece[0])
    return file.read(piece[1] - piece[0])
