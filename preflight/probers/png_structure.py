"""What the chunks of a PNG say, read without decoding a pixel."""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import BinaryIO, NamedTuple, cast

SIGNATURE = b"\x89PNG\r\n\x1a\n"
TEXT_CHUNKS = frozenset({b"tEXt", b"zTXt", b"iTXt"})
_HEADER_BYTES, _CRC_BYTES = 8, 4
IS_ANCILLARY = 0x20
"""In the first letter of a chunk's type (PNG, third edition, 5.4)."""
SHOWN_BY = frozenset(b"tRNS gAMA cHRM sRGB iCCP sBIT cICP mDCV cLLI pHYs bKGD".split())
"""Ancillary chunks without which a picture looks different, or may."""
_ANIMATED_BY = frozenset({b"acTL", b"fcTL", b"fdAT"})
_BLOCK = 1 << 20
PIXEL_BLOCK = 1 << 18
# In parts of 8 kB, which is what libpng writes, more than any picture that is decoded here takes.
_MOST_CHUNKS = 100_000


class PngChunk(NamedTuple):
    """One chunk with its length, type and checksum."""

    kind: bytes
    start: int
    end: int


@dataclass(frozen=True, kw_only=True, slots=True)
class PngStructure:
    damage: str | None
    chunks: tuple[PngChunk, ...]
    """Up to IEND, or to the damage."""
    exif: bytes
    """Of the eXIf chunk, wherever it stands: Pillow finds one behind the pixels only by decoding them all."""
    exif_in_bad_text: bool
    """Whether EXIF stands in a text that is not all hexadecimal, at which Pillow's `getexif` fails."""


def png_structure(file: BinaryIO) -> PngStructure:
    """Lengths, checksums and the parts that must be there."""
    chunks: list[PngChunk] = []
    kept = {b"eXIf": b"", b"text": b""}
    # Chunks are mostly of 8 kB: their headers and contents come out of few large reads.
    buffered = io.BufferedReader(cast("io.RawIOBase", file), _BLOCK)
    try:
        damage = _walk(cast("BinaryIO", buffered), chunks, kept)
    finally:
        buffered.detach()  # else it would close the file
    if damage is None and not any(chunk.kind == b"IDAT" for chunk in chunks):
        damage = "the PNG holds no picture data (IDAT)"
    in_text = exif_in_text(kept[b"text"])
    return PngStructure(
        damage=damage,
        chunks=tuple(chunks),
        exif=kept[b"eXIf"] or in_text,
        exif_in_bad_text=bool(kept[b"text"]) and not kept[b"eXIf"] and not in_text,
    )


def _walk(file: BinaryIO, chunks: list[PngChunk], kept: dict[bytes, bytes]) -> str | None:
    """What is damaged; None where the end was reached."""
    at = len(SIGNATURE)
    file.seek(at)
    while not chunks or chunks[-1].kind != b"IEND":
        header = file.read(_HEADER_BYTES)
        if len(header) < _HEADER_BYTES:
            return "the file breaks off: the end of the PNG (IEND) is missing"
        if len(chunks) >= _MOST_CHUNKS:
            return "the PNG is in more parts than can be true"
        length, kind = struct.unpack(">I4s", header)
        crc = zlib.crc32(kind)
        body = b""
        for block in _blocks(file, length):
            crc = zlib.crc32(block, crc)
            body = body or block  # the first, which is enough of whatever is looked into
        name = kind.decode("ascii", "backslashreplace")
        stored = file.read(_CRC_BYTES)
        if len(stored) < _CRC_BYTES:
            return f"the file breaks off inside the PNG chunk {name}"
        if int.from_bytes(stored) != crc:
            return f"the checksum of the PNG chunk {name} is wrong"
        end = at + _HEADER_BYTES + length + _CRC_BYTES
        chunks.append(PngChunk(kind, at, end))
        at = end
        _keep(kind, body, kept)
    return None


def _keep(kind: bytes, body: bytes, kept: dict[bytes, bytes]) -> None:
    match kind:
        case b"eXIf":
            kept[kind] = kept[kind] or body
        case b"tEXt" | b"zTXt" if body.startswith(b"Raw profile type exif\0"):
            kept[b"text"] = kind + body
        case _:
            pass


