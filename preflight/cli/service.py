"""Who answers `preflight embed`: the service with its key, or the emulator."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from preflight.errors import UsageError

if TYPE_CHECKING:
    from preflight.limits.rates import Rates
    from preflight.submitter import AutoRoute

_EMULATOR = _EMULATOR_KEY = "emulator"
MOST_WAIT_S = 3_900.0
"""A little more than an hour, so that what is used up by the hour ends no batch; a day's quota does. In a library,
whoever calls may have better things to do: there it is five minutes."""


def address(emulator: bool, base_url: str | None) -> str:
    """By what name a journal knows where it sends: the emulator has another address each time."""
    from preflight.submitter import BASE_URL

    return _EMULATOR if emulator else (base_url or BASE_URL).rstrip("/")


@contextmanager
def connected(
    emulator: bool, base_url: str | None, api_key_file: Path | None, profile: str, rates: Rates | None, workers: int
) -> Iterator[tuple[AutoRoute, str]]:
    """Every route to it, for so many workers, and its `address`. `rates`: to be kept to; None leaves it to the service
    to say that it is too much.
    """
    from preflight.submitter import BASE_URL, AutoRoute, Client
    from preflight.submitter.budget import Budget

    connect = partial(
        Client,
        budget=Budget(rates) if rates is not None else None,
        max_concurrency=workers,
        max_wait_s=MOST_WAIT_S,
    )
    if not emulator:
        where = base_url or BASE_URL
        with connect(_key(api_key_file), base_url=where) as client:
            yield AutoRoute(client), address(emulator, base_url)
        return
    if base_url is not None:
        raise UsageError("--emulator and --base-url exclude each other. Give one of them.")
    from preflight.emulator import LocalServer

    with (
        LocalServer(profile=profile) as server,
        connect(_EMULATOR_KEY, base_url=server.url) as client,
    ):
        yield AutoRoute(client), _EMULATOR


def _key(file: Path | None) -> str | None:
    if file is None:
        return os.environ.get("TWELVELABS_API_KEY")
    try:
        return file.read_text().strip()
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"{file} cannot be read as a key ({error}). Check the path.") from error
