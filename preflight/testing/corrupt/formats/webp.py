"""WebP: a canvas, and a picture in it whose own header says its size again."""

from __future__ import annotations

from typing import ClassVar

from preflight.testing.corrupt.formats.riff import Riff
from preflight.testing.corrupt.interface import walk
from preflight.testing.corrupt.splice import fits, put, uint

_SIDE_BITS = 14


class WebP(Riff):
    title: ClassVar[str] = "WebP"
    form: ClassVar[bytes] = b"WEBP"

    def with_size(self, data: bytes, width: int, height: int) -> bytes:
        buffer = bytearray(data)
        for chunk in walk(self.elements(data)):
            match chunk.kind:
                case "VP8X":
                    put(buffer, chunk.body + 4, 3, width - 1, "little", what="width less one")
                    put(buffer, chunk.body + 7, 3, height - 1, "little", what="height less one")
                case "VP8":
                    # Two more bits in each say how to scale it: none.
                    put(buffer, chunk.body + 6, 2, fits(width, _SIDE_BITS, "width"), "little")
                    put(buffer, chunk.body + 8, 2, fits(height, _SIDE_BITS, "height"), "little")
                case "VP8L":
                    sides = fits(width - 1, _SIDE_BITS, "width less one")
                    sides |= fits(height - 1, _SIDE_BITS, "height less one") << _SIDE_BITS
                    flags = uint(data, chunk.body + 1, 4, "little") >> 2 * _SIDE_BITS << 2 * _SIDE_BITS
                    put(buffer, chunk.body + 1, 4, flags | sides, "little")
        return bytes(buffer)
