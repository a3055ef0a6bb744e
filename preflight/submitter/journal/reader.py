"""What a journal has of inputs, for whoever only asks: nothing is written, and a run may go on meanwhile."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from preflight.submitter.journal.file import reading
from preflight.submitter.journal.known import Failure


@dataclass(frozen=True, kw_only=True, slots=True)
class Standing:
    """Of one input."""

    is_done: bool = False
    """All its requests are answered."""
    failure: Failure | None = None
    """For good: a run would not try it again."""
    answered: frozenset[int] = frozenset()
    """Numbers of its requests that are, counted from 1."""


class JournalReader:
    """A journal at one moment, or one that there is not yet."""

    def __init__(self, connection: sqlite3.Connection | None) -> None:
        self._connection = connection

    def standing(self, key: bytes, *, made_by: str) -> Standing:
        """See `Journal.enter`. Raises JournalError."""
        if self._connection is None:
            return Standing()
        found = self._connection.execute(
            "SELECT id, state, requests, failure FROM input WHERE key = ?", (key,)
        ).fetchone()
        if found is None:
            return Standing()
        number, state, requests, failure = found
        answered = frozenset(
            each
            for (each,) in self._connection.execute(
                "SELECT output.number FROM output JOIN request ON request.id = output.request "
                "WHERE output.input = ? AND request.state = 'done'",
                (number,),
            )
        )
        if state == "failed":
            told = Failure.read(failure)
            return Standing(failure=told if told.made_by == made_by else None, answered=answered)
        is_done = state == "done" or (requests is not None and requests == len(answered))
        return Standing(is_done=is_done, answered=answered)


@contextmanager
def journal_reader(path: Path) -> Iterator[JournalReader]:
    """Of that file; where there is none, or nothing in it, of a journal of nothing. Raises JournalError."""
    if not path.exists() or (path.is_file() and not path.stat().st_size):
        yield JournalReader(None)
        return
    with reading(path) as connection:
        yield JournalReader(connection)
