"""What a run over many inputs has done so far: every input, output and request, each with its state.

Inputs are known by a key made of their content, and requests by one made of their body, so that what has another name
by now, or comes out of another input, is not sent twice. The keys are the caller's to make (32 bytes each).

    pending ──begin──▶ in flight ──answered──▶ done, with its vectors
                           ├──held────▶ pending again, while it waits for its turn
                           ├──failed──▶ failed (for good: never sent again)
                           ├──failed──▶ failed for now (sent again by the next run)
                           └─(killed)─▶ pending again, and `lost` counts one more
"""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Self

from preflight.errors import PreflightError
from preflight.media import InputType
from preflight.submitter.journal.file import JournalFile
from preflight.submitter.journal.known import Done, Failed, Failure, Known, Pending
from preflight.submitter.journal.made import JournalMemory
from preflight.submitter.journal.origin import Origin

if TYPE_CHECKING:
    import sqlite3

    from preflight.submitter.embeddings import Embeddings


@dataclass(frozen=True, kw_only=True, slots=True)
class Expected:
    """A request that an input needs."""

    key: bytes
    """Of its body and where it goes: the same key, the same vectors."""
    input_type: InputType
    media_s: float | None
    """Seconds of audio or video, which is what they are billed by; None for texts and images."""
    start_s: float | None
    """Where its media start on this input's timeline; None for texts and images."""
    origin: Origin = field(default_factory=Origin)
    """What its rows say of it besides."""


@dataclass(eq=False, slots=True)
class _Answer:
    """On its way into the file."""

    request: int
    rows: str
    vectors: bytes
    start_s: float | None
    is_written: bool = False
    error: BaseException | None = field(default=None)


