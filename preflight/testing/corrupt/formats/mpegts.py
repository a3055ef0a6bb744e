"""MPEG-TS: packets of 188 bytes, or of 192 with a time stamp before each (ISO/IEC 13818-1; M2TS)."""

from __future__ import annotations

from typing import ClassVar

from preflight.testing.corrupt.interface import Element, Format, Role
from preflight.testing.corrupt.splice import uint

_SYNC = 0x47
_LAYOUTS = ((188, 0), (192, 4))
"""Length of a packet, and where in it its sync byte is."""
_TABLES = {0x00: "PAT", 0x01: "CAT", 0x02: "TSDT", 0x11: "SDT", 0x1FFF: "null"}
_SURE_AFTER = 3


class MpegTs(Format):
    """Drops leave the continuity counters as they are when packets are lost on the way: with a gap."""

    title: ClassVar[str] = "MPEG-TS"

    def recognises(self, data: bytes) -> bool:
        return _layout(data) is not None

    def parse(self, data: bytes) -> list[Element]:
        layout = _layout(data)
        if layout is None:
            return []
        length, sync = layout
        found = []
        programs = set[int]()
        for start in range(0, len(data) - length + 1, length):
            head = start + sync
            if data[head] != _SYNC:
                break
            pid = uint(data, head + 1, 2) & 0x1FFF
            if pid == 0:
                programs |= _program_pids(data[head : start + length])
            kind = "PMT" if pid in programs else _TABLES.get(pid, "packet")
            role: Role = "data" if kind in {"packet", "null"} else "header"
            found.append(Element(kind=kind, start=start, body=head + 4, end=start + length, role=role))
        return found

    def packets(self, data: bytes) -> list[Element]:
        """Those that carry pictures and sound, not the tables that say which those are."""
        return [element for element in self.elements(data) if element.kind == "packet"]


def _layout(data: bytes) -> tuple[int, int] | None:
    for length, sync in _LAYOUTS:
        beginnings = data[sync : length * _SURE_AFTER : length]
        if beginnings and len(data) >= length and all(byte == _SYNC for byte in beginnings):
            return length, sync
    return None


def _program_pids(packet: bytes) -> set[int]:
    """Where the tables of the programs are, by a PAT that fits in its packet, as all but huge ones do."""
    adaptation = 1 + packet[4] if packet[3] & 0x20 else 0
    section = 4 + adaptation + 1 + uint(packet, 4 + adaptation, 1)
    length = uint(packet, section + 1, 2) & 0xFFF
    rows = range(section + 8, min(section + 3 + length - 4, len(packet) - 3), 4)
    # Program 0 is no program: it says where the network's table is.
    return {uint(packet, row + 2, 2) & 0x1FFF for row in rows if uint(packet, row, 2)}
