"""PNG: chunks, each with a checksum (ISO/IEC 15948)."""

from __future__ import annotations

import zlib
from typing import ClassVar

from preflight.testing.corrupt.formats.exif import oriented
from preflight.testing.corrupt.interface import Element, Format, Part, Role, at, orientation
from preflight.testing.corrupt.splice import Edit, Splice, put, uint

_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_DATA = {"IDAT", "fdAT"}
_OVERHEAD = 12


class Png(Format):
    title: ClassVar[str] = "PNG"

    def recognises(self, data: bytes) -> bool:
        return data.startswith(_SIGNATURE)

    def parse(self, data: bytes) -> list[Element]:
        found = [Element(kind="signature", start=0, body=0, end=8, role="header")]
        start = 8
        while start + _OVERHEAD <= len(data):
            kind = data[start + 4 : start + 8].decode("latin-1")
            end = min(start + _OVERHEAD + uint(data, start, 4), len(data))
            role: Role = "data" if kind in _DATA else "header"
            found.append(Element(kind=kind, start=start, body=start + 8, end=end, role=role))
            start = end
        return found

    def with_size(self, data: bytes, width: int, height: int) -> bytes:
        """With a right checksum: only who decodes it finds out."""
        header = self._header(data)
        content = bytearray(data[header.body : header.end - 4])
        put(content, 0, 4, width, what="width")
        put(content, 4, 4, height, what="height")
        return data[: header.start] + _chunk(b"IHDR", bytes(content)) + data[header.end :]

    def with_rotation(self, data: bytes, degrees: int, *, mirrored: bool) -> bytes:
        header = self._header(data)
        value = orientation(degrees, mirrored=mirrored)
        old = at(self.elements(data), "eXIf")
        edits = [Edit(e.start, e.end, _chunk(b"eXIf", oriented(data[e.body : e.end - 4], value))) for e in old]
        return Splice(data, edits or [Edit(header.end, header.end, _chunk(b"eXIf", oriented(b"", value)))]).data

    def with_length(self, data: bytes, part: Part, length: int) -> bytes:
        if part.name == "signature":
            return super().with_length(data, part, length)
        buffer = bytearray(data)
        put(buffer, part.start, 4, length, what="length")
        return bytes(buffer)

    def _header(self, data: bytes) -> Element:
        headers = at(self.elements(data), "IHDR")
        if not headers:
            self._cannot("has no IHDR here", "a whole file")
        return headers[0]


def _chunk(kind: bytes, content: bytes) -> bytes:
    return len(content).to_bytes(4) + kind + content + zlib.crc32(kind + content).to_bytes(4)
