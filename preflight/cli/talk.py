"""Standard output is for data alone; everything else is said on standard error."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Protocol

import typer

from preflight.cli.whole import plain_errors
from preflight.errors import ExitCode, UsageError
from preflight.reports.text import shown

if TYPE_CHECKING:
    from rich.progress import Progress as Bars
    from rich.progress import TaskID

    from preflight.pipeline import Progress


def say(message: str) -> None:
    """Lines for people, on standard error. Names in them come from strangers: no control character gets through."""
    lines = "".join(f"{shown(line)}\n" for line in message.split("\n"))
    if sys.stderr is not None:  # closed by whoever started this
        with suppress(OSError):  # there is nobody left to tell
            sys.stderr.write(lines)


def tell(text: str) -> None:
    """Lines for people, on standard output, as its encoding allows."""
    require_output()
    _write(f"{text}\n".encode(sys.stdout.encoding, "replace"))


def give(line: str) -> None:
    """A line for programs, on standard output: UTF-8 whatever the locale."""
    require_output()
    _write(f"{line}\n".encode())


def require_output() -> None:
    """Raises UsageError where standard output is closed: before work is done in vain."""
    if sys.stdout is None:
        raise UsageError("standard output is closed. Open it, or name a file with --out.")


def _write(data: bytes) -> None:
    with plain_errors("standard output"):
        try:
            sys.stdout.buffer.write(data)
            sys.stdout.buffer.flush()
        except BrokenPipeError:
            # Whoever reads has enough. Not everything was said, so this is no success.
            raise typer.Exit(ExitCode.USAGE) from None


class Bar(Protocol):
    """How many inputs are done, and what is being done to the one at hand."""

    def start(self, source: str) -> None: ...
    def advance(self, progress: Progress) -> None: ...
    def finish(self) -> None: ...


@contextmanager
def bar(total: int, *, prints: bool) -> Iterator[Bar]:
    """A progress bar where standard error is a terminal, and nothing at all elsewhere.

    `prints`: data go to standard output meanwhile. Where that is a terminal too, they are progress enough.
    """
    is_seen = sys.stderr is not None and sys.stderr.isatty()
    if not is_seen or (prints and sys.stdout is not None and sys.stdout.isatty()):
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
    # Rich would otherwise print on its own console, standard error, what is meant for standard output.
    with Progress(*columns, console=Console(stderr=True), transient=True, redirect_stdout=False) as bars:
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
        self._bars.update(self._all, note=shown(source[-60:]))

    def advance(self, progress: Progress) -> None:
        note = f"{progress.source[-60:]}: {f'request {progress.requests}' if progress.requests else 'decoding'}"
        if progress.done_s is not None and progress.total_s:
            note += f", {progress.done_s:.0f} of {progress.total_s:.0f} s"
        self._bars.update(self._all, note=shown(note))

    def finish(self) -> None:
        self._bars.advance(self._all)
