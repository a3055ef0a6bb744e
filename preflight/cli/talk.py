"""Standard output is for data alone; everything else is said on standard error."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Protocol

import typer

from preflight.cli.signals import raise_if_stopped
from preflight.errors import ExitCode, UsageError
from preflight.reports.text import shown
from preflight.whole import plain_errors

if TYPE_CHECKING:
    from rich.progress import Progress as Bars
    from rich.progress import TaskID

    from preflight.progress import Progress, Stage


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
    from rich.progress import BarColumn, Progress, TextColumn

    columns = (
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        TextColumn("{task.fields[note]}", markup=False),
    )
    # Rich would otherwise print on its own console, standard error, what is meant for standard output.
    with Progress(*columns, console=Console(stderr=True), transient=True, redirect_stdout=False) as bars:
        yield _Terminal(bars, total)


class _Silent:
    def start(self, source: str) -> None:
        pass

    def advance(self, progress: Progress) -> None:  # noqa: ARG002 (nobody sees it)
        raise_if_stopped()

    def finish(self) -> None:
        raise_if_stopped()


class _Terminal:
    """A bar for the source at hand, and where there are several inputs, one for all of them."""

    def __init__(self, bars: Bars, total: int) -> None:
        self._bars = bars
        self._total, self._done = total, 0
        self._all: TaskID | None = bars.add_task("inputs", total=total, note=f"0/{total}") if total > 1 else None
        self._one: TaskID | None = None

    def start(self, source: str) -> None:
        # Nobody knows how long it will take: the bar moves to and fro until somebody does.
        self._one = self._bars.add_task(shown(source[-_NAME:]), total=None, note="")

    def advance(self, progress: Progress) -> None:
        raise_if_stopped()
        if self._one is not None:
            self._bars.update(self._one, completed=progress.done_s or 0, total=progress.total_s, note=note(progress))

    def finish(self) -> None:
        raise_if_stopped()
        self._done += 1
        if self._one is not None:
            self._bars.remove_task(self._one)
            self._one = None
        if self._all is not None:
            self._bars.update(self._all, completed=self._done, note=f"{self._done}/{self._total}")


_NAME = 40
"""Characters of a source's name, the last of them."""


def note(progress: Progress) -> str:
    """Beside a source's bar: seconds done, the multiple of real time, time left, and the requests made."""
    parts = [_STAGES[progress.stage]] if progress.stage in _STAGES else []
    parts += [f"request {progress.requests}"] if progress.requests else []
    if progress.done_s is not None:
        of = f" of {progress.total_s:.0f}" if progress.total_s is not None else ""
        parts.append(f"{progress.done_s:.0f}{of} s")
    if progress.speed is not None:
        parts.append(f"{progress.speed:.1f}x" if progress.speed < _FAST else f"{progress.speed:.0f}x")
    if progress.left_s is not None:
        minutes, seconds = divmod(round(progress.left_s), 60)
        parts.append(f"{minutes}:{seconds:02} left")
    return ", ".join(parts)


_FAST = 10
_STAGES: dict[Stage, str] = {
    "probe": "reading",
    "decode": "decoding",
    "scan": "looking where to cut",
    "seek": "looking where best to cut",
}
