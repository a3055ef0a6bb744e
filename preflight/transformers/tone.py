"""HDR → SDR: what a picture coded in PQ or HLG and BT.2020 becomes on a standard BT.709 display.

One table of colours, made once a process and looked up by FFmpeg. The steps are those of the ITU:

- coded values → light in nits: PQ by SMPTE ST 2084; HLG by BT.2100 for a display of 1,000 nits.
- BT.2020 → BT.709 primaries in linear light. A colour outside is mixed with grey of its own luminance until it is
  inside, which keeps its hue.
- 1,000 nits → 203 nits, the reference white of BT.2408, by the curve of BT.2390 (EETF): what is darker than 94 nits
  stays as it is, and the highlights are rolled off. It is applied to the largest of R, G and B, and the other two keep
  their ratio to it. What is brighter than 1,000 nits is cut off there: headers that claim a peak are wrong too often,
  and to make room for 10,000 nits would darken everybody's picture.
- light → coded values by the inverse of BT.1886 (a power of 2.4), which is how a standard display shows BT.709.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    import numpy as np
    from av.video.frame import VideoFrame
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

TABLE_GAMMA = 1.4
"""Each value of the table to this power is light."""
LEVEL = 8
"""A table of `LEVEL` ** 2 steps a channel (64); between them FFmpeg interpolates."""
_PEAK_NITS, _WHITE_NITS, _PQ_NITS = 1_000.0, 203.0, 10_000.0
_DISPLAY_GAMMA = 2.4

# SMPTE ST 2084.
_M1, _M2 = 2610 / 16384, 2523 / 4096 * 128
_C1, _C2, _C3 = 3424 / 4096, 2413 / 4096 * 32, 2392 / 4096 * 32

# BT.2100: HLG's curve, and its system gamma at 1,000 nits.
_HLG_A, _HLG_B, _HLG_C = 0.17883277, 0.28466892, 0.55991073
_HLG_GAMMA = 1.2

_LUMA_2020 = (0.2627, 0.6780, 0.0593)
_LUMA_709 = (0.2126, 0.7152, 0.0722)
# BT.2087, linear light.
_TO_709 = ((1.6605, -0.5876, -0.0728), (-0.1246, 1.1329, -0.0083), (-0.0182, -0.1006, 1.1187))


def as_sdr(coded: Floats, curve: Literal["pq", "hlg"]) -> Floats:
    """(..., 3) R'G'B' of BT.2020 from 0 to 1 → R'G'B' of BT.709 from 0 to 1."""
    import numpy as np

    nits = _nits_of_pq(coded) if curve == "pq" else _nits_of_hlg(coded)
    light = nits @ np.array(_TO_709).T
    light = _into_gamut(light)
    brightest = light.max(axis=-1, keepdims=True)
    shown = _rolled_off(brightest)
    ratio = np.divide(shown, brightest, out=np.zeros_like(brightest), where=brightest > 0)
    shown_709: Floats = np.clip(light * ratio / _WHITE_NITS, 0.0, 1.0) ** (1 / _DISPLAY_GAMMA)
    return shown_709


def _nits_of_pq(coded: Floats) -> Floats:
    import numpy as np

    power = np.clip(coded, 0.0, 1.0) ** (1 / _M2)
    nits: Floats = _PQ_NITS * (np.maximum(power - _C1, 0.0) / (_C2 - _C3 * power)) ** (1 / _M1)
    return nits


def _pq_of_nits(nits: Floats) -> Floats:
    power = (nits / _PQ_NITS) ** _M1
    return ((_C1 + _C2 * power) / (1 + _C3 * power)) ** _M2


def _nits_of_hlg(coded: Floats) -> Floats:
    import numpy as np

    scene = np.where(coded <= 0.5, coded**2 / 3, (np.exp((coded - _HLG_C) / _HLG_A) + _HLG_B) / 12)  # noqa: PLR2004 (BT.2100)
    luminance = (scene @ np.array(_LUMA_2020))[..., None]
    nits: Floats = _PEAK_NITS * luminance ** (_HLG_GAMMA - 1) * scene
    return nits


def _into_gamut(light: Floats) -> Floats:
    import numpy as np

    luminance = np.maximum((light @ np.array(_LUMA_709))[..., None], 0.0)
    lowest = light.min(axis=-1, keepdims=True)
    room = np.where(lowest < 0, luminance - lowest, 1.0)
    share = np.where(lowest < 0, luminance / np.maximum(room, 1e-9), 1.0)
    inside: Floats = np.maximum(luminance + (light - luminance) * share, 0.0)
    return inside


def _rolled_off(nits: Floats) -> Floats:
    """BT.2390's EETF, in PQ, from `_PEAK_NITS` to `_WHITE_NITS`; blacks need no lift here."""
    import numpy as np

    peak = _pq_of_nits(np.array(_PEAK_NITS))
    most = _pq_of_nits(np.array(_WHITE_NITS)) / peak
    value = np.minimum(_pq_of_nits(nits) / peak, 1.0)
    knee = 1.5 * most - 0.5
    t = np.maximum((value - knee) / (1 - knee), 0.0)
    spline = (2 * t**3 - 3 * t**2 + 1) * knee + (t**3 - 2 * t**2 + t) * (1 - knee) + (-2 * t**3 + 3 * t**2) * most
    return _nits_of_pq(np.where(value < knee, value, spline) * peak)


@cache
def _table(curve: Literal["pq", "hlg"]) -> NDArray[np.uint16]:
    """As FFmpeg's `haldclut` wants it: (side, side, 3), red running fastest, then green, then blue."""
    import numpy as np

    steps = np.linspace(0.0, 1.0, LEVEL**2)
    blue, green, red = np.meshgrid(steps, steps, steps, indexing="ij")
    colours = as_sdr(np.stack([red, green, blue], axis=-1), curve) ** (_DISPLAY_GAMMA / TABLE_GAMMA)
    return np.round(colours * 65_535).astype(np.uint16).reshape(LEVEL**3, LEVEL**3, 3)


AFTER_TABLE = f"pow(val/65535,{TABLE_GAMMA / _DISPLAY_GAMMA})*65535"
"""For FFmpeg's `lutrgb`, on what the table gives. A power of 1/2.4 is so steep at black that to interpolate in it would
let grey into the purest colours; in light as it is, 16 bits would be too few for the darkest."""


def table_frame(curve: Literal["pq", "hlg"]) -> VideoFrame:
    """The table as a picture of `LEVEL` ** 3 pixels a side, rgb48le."""
    from av.video.frame import VideoFrame

    return VideoFrame.from_ndarray(_table(curve), format="rgb48le")
