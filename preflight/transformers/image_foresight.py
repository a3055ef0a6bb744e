"""How large a JPEG will become, by a sample of its rows: what quality and size to encode with."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Protocol, Self

from PIL import Image

from preflight.transformers.image_fit import (
    BYTES_OVER_STEP,
    SHRUNK_QUALITY,
    Foreseen,
    Setting,
    Start,
    Striped,
    Try,
    quality_of,
    step_of,
)
from preflight.transformers.image_sample import rows_from_everywhere
from preflight.transformers.jpeg_strips import jpeg_of, scan_bytes

_SURE = 0.97
"""Of the limit is aimed at: over 20 large pictures at three qualities, a sample fell short of what all takes by at most
2.8 %, and said up to 3.4 % too much.
"""
_GOOD_ENOUGH = 0.94
_MOST_DRAWN = 3
_PIXEL_POWER = 0.8
_LEAST_PIXEL_POWER, _MOST_PIXEL_POWER = 0.4, 2.0
_MOST_SAMPLED = 6


_BANDS = 32
_ROWS = 16
"""Whole blocks at every subsampling."""


class Sampling(Striped, Protocol):
    """Of which some rows tell of all."""

    def sample(self) -> tuple[Image.Image, float] | None:
        """Rows of blocks from everywhere as one picture, and which share of all they are; None of a small picture."""
        ...


Samplable = Image.Image | Sampling


class _Sampled:
    """A picture at some scale, and what it gives at each quality, as far as a sample tells."""

    def __init__(self, picture: Samplable, sample: Image.Image, share: float, scale: float, subsampling: int) -> None:
        self.picture = picture
        self.scale = scale
        self.tries: list[Try] = []
        self._sample, self._share, self._subsampling = sample, share, subsampling

    @classmethod
    def of(cls, picture: Samplable, scale: float, subsampling: int) -> Self | None:
        sampled = _sampled(picture) if isinstance(picture, Image.Image) else picture.sample()
        return None if sampled is None else cls(picture, *sampled, scale, subsampling)

    def bytes_at(self, quality: int) -> int:
        found = next((t.size_bytes for t in self.tries if t.quality == quality), None)
        if found is None:
            found = round(scan_bytes(jpeg_of(self._sample, quality, self._subsampling)) / self._share)
            self.tries.append(Try(quality, found, self.scale))
        return found


def _sampled(picture: Image.Image) -> tuple[Image.Image, float] | None:
    sample = rows_from_everywhere(picture, _BANDS, _ROWS)
    return (sample, sample.height / picture.height) if sample is not picture else None


def foresee(picture_at: Callable[[float], Samplable], start: Start, *, max_bytes: int) -> Foreseen | None:
    """None where the picture is too small to be sampled, or where nothing fits."""
    whole = _Sampled.of(picture_at(1.0), 1.0, start.subsampling)
    if whole is None:
        return None
    quality = _finest(whole, start, _SURE * max_bytes)
    if quality is not None:
        return Foreseen(setting=Setting(quality, 1.0), picture=whole.picture, over=_over(whole.tries, max_bytes))
    goal = min(SHRUNK_QUALITY, start.quality)
    tries = [*whole.tries, Try(goal, whole.bytes_at(goal))]
    del whole
    return _shrunk(picture_at, tries, goal, start, max_bytes)


def _finest(sampled: _Sampled, start: Start, most_bytes: float) -> int | None:
    """The highest quality that fits, or nearly; None where not even the floor does."""
    least, most = start.floor - 1, start.quality + 1  # the one fits, as far as is known, and the other does not
    known = [start.known] if start.known else []
    quality = _guess(known[0], most_bytes, BYTES_OVER_STEP) if known else start.quality
    for _ in range(_MOST_SAMPLED):
        quality = min(max(quality, least + 1), most - 1)
        size = sampled.bytes_at(quality)
        if size > most_bytes:
            most = quality
        else:
            least = quality
            if size >= _GOOD_ENOUGH * most_bytes:
                break
        if most - least <= 1:
            break
        slope = _slope([*known, *sampled.tries])
        quality = _guess(sampled.tries[-1], most_bytes, slope)
    return least if least >= start.floor else None


def _guess(known: Try, most_bytes: float, slope: float) -> int:
    return math.floor(quality_of(step_of(known.quality) * (most_bytes / known.size_bytes) ** (1 / slope)))


def _slope(tries: list[Try]) -> float:
    if len(tries) < 2:  # noqa: PLR2004
        return BYTES_OVER_STEP
    one, other = tries[-2:]
    steps = math.log(step_of(one.quality) / step_of(other.quality))
    slope = math.log(one.size_bytes / other.size_bytes) / steps if steps else BYTES_OVER_STEP
    return min(max(slope, -2.0), -0.1)


def _shrunk(
    picture_at: Callable[[float], Samplable], tries: list[Try], quality: int, start: Start, max_bytes: int
) -> Foreseen | None:
    """At the largest scale that fits, or nearly. `tries` were made at scale 1, the last of them at `quality`."""
    most_bytes = _SURE * max_bytes
    power = _PIXEL_POWER
    best: Foreseen | None = None
    for _ in range(_MOST_DRAWN):
        known = tries[-1]
        scale = known.scale * ((1 + _GOOD_ENOUGH) / 2 * most_bytes / known.size_bytes) ** (0.5 / power)
        scale = max(min(scale, 1.0), start.least_scale)
        if any(t.scale == scale for t in tries):
            break
        sampled = _Sampled.of(picture_at(scale), scale, start.subsampling)
        if sampled is None:
            break
        tries.append(Try(quality, sampled.bytes_at(quality), scale))
        if tries[-1].size_bytes <= most_bytes and (best is None or scale > best.setting.scale):
            best = Foreseen(setting=Setting(quality, scale), picture=sampled.picture, over=_over(tries, max_bytes))
            if tries[-1].size_bytes >= _GOOD_ENOUGH * most_bytes:
                break
        grown = math.log(known.size_bytes / tries[-1].size_bytes) / math.log(known.scale / scale) / 2
        power = min(max(grown, _LEAST_PIXEL_POWER), _MOST_PIXEL_POWER)
        del sampled  # the next one takes its room
    return best


def _over(tries: list[Try], max_bytes: int) -> tuple[Try, ...]:
    over = [t for t in tries if t.size_bytes > _SURE * max_bytes]
    return tuple(Try(t.quality, max(t.size_bytes, max_bytes + 1), t.scale) for t in over)
