"""What is said on standard error; standard output is for data alone."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from rich.progress import Progress as Bars
    from rich.progress import TaskID

    from preflight.pipeline import Progress


def say(message: str) -> None:
    print(message, file=sys.stderr)


class Bar(Protocol):
    """One line for the whole run and, beneath it, one for the source at hand."""

    def start(self, source: str) -> None: ...
    def advance(self, progress: Progress) -> None: ...
    def finish(self) -> None: ...


@contextmanager
def bar(total: int) -> Iterator[Bar]:
    """A progress bar where standard error is a terminal, and nothing at all elsewhere."""
    if not sys.stderr.isatty():
        yield _Silent()
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TextColumn("{task.fields[note]}", markup=False),
    )
    with Progress(*columns, console=Console(stderr=True), transient=True) as bars:
        yield _Terminal(bars, total)


class _Silent:
    def start(self, source: str) -> None:
        pass

    def advance(self, progress: Progress) -> None:
        pass

    def finish(self) -> None:
        pass


class _Terminal:
    def __init__(self, bars: Bars, total: int) -> None:
        self._bars = bars
        self._all: TaskID = bars.add_task("inputs", total=total, note="")

    def start(self, source: str) -> None:
        self._bars.update(self._all, note=source[-60:])

    def advance(self, progress: Progress) -> None:
        note = f"{progress.source[-60:]}: request {progress.requests}"
        if progress.done_s is not None and progress.total_s:
            note += f", {progress.done_s:.0f} of {progress.total_s:.0f} s"
        self._bars.update(self._all, note=note)

    def finish(self) -> None:
        self._bars.advance(self._all)
