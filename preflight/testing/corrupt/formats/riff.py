"""RIFF: chunks in lists, which WAV, AVI and WebP are made of."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import ClassVar

from preflight.testing.corrupt.interface import Element, Format, Part, Role, at
from preflight.testing.corrupt.splice import put, uint

_OUTERMOST = {"RIFF", "RF64", "BW64"}
_IN_DS64 = 0xFFFFFFFF
"""The size of a chunk that is too long for 32 bits; WAV that was never finished has it, too, without a ds64."""
_DATA = {"data", "VP8", "VP8L", "ALPH", "ANMF", "movi", "rec"}
_MEDIA = re.compile(r"\d\d(dc|db|wb)")
_INDEX = re.compile(r"idx1|indx|ix\d\d")
_DEEPEST = 6


class Riff(Format):
    """What is common to all of them; a subclass says which kind of file it knows."""

    form: ClassVar[bytes]

    def recognises(self, data: bytes) -> bool:
        return data[:4].decode("latin-1") in _OUTERMOST and data[8:12] == self.form

    def parse(self, data: bytes) -> list[Element]:
        return _chunks(data, 0, len(data), _long_sizes(data), _DEEPEST)

    def with_length(self, data: bytes, part: Part, length: int) -> bytes:
        buffer = bytearray(data)
        put(buffer, part.start + 4, 4, length, "little", what="length")
        return bytes(buffer)


def is_media(chunk: Element) -> bool:
    """A packet of AVI."""
    return _MEDIA.fullmatch(chunk.kind) is not None


def chunks(elements: Sequence[Element], path: str) -> list[Element]:
    """All at a path inside the file's outermost chunk, whatever that is called."""
    return [chunk for outermost in elements for chunk in at(outermost.children, path)]


def _long_sizes(data: bytes) -> dict[str, int]:
    """Of RF64 (EBU Tech 3306): what does not fit where it belongs."""
    if data[12:16] != b"ds64":
        return {}
    return {
        "RF64": uint(data, 20, 8, "little"),
        "BW64": uint(data, 20, 8, "little"),
        "data": uint(data, 28, 8, "little"),
    }


def _chunks(data: bytes, start: int, end: int, long_sizes: dict[str, int], levels: int) -> list[Element]:
    found = []
    while start + 8 <= end:
        kind = data[start : start + 4].decode("latin-1").strip()
        size = uint(data, start + 4, 4, "little")
        if size == _IN_DS64:
            size = long_sizes.get(kind) or end
        body = start + 8
        # A byte of padding makes each start at an even place.
        chunk_end = min(body + size + size % 2, end)
        children: list[Element] = []
        if (kind in _OUTERMOST or kind == "LIST") and levels:
            kind = kind if kind in _OUTERMOST else data[body : body + 4].decode("latin-1").strip()
            body = min(body + 4, chunk_end)
            children = _chunks(data, body, chunk_end, long_sizes, levels - 1)
        found.append(
            Element(kind=kind, start=start, body=body, end=chunk_end, role=_role(kind), children=tuple(children))
        )
        start = chunk_end
    return found


def _role(kind: str) -> Role:
    if _INDEX.fullmatch(kind):
        return "index"
    return "data" if kind in _DATA or _MEDIA.fullmatch(kind) else "header"
