"""Sizes of pictures that break exactly those limits of resolution and ratio that they are meant to.

Worked out from the limits here once more, and not by asking the rules, which media are there to hold to account.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import lru_cache

from hypothesis import strategies as st
from hypothesis.strategies import DrawFn

from preflight.limits import VideoLimits
from preflight.testing.strategies.wishes import Codes, pick, spread

LOW, HIGH, RATIO = "video_resolution_too_low", "video_resolution_too_high", "video_resolution_invalid_aspect_ratio"
CODES: Codes = frozenset({LOW, HIGH, RATIO})
CODES_APART = {frozenset({LOW, HIGH}): RATIO}
"""Not at once, unless that is broken, too."""

Range = tuple[int, int]
"""First and last."""

_SQUARE = Fraction(1)
_LEAST_SIDE = 16
_BEYOND = 1.25
"""The longest side that is drawn, by the longest that is allowed."""


@dataclass(frozen=True, kw_only=True)
class Geometry:
    width: int
    """Pixels, as coded."""
    height: int
    rotation: int
    sample_aspect_ratio: Fraction


@dataclass(frozen=True, kw_only=True)
class Shapes:
    """What a container, or an encoder, can do."""

    rotations: tuple[int, ...] = (0, 90, 180, 270)
    ratios: tuple[Fraction, ...] = (
        _SQUARE,
        *(Fraction(*r) for r in ((4, 3), (8, 9), (16, 11), (12, 11), (1, 2), (2, 1))),
    )
    """Of pixels: square, anamorphic HD, NTSC, PAL wide, PAL, half, double."""
    sides: Range | None = None
    """Pixels; None: from a macroblock to a fourth more than the limits allow."""


UPRIGHT = Shapes(rotations=(0,), ratios=(_SQUARE,))


@st.composite
def geometries(draw: DrawFn, limits: VideoLimits, codes: Codes, shapes: Shapes) -> Geometry:
    """Of pictures that break these and no others.

    The simplest is upright, has square pixels, and is as near to the smallest legal size as it can be.
    """
    rotation = draw(pick([r for r in shapes.rotations if _heights(limits, codes, r, _SQUARE, shapes.sides)]))
    ratio = draw(pick([r for r in shapes.ratios if _heights(limits, codes, rotation, r, shapes.sides)]))
    heights = _heights(limits, codes, rotation, ratio, shapes.sides)
    height = draw(_nearest_first(heights, limits.min_side.value))
    if not _widths(limits, codes, rotation, ratio, shapes.sides, height=height):
        height = heights[0][0]
    widths = _widths(limits, codes, rotation, ratio, shapes.sides, height=height)
    width = draw(_nearest_first(widths, limits.min_side.value))
    return Geometry(width=width, height=height, rotation=rotation, sample_aspect_ratio=ratio)


def even(limits: VideoLimits, codes: Codes, geometry: Geometry) -> Geometry | None:
    """One of even sides next to it that breaks the same; None where there is none."""
    for width in (geometry.width // 2 * 2, geometry.width // 2 * 2 + 2):
        for height in (geometry.height // 2 * 2, geometry.height // 2 * 2 + 2):
            if broken(limits, width, height, geometry.rotation, geometry.sample_aspect_ratio) == codes:
                return replace(geometry, width=width, height=height)
    return None


@st.composite
def _nearest_first(draw: DrawFn, ranges: tuple[Range, ...], near: int) -> int:
    """A number of one of the ranges; the nearer to `near`, the simpler."""
    split = [part for low, high in ranges for part in ((low, min(high, near - 1)), (max(low, near), high))]
    sides = [(low, high) for low, high in split if low <= high]
    low, high = draw(pick(sorted(sides, key=lambda side: max(side[0] - near, near - side[1]))))
    return high - draw(spread(0, high - low)) if high < near else draw(spread(low, high))


def broken(limits: VideoLimits, width: int, height: int, rotation: int, ratio: Fraction) -> Codes:
    """What a picture of that coded size breaks, as coded or as displayed."""
    wide = max(1, round(width * ratio)) if ratio != 1 else width
    displayed = (height, wide) if rotation in (90, 270) else (wide, height)
    found = set()
    for across, down in ((width, height), displayed):
        most_across, most_down = limits.max_size(across, down)
        if across < limits.min_side.value or down < limits.min_side.value:
            found.add(LOW)
        if across > most_across or down > most_down:
            found.add(HIGH)
        if max(across, down) / min(across, down) > limits.max_aspect_ratio.value:
            found.add(RATIO)
    return frozenset(found)


@lru_cache(maxsize=512)
def _heights(limits: VideoLimits, codes: Codes, turn: int, ratio: Fraction, sides: Range | None) -> tuple[Range, ...]:
    """Ranges at the ends of which there is a width, and mostly between them."""
    longest = limits.max_aspect_ratio.value
    changes = [side * by for side in _limits_of_sides(limits) for by in (1, longest, 1 / longest)]
    return _ranges(changes, _sides(limits, sides), lambda h: bool(_widths(limits, codes, turn, ratio, sides, height=h)))


@lru_cache(maxsize=8192)
def _widths(
    limits: VideoLimits, codes: Codes, turn: int, ratio: Fraction, sides: Range | None, *, height: int
) -> tuple[Range, ...]:
    """All widths with which a picture of that height breaks these."""
    longest = limits.max_aspect_ratio.value
    changes = [*_limits_of_sides(limits), height, height * longest, height / longest]
    changes += [change / float(ratio) for change in changes] if ratio != 1 else []
    return _ranges(changes, _sides(limits, sides), lambda width: broken(limits, width, height, turn, ratio) == codes)


def _limits_of_sides(limits: VideoLimits) -> tuple[int, int, int]:
    return limits.min_side.value, limits.max_width.value, limits.max_height.value


def _sides(limits: VideoLimits, sides: Range | None) -> Range:
    return sides or (_LEAST_SIDE, int(max(_limits_of_sides(limits)) * _BEYOND))


def _ranges(changes: Iterable[float], sides: Range, is_right: Callable[[int], bool]) -> tuple[Range, ...]:
    """Where a side is right, which is asked around the places where it changes, and nowhere between them."""
    around = {int(change) + step for change in changes for step in (-2, -1, 0, 1, 2)}
    asked = sorted(side for side in {*around, *sides} if sides[0] <= side <= sides[1])
    found: list[Range] = []
    is_open = False
    for side in asked:
        if not is_right(side):
            is_open = False
        elif is_open:
            found[-1] = (found[-1][0], side)
        else:
            found.append((side, side))
            is_open = True
    return tuple(found)
