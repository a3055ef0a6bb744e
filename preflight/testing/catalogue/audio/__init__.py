"""Audio: every bound from both sides, every flavour of WAV, and what else people record, export and upload."""

from __future__ import annotations

from preflight.testing.catalogue.audio import bounds, formats, long, tags, wave
from preflight.testing.catalogue.interface import Case

CASES: tuple[Case, ...] = (*bounds.CASES, *wave.CASES, *formats.CASES, *tags.CASES, *long.CASES)
