"""BMP: two headers, a palette, and rows of pixels."""

from __future__ import annotations

from typing import ClassVar

from preflight.testing.corrupt.interface import Element, Format, Role
from preflight.testing.corrupt.splice import put, uint

_FILE_HEADER = 14
_OLDEST_HEADER = 12
_LONGEST_HEADER = 124


class Bmp(Format):
    title: ClassVar[str] = "BMP"

    def recognises(self, data: bytes) -> bool:
        return data.startswith(b"BM") and _OLDEST_HEADER < uint(data, _FILE_HEADER, 4, "little") <= _LONGEST_HEADER

    def parse(self, data: bytes) -> list[Element]:
        palette = _FILE_HEADER + uint(data, _FILE_HEADER, 4, "little")
        pixels = max(uint(data, 10, 4, "little"), palette)
        ends = {"file": _FILE_HEADER, "picture": palette, "palette": pixels, "pixels": len(data)}
        found = []
        start = 0
        for kind, stop in ends.items():
            end = min(stop, len(data))
            if end > start:
                role: Role = "data" if kind == "pixels" else "header"
                found.append(Element(kind=kind, start=start, body=start, end=end, role=role))
            start = end
        return found

    def with_size(self, data: bytes, width: int, height: int) -> bytes:
        buffer = bytearray(data)
        put(buffer, _FILE_HEADER + 4, 4, width, "little", what="width")
        put(buffer, _FILE_HEADER + 8, 4, height, "little", what="height")
        return bytes(buffer)
