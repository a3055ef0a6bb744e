"""Open GOPs: cut there only where nothing else serves, and only where a decoder can start."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import replace

from preflight.planner.cuts import Caps
from preflight.planner.interface import CutBetweenUnits, Plan
from preflight.probers.units import Unit

Refuse = Callable[[Sequence[float]], Collection[float]]
"""Which of these starts of open GOPs, on the source's timeline, no clip may start at: it takes a decoder to tell."""

# Each try asks about some more. Where the first few places are all refused, so will be the rest: some encoders never
# write one that is good.
_MOST_TRIES, _MOST_IN_VAIN = 12, 8


def closed_only(units: Sequence[Unit]) -> Sequence[Unit]:
    """The same stretch of time, without the places where decoding must be proved to start."""
    return _joined(units, lambda unit: unit.is_open)


def unshared_only(units: Sequence[Unit]) -> Sequence[Unit]:
    """The same, without the places where a keyframe would have to stand in two clips."""
    return _joined(units, lambda unit: unit.seam_bytes > 0)


def _without(units: Sequence[Unit], starts_s: Collection[float]) -> Sequence[Unit]:
    return _joined(units, lambda unit: unit.start_s in starts_s)


def _joined(units: Sequence[Unit], is_joined: Callable[[Unit], bool]) -> Sequence[Unit]:
    """Each such unit and the one before it are one."""
    if not any(map(is_joined, units)):
        return units
    merged: list[Unit] = []
    for unit in units:
        if is_joined(unit) and merged:
            last = merged[-1]
            merged[-1] = replace(
                last,
                duration_s=last.duration_s + unit.duration_s,
                size_bytes=last.size_bytes + unit.size_bytes,
                packets=last.packets + unit.packets,
                gap_s=unit.gap_s,
            )
        else:
            merged.append(unit)
    return merged


def plan_proved(planned: Callable[[Sequence[Unit]], Plan | str], units: Sequence[Unit], refuse: Refuse) -> Plan | str:
    """The first plan of whose starts none is refused, each try without those that were; or why there is none."""
    refused: frozenset[float] = frozenset()
    is_any_good = False
    for _ in range(_MOST_TRIES):
        plan = planned(_without(units, refused))
        if not isinstance(plan, Plan) or not isinstance(plan.recipe, CutBetweenUnits) or not plan.recipe.open_starts_s:
            return plan
        found = refuse(plan.recipe.open_starts_s)
        if not found:
            return plan
        refused |= frozenset(found)
        is_any_good |= len(found) < len(plan.recipe.open_starts_s)
        if not is_any_good and len(refused) >= _MOST_IN_VAIN:
            break
    return "It cannot be cut losslessly: a decoder complains where clips would start."


def with_room_for_seams(caps: Caps, units: Sequence[Unit]) -> Caps:
    """What the largest of the open GOPs lends to the clip before it is kept free in every clip."""
    most = max((u.seam_bytes for u in units), default=0)
    packets = max((u.packets for u in units if u.seam_bytes), default=0)
    return replace(caps, fixed_bytes=caps.fixed_bytes + most + packets * caps.packet_bytes)
