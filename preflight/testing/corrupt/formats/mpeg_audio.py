"""MP3 (and MP1, MP2) and raw AAC (ADTS): frames, one after the other, between tags."""

from __future__ import annotations

from typing import ClassVar, NamedTuple

from preflight.testing.corrupt.formats.id3 import old_tag_start, seven_bits_a_byte, tag_end
from preflight.testing.corrupt.interface import Element, Format, Part, Role
from preflight.testing.corrupt.splice import fits, put, uint

_SURE_AFTER = 2
# ISO/IEC 11172-3 and 13818-3: kbit/s by version (1, or 2 and 2.5) and layer.
_BITRATES = {
    (1, 1): (32, 64, 96, 128, 160, 192, 224, 256, 288, 320, 352, 384, 416, 448),
    (1, 2): (32, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384),
    (1, 3): (32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320),
    (2, 1): (32, 48, 56, 64, 80, 96, 112, 128, 144, 160, 176, 192, 224, 256),
    (2, 2): (8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),
    (2, 3): (8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),
}
_RATES = (44_100, 48_000, 32_000)
_HAS_FRAMES = 1


class _Head(NamedTuple):
    length: int
    """Of the frame with its header, bytes."""
    samples: int
    rate: int


class Mp3(Format):
    title: ClassVar[str] = "MP3"

    def recognises(self, data: bytes) -> bool:
        start = tag_end(data)
        for _ in range(_SURE_AFTER):
            head = _mp3_head(data, start)
            if head is None:
                return False
            start += head.length
        return True

    def parse(self, data: bytes) -> list[Element]:
        start, stop = tag_end(data), old_tag_start(data)
        found = [Element(kind="ID3v2", start=0, body=10, end=start, role="header")] if start else []
        first = True
        while start < stop and (head := _mp3_head(data, start)) is not None:
            end = min(start + head.length, stop)
            kind = (_summary(data[start:end]) if first else None) or "frame"
            role: Role = "data" if kind == "frame" else "header"
            found.append(Element(kind=kind, start=start, body=start + 4, end=end, role=role))
            start, first = end, False
        if stop < len(data) and start == stop:
            found.append(Element(kind="ID3v1", start=stop, body=stop, end=len(data), role="header"))
        return found

    def packets(self, data: bytes) -> list[Element]:
        """Without the one that only sums up the others."""
        return [element for element in self.elements(data) if element.kind == "frame"]

    def with_duration(self, data: bytes, seconds: float) -> bytes:
        """In the frame that sums up the others."""
        summaries = [e for e in self.elements(data) if e.kind in {"Xing", "Info", "VBRI"}]
        head = _mp3_head(data, summaries[0].start) if summaries else None
        if head is None:
            self._cannot("states no duration here", "a file with a Xing, Info or VBRI frame, as encoders write it")
        summary = summaries[0]
        mark = data.index(summary.kind.encode(), summary.start)
        if summary.kind != "VBRI" and not uint(data, mark + 4, 4) & _HAS_FRAMES:
            self._cannot("states no duration here", "a file whose Xing frame counts the others")
        buffer = bytearray(data)
        field = mark + (14 if summary.kind == "VBRI" else 8)
        put(buffer, field, 4, round(seconds * head.rate / head.samples), what="number of frames")
        return bytes(buffer)

    def with_length(self, data: bytes, part: Part, length: int) -> bytes:
        if part.name != "ID3v2":
            return super().with_length(data, part, length)
        return data[:6] + seven_bits_a_byte(length) + data[10:]


def _mp3_head(data: bytes, start: int) -> _Head | None:
    bits = uint(data, start, 4)
    version, layer = bits >> 19 & 3, 4 - (bits >> 17 & 3)
    bitrate, rate = bits >> 12 & 15, bits >> 10 & 3
    if bits >> 21 != 0x7FF or version == 1 or layer == 4 or bitrate in {0, 15} or rate == 3:  # noqa: PLR2004 (reserved)
        return None
    old = version == 3  # noqa: PLR2004 (MPEG-1; the others are MPEG-2 and 2.5)
    kilobits = _BITRATES[1 if old else 2, layer][bitrate - 1]
    hertz = _RATES[rate] >> {3: 0, 2: 1, 0: 2}[version]
    samples = 384 if layer == 1 else 576 if layer == 3 and not old else 1152  # noqa: PLR2004
    slot = 4 if layer == 1 else 1
    length = (samples // 8 * kilobits * 1000 // hertz // slot + (bits >> 9 & 1)) * slot
    return _Head(length, samples, hertz)


def _summary(frame: bytes) -> str | None:
    """What a first frame is called that holds no sound."""
    for mark in (b"Xing", b"Info", b"VBRI"):
        # Behind the header and the side information, which is silent here.
        if mark in frame[4:44]:
            return mark.decode()
    return None


class Adts(Format):
    title: ClassVar[str] = "AAC (ADTS)"

    def recognises(self, data: bytes) -> bool:
        start = tag_end(data)
        for _ in range(_SURE_AFTER):
            length = _adts_length(data, start)
            if not length:
                return False
            start += length
        return True

    def parse(self, data: bytes) -> list[Element]:
        start = tag_end(data)
        found = [Element(kind="ID3v2", start=0, body=10, end=start, role="header")] if start else []
        while length := _adts_length(data, start):
            body = start + (7 if data[start + 1] & 1 else 9)
            end = min(start + length, len(data))
            found.append(Element(kind="frame", start=start, body=body, end=end, role="data"))
            start += length
        return found

    def packets(self, data: bytes) -> list[Element]:
        return [element for element in self.elements(data) if element.kind == "frame"]

    def with_length(self, data: bytes, part: Part, length: int) -> bytes:
        if part.name == "ID3v2":
            return data[:6] + seven_bits_a_byte(length) + data[10:]
        buffer = bytearray(data)
        field = uint(data, part.start + 3, 3)
        put(buffer, part.start + 3, 3, field & ~(0x1FFF << 5) | fits(length, 13, "length") << 5)
        return bytes(buffer)


def _adts_length(data: bytes, start: int) -> int:
    """0 where no frame begins."""
    length = uint(data, start + 3, 3) >> 5 & 0x1FFF
    return length if uint(data, start, 2) & 0xFFF6 == 0xFFF0 and length >= 7 else 0  # noqa: PLR2004 (its header)
