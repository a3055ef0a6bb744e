"""AVI: packets are chunks of a list, and an index behind them says where each is."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from typing import ClassVar

from preflight.testing.corrupt.formats.riff import Riff, chunks, is_media
from preflight.testing.corrupt.interface import Element, copied, walk
from preflight.testing.corrupt.splice import Edit, Splice, put, uint

_ENTRY = struct.Struct("<4sIII")
"""Of idx1: kind, flags, offset, size."""


class Avi(Riff):
    title: ClassVar[str] = "AVI"
    form: ClassVar[bytes] = b"AVI "

    def packets(self, data: bytes) -> list[Element]:
        """Without the empty ones, which say that the picture stays as it is."""
        return [c for c in walk(self.elements(data)) if is_media(c) and uint(data, c.start + 4, 4, "little")]

    def repacked(self, data: bytes, copies: Sequence[int]) -> bytes:
        elements, packets = self.elements(data), self.packets(data)
        edits = [
            Edit(p.start, p.end, data[p.start : p.end] * n) for p, n in zip(packets, copies, strict=True) if n != 1
        ]
        indices = chunks(elements, "idx1")
        if indices:
            # The index lies behind the packets: what it says moves none of them.
            index = _mended_index(data, indices[0], elements, packets, copies)
            edits.append(Edit(indices[0].body, indices[0].end, index))
        splice = Splice(data, edits)
        buffer = bytearray(splice.data)
        for element in walk(elements):
            grown = splice.length(element.start, element.end) - (element.end - element.start)
            if grown and (element.children or element in indices):
                size = uint(data, element.start + 4, 4, "little") + grown
                put(buffer, splice.moved(element.start) + 4, 4, size, "little", what="length")
        return bytes(buffer)

    def with_duration(self, data: bytes, seconds: float) -> bytes:
        elements = self.elements(data)
        buffer = bytearray(data)
        for header in chunks(elements, "hdrl/avih"):
            frames = round(seconds * 1e6 / max(uint(data, header.body, 4, "little"), 1))
            put(buffer, header.body + 16, 4, frames, "little", what="number of frames")
        for stream in chunks(elements, "hdrl/strl/strh"):
            scale, rate = struct.unpack_from("<II", data, stream.body + 20)
            put(buffer, stream.body + 32, 4, round(seconds * rate / max(scale, 1)), "little", what="number of packets")
        return bytes(buffer)

    def with_size(self, data: bytes, width: int, height: int) -> bytes:
        elements = self.elements(data)
        buffer = bytearray(data)
        for header in chunks(elements, "hdrl/avih"):
            put(buffer, header.body + 32, 4, width, "little", what="width")
            put(buffer, header.body + 36, 4, height, "little", what="height")
        for stream in chunks(elements, "hdrl/strl"):
            if any(data[s.body : s.body + 4] == b"vids" for s in stream.children if s.kind == "strh"):
                for picture in (s for s in stream.children if s.kind == "strf"):
                    put(buffer, picture.body + 4, 4, width, "little", what="width")
                    put(buffer, picture.body + 8, 4, height, "little", what="height")
        return bytes(buffer)


def _mended_index(
    data: bytes, index: Element, elements: Sequence[Element], packets: Sequence[Element], copies: Sequence[int]
) -> bytes:
    """An entry for each packet that is there, at its new place."""
    splice = copied(data, packets, copies)
    times = {packet.start: n for packet, n in zip(packets, copies, strict=True)}
    entries = list(_ENTRY.iter_unpack(data[index.body : index.end - (index.end - index.body) % _ENTRY.size]))
    # Offsets count from the name of the list of packets, or, as some write them, from the start of the file.
    base = chunks(elements, "movi")[0].start + 8
    if entries and data[entries[0][2] : entries[0][2] + 4] == entries[0][0]:
        base = 0
    new = []
    for kind, flags, offset, size in entries:
        start = base + offset
        length = 8 + size + size % 2
        new += [
            _ENTRY.pack(kind, flags, splice.moved(start) - base + i * length, size) for i in range(times.get(start, 1))
        ]
    return b"".join(new)
