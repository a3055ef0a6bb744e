"""Waits of a request before it is sent, or sent again: whoever has it sent may hear of them, and cut them short.

Through a context variable, and not through every call in between: a run gives its requests to whatever route it was
given, and only the client at its end knows that it waits.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, kw_only=True, slots=True)
class Wait:
    """Of one request."""

    why: str
    """A clause: "the service limits the rate (429 too_many_requests: ...)"."""
    until: float | None
    """Seconds since 1970; None where nobody knows."""
    is_open: bool
    """It was sent before, and the service may have done it, and may bill it."""


class Listener(Protocol):
    """Called in the thread that waits."""

    def waits(self, wait: Wait) -> None:
        """From now on it is not on its way."""

    def goes_on(self) -> None:
        """It is sent now."""

    def sleep(self, seconds: float) -> None:
        """May raise, where nobody wants it any more."""


_listener: ContextVar[Listener | None] = ContextVar("preflight_waits", default=None)


@contextmanager
def heard_by(listener: Listener) -> Iterator[None]:
    """All waits of what is sent in this block, by this thread."""
    token = _listener.set(listener)
    try:
        yield
    finally:
        _listener.reset(token)


@contextmanager
def waiting(why: str, *, seconds: float | None, is_open: bool) -> Iterator[None]:
    """The wait is this block."""
    if (listener := _listener.get()) is None:
        yield
        return
    listener.waits(Wait(why=why, until=time.time() + seconds if seconds is not None else None, is_open=is_open))
    yield
    listener.goes_on()


def sleep(seconds: float) -> None:
    """`time.sleep`, unless whoever hears of it knows better."""
    listener = _listener.get()
    (time.sleep if listener is None else listener.sleep)(seconds)
