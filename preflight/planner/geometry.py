"""A picture of any size → a picture inside the limits, scaled, cropped or padded but never stretched. Pure."""

from __future__ import annotations

import math
from fractions import Fraction
from typing import Literal

from preflight.limits import VideoLimits
from preflight.planner.interface import Geometry


def fit_picture(
    width: float | Fraction,
    height: float | Fraction,
    limits: VideoLimits,
    fit: Literal["pad", "crop"],
    *,
    max_short_side: int | None = None,
) -> Geometry:
    """Of the displayed size, in square pixels; of pixels that are not square it is no whole number, and to round it
    here would stretch a small picture. Every size that comes out is even, as 4:2:0 wants it.

    The shorter side of what comes out is at most `max_short_side`, unless the limits ask for more.

    What is so thin that cropping would leave nearly nothing of it is padded, whatever `fit` says; what is so thin that
    it would be less than two pixels wide (over four hundred times as long as wide) loses its ends.
    """
    width, height = float(width), float(height)
    if max(width, height) > min(width, height) * limits.max_aspect_ratio.value * _MOST_CROPPED:
        fit = "pad"
    frame_width, frame_height = _framed(width, height, limits.max_aspect_ratio.value, fit)
    scale = _scale(frame_width, frame_height, limits, max_short_side)
    most_width, most_height = limits.max_size(round(frame_width * scale), round(frame_height * scale))
    out_width = _clamp(_even(frame_width * scale), limits.min_side.value, most_width)
    out_height = _clamp(_even(frame_height * scale), limits.min_side.value, most_height)
    out_width, out_height = _within_ratio(out_width, out_height, limits.max_aspect_ratio.value, fit)
    scale_width, scale_height = _scaled(width, height, scale)
    return Geometry(
        scale_width=scale_width,
        scale_height=scale_height,
        crop_width=min(scale_width, out_width),
        crop_height=min(scale_height, out_height),
        width=out_width,
        height=out_height,
    )


# How many times over the ratio limit a picture may be and still be cropped: this leaves a tenth of it.
_MOST_CROPPED = 10
# Pixels. On a side as short as this, rounding to even alone would stretch the picture by half a percent or more.
_THIN = 200


def _scaled(width: float, height: float, scale: float) -> tuple[int, int]:
    """Both sides even. Where rounding a thin side would stretch the picture, the other follows what it became."""
    thin = min(width, height)
    if thin * scale >= _THIN:
        return _even(width * scale), _even(height * scale)
    scale = max(2, math.floor(thin * scale / 2) * 2) / thin
    return _even(width * scale), _even(height * scale)


def _framed(width: float, height: float, most: float, fit: Literal["pad", "crop"]) -> tuple[float, float]:
    """The picture's frame after padding or cropping to the ratio, before scaling."""
    if width > height * most:
        return (width, width / most) if fit == "pad" else (height * most, height)
    if height > width * most:
        return (height / most, height) if fit == "pad" else (width, width * most)
    return width, height


def _scale(width: float, height: float, limits: VideoLimits, max_short_side: int | None) -> float:
    """As near to 1 as the limits allow; where both cannot hold, the maximum wins and padding makes the minimum."""
    most_width, most_height = limits.max_size(math.ceil(width), math.ceil(height))
    least = limits.min_side.value / min(width, height)
    wanted = 1.0 if max_short_side is None else min(1.0, max_short_side / min(width, height))
    return min(max(wanted, least), most_width / width, most_height / height)


def _within_ratio(width: int, height: int, most: float, fit: Literal["pad", "crop"]) -> tuple[int, int]:
    """Rounding to even sizes may have pushed the ratio over: one more pair of rows, or one less of columns."""
    step = 2 if fit == "pad" else -2
    while width > height * most:
        width, height = (width, height + step) if fit == "pad" else (width + step, height)
    while height > width * most:
        width, height = (width + step, height) if fit == "pad" else (width, height + step)
    return width, height


def _even(value: float) -> int:
    return round(value / 2) * 2


def _clamp(value: int, least: int, most: int) -> int:
    return max(least + least % 2, min(value, most - most % 2))
