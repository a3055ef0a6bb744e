"""Video: every bound from both sides, and the oddities of what people record, export and upload."""

from __future__ import annotations

from preflight.testing.catalogue.interface import Case
from preflight.testing.catalogue.video import (
    bounds,
    clocks,
    formats,
    frames,
    long,
    long_tracks,
    pictures,
    tracks,
    wrapped,
)

CASES: tuple[Case, ...] = (
    *bounds.CASES,
    *formats.CASES,
    *pictures.CASES,
    *frames.CASES,
    *clocks.CASES,
    *tracks.CASES,
    *wrapped.CASES,
    *long.CASES,
    *long_tracks.CASES,
)
