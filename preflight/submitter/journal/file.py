"""The file of a journal: how it is opened, what says that it is one, and whose it is while a run goes on.

WAL, so that `preflight status` reads while a run writes, and so that a process that is killed in the middle of a
transaction leaves the one before it. A transaction that holds an answer is synced to the disk before it counts
(`synchronous=FULL`, 3 ms): it was paid for, and not even a power cut may lose it. All others are not (`NORMAL`): what a
power cut takes of them is only that something had begun, and a process that is killed takes nothing at all.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path

from preflight.errors import JournalError, OutOfSpaceError

APPLICATION_ID = 0x70_66_6A_6C
"""In the header of the file, where `file` and SQLite look for whose it is: "pfjl"."""
VERSION = 1
"""Of the tables. Another version is another journal: it is refused, never converted."""

_SCHEMA = (
    """CREATE TABLE run (
        id INTEGER PRIMARY KEY,
        began_at REAL NOT NULL,
        ended_at REAL,
        inputs INTEGER,
        profile TEXT NOT NULL,
        route TEXT NOT NULL
    )""",
    """CREATE TABLE input (
        id INTEGER PRIMARY KEY,
        key BLOB NOT NULL UNIQUE,
        name TEXT NOT NULL,
        state TEXT NOT NULL CHECK (state IN ('pending', 'done', 'failed', 'failed for now')),
        requests INTEGER,
        code TEXT,
        failure TEXT
    )""",
    # Where the inputs of the newest run stand in its order; one without an input could not even be read.
    """CREATE TABLE position (
        position INTEGER PRIMARY KEY,
        input INTEGER REFERENCES input,
        code TEXT
    )""",
    """CREATE TABLE request (
        id INTEGER PRIMARY KEY,
        key BLOB NOT NULL UNIQUE,
        state TEXT NOT NULL CHECK (state IN ('pending', 'in flight', 'done', 'failed', 'failed for now')),
        input_type TEXT NOT NULL,
        media_s REAL,
        begun INTEGER NOT NULL DEFAULT 0,
        lost INTEGER NOT NULL DEFAULT 0,
        code TEXT,
        failure TEXT,
        start_s REAL,
        rows TEXT,
        vectors BLOB
    )""",
    """CREATE TABLE output (
        input INTEGER NOT NULL REFERENCES input,
        number INTEGER NOT NULL,
        request INTEGER NOT NULL REFERENCES request,
        start_s REAL,
        origin TEXT NOT NULL,
        PRIMARY KEY (input, number)
    ) WITHOUT ROWID""",
    "CREATE INDEX position_input ON position (input)",
    "CREATE INDEX output_request ON output (request)",
)
# Made in a journal without it, too: whoever does not know of it goes on as if it were not there.
_MADE = """CREATE TABLE IF NOT EXISTS made (
    key BLOB PRIMARY KEY,
    identifier TEXT NOT NULL,
    name TEXT,
    made_at REAL NOT NULL
) WITHOUT ROWID"""

_WAIT_S = 10.0
"""For a reader that holds the file for a moment; no other writer can."""


class JournalFile:
    """An open journal that nobody else writes to until it is closed, or until its process ends, however it ends.

    Raises JournalError where another run has it, or the file is no journal of this version, or cannot be written;
    OutOfSpaceError where the disk is full.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._lock = _locked(path)
        try:
            with plainly(path):
                self.connection = sqlite3.connect(path, timeout=_WAIT_S, isolation_level=None, check_same_thread=False)
        except BaseException:
            self._lock.close()
            raise
        try:
            with plainly(path):
                _require_journal(self.connection, path)
                self.connection.execute("PRAGMA journal_mode = WAL")
                self.connection.execute("PRAGMA synchronous = NORMAL")
                self.connection.execute("PRAGMA foreign_keys = ON")
                with self.transaction(synced=True):
                    _make(self.connection)
        except BaseException:
            self.close()
            raise

    @contextmanager
    def transaction(self, *, synced: bool = False) -> Iterator[sqlite3.Connection]:
        """All of it or nothing. `synced`: on the disk when this ends, with all that was written before it."""
        connection = self.connection
        with plainly(self.path):
            if synced:
                connection.execute("PRAGMA synchronous = FULL")
            connection.execute("BEGIN IMMEDIATE")
            try:
                yield connection
                connection.execute("COMMIT")
            except BaseException:
                if connection.in_transaction:
                    with suppress(sqlite3.Error):  # a full disk has rolled it back by itself
                        connection.execute("ROLLBACK")
                raise
            finally:
                if synced:
                    connection.execute("PRAGMA synchronous = NORMAL")

    def close(self) -> None:
        """Harmless when repeated."""
        with suppress(sqlite3.Error):  # what it would do at its end, it does when it is opened again
            self.connection.close()
        with suppress(sqlite3.Error):
            self._lock.close()


