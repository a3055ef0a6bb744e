"""Open GOPs: cut there only where nothing else serves."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from preflight.planner.cuts import Caps
from preflight.probers.units import Unit


def closed_only(units: Sequence[Unit]) -> Sequence[Unit]:
    """The same stretch of time, without the places where a keyframe would have to stand in two clips."""
    if not any(u.is_open for u in units):
        return units
    merged: list[Unit] = []
    for unit in units:
        if unit.is_open and merged:
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


def with_room_for_seams(caps: Caps, units: Sequence[Unit]) -> Caps:
    """What the largest of the open GOPs lends to the clip before it is kept free in every clip."""
    most = max((u.seam_bytes for u in units), default=0)
    packets = max((u.packets for u in units if u.seam_bytes), default=0)
    return replace(caps, fixed_bytes=caps.fixed_bytes + most + packets * caps.packet_bytes)
