"""FLV: tags, each followed by its own length."""

from __future__ import annotations

import struct
from typing import ClassVar

from preflight.testing.corrupt.interface import Element, Format, Part
from preflight.testing.corrupt.splice import put, uint

_KINDS = {8: "audio", 9: "video", 18: "script"}
_TAG_BYTES, _AFTER_TAG_BYTES = 11, 4
_AAC = 10
_CODECS_WITH_CONFIGURATION = {7, 12}
"""H.264; HEVC, as many write it."""
_ENHANCED = 0x80
_NUMBER = b"\0"


class Flv(Format):
    title: ClassVar[str] = "FLV"

    def recognises(self, data: bytes) -> bool:
        return data.startswith(b"FLV")

    def parse(self, data: bytes) -> list[Element]:
        start = max(uint(data, 5, 4), 9) + _AFTER_TAG_BYTES
        if start > len(data):
            return []
        found = [Element(kind="header", start=0, body=9, end=start, role="header")]
        while start + _TAG_BYTES <= len(data):
            body = start + _TAG_BYTES
            end = min(body + uint(data, start + 1, 3) + _AFTER_TAG_BYTES, len(data))
            kind = _KINDS.get(data[start] & 0x1F)
            if kind is None:
                break
            if kind != "script" and not _is_coded(kind, data[body : body + 2]):
                kind += "-setup"
            found.append(
                Element(
                    kind=kind, start=start, body=body, end=end, role="data" if kind in {"audio", "video"} else "header"
                )
            )
            start = end
        return found

    def packets(self, data: bytes) -> list[Element]:
        """Without those that set up the decoders, or end them."""
        return [element for element in self.elements(data) if element.role == "data"]

    def with_duration(self, data: bytes, seconds: float) -> bytes:
        return self._with_numbers(data, {"duration": seconds})

    def with_size(self, data: bytes, width: int, height: int) -> bytes:
        return self._with_numbers(data, {"width": width, "height": height})

    def _with_numbers(self, data: bytes, numbers: dict[str, float]) -> bytes:
        """In the script tag, where numbers stand behind their names."""
        buffer = bytearray(data)
        scripts = [element for element in self.elements(data) if element.kind == "script"]
        for name, number in numbers.items():
            key = len(name).to_bytes(2) + name.encode() + _NUMBER
            places = [place for s in scripts if (place := data.find(key, s.start, s.end)) >= 0]
            if not places:
                self._cannot(f"does not state its {name} here", "a file with onMetaData, as most encoders write it")
            for place in places:
                struct.pack_into(">d", buffer, place + len(key), number)
        return bytes(buffer)

    def with_length(self, data: bytes, part: Part, length: int) -> bytes:
        if part.name == "header":
            return super().with_length(data, part, length)
        buffer = bytearray(data)
        put(buffer, part.start + 1, 3, length, what="length")
        return bytes(buffer)


def _is_coded(kind: str, head: bytes) -> bool:
    """Whether a tag holds a packet; else it sets up a decoder, or says that this is the end."""
    if len(head) < 2:  # noqa: PLR2004 (bytes of what is in the tag)
        return True
    if kind == "audio":
        return head[0] >> 4 != _AAC or head[1] != 0
    if head[0] & _ENHANCED:
        # The kind of packet is where the codec was; 1 and 3 hold one.
        return head[0] & 0x0F in {1, 3}
    return head[0] & 0x0F not in _CODECS_WITH_CONFIGURATION or head[1] == 1
