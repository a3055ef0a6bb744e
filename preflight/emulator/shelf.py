"""Where uploaded files and the results of tasks lie: a folder of its own, gone with the emulator."""

from __future__ import annotations

import secrets
import shutil
import sqlite3
import tempfile
import threading
import time
import weakref
from contextlib import suppress
from pathlib import Path

_PREFIX = "preflight-emulator-"
_LOCK = "lock"
_YOUNG_S = 60.0
"""A folder that is being made has no lock yet."""


class Shelf:
    """Files with names of its own. Its folder is made for the first of them."""

    def __init__(self) -> None:
        self._folder: Path | None = None
        self._lock = threading.Lock()

    def new(self) -> Path:
        """Of a file that is not there yet, and that only this user may read."""
        return self._home() / secrets.token_hex(16)

    def _home(self) -> Path:
        with self._lock:
            if self._folder is None:
                _sweep(Path(tempfile.gettempdir()))
                self._folder = Path(tempfile.mkdtemp(prefix=_PREFIX))
                # With the emulator, or at the latest with the program.
                weakref.finalize(self, _remove, self._folder, _locked(self._folder))
            return self._folder


def _remove(folder: Path, lock: sqlite3.Connection) -> None:
    lock.close()
    shutil.rmtree(folder, ignore_errors=True)


def _locked(folder: Path) -> sqlite3.Connection:
    """Raises sqlite3.OperationalError where another process has it. The system lets go of it when the process ends, by
    whatever it ends.
    """
    lock = sqlite3.connect(folder / _LOCK, timeout=0.0, isolation_level=None, check_same_thread=False)
    try:
        lock.execute("BEGIN EXCLUSIVE")
    except BaseException:
        lock.close()
        raise
    return lock


def _sweep(place: Path) -> None:
    """Remove what emulators left that were killed."""
    for folder in place.glob(f"{_PREFIX}*"):
        with suppress(OSError, sqlite3.Error):  # somebody else's, or gone meanwhile
            if time.time() - folder.stat().st_mtime > _YOUNG_S:
                _remove(folder, _locked(folder))
