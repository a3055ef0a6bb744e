"""JPEG: segments, each begun by a marker, and coded data between them (ITU-T T.81)."""

from __future__ import annotations

import re
from typing import ClassVar

from preflight.testing.corrupt.formats.exif import oriented
from preflight.testing.corrupt.interface import Element, Format, Part, orientation
from preflight.testing.corrupt.splice import Edit, Splice, put, uint

_NAMES = {0xD8: "SOI", 0xD9: "EOI", 0xDA: "SOS", 0xDB: "DQT", 0xC4: "DHT", 0xDD: "DRI", 0xFE: "COM", 0xCC: "DAC"} | {
    0xE0 + n: f"APP{n}" for n in range(16)
}
_FRAMES = {0xC0 + n: f"SOF{n}" for n in (0, 1, 2, 3, 5, 6, 7, 9, 10, 11, 13, 14, 15)}
_WITHOUT_LENGTH = {0x01, 0xD8, 0xD9, *range(0xD0, 0xD8)}
# In coded data FF 00 is a byte of it, FF D0 to FF D7 are restarts, and FF FF fills.
_AFTER_SCAN = re.compile(rb"\xff[^\x00\xff\xd0-\xd7]", re.DOTALL)
_EXIF = b"Exif\0\0"


class Jpeg(Format):
    title: ClassVar[str] = "JPEG"

    def recognises(self, data: bytes) -> bool:
        return data.startswith(b"\xff\xd8\xff")

    def parse(self, data: bytes) -> list[Element]:
        found: list[Element] = []
        start = 0
        while start + 2 <= len(data) and data[start] == 0xFF:  # noqa: PLR2004 (what begins a marker)
            marker = data[start + 1]
            kind = _NAMES.get(marker) or _FRAMES.get(marker) or f"{marker:02X}"
            short = marker in _WITHOUT_LENGTH
            end = min(start + 2 + (0 if short else uint(data, start + 2, 2)), len(data))
            body = min(start + (2 if short else 4), end)
            found.append(Element(kind=kind, start=start, body=body, end=end, role="header"))
            start = end
            if kind == "SOS":
                after = _AFTER_SCAN.search(data, start)
                end = after.start() if after else len(data)
                found.append(Element(kind="scan", start=start, body=start, end=end, role="data"))
                start = end
            if kind == "EOI":
                break
        return found

    def with_size(self, data: bytes, width: int, height: int) -> bytes:
        frames = [element for element in self.elements(data) if element.kind.startswith("SOF")]
        if not frames:
            self._cannot("has no frame header (SOF) here", "a whole file")
        buffer = bytearray(data)
        for frame in frames:
            put(buffer, frame.body + 1, 2, height, what="height")
            put(buffer, frame.body + 3, 2, width, what="width")
        return bytes(buffer)

    def with_rotation(self, data: bytes, degrees: int, *, mirrored: bool) -> bytes:
        """In the EXIF that is there, or in a new one before all but JFIF's own segment."""
        elements = self.elements(data)
        value = orientation(degrees, mirrored=mirrored)
        old = [e for e in elements if e.kind == "APP1" and data.startswith(_EXIF, e.body)]
        first = next((e.end for e in elements if e.kind == "APP0"), 2)
        edits = [Edit(e.start, e.end, _exif(oriented(data[e.body + len(_EXIF) : e.end], value))) for e in old]
        return Splice(data, edits or [Edit(first, first, _exif(oriented(b"", value)))]).data

    def with_length(self, data: bytes, part: Part, length: int) -> bytes:
        if part.body != part.start + 4:
            return super().with_length(data, part, length)
        buffer = bytearray(data)
        put(buffer, part.start + 2, 2, length, what="length")
        return bytes(buffer)


def _exif(tiff: bytes) -> bytes:
    return b"\xff\xe1" + (2 + len(_EXIF) + len(tiff)).to_bytes(2) + _EXIF + tiff