class Journal:
    """A journal that is written to. Any thread may call any of its methods; one process has it at a time.

    What a method was told is in the file when it returns. `path`: made where there is none. Raises, also from its
    methods, JournalError where the file cannot be used and OutOfSpaceError where the disk is full.
    """

    def __init__(self, path: Path | str) -> None:
        self._file = JournalFile(Path(path))
        self._lock = threading.Lock()
        self._answers: list[_Answer] = []
        self._answers_lock = threading.Lock()
        self._run: int | None = None
        try:
            with self._file.transaction() as connection:
                # Whoever sent these did not live to hear the answer.
                connection.execute("UPDATE request SET state = 'pending', lost = lost + 1 WHERE state = 'in flight'")
        except BaseException:
            self.close()
            raise

    def __repr__(self) -> str:
        return f"Journal({str(self.path)!r})"

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @property
    def path(self) -> Path:
        return self._file.path

    def memory(self, where: str) -> JournalMemory:
        """Of what routes to that service make there: for `AutoRoute.remembering`, and the routes themselves."""
        return JournalMemory(self._file, self._lock, where)

    def close(self) -> None:
        """Let go of the file. Whatever is told to it afterwards raises JournalError."""
        with self._lock:
            self._file.close()

    def begin_run(self, *, inputs: int | None, profile: str, route: str) -> None:
        """A new run over `inputs` inputs, None where nobody knows how many; what was done stays done."""
        with self._lock, self._file.transaction() as connection:
            connection.execute("DELETE FROM position")
            self._run = connection.execute(
                "INSERT INTO run (began_at, inputs, profile, route) VALUES (?, ?, ?, ?)",
                (time.time(), inputs, profile, route),
            ).lastrowid

    def end_run(self) -> None:
        """By itself, and not by being killed."""
        with self._lock, self._file.transaction() as connection:
            connection.execute("UPDATE run SET ended_at = ? WHERE id = ?", (time.time(), self._run))

    def enter(self, position: int, key: bytes, name: str, *, made_by: str) -> Known:
        """The input at that place of the run's order, and what is known of it.

        `made_by`: what a judgement of it hangs on besides its content. One that another made is made anew; a request
        that the service refused is not sent anew even then, unless it comes out differently.
        """
        with self._lock, self._file.transaction() as connection:
            connection.execute("INSERT OR IGNORE INTO input (key, name, state) VALUES (?, ?, 'pending')", (key, name))
            number, state, failure = connection.execute(
                "SELECT id, state, failure FROM input WHERE key = ?", (key,)
            ).fetchone()
            connection.execute("INSERT OR REPLACE INTO position VALUES (?, ?, NULL)", (position, number))
            known: Known = Pending(number)
            if state == "done" or (state != "failed" and _is_complete(connection, number)):
                known = Done(number)
            elif state == "failed" and (told := Failure.read(failure)).made_by == made_by:
                known = Failed(number, told)
            if isinstance(known, Failed):
                connection.execute("UPDATE input SET name = ? WHERE id = ?", (name, number))
            else:
                connection.execute(
                    "UPDATE input SET name = ?, state = ?, code = NULL, failure = NULL WHERE id = ?",
                    (name, "done" if isinstance(known, Done) else "pending", number),
                )
            return known

    def again(self, position: int, input_id: int) -> None:
        """At that place stands an input that this run is at already."""
        with self._lock, self._file.transaction() as connection:
            connection.execute("INSERT OR REPLACE INTO position VALUES (?, ?, NULL)", (position, input_id))

    def unread(self, position: int, error: PreflightError) -> None:
        """The input at that place could not be read, so nobody knows which it is. The next run tries again."""
        with self._lock, self._file.transaction() as connection:
            code = Failure.of(error).shown_code
            connection.execute("INSERT OR REPLACE INTO position VALUES (?, NULL, ?)", (position, code))

    def expect(self, input_id: int, number: int, expected: Expected) -> Known:
        """The request of that number of an input, counted from 1, and what is known of it."""
        with self._lock, self._file.transaction() as connection:
            connection.execute(
                "INSERT OR IGNORE INTO request (key, state, input_type, media_s) VALUES (?, 'pending', ?, ?)",
                (expected.key, expected.input_type, expected.media_s),
            )
            request, state, failure = connection.execute(
                "SELECT id, state, failure FROM request WHERE key = ?", (expected.key,)
            ).fetchone()
            connection.execute(
                "INSERT OR REPLACE INTO output VALUES (?, ?, ?, ?, ?)",
                (input_id, number, request, expected.start_s, expected.origin.text()),
            )
        match state:
            case "done":
                return Done(request)
            case "failed":
                return Failed(request, Failure.read(failure))
            case _:
                return Pending(request)

    def begin(self, request: int) -> None:
        """It is sent now: from here on it may be billed."""
        with self._lock, self._file.transaction() as connection:
            connection.execute(
                "UPDATE request SET state = 'in flight', begun = begun + 1, code = NULL, failure = NULL "
                "WHERE id = ? AND state NOT IN ('done', 'failed')",
                (request,),
            )

    def held(self, request: int) -> None:
        """It waits to be sent, after all: nothing was billed. `begin` says when it is."""
        with self._lock, self._file.transaction() as connection:
            connection.execute("UPDATE request SET state = 'pending' WHERE id = ? AND state = 'in flight'", (request,))

    def answered(self, request: int, embeddings: Embeddings, *, start_s: float | None) -> None:
        """Its vectors, on the timeline where its media start at `start_s`. On the disk when this returns.

        Answers that come while another is being synced are written together.
        """
        from preflight.submitter.journal.vectors import kept

        answer = _Answer(request, *kept(embeddings), start_s)
        with self._answers_lock:
            self._answers.append(answer)
        with self._lock:
            if not answer.is_written and answer.error is None:
                self._write_answers()
        if answer.error is not None:
            raise answer.error

    def failed(self, request: int, error: PreflightError, *, for_good: bool) -> None:
        """It came to nothing. One that failed `for_good` is never sent again."""
        failure = Failure.of(error)
        with self._lock, self._file.transaction(synced=for_good) as connection:
            connection.execute(
                "UPDATE request SET state = ?, code = ?, failure = ? WHERE id = ? AND state != 'done'",
                ("failed" if for_good else "failed for now", failure.shown_code, failure.kept(), request),
            )

    def made(self, input_id: int, requests: int) -> None:
        """So many requests are all that the input needs."""
        with self._lock, self._file.transaction() as connection:
            # Those beyond are of another preflight, which cut it into more.
            connection.execute("DELETE FROM output WHERE input = ? AND number > ?", (input_id, requests))
            connection.execute("UPDATE input SET requests = ? WHERE id = ?", (requests, input_id))

    def finish(self, input_id: int) -> None:
        """All its requests were made and answered."""
        with self._lock, self._file.transaction() as connection:
            if not _is_complete(connection, input_id):
                raise AssertionError("an input is finished when all its requests are done")
            connection.execute("UPDATE input SET state = 'done' WHERE id = ?", (input_id,))

    def give_up(self, input_id: int, error: PreflightError, *, for_good: bool, made_by: str) -> None:
        """The input failed. `made_by`: see `enter`."""
        failure = Failure.of(error, made_by=made_by)
        with self._lock, self._file.transaction() as connection:
            connection.execute(
                "UPDATE input SET state = ?, code = ?, failure = ? WHERE id = ? AND state != 'done'",
                ("failed" if for_good else "failed for now", failure.shown_code, failure.kept(), input_id),
            )

    def embeddings(self, input_id: int, source: str) -> Embeddings:
        """Of an input that is done, under the name that it has now."""
        from preflight.submitter.embeddings import Embeddings
        from preflight.submitter.journal.vectors import read

        with self._lock, self._file.transaction() as connection:
            found = connection.execute(
                "SELECT output.number, output.start_s, output.origin, request.start_s, request.rows, request.vectors "
                "FROM output JOIN request ON request.id = output.request WHERE output.input = ? ORDER BY output.number",
                (input_id,),
            ).fetchall()
        return Embeddings.joined(
            [
                read(
                    rows,
                    vectors,
                    source=source,
                    request=number,
                    moved_s=(here_s or 0.0) - (there_s or 0.0),
                    origin=Origin.read(origin),
                )
                for number, here_s, origin, there_s, rows, vectors in found
            ]
        )

    def _write_answers(self) -> None:
        """With the lock: all that came so far."""
        with self._answers_lock:
            answers, self._answers = self._answers, []
        try:
            with self._file.transaction(synced=True) as connection:
                connection.executemany(
                    "UPDATE request SET state = 'done', code = NULL, failure = NULL, rows = ?, vectors = ?, "
                    "start_s = ? WHERE id = ? AND state != 'done'",
                    [(a.rows, a.vectors, a.start_s, a.request) for a in answers],
                )
        except BaseException as error:
            for answer in answers:
                answer.error = error
            if not isinstance(error, Exception):
                raise
        for answer in answers:
            answer.is_written = answer.error is None


def _is_complete(connection: sqlite3.Connection, input_id: int) -> bool:
    """Whether all its requests are known, and all are done."""
    requests, done = connection.execute(
        "SELECT input.requests, (SELECT count(*) FROM output JOIN request ON request.id = output.request "
        "WHERE output.input = input.id AND request.state = 'done') FROM input WHERE id = ?",
        (input_id,),
    ).fetchone()
    return requests is not None and requests == done
