"""A local embed-v2 on loopback, to try things against without a key, a network or a bill.

    with LocalServer() as server:
        client = preflight.submitter.Client("any-key", base_url=server.url)

It enforces the contract and every limit of a profile, and answers with vectors that are simple functions of the
media. **It is not Marengo**: what looks or sounds alike lies close together, meaning is not known to it.

As a test double it also does as it is told, and keeps what it received:

    with Double().will(Reply.rate_limited(), Reply(reset="midway")) as double:
        upload("song.wav", to=double.url)  # of the code under test
    assert [request.status for request in double.requests] == [429, 200, 200]

The names are imported when they are first used; they need the `serve` extra, and raise MissingExtraError without it.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

from preflight.errors import MissingExtraError

if TYPE_CHECKING:
    from preflight.emulator.app import create_app
    from preflight.emulator.double import Double
    from preflight.emulator.received import Received
    from preflight.emulator.reply import Reply
    from preflight.emulator.server import LocalServer
    from preflight.emulator.settings import Settings

_HOME = {
    "Double": "preflight.emulator.double",
    "LocalServer": "preflight.emulator.server",
    "Received": "preflight.emulator.received",
    "Reply": "preflight.emulator.reply",
    "Settings": "preflight.emulator.settings",
    "create_app": "preflight.emulator.app",
}

__all__ = ["Double", "LocalServer", "Received", "Reply", "Settings", "create_app"]


def __getattr__(name: str) -> object:
    if name in _HOME:
        try:
            value = getattr(importlib.import_module(_HOME[name]), name)
        except ModuleNotFoundError as error:
            raise MissingExtraError("the emulator", "serve") from error
        globals()[name] = value
        return value
    raise AttributeError(f"module 'preflight.emulator' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
