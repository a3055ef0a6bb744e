"""A local embed-v2 on loopback, to try things against without a key, a network or a bill.

    with LocalServer() as server:
        client = preflight.submitter.Client("any-key", base_url=server.url)

It enforces the contract and every limit of a profile, and answers with vectors that are simple functions of the
media. **It is not Marengo**: what looks or sounds alike lies close together, meaning is not known to it.

As a test double it also does as it is told, and keeps what it received:

    with Double().will(Reply.rate_limited(), Reply(reset="midway")) as double:
        upload("song.wav", to=double.url)  # of the code under test
    assert [request.status for request in double.requests] == [429, 200, 200]

And it fails as networks and services do, where it is told to; what was embedded, it counts by content:

    with LocalServer(faults="rate_limited:retry_after=0.05%5,html_502@3") as server:
        embed_all(texts, to=server.url)
        assert server.tally.total.delivered == len(texts)

`preflight.emulator.faults` has the faults, `fault_spec` the language, `tally` the counts.

The names are imported when they are first used; they need the `serve` extra, and raise MissingExtraError without it.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

from preflight.errors import MissingExtraError

if TYPE_CHECKING:
    from preflight.emulator.app import create_app
    from preflight.emulator.double import Double
    from preflight.emulator.fault_spec import Faults
    from preflight.emulator.received import Received
    from preflight.emulator.reply import Reply
    from preflight.emulator.server import LocalServer
    from preflight.emulator.settings import Settings
    from preflight.emulator.tally import Tally

_HOME = {
    "Double": "preflight.emulator.double",
    "Faults": "preflight.emulator.fault_spec",
    "LocalServer": "preflight.emulator.server",
    "Received": "preflight.emulator.received",
    "Reply": "preflight.emulator.reply",
    "Settings": "preflight.emulator.settings",
    "Tally": "preflight.emulator.tally",
    "create_app": "preflight.emulator.app",
}

__all__ = ["Double", "Faults", "LocalServer", "Received", "Reply", "Settings", "Tally", "create_app"]


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
