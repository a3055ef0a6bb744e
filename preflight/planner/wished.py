"""Cuts at the best moments that the fewest clips leave room for: where it is quiet, or where the scene changes."""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from itertools import pairwise

from preflight.planner.cuts import Caps, Lowest, Packing, Sized, choose_cuts
from preflight.probers.moments import Moment

# Seconds inside a quiet stretch from which on it is no better to be deeper inside.
_DEEP_S = 0.5
# Seconds beside a change of scene within which a cut is still worth something.
_REACH_S = 1.0
# Of worth: finer differences do not count against evenness.
_DIGITS = 1

_Value = tuple[float, float]
_NEVER: _Value = (math.inf, math.inf)


def worths(starts_s: Sequence[float], moments: Sequence[Moment]) -> list[float]:
    """What it is worth to start a clip at each of these times, which rise; 0 where nothing speaks for it."""
    found = [0.0] * len(starts_s)
    for moment in moments:
        reach_s = 0.0 if moment.end_s > moment.start_s else _REACH_S
        first = bisect_left(starts_s, moment.start_s - reach_s)
        for index in range(first, bisect_right(starts_s, moment.end_s + reach_s)):
            if reach_s:
                worth = moment.score * (1 - abs(starts_s[index] - moment.start_s) / reach_s)
            else:
                worth = moment.score + min(starts_s[index] - moment.start_s, moment.end_s - starts_s[index], _DEEP_S)
            found[index] = max(found[index], round(worth, _DIGITS))
    return found


def choose_best_cuts(
    units: Sequence[Sized], caps: Caps, worth: Sequence[float], overlap_s: float = 0.0
) -> tuple[int, ...] | None:
    """As `choose_cuts`, and as many clips; but among the packings of so many, none of them too short, one whose cuts
    are worth the most, and among those, whose cuts are the nearest to the even ones. `worth` is one value a unit.
    """
    even = choose_cuts(units, caps, overlap_s)
    if not even:
        return even
    packing = Packing(units, caps, overlap_s)
    if packing.runts(even):
        return even  # there is no slack
    latest = packing.fill(caps.max_s)
    earliest = _backwards(packing, len(even))
    if latest is None or earliest is None or len(latest) != len(even):
        return even  # so that none is too short it took more clips than the caps alone would: there is no slack
    values: list[_Value] = [(0.0, 0.0)]
    low = 0
    origins: list[list[int]] = []
    """For each place of each cut, the place of the one before."""
    windows = list(zip(earliest, latest, strict=True))
    for cut, (first, last) in enumerate(windows):
        before = Lowest(values)
        found: list[_Value] = []
        came: list[int] = []
        for place in range(first, last + 1):
            start = _best_start(packing, before, low, len(values), place)
            value = _NEVER if start is None else values[start - low]
            off_s = packing.seconds[place] - packing.seconds[even[cut]]
            found.append((value[0] - worth[place], value[1] + off_s * off_s))
            came.append(start if start is not None else -1)
        origins.append(came)
        values, low = found, first
    at = _best_start(packing, Lowest(values), low, len(values), packing.count)
    if at is None or values[at - low] == _NEVER:
        return even
    cuts = [at]
    for came, (first, _) in zip(reversed(origins[1:]), reversed(windows[1:]), strict=True):
        cuts.append(came[cuts[-1] - first])
    chosen = tuple(reversed(cuts))
    return chosen if _holds(packing, chosen) else even


def _best_start(packing: Packing, before: Lowest, low: int, count: int, end: int) -> int | None:
    """Where the clip up to `end` best starts, of `count` places from `low` on."""
    first = packing.first_start(end)
    if first is None:
        return None
    found = before.lowest(max(first - low, 0), min(packing.last_start(end) - low, count - 1))
    return None if found is None else found + low


def _backwards(packing: Packing, cuts: int) -> tuple[int, ...] | None:
    """The earliest that each of so many cuts can be, for the rest to be held by the clips that are left."""
    found: list[int] = []
    end = packing.count
    for _ in range(cuts):
        start = packing.first_start(end)
        if start is None:
            return None
        # Where fewer would do, the first cuts may still not be nowhere.
        end = max(start, cuts - len(found))
        found.append(end)
    return tuple(reversed(found))


def _holds(packing: Packing, cuts: Sequence[int]) -> bool:
    edges = (0, *cuts, packing.count)
    return all(a < b and packing.fits(a, b) for a, b in pairwise(edges)) and not packing.runts(cuts)
