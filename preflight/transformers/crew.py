"""Threads that work for one generator, and the lanes that their products come along on.

Threads and not processes: FFmpeg works without Python's lock, and a library must not start processes in its users'.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from types import TracebackType
from typing import Generic, Self, TypeVar

T = TypeVar("T")


class Stopped(BaseException):
    """The crew was told to go home: raised in a worker, seen by nobody else."""


class Crew:
    """Leaving it stops every worker and waits for them, whatever it is left by; each ends within a frame or so."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._threads: list[threading.Thread] = []
        self._at_work = 0
        self._is_stopped = False
        self._error: BaseException | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with self._changed:
            self._is_stopped = True
            self._changed.notify_all()
            self._changed.wait_for(lambda: not self._at_work)
        # Ctrl-C may come while one is being started: that one is not to be joined yet, and will find that all is over.
        for thread in self._threads:
            if thread.is_alive():
                thread.join()

    def start(self, work: Callable[[], None], name: str) -> None:
        """What `work` raises is raised in whoever waits for a lane of this crew."""
        # A generator that is never closed must not keep the interpreter from ending.
        thread = threading.Thread(target=self._run, args=(work,), name=name, daemon=True)
        self._threads.append(thread)
        thread.start()

    def check(self) -> None:
        """In a worker. Raises Stopped where there is nothing to work for any more."""
        if self._is_stopped:
            raise Stopped

    def watched(self, items: Iterable[T]) -> Iterator[T]:
        """In a worker: as they come. Raises Stopped."""
        for item in items:
            self.check()
            yield item

    def act(self, is_so: Callable[[], bool], act: Callable[[], T]) -> T:
        """In a worker: wait, and then do what others may be waiting for. Raises Stopped."""
        with self._changed:
            self._changed.wait_for(lambda: self._is_stopped or is_so())
            self.check()
            result = act()
            self._changed.notify_all()
            return result

    def _run(self, work: Callable[[], None]) -> None:
        with self._changed:
            if self._is_stopped:
                return
            self._at_work += 1
        try:
            work()
        except Stopped:
            pass
        except BaseException as error:  # noqa: BLE001 (raised again where it is waited for)
            with self._changed:
                self._error = self._error or error
        finally:
            with self._changed:
                self._at_work -= 1
                self._changed.notify_all()

    def take(self, is_so: Callable[[], bool], act: Callable[[], T]) -> T:
        """In the generator: wait, and then do. Raises what any worker raised."""
        with self._changed:
            self._changed.wait_for(lambda: self._error is not None or is_so())
            if self._error is not None:
                raise self._error
            result = act()
            self._changed.notify_all()
            return result


class Lane(Generic[T]):
    """What one worker makes, in order, for one who takes it."""

    def __init__(self, crew: Crew, most: int) -> None:
        """Whoever puts something on it waits while what is there weighs `most` or more."""
        self._crew, self._most = crew, most
        self._items: deque[T] = deque()
        self._weight = 0
        self._is_done = False

    def put(self, item: T, weight: int) -> None:
        """In the worker. Raises Stopped."""
        self._crew.act(lambda: self._weight < self._most, lambda: self._add(item, weight))

    def close(self) -> None:
        """In the worker: there is no more. Raises Stopped."""
        self._crew.act(lambda: True, self._finish)

    def __iter__(self) -> Iterator[T]:
        """In the generator. Raises what any worker of the crew raised."""
        while taken := self._crew.take(lambda: bool(self._items) or self._is_done, self._take_all):
            yield from taken

    def _add(self, item: T, weight: int) -> None:
        self._items.append(item)
        self._weight += weight

    def _finish(self) -> None:
        self._is_done = True

    def _take_all(self) -> list[T]:
        taken = list(self._items)
        self._items.clear()
        self._weight = 0
        return taken
