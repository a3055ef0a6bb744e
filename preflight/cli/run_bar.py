"""The progress of a run over many inputs: what is done, on its way, or being made, and what is waited for."""

from __future__ import annotations

import math
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import PurePath

from preflight.cli.talk import bars, note, say
from preflight.reports.text import shown
from preflight.runs import RunProgress

_NAMES = 3
"""Of inputs on their way; of the others, their number."""
_LONG_S = 60.0
"""A wait from here on is said in a line of its own."""
_SEEN_S = 10.0
"""And from here on beside the bar."""


@contextmanager
def run_bar(*, prints: bool) -> Iterator[Callable[[RunProgress], None]]:
    """What is to be called with the progress: it shows it where standard error is a terminal, and elsewhere says no
    more than that the run waits, where it does so for long.
    """
    pauses = _Pauses()
    with bars(prints=prints) as shows:
        if shows is None:
            yield pauses.hear
            return
        inputs = shows.add_task("inputs", total=None, note="")

        def show(progress: RunProgress) -> None:
            pauses.hear(progress)
            shows.update(inputs, completed=progress.inputs, total=progress.total, note=run_note(progress))

        yield show


class _Pauses:
    """Says of each long wait until when it is and why, once for all requests that wait for the same."""

    def __init__(self) -> None:
        self._said_until = 0.0

    def hear(self, progress: RunProgress) -> None:
        if (pause := progress.pause) is None or pause.until is None:
            return
        left_s = pause.until - time.time()
        if left_s >= _LONG_S and pause.until > self._said_until + _LONG_S:
            self._said_until = pause.until
            about = f"{left_s / 60:.0f} min" if left_s >= 2 * _LONG_S else f"{left_s:.0f} s"
            say(f"waits until {_time(pause.until)} (about {about}): {pause.why}")


def _time(when: float) -> str:
    return f"{datetime.fromtimestamp(math.ceil(when), UTC):%Y-%m-%d %H:%M:%S} UTC"


def run_note(progress: RunProgress) -> str:
    """Beside the bar: "3/20, sending a.txt, talk.mp4 (2), 5 wait, film.mkv: 30 of 600 s, 5.1x"."""
    parts = [f"{progress.inputs}/{progress.total}" if progress.total is not None else f"{progress.inputs}"]
    if progress.in_flight:
        counts = Counter(shown(PurePath(name).name) for name in progress.in_flight)
        named = [f"{name} ({count})" if count > 1 else name for name, count in list(counts.items())[:_NAMES]]
        others = len(counts) - len(named)
        parts.append(f"sending {', '.join(named)}" + (f" and {others} more" if others > 0 else ""))
    if progress.waiting:
        until = progress.pause.until if progress.pause is not None else None
        paused = f" until {_time(until)}" if until is not None and until - time.time() >= _SEEN_S else ""
        parts.append(f"{progress.waiting} wait{paused}")
    if progress.making is not None:
        parts.append(f"{shown(PurePath(progress.making.source).name)}: {note(progress.making)}")
    return ", ".join(parts)
