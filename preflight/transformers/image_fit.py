"""A picture → a file within the byte limit, in few encodes: quality first, and only then size."""

from __future__ import annotations

import io
import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple, Protocol

from PIL import Image

from preflight.transformers.jpeg_strips import jpeg_of, jpeg_of_strips

# Measured over photographs, drawings and noise: bytes go with the step of the quantizer to the power of
# -0.14 to -0.85, and with the number of pixels to the power of 0.73 to 0.89.
BYTES_OVER_STEP = -0.45
_STEEPEST, _FLATTEST = -2.0, -0.1
_PIXEL_POWER = 0.8
_LEAST_PIXEL_POWER, _MOST_PIXEL_POWER = 0.4, 1.1

BEST_QUALITY = 95
"""Of what is no JPEG. libjpeg advises against more: bytes grow fast, and nothing can be seen of it."""
FLOOR_QUALITY = 78
"""Below this a smaller picture loses less than a coarser one."""
SHRUNK_QUALITY = 82
_BLIND_MARGIN = 4
_LAST_QUALITY = 5
"""Only where the picture may not become smaller."""

MOST_ENCODES = 3
_AIMS = {3: 0.93, 2: 0.93, 1: 0.88}
"""By how many encodes are left: which share of the limit to aim at. The last has to fit."""
_AIM_BLINDLY = 0.78
"""The last, where it is not known how this picture answers, or it did not answer as it should."""
_AIM_IN_NEED = 0.5
_MOST_IN_NEED = 6
"""After the last, of a picture that answers to nothing as any known one does."""
_GOOD_ENOUGH = 0.85
_STEEPEST_GROWTH = 4.0
"""Of bytes over sides."""
_NEAR = 0.4
"""Of a shrunk picture from where on more pixels are the way up; below it, they were answered to as by no other."""

FULL_COLOUR, HALF_COLOUR = 0, 2
"""Pillow's names of 4:4:4 and 4:2:0."""


@dataclass(frozen=True, slots=True)
class Try:
    """What a quality gave at a share of the planned width and height."""

    quality: int
    size_bytes: int
    scale: float = 1.0


class Setting(NamedTuple):
    """What to encode with next."""

    quality: int
    scale: float


@dataclass(frozen=True, kw_only=True, slots=True)
class Start:
    """What is known of the picture before it is encoded."""

    quality: int = BEST_QUALITY
    """The highest that makes sense: that of the source, where it is a JPEG."""
    subsampling: int = FULL_COLOUR
    """Pillow's number."""
    known: Try | None = None
    """The source itself, where it is a JPEG of the same size over the limit."""
    least_scale: float = 1.0
    """What the sides may be shrunk to."""
    encodes: int = MOST_ENCODES
    """How many are left."""

    @property
    def floor(self) -> int:
        return min(FLOOR_QUALITY, self.quality)


class Striped(Protocol):
    """A picture that is encoded strip by strip."""

    @property
    def size(self) -> tuple[int, int]: ...

    def strips(self) -> Iterator[Image.Image]:
        """From the top, in mode L, RGB or YCbCr, of `STRIP_ROWS` each but for the last."""
        ...


Drawn = Image.Image | Striped


