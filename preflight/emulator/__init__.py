"""A local embed-v2 on loopback, to try things against without a key, a network or a bill.

    with LocalServer() as server:
        client = preflight.submitter.Client("any-key", base_url=server.url)

It enforces the contract and every limit of a profile, and answers with vectors that are simple functions of the
media. **It is not Marengo**: what looks or sounds alike lies close together, meaning is not known to it.

The names are imported when they are first used; they need the `serve` extra.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from preflight.emulator.app import create_app
    from preflight.emulator.server import LocalServer

_HOME = {"LocalServer": "preflight.emulator.server", "create_app": "preflight.emulator.app"}

__all__ = ["LocalServer", "create_app"]


def __getattr__(name: str) -> object:
    if name in _HOME:
        value = getattr(importlib.import_module(_HOME[name]), name)
        globals()[name] = value
        return value
    raise AttributeError(f"module 'preflight.emulator' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
