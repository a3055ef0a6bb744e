"""Places to write to: folders that hold nothing else, files that appear when they are whole or not at all."""

from __future__ import annotations

import errno
import io
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, TYPE_CHECKING

from preflight.errors import OutOfSpaceError, PreflightError, UsageError

if TYPE_CHECKING:
    from typing_extensions import Buffer


def new_folder(out: Path) -> Path:
    """`out`, made if it is not there. Raises UsageError where something is in it, or it cannot be written."""
    try:
        out.mkdir(parents=True, exist_ok=True)
        if any(out.iterdir()):
            raise UsageError(f"{out} is not empty. Name a new folder, or empty this one.")
    except OSError as error:
        raise UsageError(f"{out} cannot be written ({error.strerror}). Name another folder.") from error
    return out


@contextmanager
def whole_file(path: Path) -> Iterator[IO[bytes]]:
    """Write beside `path` and move there at the end; whatever interrupts, nothing half-written stays.

    Raises OutOfSpaceError, or UsageError where the place cannot be written.
    """
    part = part_of(path)
    with plain_errors(path):
        raw = _Part(part, path)
    try:
        with io.BufferedWriter(raw) as file:
            yield file
        if raw.failure is not None:  # whoever wrote may have gone on after it
            raise raw.failure
        with plain_errors(path):
            part.replace(path)
    finally:
        part.unlink(missing_ok=True)


def part_of(path: Path) -> Path:
    """Where it is written until it is whole: beside it, so that it can be moved there."""
    return path.with_name(f".{path.name}.part")


class _Part(io.FileIO):
    """Fails in the name of the file that it is to become, also when a buffer is emptied into it at its end."""

    def __init__(self, part: Path, wanted: Path) -> None:
        super().__init__(part, "w")
        self._wanted = wanted
        self.failure: PreflightError | None = None

    def write(self, data: Buffer, /) -> int:
        try:
            with plain_errors(self._wanted):
                return super().write(data)
        except PreflightError as error:
            self.failure = error
            raise


@contextmanager
def plain_errors(where: Path | str) -> Iterator[None]:
    """What the operating system says of a place that is written to becomes our error."""
    try:
        yield
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise OutOfSpaceError(f"no space left for {where}. Free some and run again.") from error
        if error.errno == errno.EFBIG:
            what = "would be larger than a file may be here"
            raise OutOfSpaceError(f"{where} {what}. Raise that limit (ulimit -f), or name another disk.") from error
        # Not `strerror`, which is of whoever raised it: Arrow's quotes itself.
        reason = os.strerror(error.errno) if error.errno is not None else str(error)
        raise UsageError(f"{where} cannot be written ({reason}). Name another place.") from error
