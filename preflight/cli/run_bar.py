"""The progress of a run over many inputs: how many are done, what is on its way, what is being made."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import PurePath

from preflight.cli.talk import bars, note
from preflight.reports.text import shown
from preflight.runs import RunProgress

_NAMES = 3
"""Of inputs on their way; of the others, their number."""


@contextmanager
def run_bar(*, prints: bool) -> Iterator[Callable[[RunProgress], None]]:
    """What is to be called with the progress: it shows it where standard error is a terminal, and nothing elsewhere."""
    with bars(prints=prints) as shows:
        if shows is None:
            yield _unheard
            return
        inputs = shows.add_task("inputs", total=None, note="")

        def show(progress: RunProgress) -> None:
            shows.update(inputs, completed=progress.inputs, total=progress.total, note=run_note(progress))

        yield show


def _unheard(progress: RunProgress) -> None:
    pass


def run_note(progress: RunProgress) -> str:
    """Beside the bar: "3/20, sending a.txt, talk.mp4 (2), 5 wait, film.mkv: 30 of 600 s, 5.1x"."""
    parts = [f"{progress.inputs}/{progress.total}" if progress.total is not None else f"{progress.inputs}"]
    if progress.in_flight:
        counts = Counter(shown(PurePath(name).name) for name in progress.in_flight)
        named = [f"{name} ({count})" if count > 1 else name for name, count in list(counts.items())[:_NAMES]]
        others = len(counts) - len(named)
        parts.append(f"sending {', '.join(named)}" + (f" and {others} more" if others > 0 else ""))
    if progress.waiting:
        parts.append(f"{progress.waiting} wait")
    if progress.making is not None:
        parts.append(f"{shown(PurePath(progress.making.source).name)}: {note(progress.making)}")
    return ", ".join(parts)
