"""Ogg: pages, each with a checksum and a position in time (RFC 3533)."""

from __future__ import annotations

from typing import ClassVar

from preflight.testing.corrupt.interface import Element, Format, Role
from preflight.testing.corrupt.splice import put, uint

_PAGE = b"OggS"
_HEAD_BYTES = 27
_FIRST_OF_STREAM = 2
_VORBIS, _OPUS = b"\x01vorbis", b"OpusHead"
_OPUS_RATE = 48_000


class Ogg(Format):
    title: ClassVar[str] = "Ogg"

    def recognises(self, data: bytes) -> bool:
        return data.startswith(_PAGE)

    def parse(self, data: bytes) -> list[Element]:
        found = []
        start, in_headers = 0, True
        while data.startswith(_PAGE, start) and start + _HEAD_BYTES <= len(data):
            body = start + _HEAD_BYTES + data[start + 26]
            end = body + sum(data[start + _HEAD_BYTES : body])
            # The pages of a stream's headers come first and are at position 0.
            in_headers = in_headers and (bool(data[start + 5] & _FIRST_OF_STREAM) or not uint(data, start + 6, 8))
            role: Role = "header" if in_headers else "data"
            kind = "header" if in_headers else "page"
            found.append(Element(kind=kind, start=start, body=min(body, len(data)), end=min(end, len(data)), role=role))
            start = end
        return found

    def packets(self, data: bytes) -> list[Element]:
        """Pages: each holds some packets. Their numbers stay: a reader sees that one is missing, or is there twice."""
        return [page for page in self.elements(data) if page.role == "data"]

    def with_duration(self, data: bytes, seconds: float) -> bytes:
        """The position of the last page is what a file's duration is taken from."""
        pages = self.elements(data)
        rates = {
            _stream(data, page): rate
            for page in pages
            if (rate := _samples_a_second(data[page.body : page.end])) is not None
        }
        last = {_stream(data, page): page for page in pages if page.role == "data" and _stream(data, page) in rates}
        if not last or len(last) < len({_stream(data, page) for page in pages}):
            self._cannot("states no duration here (no Vorbis or Opus alone)", "a file with sound only")
        buffer = bytearray(data)
        for stream, page in last.items():
            hertz, ahead = rates[stream]
            put(buffer, page.start + 6, 8, round(seconds * hertz) + ahead, "little", what="position")
            put(buffer, page.start + 22, 4, 0, "little")
            put(buffer, page.start + 22, 4, _checksum(buffer[page.start : page.end]), "little")
        return bytes(buffer)


def _stream(data: bytes, page: Element) -> int:
    return uint(data, page.start + 14, 4, "little")


def _samples_a_second(head: bytes) -> tuple[int, int] | None:
    """And how many of them come before the sound begins; None for what is no first page of Vorbis or Opus."""
    if head.startswith(_OPUS):
        return _OPUS_RATE, uint(head, 10, 2, "little")
    return (uint(head, 12, 4, "little"), 0) if head.startswith(_VORBIS) else None


def _row(byte: int) -> int:
    value = byte << 24
    for _ in range(8):
        value = (value << 1 & 0xFFFFFFFF) ^ (0x04C11DB7 if value >> 31 else 0)
    return value


_TABLE = tuple(map(_row, range(256)))


def _checksum(page: bytes | bytearray) -> int:
    """CRC-32 of Ogg's own kind: most significant bit first, from 0."""
    value = 0
    for byte in page:
        value = (value << 8 & 0xFFFFFFFF) ^ _TABLE[value >> 24 ^ byte]
    return value
