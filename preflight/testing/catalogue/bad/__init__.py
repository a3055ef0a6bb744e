"""What is hostile, broken, mislabelled, or no media at all."""

from __future__ import annotations

from preflight.testing.catalogue.bad import foreign, names, pictures, recordings
from preflight.testing.catalogue.interface import Case

CASES: tuple[Case, ...] = (*foreign.CASES, *names.CASES, *pictures.CASES, *recordings.CASES)
