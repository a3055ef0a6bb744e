"""A file of embeddings, in the form that its name asks for, which appears when it is whole."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from preflight.errors import UsageError
from preflight.results.room import require_room
from preflight.whole import part_of, plain_errors

if TYPE_CHECKING:
    from preflight.results.interface import Form
    from preflight.submitter import Embeddings

_T = TypeVar("_T")


def write_embeddings(path: str | os.PathLike[str], results: Embeddings | Iterable[Embeddings]) -> int:
    """Write those of one source, or of many as they come, to an .ndjson, .npz or .parquet file. How many vectors.

    `write_embeddings("all.parquet", (pf.embed(path, client) for path in paths))` holds those of one source at a time.
    Where what gives the results fails after the first of them, those that were there are kept: they were paid for.

    Raises UsageError for another name, or a place that cannot be written; MissingExtraError where Parquet is not
    installed; OutOfSpaceError, also where the disk is nearly full: what was added before is kept, too.
    """
    from preflight.submitter import Embeddings

    with embeddings_file(Path(path)) as file:
        for each in [results] if isinstance(results, Embeddings) else results:
            file.add(each)
            file.require_room()
        return file.count


class EmbeddingsFile:
    """What `embeddings_file` gives. `count`: vectors that are in it; `failure`: why no more can be written to it.

    All is done in one thread: Ctrl-C interrupts only the main one, so that no write ends half-way by it.
    """

    def __init__(self, form: Form, path: Path, thread: ThreadPoolExecutor) -> None:
        self._form, self._path, self._thread = form, path, thread
        self._size: int | None = None
        self._is_cut_short = self._is_ended = False
        self.count = 0
        self.failure: BaseException | None = None

    def add(self, embeddings: Embeddings) -> None:
        """All of them or, where that fails, nothing ever again. Raises OutOfSpaceError or UsageError."""
        if len(embeddings):
            size = embeddings.vectors.shape[1]
            if self._size not in (None, size):
                raise UsageError(f"{self._path} holds vectors of {self._size} numbers, not {size}. Write another file.")
            self._size = size
        _waited_for(self._thread.submit(self._add, embeddings))

    def require_room(self) -> None:
        """Raises OutOfSpaceError where the disk is so nearly full that nothing more should be asked of the service.
        What is on its way can still be added, as a rule, and what was added is made whole.
        """
        with plain_errors(self._path):
            require_room(self._path.parent, self._form.room_bytes, with_reserve=True)

    def cut_short(self) -> None:
        """Whoever writes knows why no more was added, and tells it: it ends with what is there, without an error."""
        self._is_cut_short = True

    def end(self, *, at_last: bool) -> None:
        """Make it whole and move it to its place, or leave nothing. `at_last`: everything was added that was to be."""
        interruption: KeyboardInterrupt | None = None
        while not self._is_ended:
            try:
                _waited_for(self._thread.submit(self._end, at_last=at_last))
            except KeyboardInterrupt as error:  # perhaps before it was even begun
                interruption = error
        if interruption is not None:
            raise interruption

    def _add(self, embeddings: Embeddings) -> None:
        if self.failure is not None:
            raise self.failure
        try:
            with plain_errors(self._path):
                self._form.add(embeddings)
        except BaseException as error:
            self.failure = error
            raise
        self.count += len(embeddings)

    def _end(self, *, at_last: bool) -> None:
        if self._is_ended:
            return
        part = part_of(self._path)
        try:
            if self._form.is_intact and (self.count or (at_last and self.failure is None)):
                with plain_errors(self._path):
                    self._form.finish()
                    part.replace(self._path)
            if self.failure is not None and at_last and not self._is_cut_short:  # whoever wrote went on after it
                raise self.failure
        finally:
            with suppress(OSError):  # of a full disk, what waited to be written
                self._form.close()
            part.unlink(missing_ok=True)
            self._is_ended = True


def _waited_for(future: Future[_T]) -> _T:
    """Its result. An interruption is passed on when it is there."""
    interruption: KeyboardInterrupt | None = None
    while True:
        try:
            result = future.result()
        except KeyboardInterrupt as error:
            interruption = error
        else:
            if interruption is not None:
                raise interruption
            return result


@contextmanager
def embeddings_file(path: Path) -> Iterator[EmbeddingsFile]:
    """A file that is written beside `path`, and moved there when it is whole: `with ... as file: file.add(...)`.

    Whatever ends the block early, the file holds what was added before, whole and readable; where that is nothing,
    there is none, and what was at `path` stays. On a full disk, too: what there would be no room for is not begun. Only
    where somebody else takes the room that was counted on, .npz and .parquet cannot be made whole, and there is none.
    Rows are written as they come: memory does not grow with their number.

    Raises as `write_embeddings` does, before anything is asked of the service.
    """
    make = _form(path)
    with plain_errors(path):
        form = make(part_of(path))
    with ThreadPoolExecutor(1, "preflight results") as thread:
        file = EmbeddingsFile(form, path, thread)
        at_last = False
        try:
            # In the thread, which is started by it: Ctrl-C in the middle of that would have another started beside it.
            _waited_for(thread.submit(file.require_room))
            yield file
            at_last = True
        finally:
            file.end(at_last=at_last)


def _form(path: Path) -> Callable[[Path], Form]:
    """Raises UsageError, or MissingExtraError."""
    match path.suffix.lower():
        case ".ndjson":
            from preflight.results.ndjson import Ndjson

            return Ndjson
        case ".npz":
            from preflight.results.npz import Npz

            return Npz
        case ".parquet":
            from preflight.results.parquet import Parquet, require

            require()
            return Parquet
        case _:
            raise UsageError(f"{path} does not end in .ndjson, .npz or .parquet, the forms there are. Rename it.")
