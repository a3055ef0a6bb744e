"""A clock that jumps ahead: what lies between is neither picture nor sound, and no clip need hold it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from preflight.probers.units import Unit


def runs_of(units: Sequence[Unit], max_s: float) -> list[list[Unit]]:
    """The units between gaps that no clip could hold; those before a gap last only as long as what they hold."""
    runs: list[list[Unit]] = [[]]
    for unit in units:
        is_gap = unit.duration_s > max_s >= unit.duration_s - unit.gap_s
        runs[-1].append(replace(unit, duration_s=unit.duration_s - unit.gap_s) if is_gap else unit)
        if is_gap:
            runs.append([])
    return [run for run in runs if run]
