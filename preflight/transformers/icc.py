"""An ICC profile of three primaries and a curve, or of grey and a curve, byte by byte (ICC.1:2022)."""

from __future__ import annotations

import struct
from typing import Literal

Chromaticities = tuple[float, float, float, float, float, float, float, float]
"""x and y of white, red, green and blue, in the order of PNG's cHRM."""

SRGB_CURVE = (2.4, 1 / 1.055, 0.055 / 1.055, 1 / 12.92, 0.04045)
"""g, a, b, c, d of ICC's table 68, function 3 (IEC 61966-2-1)."""

_D50 = (0.9642, 1.0, 0.8249)
_BRADFORD = ((0.8951, 0.2664, -0.1614), (-0.7502, 1.7135, 0.0367), (0.0389, -0.0685, 1.0296))
_FLATTEST = 1e-3
"""Of the triangle of primaries, twice its area: that of sRGB is 0.22."""
_FARTHEST = 16.0
_FUNCTIONS = {1: 0, 5: 3}
"""Of how many parameters: the number of the function."""


def display_profile(
    space: Literal["L", "RGB"], chromaticities: Chromaticities, curve: tuple[float, ...]
) -> bytes | None:
    """`curve`: one exponent from coded values to light, or five as `SRGB_CURVE`. Grey has no use for chromaticities.

    None where no light is that of the chromaticities.
    """
    colorants = _colorants(chromaticities) if space == "RGB" else ()
    if colorants is None:
        return None
    shape = b"para" + struct.pack(">IHH", 0, _FUNCTIONS[len(curve)], 0) + _fixed(*curve)
    tags = {b"desc": _text("as the file says"), b"cprt": _text("none"), b"wtpt": _xyz(*_D50)}
    for letter, colorant in zip("rgb", colorants, strict=False):
        tags |= {f"{letter}XYZ".encode(): _xyz(*colorant), f"{letter}TRC".encode(): shape}
    if space == "L":
        tags[b"kTRC"] = shape
    directory, data = struct.pack(">I", len(tags)), b""
    start = 128 + 4 + 12 * len(tags)
    for name, body in tags.items():
        directory += name + struct.pack(">II", start + len(data), len(body))
        data += body + bytes(-len(body) % 4)
    size = 128 + len(directory) + len(data)
    kind = b"GRAY" if space == "L" else b"RGB "
    head = struct.pack(">I4sI4s4s4s", size, b"", 0x0430_0000, b"mntr", kind, b"XYZ ")
    head += struct.pack(">6H", 2000, 1, 1, 0, 0, 0) + b"acsp" + bytes(28) + _fixed(*_D50)
    return head.ljust(128, b"\0") + directory + data


def _colorants(chromaticities: Chromaticities) -> tuple[tuple[float, ...], ...] | None:
    """XYZ of red, green and blue, adapted to D50 (ICC.1:2022, annex E)."""
    import numpy as np

    xy = np.array(chromaticities).reshape(4, 2)
    to_green, to_blue = xy[2] - xy[1], xy[3] - xy[1]
    area = abs(to_green[0] * to_blue[1] - to_green[1] * to_blue[0])
    if not np.isfinite(xy).all() or xy.min() < 0 or xy[0, 1] <= 0 or area < _FLATTEST:
        return None
    xyz = np.column_stack([xy, 1 - xy.sum(axis=1)])
    white, primaries = xyz[0] / xy[0, 1], xyz[1:].T
    to_white = primaries * np.linalg.solve(primaries, white)
    cones = np.array(_BRADFORD)
    response = cones @ white
    if response.min() <= 0:
        return None
    to_d50 = np.linalg.solve(cones, (cones @ np.array(_D50) / response)[:, None] * cones)
    colorants = (to_d50 @ to_white).T
    if np.abs(colorants).max() > _FARTHEST:
        return None
    return tuple(tuple(map(float, colorant)) for colorant in colorants)


def _xyz(*values: float) -> bytes:
    return b"XYZ " + bytes(4) + _fixed(*values)


def _fixed(*values: float) -> bytes:
    return b"".join(struct.pack(">i", round(value * 65_536)) for value in values)


def _text(text: str) -> bytes:
    coded = text.encode("utf-16-be")
    return b"mluc" + struct.pack(">III2s2sII", 0, 1, 12, b"en", b"US", len(coded), 28) + coded
