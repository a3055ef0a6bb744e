"""A colour profile that is not sRGB, byte by byte (ICC.1:2022)."""

from __future__ import annotations

import struct

# Of Display P3, adapted to D50; and its curve, which is that of sRGB (IEC 61966-2-1).
_PRIMARIES = {
    b"rXYZ": (0.51512, 0.24120, -0.00105),
    b"gXYZ": (0.29198, 0.69225, 0.04189),
    b"bXYZ": (0.15710, 0.06657, 0.78407),
    b"wtpt": (0.96420, 1.0, 0.82491),
}
_CURVE = (2.4, 1 / 1.055, 0.055 / 1.055, 1 / 12.92, 0.04045)
_D50 = _PRIMARIES[b"wtpt"]


def display_p3() -> bytes:
    """As phones put it into their photographs: larger than sRGB, so that who ignores it sees dull colours."""
    curve = b"para" + struct.pack(">IHH", 0, 3, 0) + _fixed(*_CURVE)
    tags = {
        b"desc": _text("Display P3"),
        b"cprt": _text("None"),
        **{name: b"XYZ " + bytes(4) + _fixed(*values) for name, values in _PRIMARIES.items()},
        b"rTRC": curve,
        b"gTRC": curve,
        b"bTRC": curve,
    }
    directory, data = struct.pack(">I", len(tags)), b""
    start = 128 + 4 + 12 * len(tags)
    for name, body in tags.items():
        directory += name + struct.pack(">II", start + len(data), len(body))
        data += body + bytes(-len(body) % 4)
    size = 128 + len(directory) + len(data)
    head = struct.pack(">I4sI4s4s4s", size, b"", 0x0430_0000, b"mntr", b"RGB ", b"XYZ ")
    head += struct.pack(">6H", 2024, 1, 1, 0, 0, 0) + b"acsp" + bytes(28) + _fixed(*_D50)
    return head.ljust(128, b"\0") + directory + data


def _fixed(*values: float) -> bytes:
    return b"".join(struct.pack(">i", round(value * 65_536)) for value in values)


def _text(text: str) -> bytes:
    coded = text.encode("utf-16-be")
    return (
        b"mluc"
        + struct.pack(">IIIHHII", 0, 1, 12, int.from_bytes(b"en"), int.from_bytes(b"US"), len(coded), 28)
        + coded
    )