@dataclass(frozen=True, kw_only=True, slots=True)
class Foreseen:
    """What to encode with first."""

    setting: Setting
    picture: Drawn
    """At the setting's scale."""
    over: tuple[Try, ...]
    """What would be too large."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Fitted:
    data: bytes
    quality: int
    width: int
    height: int
    encodes: int


def fit_jpeg(
    picture_at: Callable[[float], Drawn], start: Start, *, max_bytes: int, foreseen: Foreseen | None = None
) -> Fitted:
    """The best JPEG within `max_bytes`; where even the last resort is larger, the smallest.

    `picture_at(scale)` is the picture, ready to be encoded, at this share of its planned size; never less than
    `start.least_scale`. What was `foreseen` is tried first.
    """
    known = [start.known] if start.known else []
    setting = next_setting(known, 0, start, max_bytes)
    picture: Drawn | None = None
    drawn_at = 0.0
    if foreseen is not None:
        known, setting = [*foreseen.over], foreseen.setting
        picture, drawn_at = foreseen.picture, setting.scale
    tries: list[Try] = []
    best: tuple[Try, bytes, tuple[int, int]] | None = None
    while setting is not None:
        if picture is None or setting.scale != drawn_at:
            picture = None  # the one before makes room
            picture, drawn_at = picture_at(setting.scale), setting.scale
        data = _jpeg(picture, setting.quality, start.subsampling)
        tries.append(Try(setting.quality, len(data), setting.scale))
        if best is None or _is_better(tries[-1], best[0], max_bytes):
            best = tries[-1], data, picture.size
        setting = next_setting([*known, *tries], len(tries), start, max_bytes)
    assert best is not None
    return Fitted(data=best[1], quality=best[0].quality, width=best[2][0], height=best[2][1], encodes=len(tries))


def _is_better(new: Try, old: Try, max_bytes: int) -> bool:
    if new.size_bytes > max_bytes or old.size_bytes > max_bytes:
        return new.size_bytes < old.size_bytes
    return new.size_bytes > old.size_bytes


def first_scale(start: Start, max_bytes: int) -> float:
    """At which share of its size a picture will be wanted first: it need not even be decoded larger. Pure."""
    setting = next_setting([start.known] if start.known else [], 0, start, max_bytes)
    return setting.scale if setting is not None else 1.0


def next_setting(tries: Sequence[Try], encodes: int, start: Start, max_bytes: int) -> Setting | None:
    """Which quality and scale to encode with next: a secant in the logarithms of quantizer step, pixels and bytes.

    `tries` begin with what is known of the source; `encodes` of them were made. None where what fits is good enough,
    or where nothing more can be done.
    """
    if not tries:
        return Setting(start.quality, 1.0)
    left = start.encodes - encodes
    fits = [t for t in tries if t.size_bytes <= max_bytes]
    if fits:
        return _finer(max(fits, key=lambda t: t.size_bytes), tries, start, max_bytes) if left > 0 else None
    if left <= -_MOST_IN_NEED:
        return None
    return _coarser(tries, _aim(tries, left) * max_bytes, left, start, max_bytes)


def _aim(tries: Sequence[Try], left: int) -> float:
    if left <= 0:
        return _AIM_IN_NEED
    if left == 1 and (len(tries) == 1 or tries[-1].scale < 1):
        return _AIM_BLINDLY
    return _AIMS[min(left, 3)]


def _finer(best: Try, tries: Sequence[Try], start: Start, max_bytes: int) -> Setting | None:
    """Of what fits, but is smaller than it need be."""
    if best.size_bytes >= _GOOD_ENOUGH * max_bytes:
        return None
    if best.scale < 1 and best.size_bytes >= _NEAR * max_bytes:
        factor = _growth(best, tries, max_bytes)
        most = min([1.0, *(0.99 * t.scale for t in tries if t.size_bytes > max_bytes and t.quality <= best.quality)])
        scale = min(best.scale * factor, most)
        return Setting(best.quality, scale) if scale > best.scale else None
    over = [t for t in tries if t.size_bytes > max_bytes and t.scale == best.scale]
    most_quality = min([BEST_QUALITY if best.scale < 1 else start.quality, *(t.quality - 1 for t in over)])
    if best.quality >= most_quality:
        return None
    # Between what just fits and what just does not: the grain of a sensor goes at once, from one quality to the next.
    slope = _slope([*sorted(over, key=lambda t: t.size_bytes)[:1], best])
    step = step_of(best.quality) * (_AIMS[1] * max_bytes / best.size_bytes) ** (1 / slope)
    return Setting(min(max(quality_of(step), best.quality + 1), most_quality), best.scale)


def _growth(best: Try, tries: Sequence[Try], max_bytes: int) -> float:
    """By how much the sides may grow. Bytes mostly grow no faster than pixels; but grain, which shrinking smooths away,
    comes back at once, and how fast is seen between what fits and the next larger that did not.
    """
    larger = [t for t in tries if t.scale > best.scale and t.size_bytes > max_bytes]
    if not larger:
        return float((_AIMS[2] * max_bytes / best.size_bytes) ** 0.5)
    over = min(larger, key=lambda t: t.scale)
    was_tried = over.quality == best.quality
    over_bytes = over.size_bytes * (step_of(best.quality) / step_of(over.quality)) ** BYTES_OVER_STEP
    power = math.log(max(over_bytes / best.size_bytes, 1.0)) / math.log(over.scale / best.scale)
    power = min(max(power, 2.0), _STEEPEST_GROWTH)
    return float((_AIMS[1 if was_tried else 2] * max_bytes / best.size_bytes) ** (1 / power))


def _coarser(tries: Sequence[Try], aim_bytes: float, left: int, start: Start, max_bytes: int) -> Setting | None:
    """Where all were too large: quality down to the floor, and only then size; where that is at its end, quality."""
    nearest = min(tries, key=lambda t: t.size_bytes)
    step = step_of(nearest.quality) * (aim_bytes / nearest.size_bytes) ** (1 / _slope(tries))
    quality = min(quality_of(step), nearest.quality - 1, start.quality)
    is_blind = left == 2 and len(tries) == 1  # noqa: PLR2004 (the last one has to be of a size that was tried)
    if quality >= start.floor + (_BLIND_MARGIN if is_blind else 0):
        return Setting(quality, nearest.scale)
    at_floor = _predicted(nearest, tries, start.floor)
    if left > 1 and nearest.quality > start.floor and at_floor <= max_bytes:
        return Setting(start.floor, nearest.scale)
    if nearest.scale > start.least_scale:
        goal = min(SHRUNK_QUALITY, start.quality)
        if left == 1 and nearest.scale == 1:
            aim_bytes *= _AIM_BLINDLY
        factor = (aim_bytes / _predicted(nearest, tries, goal)) ** (0.5 / _pixel_power(tries))
        scale = max(start.least_scale, nearest.scale * min(factor, 0.95))
        if scale > start.least_scale or _predicted(nearest, tries, goal, scale) <= aim_bytes:
            return Setting(goal, scale)
        step = step_of(goal) * (aim_bytes / _predicted(nearest, tries, goal, scale)) ** (1 / _slope(tries))
        return Setting(max(min(quality_of(step), goal), _LAST_QUALITY), scale)
    if nearest.quality <= _LAST_QUALITY:
        return None
    return Setting(max(quality, _LAST_QUALITY), nearest.scale)


def _predicted(known: Try, tries: Sequence[Try], quality: int, scale: float | None = None) -> float:
    """Bytes, from what one of the tries gave."""
    pixels = ((scale or known.scale) / known.scale) ** 2
    steps = step_of(quality) / step_of(known.quality)
    return float(known.size_bytes * steps ** _slope(tries) * pixels ** _pixel_power(tries))


def _slope(tries: Sequence[Try]) -> float:
    """Of bytes over step, between the two tries of one scale that are the furthest apart."""
    scale = tries[-1].scale
    same = [t for t in tries if t.scale == scale]
    coarse, fine = min(same, key=lambda t: t.quality), max(same, key=lambda t: t.quality)
    steps = math.log(step_of(coarse.quality) / step_of(fine.quality))
    if steps == 0:
        return BYTES_OVER_STEP
    return min(max(math.log(coarse.size_bytes / fine.size_bytes) / steps, _STEEPEST), _FLATTEST)


def _pixel_power(tries: Sequence[Try]) -> float:
    """Of bytes over pixels, between the last two tries of different scale; a small picture has more detail to the
    pixel.
    """
    for one, other in reversed(list(pairwise(tries))):
        if one.scale != other.scale and (one.quality == other.quality or len(tries) > 2):  # noqa: PLR2004 (or a guess)
            bytes_of_one = one.size_bytes * (step_of(other.quality) / step_of(one.quality)) ** _slope(tries[:-1])
            power = math.log(bytes_of_one / other.size_bytes) / math.log(one.scale / other.scale) / 2
            return min(max(power, _LEAST_PIXEL_POWER), _MOST_PIXEL_POWER)
    return _PIXEL_POWER


def step_of(quality: int) -> float:
    """The quantizer's step in per cent of the standard tables, by libjpeg's formula."""
    return 5000 / quality if quality < 50 else max(1.0, 200 - 2 * quality)  # noqa: PLR2004


def quality_of(step: float) -> int:
    return round((200 - step) / 2 if step <= 100 else 5000 / step)  # noqa: PLR2004


# Sum of the standard table of luminance (ITU-T T.81, table K.1).
_STANDARD_SUM = 3688


def estimated_quality(luminance_table: Sequence[int]) -> int:
    """Which of libjpeg's qualities, 1 to 100, quantizes about as finely as this table does."""
    return min(max(quality_of(100 * sum(luminance_table) / _STANDARD_SUM), 1), 100)


def _jpeg(picture: Drawn, quality: int, subsampling: int) -> bytes:
    if isinstance(picture, Image.Image):
        return jpeg_of(picture, quality, subsampling)
    return jpeg_of_strips(picture.strips(), picture.size[1], quality, subsampling)


def png(picture: Image.Image) -> bytes:
    # Pillow's own level, 6: the highest takes ten times as long and saves a tenth.
    file = io.BytesIO()
    picture.save(file, "PNG")
    return file.getvalue()
