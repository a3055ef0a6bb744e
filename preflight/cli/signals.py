"""Being told to stop: SIGTERM and a closed terminal end a program as Ctrl-C does, with nothing half-written left."""

from __future__ import annotations

import signal
import sys
from threading import Event, current_thread, main_thread
from types import FrameType, TracebackType


class Terminated(KeyboardInterrupt):
    """SIGTERM or SIGHUP: whatever cleans up after Ctrl-C cleans up after these, too."""


def stop_cleanly() -> None:
    """Of this process, once, in its main thread. A second SIGTERM does not interrupt the cleaning up.

    A signal is raised where the program happens to be, and some places lose what is raised there: a callback of
    FFmpeg's, a lock of an import. So it is remembered, too, and `raise_if_stopped` raises it again.
    """
    sys.unraisablehook, sys.excepthook = _unraisable, _uncaught  # what is compiled by Cython calls both
    if signal.getsignal(signal.SIGINT) == signal.default_int_handler:
        signal.signal(signal.SIGINT, _interrupt)
    for name in ("SIGTERM", "SIGHUP"):  # Windows has no SIGHUP
        if (number := getattr(signal, name, None)) is not None and signal.getsignal(number) == signal.SIG_DFL:
            signal.signal(number, _stop)


def _unraisable(unraisable: sys.UnraisableHookArgs) -> None:
    """What is lost where it is raised is printed, but an interruption, which is raised again."""
    if not issubclass(unraisable.exc_type, KeyboardInterrupt):
        sys.__unraisablehook__(unraisable)


def _uncaught(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    if not issubclass(kind, KeyboardInterrupt):
        sys.__excepthook__(kind, error, trace)


def _interrupt(_number: int, _: FrameType | None) -> None:
    _interrupted.set()
    raise KeyboardInterrupt


def _stop(number: int, _: FrameType | None) -> None:
    signal.signal(number, signal.SIG_IGN)
    _told.set()
    raise Terminated


def is_terminated() -> bool:
    """Whether that has happened: of an interruption, Typer does not pass on what it was."""
    return _told.is_set()


def raise_if_stopped() -> None:
    """To be called wherever nothing is lost by it, in any thread: only the main one raises."""
    if (_interrupted.is_set() or _told.is_set()) and current_thread() is main_thread():
        raise Terminated if _told.is_set() else KeyboardInterrupt


_interrupted, _told = Event(), Event()
