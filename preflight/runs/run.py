"""One run over many inputs, in threads: one reads and probes, one makes what takes long, several upload.

Threads and not processes: FFmpeg, hashing and the network hold no lock of Python's, and an encode takes every core by
itself. Every queue is bounded: inputs between coming and being given back by number, what they and their requests hold
in memory by bytes.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator, Sized
from contextlib import suppress
from types import TracebackType
from typing import TYPE_CHECKING, Self

from preflight.errors import PreflightError, RejectedError, UsageError
from preflight.inputs import Input
from preflight.media import Kind
from preflight.pipeline import Preflight
from preflight.planner.route import Wish
from preflight.progress import EVERY_S
from preflight.routing import require_taken_by
from preflight.runs import identity, outage
from preflight.runs.board import Board
from preflight.runs.interface import Result, RunProgress
from preflight.runs.outage import Outage
from preflight.runs.stages import Stages
from preflight.runs.work import Work
from preflight.submitter.journal import Journal

if TYPE_CHECKING:
    from preflight.submitter.route import Route

WORKERS = 4
"""Uploads at once."""
MOST_HELD_BYTES = 128 * 1024 * 1024
"""Of requests that wait or are on their way: four clips of 27 MB are uploaded while one more waits."""
_AHEAD, _AHEAD_WITH_JOURNAL = 64, 1024
"""Inputs between coming and being given back. Answers that are in a journal are not held in memory besides."""


def unheard(progress: RunProgress) -> None:
    """The default: a library has no spinner."""


class Run:
    """Embeds many inputs through one client: `with Run(...) as run: for result in run: ...`, a `Result` an input, in
    the order of the inputs.

    An input that fails does not stop the others. By what the next input would fare no better (a key that is not
    accepted, a quota used up, a full disk, a wrong call, a service that is down: a dozen inputs in a row, or three for
    each worker, ended by the network or a 5xx) the run ends: it is raised where the run is iterated, after
    all results before it; `rest()` then gives what was answered besides.

    `inputs`: any iterable; it is read as the run goes on, in a thread of the run. `journal` has what was done before
    and keeps what is done now; it stays open. `route` says in it where requests go: answers of another service are not
    taken for this one's. `wish`: by which of its routes each input goes to the model; `client` has to take them all, as
    `AutoRoute` does. `workers` requests are on their way at once, `max_held_bytes` of them in memory.
    `on_progress` is called in the thread that iterates, a few times a second, and after each result.

    Raises UsageError for numbers that mean nothing, JournalError where the journal cannot be written.
    """

    def __init__(
        self,
        preflight: Preflight,
        client: Route,
        inputs: Iterable[Input],
        *,
        kind: Kind | None = None,
        journal: Journal | None = None,
        route: str = "",
        wish: Wish = "sync",
        workers: int = WORKERS,
        max_held_bytes: int = MOST_HELD_BYTES,
        on_progress: Callable[[RunProgress], None] = unheard,
    ) -> None:
        if workers < 1 or max_held_bytes < 1:
            raise UsageError("workers and max_held_bytes must be 1 or more.")
        require_taken_by(preflight, client, wish)
        ahead = _AHEAD if journal is None else _AHEAD_WITH_JOURNAL
        self._board = board = Board(ahead=ahead, max_held_bytes=max_held_bytes)
        stages = Stages(
            board=board,
            preflight=preflight.telling(board.heard),
            client=client,
            journal=journal,
            route=route,
            wish=wish,
            kind=kind,
            settings=identity.settings_key(preflight.limits, preflight.policy, route, wish, kind),
            outage=Outage(max(outage.LEAST, outage.ROUNDS * workers)),
        )
        work = [lambda: stages.read(inputs), stages.make_long, *[stages.upload] * workers]
        # A run that is never left must not keep the interpreter from ending.
        self._threads = [threading.Thread(target=stages.guarded, args=(each,), daemon=True) for each in work]
        self._journal, self._route, self._profile = journal, route, preflight.limits.profile
        self._total = len(inputs) if isinstance(inputs, Sized) else None
        self._on_progress = on_progress

    def __enter__(self) -> Self:
        if self._journal is not None:
            self._journal.begin_run(inputs=self._total, profile=self._profile, route=self._route)
        try:
            for thread in self._threads:
                thread.start()
        except BaseException:  # Ctrl-C: `__exit__` is not called
            self._end()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._end()
        if self._journal is not None:
            with suppress(PreflightError):  # why there is an end at all, perhaps; no answer hangs on it
                self._journal.end_run()

    def __iter__(self) -> Iterator[Result]:
        while (found := self._board.next(EVERY_S)) != "never":
            if found != "later":
                yield self._result(*found)
            self._on_progress(self._board.progress(self._total))

    def rest(self) -> Iterator[Result]:
        """End the run, and give what was answered and not given yet, in order, with gaps. Waits a few seconds for
        answers to what was sent.
        """
        self._end()
        for found in self._board.rest():
            yield self._result(*found)

    def _result(self, position: int, name: str, outcome: Work | PreflightError) -> Result:
        match outcome:
            case RejectedError() if outcome.source != name:  # the same content, under another name
                return Result(source=name, position=position, outcome=RejectedError(name, outcome.findings))
            case PreflightError():
                return Result(source=name, position=position, outcome=outcome)
        if self._journal is None:
            return Result(source=name, position=position, outcome=outcome.embeddings())
        assert outcome.input_id is not None
        return Result(source=name, position=position, outcome=self._journal.embeddings(outcome.input_id, name))

    def _end(self) -> None:
        self._board.stop()
        for thread in self._threads:
            if thread.is_alive():  # which one that was not started is not
                thread.join(self._board.grace_s)
