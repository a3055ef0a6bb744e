"""Images: every bound from both sides, and the oddities of what cameras, phones, scanners and programs write."""

from __future__ import annotations

from preflight.testing.catalogue.image import bounds, formats, modes, photographs, pngs, rare
from preflight.testing.catalogue.interface import Case

CASES: tuple[Case, ...] = (*bounds.CASES, *photographs.CASES, *pngs.CASES, *formats.CASES, *modes.CASES, *rare.CASES)
