"""What a run gives: a Result an input, and how far it is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from preflight.errors import PreflightError
from preflight.progress import Progress
from preflight.submitter.waits import Wait

if TYPE_CHECKING:
    from preflight.submitter import Embeddings


@dataclass(frozen=True, kw_only=True, slots=True)
class Result:
    """What became of one input."""

    source: str
    """Its name."""
    position: int
    """Which of the run's inputs it is, counted from 0."""
    outcome: Embeddings | PreflightError
    """Its embeddings, of all its requests; or why there are none. Other inputs go on after an error that is here."""


@dataclass(frozen=True, kw_only=True, slots=True)
class RunProgress:
    """How far a run is."""

    inputs: int
    """Given back so far, with embeddings or an error."""
    total: int | None
    """None where nobody knows how many there are."""
    requests: int
    """Answered so far, by this run."""
    in_flight: tuple[str, ...]
    """Names of the inputs whose requests are on their way, one a request."""
    waiting: int
    """Requests that are made and wait to be sent, or sent again."""
    making: Progress | None
    """What is being made of the recording at hand, as far as that told."""
    pause: Wait | None = None
    """The wait that ends last, of those of which it is known when they end: for the plan, or as the service asked."""
