"""How far the work on one source is: what `on_progress` is told, and how often."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

Stage = Literal["probe", "decode", "scan", "seek", "prepare"]
"""What is being done to a source, in this order, each from its beginning: its packets are read to know how long it is;
every frame is decoded, where `verify` asks for it; its packets are read to know where it can be cut; it is decoded to
know where that is best, where `cut_at` asks for it; its requests are made."""


@dataclass(frozen=True, slots=True)
class Progress:
    """What `on_progress` is told during long work, a few times a second at most, and after each request."""

    source: str
    requests: int
    """Made so far, of this source; 0 in every stage but the last."""
    done_s: float | None
    """Of its timeline; None for texts and images."""
    total_s: float | None
    speed: float | None = None
    """Seconds of the source done in one of the clock: 2.0 is twice real time. None while nobody can tell."""
    left_s: float | None = None
    """By the clock, at that speed, until all of the stage is done; None while nobody can tell."""
    stage: Stage = "prepare"
    """`done_s` never goes back within one; most sources are long past the others before anything is told."""


def silent(progress: Progress) -> None:
    """The default: a library has no spinner."""


_QUICK = frozenset({"probe", "scan"})
EVERY_S = 0.25
"""So often a person can read it."""
_TELLING_S = 0.1
"""Of the clock: by less than that no speed can be told."""


class Meter:
    """Of one stage of one source; it starts when it is made. Whoever does the work calls `watch`."""

    def __init__(
        self,
        source: str,
        total_s: float | None,
        tell: Callable[[Progress], None],
        clock: Callable[[], float] = time.monotonic,
        *,
        stage: Stage = "prepare",
    ) -> None:
        self._source, self._total_s, self._tell, self._clock = source, total_s, tell, clock
        self._stage: Stage = stage
        self._started_s = clock()
        # At first, at once; but to read packets takes no time, mostly, and then nobody need hear of it.
        self._told_s = self._started_s - (0.0 if stage in _QUICK else EVERY_S)
        self._done_s = 0.0
        self._requests = 0

    def watch(self, done_s: float) -> None:
        """So much of the source's timeline is done. It never goes back, and is told only now and then."""
        self._done_s = max(self._done_s, self._within(done_s))
        if self._clock() - self._told_s >= EVERY_S:
            self._say()

    def made(self, done_s: float | None) -> None:
        """One more request, up to there; None of what has no timeline. Always told."""
        self._requests += 1
        if done_s is None:
            self._tell(Progress(self._source, self._requests, None, None))
            return
        self._done_s = max(self._done_s, self._within(done_s))
        self._say()

    def _within(self, done_s: float) -> float:
        """Frames are whole, and the last may reach a little beyond the end."""
        return done_s if self._total_s is None else min(done_s, self._total_s)

    def finish(self) -> None:
        """All that there is was done: where a clip's end is not quite the source's, say so."""
        if self._requests and self._total_s is not None and self._done_s != self._total_s:
            self._done_s = self._total_s
            self._say()

    def _say(self) -> None:
        self._told_s = self._clock()
        passed_s = self._told_s - self._started_s
        speed = self._done_s / passed_s if passed_s >= _TELLING_S and self._done_s > 0 else None
        left_s = max(self._total_s - self._done_s, 0.0) / speed if speed and self._total_s is not None else None
        self._tell(Progress(self._source, self._requests, self._done_s, self._total_s, speed, left_s, self._stage))
