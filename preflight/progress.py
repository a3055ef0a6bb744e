"""How far the work on one source is: what `on_progress` is told, and how often."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Progress:
    """What `on_progress` is told during long work, a few times a second at most, and after each request."""

    source: str
    requests: int
    """Made so far, of this source; 0 while it is checked."""
    done_s: float | None
    """Of its timeline; None for texts and images."""
    total_s: float | None
    speed: float | None = None
    """Seconds of the source done in one of the clock: 2.0 is twice real time. None while nobody can tell."""
    left_s: float | None = None
    """By the clock, at that speed, until all of the source is done; None while nobody can tell."""


def silent(progress: Progress) -> None:
    """The default: a library has no spinner."""


EVERY_S = 0.25
"""So often a person can read it."""
_TELLING_S = 0.1
"""Of the clock: by less than that no speed can be told."""


class Meter:
    """Of one piece of work on one source; it starts when it is made. Whoever does it calls `watch`."""

    def __init__(
        self,
        source: str,
        total_s: float | None,
        tell: Callable[[Progress], None],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._source, self._total_s, self._tell, self._clock = source, total_s, tell, clock
        self._started_s = clock()
        self._told_s = self._started_s - EVERY_S  # at first, at once
        self._done_s = 0.0
        self._requests = 0

    def watch(self, done_s: float) -> None:
        """So much of the source's timeline is done. It never goes back, and is told only now and then."""
        self._done_s = max(self._done_s, done_s)
        if self._clock() - self._told_s >= EVERY_S:
            self._say()

    def made(self, done_s: float | None) -> None:
        """One more request, up to there; None of what has no timeline. Always told."""
        self._requests += 1
        if done_s is None:
            self._tell(Progress(self._source, self._requests, None, None))
            return
        self._done_s = max(self._done_s, done_s)
        self._say()

    def _say(self) -> None:
        self._told_s = self._clock()
        passed_s = self._told_s - self._started_s
        speed = self._done_s / passed_s if passed_s >= _TELLING_S and self._done_s > 0 else None
        left_s = max(self._total_s - self._done_s, 0.0) / speed if speed and self._total_s is not None else None
        self._tell(Progress(self._source, self._requests, self._done_s, self._total_s, speed, left_s))