@contextmanager
def reading(path: Path) -> Iterator[sqlite3.Connection]:
    """A journal as it is now, also while a run writes to it. Raises JournalError where it is none."""
    if not path.is_file():
        raise JournalError(f"{path} is not there. Name the file that --journal was given.")
    with plainly(path), closing(_reader(path)) as connection:
        if not _require_journal(connection, path):
            raise JournalError(f"{path} is empty: no run has written to it yet.")
        connection.execute("BEGIN")  # all that is read is of one moment
        yield connection


@contextmanager
def plainly(path: Path) -> Iterator[None]:
    """What SQLite says becomes our error, with the next step."""
    try:
        yield
    except sqlite3.Error as error:
        raise _plain(path, error) from error


def _plain(path: Path, error: sqlite3.Error) -> JournalError | OutOfSpaceError:
    # The low byte says what, the others where; a closed connection has no code.
    match getattr(error, "sqlite_errorcode", 0) & 0xFF:
        case sqlite3.SQLITE_FULL:
            return OutOfSpaceError(f"no space left for the journal {path}. Free some and run it again.")
        case sqlite3.SQLITE_READONLY | sqlite3.SQLITE_CANTOPEN | sqlite3.SQLITE_PERM:
            return JournalError(
                f"the journal {path} cannot be written ({error}). It and its folder must be: name another place."
            )
        case sqlite3.SQLITE_NOTADB:
            return _no_journal(path)
        case sqlite3.SQLITE_CORRUPT:
            return JournalError(f"the journal {path} is damaged ({error}). Restore it, or start with a new one.")
        case sqlite3.SQLITE_BUSY | sqlite3.SQLITE_LOCKED:
            return JournalError(f"the journal {path} is kept busy by another program. Run it again when that is done.")
        case _:
            return JournalError(f"the journal {path} cannot be used ({error}). Check its disk.")


def _no_journal(path: Path) -> JournalError:
    return JournalError(f"{path} is no journal of preflight. Name another file; a new one is made where none is.")


def _locked(path: Path) -> sqlite3.Connection:
    """Whoever has this has the journal. The system lets go of it when the process ends, by whatever it ends.

    A lock on the journal itself would lock out its readers. Not a file with a process number: of one that was killed
    it stays, and numbers come again.
    """
    beside = path.resolve().with_name(f"{path.resolve().name}-lock")
    with plainly(path):
        lock = sqlite3.connect(beside, timeout=0.0, isolation_level=None, check_same_thread=False)
    try:
        with plainly(path):
            lock.execute("BEGIN EXCLUSIVE")
    except BaseException as error:
        lock.close()
        cause = error.__cause__
        if getattr(cause, "sqlite_errorcode", 0) & 0xFF == sqlite3.SQLITE_BUSY:
            raise JournalError(
                f"another run is using the journal {path}. Wait until it ends, or name another journal."
            ) from cause
        raise
    return lock


def _require_journal(connection: sqlite3.Connection, path: Path) -> bool:
    """Whether there is one already: a file of nothing, or one whose making was cut off, becomes one."""
    (application,) = connection.execute("PRAGMA application_id").fetchone()
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    (tables,) = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
    if application == 0 and version == 0 and tables == 0:
        return False
    if application != APPLICATION_ID:
        raise _no_journal(path)
    if version != VERSION:
        raise JournalError(
            f"{path} is a journal of version {version}, and this preflight reads version {VERSION}. "
            "Finish it with the preflight that began it, or start a new one."
        )
    return True


def _make(connection: sqlite3.Connection) -> None:
    (tables,) = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
    connection.execute(_MADE)
    if tables:
        return
    for statement in _SCHEMA:
        connection.execute(statement)
    connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
    connection.execute(f"PRAGMA user_version = {VERSION}")


def _reader(path: Path) -> sqlite3.Connection:
    uri = path.resolve().as_uri()
    connection = sqlite3.connect(f"{uri}?mode=ro", uri=True, timeout=_WAIT_S, isolation_level=None)
    try:
        connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
    except sqlite3.OperationalError:
        # In a folder that cannot be written there is no place for what readers and writers share; nobody writes then.
        connection.close()
        return sqlite3.connect(f"{uri}?mode=ro&immutable=1", uri=True, isolation_level=None)
    except BaseException:
        connection.close()
        raise
    return connection
