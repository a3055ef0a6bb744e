"""Files that appear under their name when they are whole, or not at all."""

from __future__ import annotations

import errno
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from preflight.errors import OutOfSpaceError, UsageError


@contextmanager
def whole_file(path: Path) -> Iterator[IO[bytes]]:
    """Write beside `path` and move there at the end; whatever interrupts, nothing half-written stays.

    Raises OutOfSpaceError, or UsageError where the place cannot be written.
    """
    part = path.with_name(f".{path.name}.part")
    try:
        with _plain_errors(path):
            file = part.open("wb")
        with file:
            try:
                yield file
            except OSError as error:
                # Only what concerns this very file; a source that fails to be read is another matter.
                if error.errno == errno.ENOSPC:
                    raise OutOfSpaceError(f"no space left for {path}. Free some and run again.") from error
                raise
        with _plain_errors(path):
            part.replace(path)
    finally:
        part.unlink(missing_ok=True)


@contextmanager
def _plain_errors(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        if error.errno == errno.ENOSPC:
            raise OutOfSpaceError(f"no space left for {path}. Free some and run again.") from error
        raise UsageError(f"{path} cannot be written ({error.strerror}). Name another place.") from error
