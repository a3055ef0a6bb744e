"""Samples of more than eight bits, of several colours together → eight bits."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, cast

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

    if samples.dtype.itemsize <= 2 and samples.dtype.kind == "u":  # noqa: PLR2004
        shares = np.arange(1 << 8 * samples.dtype.itemsize) * (_BYTE / white)
        table: NDArray[np.uint8] = shares.clip(0, _BYTE).round().astype(np.uint8)
        result: NDArray[np.uint8] = table[samples]
        return result
    scaled_down = np.empty(samples.shape, np.uint8)
    for top in range(0, len(samples), _ROWS):  # the numbers between take much room
        scaled = _to_reckon_with(samples[top : top + _ROWS]) * (_BYTE / white)
        scaled = np.nan_to_num(scaled, copy=False, nan=0, posinf=_BYTE, neginf=0)
        scaled_down[top : top + _ROWS] = np.rint(scaled.clip(0, _BYTE, out=scaled), out=scaled)
    return scaled_down


def _to_reckon_with(samples: NDArray[np.generic]) -> NDArray[np.float64]:
    """As floats of which a byte will be right: of half the size, where that will do."""
    import numpy as np

    wide = samples.dtype.itemsize == 8  # noqa: PLR2004
    return cast("NDArray[np.float64]", samples.astype(np.float64 if wide else np.float32))


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
        values = _to_reckon_with(part)
        if not np.isfinite(highest := values.max(initial=0)):
            values = values[np.isfinite(values)]
            highest = values.max(initial=0)
        most = max(most, float(highest))
        lit += int(np.count_nonzero(values > 0))
        beyond += int(np.count_nonzero(values > 1))
    if kind.kind == "f" and beyond * 2 <= lit:
        return 1
    return next((white for white in whites if most <= white), most)
