"""Being told to stop: SIGTERM and a closed terminal end a program as Ctrl-C does, with nothing half-written left."""

from __future__ import annotations

import signal
from threading import Event
from types import FrameType


class Terminated(KeyboardInterrupt):
    """SIGTERM or SIGHUP: whatever cleans up after Ctrl-C cleans up after these, too."""


def stop_cleanly() -> None:
    """Of this process, once, in its main thread. A second signal does not interrupt the cleaning up."""
    for name in ("SIGTERM", "SIGHUP"):  # Windows has no SIGHUP
        if (number := getattr(signal, name, None)) is not None and signal.getsignal(number) == signal.SIG_DFL:
            signal.signal(number, _stop)


def _stop(number: int, _: FrameType | None) -> None:
    signal.signal(number, signal.SIG_IGN)
    _told.set()
    raise Terminated


def is_terminated() -> bool:
    """Whether that has happened: of an interruption, Typer does not pass on what it was."""
    return _told.is_set()


_told = Event()
