"""Where uploaded files and the results of tasks lie: a folder of its own, gone with the emulator."""

from __future__ import annotations

import secrets
import shutil
import tempfile
import threading
import weakref
from pathlib import Path


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
                self._folder = Path(tempfile.mkdtemp(prefix="preflight-emulator-"))
                # With the emulator, or at the latest with the program.
                weakref.finalize(self, shutil.rmtree, self._folder, ignore_errors=True)
            return self._folder
