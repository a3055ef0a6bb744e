"""A picture → a file within the byte limit, in few encodes: quality first, and only then size."""

from __future__ import annotations

import io
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from PIL import Image

# Measured over photographs, drawings and noise: bytes go with the step of the quantizer to the power of
# -0.14 to -0.85, and with the number of pixels to the power of 0.73 to 0.89.
_SLOPE = -0.45
_STEEPEST, _FLATTEST = -1.2, -0.1
_PIXEL_POWER = 0.75

BEST_QUALITY = 95
FLOOR_QUALITY = 78
"""Below this a smaller picture loses less than a coarser one."""
_SHRUNK_QUALITY = 82
_LAST_QUALITIES = (60, 40, 20, 10)
"""Only where the picture may not become smaller."""

_AIM = 0.95
_GOOD_ENOUGH = 0.85
_MOST_TRIES = 5
_MOST_SIZES = 6
_HOPELESS = 1.15

FULL_COLOUR, HALF_COLOUR = 0, 2
"""Pillow's names of 4:4:4 and 4:2:0."""


@dataclass(frozen=True, slots=True)
class Try:
    """What a quality gave."""

    quality: int
    size_bytes: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Start:
    """What is known of the picture before it is encoded."""

    quality: int = BEST_QUALITY
    """The highest that makes sense: that of the source, where it is a JPEG."""
    first: int | None = None
    """Where to begin; None for the highest."""
    subsampling: int = FULL_COLOUR
    """Pillow's number."""
    known: Try | None = None
    """The source itself, where it is a JPEG of the same size over the limit."""

    @property
    def floor(self) -> int:
        return min(FLOOR_QUALITY, self.quality)


@dataclass(frozen=True, kw_only=True, slots=True)
class Fitted:
    data: bytes
    quality: int
    width: int
    height: int
    encodes: int


def fit_jpeg(
    picture_at: Callable[[float], Image.Image], start: Start, *, max_bytes: int, scale: float, least_scale: float
) -> Fitted:
    """The best JPEG within `max_bytes`; where even the last resort is larger, that one.

    `picture_at(scale)` is the picture, ready to be encoded, at this share of its planned size. It is asked for
    `scale` first, and for less where the limit wants it, but never for less than `least_scale`.
    """
    encodes = 0
    shrunk = Start(first=_SHRUNK_QUALITY, subsampling=start.subsampling)
    now = shrunk if scale < 1 else start
    for _ in range(_MOST_SIZES):
        picture = picture_at(scale)
        tries = [now.known] if now.known else []
        best: tuple[int, bytes] | None = None
        while (quality := next_quality(tries, now, max_bytes)) is not None:
            data = _jpeg(picture, quality, now.subsampling)
            encodes += 1
            tries.append(Try(quality, len(data)))
            if len(data) <= max_bytes and (best is None or quality > best[0]):
                best = quality, data
        if best is not None:
            return Fitted(data=best[1], quality=best[0], width=picture.width, height=picture.height, encodes=encodes)
        if scale <= least_scale:
            break
        scale = max(least_scale, scale * min(0.9, shrinking(tries, max_bytes)))
        now = shrunk
    for last in _LAST_QUALITIES:
        data = _jpeg(picture, last, HALF_COLOUR)
        encodes += 1
        if len(data) <= max_bytes:
            break
    return Fitted(data=data, quality=last, width=picture.width, height=picture.height, encodes=encodes)


def next_quality(tries: Sequence[Try], start: Start, max_bytes: int) -> int | None:
    """Which quality to encode with next: a secant in the logarithms of quantizer step and bytes. Pure.

    None where what fits is good enough, or where no quality from the floor on will fit.
    """
    if not tries:
        return start.first or start.quality
    fits = [t for t in tries if t.size_bytes <= max_bytes]
    low = max((t.quality for t in fits), default=start.floor - 1)
    high = min([start.quality + 1, *(t.quality for t in tries if t.size_bytes > max_bytes)])
    if high - low <= 1 or len(tries) >= _MOST_TRIES:
        return None
    if any(t.size_bytes >= _GOOD_ENOUGH * max_bytes for t in fits):
        return None
    if not fits and predicted_bytes(tries, start.floor) > _HOPELESS * max_bytes:
        return None
    nearest = min(tries, key=lambda t: abs(math.log(t.size_bytes / max_bytes)))
    step = _step(nearest.quality) * (_AIM * max_bytes / nearest.size_bytes) ** (1 / _slope(tries))
    return min(max(_quality(step), low + 1), high - 1)


def shrinking(tries: Sequence[Try], max_bytes: int) -> float:
    """By which factor the sides have to shrink, so that a good quality fits. Pure."""
    return float((_AIM * max_bytes / predicted_bytes(tries, _SHRUNK_QUALITY)) ** (0.5 / _PIXEL_POWER))


def predicted_bytes(tries: Sequence[Try], quality: int) -> float:
    nearest = min(tries, key=lambda t: abs(math.log(_step(t.quality) / _step(quality))))
    return float(nearest.size_bytes * (_step(quality) / _step(nearest.quality)) ** _slope(tries))


def is_hopeless(known: Try, start: Start, max_bytes: int) -> bool:
    """Whether no quality from the floor on will fit: then a picture need not even be decoded at full size."""
    return predicted_bytes([known], start.floor) > _HOPELESS * max_bytes


def _slope(tries: Sequence[Try]) -> float:
    coarse = min(tries, key=lambda t: t.quality)
    fine = max(tries, key=lambda t: t.quality)
    if coarse.quality == fine.quality or coarse.size_bytes == fine.size_bytes:
        return _SLOPE
    steps = math.log(_step(coarse.quality) / _step(fine.quality))
    if steps == 0:
        return _SLOPE
    return min(max(math.log(coarse.size_bytes / fine.size_bytes) / steps, _STEEPEST), _FLATTEST)


def _step(quality: int) -> float:
    """The quantizer's step in per cent of the standard tables, by libjpeg's formula."""
    return 5000 / quality if quality < 50 else max(1.0, 200 - 2 * quality)  # noqa: PLR2004


def _quality(step: float) -> int:
    return round((200 - step) / 2 if step <= 100 else 5000 / step)  # noqa: PLR2004


# Sum of the standard table of luminance (ITU-T T.81, table K.1).
_STANDARD_SUM = 3688


def estimated_quality(luminance_table: Sequence[int]) -> int:
    """Which of libjpeg's qualities, 1 to 100, quantizes about as finely as this table does."""
    return min(max(_quality(100 * sum(luminance_table) / _STANDARD_SUM), 1), 100)


def _jpeg(picture: Image.Image, quality: int, subsampling: int) -> bytes:
    # Not optimised: it saves a tenth but takes three times as long, and Pillow fails at it on noise.
    file = io.BytesIO()
    picture.save(file, "JPEG", quality=quality, subsampling=subsampling)
    return file.getvalue()


def png(picture: Image.Image) -> bytes:
    # Pillow's own level, 6: the highest takes ten times as long and saves a tenth.
    file = io.BytesIO()
    picture.save(file, "PNG")
    return file.getvalue()
