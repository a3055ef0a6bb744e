"""GIF: blocks (CompuServe, version 89a)."""

from __future__ import annotations

from typing import ClassVar

from preflight.testing.corrupt.interface import Element, Format, Role
from preflight.testing.corrupt.splice import put, uint

_EXTENSION, _IMAGE, _TRAILER = 0x21, 0x2C, 0x3B
_EXTENSIONS = {0xF9: "control", 0xFE: "comment", 0x01: "text", 0xFF: "application"}
_SCREEN_AT, _SCREEN_END = 6, 13


class Gif(Format):
    title: ClassVar[str] = "GIF"

    def recognises(self, data: bytes) -> bool:
        return data.startswith((b"GIF87a", b"GIF89a")) and len(data) >= _SCREEN_END

    def parse(self, data: bytes) -> list[Element]:
        found = [
            Element(kind="signature", start=0, body=0, end=_SCREEN_AT, role="header"),
            Element(kind="screen", start=_SCREEN_AT, body=_SCREEN_AT, end=_SCREEN_END, role="header"),
        ]
        start = _SCREEN_END
        if palette := _palette_bytes(data[10]):
            end = min(start + palette, len(data))
            found.append(Element(kind="palette", start=start, body=start, end=end, role="header"))
            start = end
        while start < len(data):
            role: Role = "header"
            body = start + 1
            match data[start]:
                case _ if data[start] == _EXTENSION:
                    kind = _EXTENSIONS.get(uint(data, start + 1, 1), "extension")
                    body = start + 2
                case _ if data[start] == _IMAGE:
                    kind, role = "image", "data"
                    body = start + 11 + _palette_bytes(uint(data, start + 9, 1))
                case _ if data[start] == _TRAILER:
                    found.append(Element(kind="trailer", start=start, body=body, end=body, role="header"))
                    break
                case _:
                    break
            end = min(_blocks_end(data, body), len(data))
            found.append(Element(kind=kind, start=start, body=min(body, end), end=end, role=role))
            start = end
        return found

    def with_size(self, data: bytes, width: int, height: int) -> bytes:
        """Of the screen; each image on it keeps its own."""
        buffer = bytearray(data)
        put(buffer, _SCREEN_AT, 2, width, "little", what="width")
        put(buffer, _SCREEN_AT + 2, 2, height, "little", what="height")
        return bytes(buffer)


def _palette_bytes(flags: int) -> int:
    return 3 << (flags & 7) + 1 if flags & 0x80 else 0


def _blocks_end(data: bytes, start: int) -> int:
    """Behind the empty block that ends a run of them."""
    while start < len(data) and data[start]:
        start += 1 + data[start]
    return start + 1
