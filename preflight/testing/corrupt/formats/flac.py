"""FLAC: blocks that describe it, then frames (RFC 9639)."""

from __future__ import annotations

from typing import ClassVar, NamedTuple

from preflight.testing.corrupt.formats.id3 import tag_end
from preflight.testing.corrupt.interface import Element, Format, Part, Role, at
from preflight.testing.corrupt.splice import fits, put, uint

_BLOCKS = ("STREAMINFO", "PADDING", "APPLICATION", "SEEKTABLE", "VORBIS_COMMENT", "CUESHEET", "PICTURE")
_LAST = 0x80
_SAMPLES_BITS = 36
_SYNC, _NO_RATE = 0xFFF8, 15


class Flac(Format):
    title: ClassVar[str] = "FLAC"

    def recognises(self, data: bytes) -> bool:
        return data.startswith(b"fLaC", tag_end(data))

    def parse(self, data: bytes) -> list[Element]:
        start = tag_end(data)
        found = [Element(kind="ID3v2", start=0, body=10, end=start, role="header")] if start else []
        found.append(Element(kind="fLaC", start=start, body=start, end=start + 4, role="header"))
        start += 4
        last = False
        while not last and start + 4 <= len(data):
            last = bool(data[start] & _LAST)
            number = data[start] & ~_LAST
            kind = _BLOCKS[number] if number < len(_BLOCKS) else f"block{number}"
            end = min(start + 4 + uint(data, start + 1, 3), len(data))
            role: Role = "index" if kind == "SEEKTABLE" else "header"
            found.append(Element(kind=kind, start=start, body=start + 4, end=end, role=role))
            start = end
        return found + _frames(data, start)

    def packets(self, data: bytes) -> list[Element]:
        return [element for element in self.elements(data) if element.kind == "frame"]

    def with_duration(self, data: bytes, seconds: float) -> bytes:
        info = at(self.elements(data), "STREAMINFO")[0]
        # Bytes 10 to 17: 20 bits of sample rate, 3 of channels, 5 of bit depth, 36 of how many samples there are.
        packed = uint(data, info.body + 10, 8)
        count = fits(round(seconds * (packed >> 44)), _SAMPLES_BITS, "number of samples")
        buffer = bytearray(data)
        put(buffer, info.body + 10, 8, packed >> _SAMPLES_BITS << _SAMPLES_BITS | count)
        return bytes(buffer)

    def with_length(self, data: bytes, part: Part, length: int) -> bytes:
        if part.name.startswith(("frame", "fLaC", "ID3")):
            return super().with_length(data, part, length)
        buffer = bytearray(data)
        put(buffer, part.start + 1, 3, length, what="length")
        return bytes(buffer)


class _FrameHead(NamedTuple):
    number: int
    """Of the frame, or of its first sample where frames differ in length."""
    length: int
    """Of the header, bytes."""


def _frames(data: bytes, start: int) -> list[Element]:
    """A sync code alone is found in sound, too: only what has a right checksum and the next number begins a frame."""
    found: list[Element] = []
    head = _frame_head(data, start)
    while head is not None:
        sync = data[start : start + 2]
        following = start + head.length
        while (following := data.find(sync, following)) >= 0:
            next_head = _frame_head(data, following)
            if (
                next_head is not None
                and (next_head.number == head.number + 1 or sync[1] & 1)
                and next_head.number > head.number
            ):
                break
            following += 1
        else:
            next_head = None
        end = following if following >= 0 else len(data)
        found.append(Element(kind="frame", start=start, body=start + head.length, end=end, role="data"))
        start, head = end, next_head
    return found


def _frame_head(data: bytes, start: int) -> _FrameHead | None:
    if uint(data, start, 2) & 0xFFFE != _SYNC or start + 6 > len(data):
        return None
    block_code, rate_code = data[start + 2] >> 4, data[start + 2] & 15
    # Coded as UTF-8 is: as many bytes as there are leading ones.
    first = data[start + 4]
    ones = 8 - (~first & 0xFF).bit_length()
    width = max(ones, 1)
    if ones == 1 or not block_code or rate_code == _NO_RATE:
        return None
    number = first if width == 1 else first & (0x7F >> width)
    for byte in data[start + 5 : start + 4 + width]:
        number = number << 6 | byte & 0x3F
    length = 4 + width + {6: 1, 7: 2}.get(block_code, 0) + {12: 1, 13: 2, 14: 2}.get(rate_code, 0)
    checked = data[start : start + length]
    if start + length >= len(data) or _crc8(checked) != data[start + length]:
        return None
    return _FrameHead(number, length + 1)


def _crc8(data: bytes) -> int:
    value = 0
    for byte in data:
        value ^= byte
        for _ in range(8):
            value = (value << 1 ^ (0x07 if value & 0x80 else 0)) & 0xFF
    return value
