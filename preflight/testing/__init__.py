"""Media that sits on every edge, a stand-in for the API, and assertions that say what is wrong: for your own tests.

    from preflight.testing import assert_refused, catalogue

    def test_refuses_a_wide_recording(client):
        upload = catalogue.case("video/ratio_over_2_4")
        assert client.upload(upload.path).status_code == 422

- `catalogue`: named edge cases, made when they are first asked for. `preflight cases` lists them.
- `strategies`: Hypothesis strategies for media that fit, or break a limit, or are damaged.
- `corrupt`: turns a good file into a bad one, in the ways that files go bad.
- `assert_fits`, `assert_refused`: say what was measured, the limit, and how far off.
- The pytest plugin is found by pytest itself: fixtures `media_case`, `embed_emulator` and the two assertions.

They need the `testing` extra. Everything is imported when it is first used.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import preflight.testing.strategies as strategies  # noqa: PLR0402 (mypy does not find it otherwise)
    from preflight.emulator import Double, Received, Reply
    from preflight.testing import catalogue, corrupt
    from preflight.testing.assertions import assert_fits, assert_refused

_HOME = {
    "Double": "preflight.emulator",
    "Received": "preflight.emulator",
    "Reply": "preflight.emulator",
    "assert_fits": "preflight.testing.assertions",
    "assert_refused": "preflight.testing.assertions",
}
_ROOMS = ("catalogue", "corrupt", "strategies")

__all__ = [
    "Double",
    "Received",
    "Reply",
    "assert_fits",
    "assert_refused",
    "catalogue",
    "corrupt",
    "strategies",
]


def __getattr__(name: str) -> object:
    if name in _ROOMS:
        return importlib.import_module(f"preflight.testing.{name}")
    if name in _HOME:
        value = getattr(importlib.import_module(_HOME[name]), name)
        globals()[name] = value
        return value
    raise AttributeError(f"module 'preflight.testing' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
