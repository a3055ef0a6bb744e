"""Who answers `preflight embed`: the service with its key, or the emulator."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from preflight.errors import UsageError

if TYPE_CHECKING:
    from preflight.submitter import Client

_EMULATOR_KEY = "emulator"


@contextmanager
def connected(
    emulator: bool, base_url: str | None, api_key_file: Path | None, profile: str
) -> Iterator[tuple[Client, str]]:
    """A client, and by what name a journal knows where it sends: the emulator has another address each time."""
    from preflight.submitter import BASE_URL, Client

    if not emulator:
        where = base_url or BASE_URL
        with Client(_key(api_key_file), base_url=where) as client:
            yield client, where.rstrip("/")
        return
    if base_url is not None:
        raise UsageError("--emulator and --base-url exclude each other. Give one of them.")
    from preflight.emulator import LocalServer

    with LocalServer(profile=profile) as server, Client(_EMULATOR_KEY, base_url=server.url) as client:
        yield client, "emulator"


def _key(file: Path | None) -> str | None:
    if file is None:
        return os.environ.get("TWELVELABS_API_KEY")
    try:
        return file.read_text().strip()
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"{file} cannot be read as a key ({error}). Check the path.") from error