def _blocks(file: BinaryIO, length: int) -> Iterator[bytes]:
    while length > 0 and (block := file.read(min(length, _BLOCK))):
        length -= len(block)
        yield block


def exif_in_text(chunk: bytes) -> bytes:
    """ImageMagick writes EXIF into PNG as hexadecimal text, under three lines of heading. `chunk`: type and content."""
    kind, (_, _, text) = chunk[:4], chunk[4:].partition(b"\0")
    try:
        if kind == b"zTXt":
            text = zlib.decompressobj().decompress(text[1:], _BLOCK)
        return raw_profile(text)
    except (zlib.error, ValueError):
        return b""


def raw_profile(text: bytes) -> bytes:
    """Of hexadecimal text under three lines of heading. Raises ValueError where it is something else."""
    return bytes.fromhex(b"".join(text.split(b"\n")[3:]).decode("ascii"))


def png_chunks(file: BinaryIO) -> list[PngChunk]:
    """Up to IEND, or to where the file breaks off. No checksum is asked."""
    chunks: list[PngChunk] = []
    at = len(SIGNATURE)
    while len(chunks) < _MOST_CHUNKS and not (chunks and chunks[-1].kind == b"IEND"):
        file.seek(at)
        header = file.read(_HEADER_BYTES)
        if len(header) < _HEADER_BYTES:
            break
        length, kind = struct.unpack(">I4s", header)
        chunks.append(PngChunk(kind, at, at + _HEADER_BYTES + length + _CRC_BYTES))
        at = chunks[-1].end
    return chunks


def pixel_blocks(file: BinaryIO, chunks: Iterable[PngChunk]) -> Iterator[bytes]:
    """What the IDAT chunks hold, as it is packed, in parts of at most `PIXEL_BLOCK` bytes."""
    for chunk in chunks:
        if chunk.kind == b"IDAT":
            file.seek(chunk.start + _HEADER_BYTES)
            left = chunk.end - _CRC_BYTES - chunk.start - _HEADER_BYTES
            while left > 0 and (block := file.read(min(left, PIXEL_BLOCK))):
                left -= len(block)
                yield block


def chunk_before_picture(file: BinaryIO, kind: bytes) -> bytes | None:
    """The content of the first chunk of this type in front of the pixels."""
    at = len(SIGNATURE)
    for _ in range(_MOST_CHUNKS):
        file.seek(at)
        header = file.read(_HEADER_BYTES)
        if len(header) < _HEADER_BYTES or header[4:] in (b"IDAT", b"IEND"):
            break
        length = int.from_bytes(header[:4])
        if header[4:] == kind:
            return file.read(min(length, _BLOCK))
        at += _HEADER_BYTES + length + _CRC_BYTES
    return None


def private_kinds(file: BinaryIO) -> frozenset[bytes]:
    """Types of chunks that are there and mean nothing to whoever shows the picture."""
    asked_for = SHOWN_BY | _ANIMATED_BY | {b"eXIf"}
    kinds = {each.kind for each in png_chunks(file)}
    return frozenset(kind for kind in kinds if kind[0] & IS_ANCILLARY and kind not in asked_for)


def without(kinds: frozenset[bytes], file: BinaryIO) -> list[tuple[int, int]] | None:
    """Where everything but chunks of these types is, as starts and ends; None where there are none. No checksum is
    asked.
    """
    ranges = []
    start = at = len(SIGNATURE)
    has_any = False
    for _ in range(_MOST_CHUNKS):
        file.seek(at)
        header = file.read(_HEADER_BYTES)
        if len(header) < _HEADER_BYTES:
            break
        length, kind = struct.unpack(">I4s", header)
        end = at + _HEADER_BYTES + length + _CRC_BYTES
        if kind in kinds:
            ranges.append((start, at))
            start = end
            has_any = True
        at = end
        if kind == b"IEND":
            break
    size = file.seek(0, 2)
    return [(0, len(SIGNATURE)), *ranges, (start, max(start, size))] if has_any else None


def chunk(kind: bytes, body: bytes) -> bytes:
    """With its length and checksum."""
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
