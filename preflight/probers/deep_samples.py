"""Samples of more than eight bits, of several colours together → eight bits."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_ROWS = 256
_BYTE, _WORD = 0xFF, 0xFFFF
_WHITES: dict[str, tuple[float, ...]] = {
    "u1": (_BYTE,),
    "u2": (_BYTE, 0x3FF, 0xFFF, 0x3FFF, _WORD),
    "u4": (_BYTE, _WORD, 0xFFFF_FFFF),
    **dict.fromkeys(("f2", "f4", "f8"), (_BYTE, _WORD)),
}
"""What may be, by NumPy's name of the samples."""


def to_bytes(samples: NDArray[np.generic], white: float) -> NDArray[np.uint8]:
    """0 becomes 0, `white` 255; what lies beyond is cut off, and what is no number is black."""
    import numpy as np

    result = np.empty(samples.shape, np.uint8)
    for top in range(0, len(samples), _ROWS):  # the numbers between take eight times the room
        some = samples[top : top + _ROWS].astype(np.float64)
        scaled = np.nan_to_num(some * (255 / white), nan=0, posinf=255, neginf=0)
        result[top : top + _ROWS] = scaled.clip(0, 255).round().astype(np.uint8)
    return result


def white_of(parts: Iterable[NDArray[np.generic]], kind: np.dtype[np.generic], *, is_grey: bool) -> float:
    """What is white in a picture of such samples, which come in parts.

    Of 8 and 16 bits a colour that is the greatest number. A grey of 16 may be of the 10, 12 or 14 bits of a sensor, and
    wider samples often hold narrower ones. Floats reach from 0 to 1, where lights may be brighter than white; in other
    files they are the numbers of bytes.
    """
    import numpy as np

    whites = _WHITES[kind.str[1:]]
    if len(whites) == 1 or (kind.itemsize == 2 and kind.kind == "u" and not is_grey):  # noqa: PLR2004
        return whites[-1]
    most, lit, beyond = 0.0, 0, 0
    for part in parts:
        values = part.astype(np.float64)
        finite = values[np.isfinite(values)]
        most = max(most, float(finite.max(initial=0)))
        lit += int((finite > 0).sum())
        beyond += int((finite > 1).sum())
    if kind.kind == "f" and beyond * 2 <= lit:
        return 1
    return next((white for white in whites if most <= white), most)
