"""Tasks and assets that a run made at the service: the next one asks for them instead of making, and paying, others."""

from __future__ import annotations

import threading
import time
from hashlib import sha256

from preflight.submitter.journal.file import JournalFile
from preflight.submitter.memory import Made


class JournalMemory:
    """A `Memory` in a journal, of one service. Its methods raise as the journal's do."""

    def __init__(self, file: JournalFile, lock: threading.Lock, where: str) -> None:
        self._file, self._lock, self._where = file, lock, where.encode()

    def recall(self, key: bytes) -> Made | None:
        with self._lock, self._file.transaction() as connection:
            found = connection.execute("SELECT identifier, name FROM made WHERE key = ?", (self._key(key),)).fetchone()
        return Made(*found) if found is not None else None

    def remember(self, key: bytes, made: Made) -> None:
        with self._lock, self._file.transaction(synced=True) as connection:
            connection.execute(
                "INSERT OR REPLACE INTO made VALUES (?, ?, ?, ?)",
                (self._key(key), made.identifier, made.name, time.time()),
            )

    def forget(self, key: bytes) -> None:
        with self._lock, self._file.transaction() as connection:
            connection.execute("DELETE FROM made WHERE key = ?", (self._key(key),))

    def _key(self, key: bytes) -> bytes:
        """Another service knows nothing of it."""
        return sha256(self._where + b" " + key).digest()
