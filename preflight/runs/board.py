"""What the threads of a run tell each other: who is at what, what waits, what is settled, and whether to go on."""

from __future__ import annotations

import math
import threading
import time
from collections import deque
from collections.abc import Callable
from typing import Literal

from preflight.errors import PreflightError
from preflight.progress import Progress
from preflight.runs.interface import RunProgress
from preflight.runs.order import InOrder, Room
from preflight.runs.work import Item, Work
from preflight.submitter.waits import Wait

GRACE_S = 5.0
"""For answers that are paid for, when the run is told to end."""


class Stopped(BaseException):
    """There is nothing to work for any more: raised in a thread of the run, seen by nobody else."""


class Abandoned(Exception):  # noqa: N818 (never leaves the run)
    """The input has failed by another of its requests: what else it needs is not made."""


class Board:
    """Any thread may call any of its methods. Those that wait raise Stopped once the run ends.

    `ahead`: inputs between coming and being given back. `max_held_bytes`: what their requests hold in memory until
    they are answered, and as much again what inputs hold that are in no file.
    """

    def __init__(self, *, ahead: int, max_held_bytes: int) -> None:
        self._changed = threading.Condition()
        self._is_stopped = False
        self._until_s = math.inf
        self._error: BaseException | None = None
        self._all_came = False
        self._order: InOrder[tuple[str, Work | PreflightError]] = InOrder(ahead)
        self._sources, self._bodies = Room(max_held_bytes), Room(max_held_bytes)
        self._known: dict[bytes, Work] = {}
        self._wanted: dict[bytes, Item] = {}
        self._long: deque[Work] = deque()
        self._items: deque[Item] = deque()
        self._flying: list[Item] = []
        self._waits: dict[Item, Wait] = {}
        """Of those that are with a client, and are not on their way."""
        self._answered = 0
        self._making: Progress | None = None

    # Going on.

    def stop(self, error: BaseException | None = None) -> None:
        """The run ends, with that error if it is the first; requests on their way come to their end."""
        with self._changed:
            if not self._is_stopped:
                self._error = error
                self._until_s = time.monotonic() + GRACE_S
            self._is_stopped = True
            self._changed.notify_all()

    @property
    def grace_s(self) -> float:
        """What is left of it, once the run was told to end."""
        return max(0.0, self._until_s - time.monotonic())

    def check(self) -> None:
        if self._is_stopped:
            raise Stopped

    def heard(self, progress: Progress) -> None:
        """From whatever takes long: a moment to ask whether it is still wanted."""
        self.check()
        self._making = progress

    def _wait(self, is_so: Callable[[], bool]) -> None:
        self._changed.wait_for(lambda: self._is_stopped or is_so())
        self.check()

    # Inputs, from the thread that reads them.

    def admit(self, held_bytes: int) -> int:
        """One more came. Waits until there is room for it; gives its position."""
        with self._changed:
            self._wait(lambda: self._order.has_room and self._sources.fits(held_bytes))
            self._sources.enter(held_bytes)
            return self._order.admit()

    def all_came(self) -> None:
        with self._changed:
            self._all_came = True
            self._changed.notify_all()

    def at_it(self, key: bytes, position: int, name: str) -> Work | None:
        """The input with that key that is being worked on, if there is one: it is then of that place, too."""
        with self._changed:
            work = self._known.get(key)
            if work is not None:
                work.places.append((position, name))
            return work

    def start(self, work: Work) -> None:
        with self._changed:
            if work.key is not None:
                self._known[work.key] = work

    def not_held(self, work: Work) -> None:
        """It is worked on at another place: what it holds is held no longer."""
        with self._changed:
            self._sources.leave(work.held_bytes)
            self._changed.notify_all()

    def put_long(self, work: Work) -> None:
        with self._changed:
            self._long.append(work)
            self._changed.notify_all()

    def take_long(self) -> Work:
        """The next of what takes long."""
        with self._changed:
            self._wait(lambda: bool(self._long))
            return self._long.popleft()

    def made_long(self) -> None:
        self._making = None

    # What becomes of inputs, from any thread.

    def is_answered(self, work: Work, *, made: bool = False) -> bool:
        """Whether all its requests are made and answered: True once, and then it is over. `made`: they all are now."""
        with self._changed:
            work.is_made = work.is_made or made
            if work.is_over or not work.is_made or work.waiting:
                return False
            work.is_over = True
            return True

    def is_given_up(self, work: Work) -> bool:
        """It has failed: True if it was not over already."""
        with self._changed:
            if work.is_over:
                return False
            work.is_over = True
            self._changed.notify_all()
            return True

    def settle(self, work: Work, outcome: Work | PreflightError) -> None:
        """That is what became of it, in all its places."""
        with self._changed:
            if work.key is not None:
                self._known.pop(work.key, None)
            self._sources.leave(work.held_bytes)
            work.held_bytes, work.opened, work.report = 0, None, None
            for position, name in work.places:
                self._order.settle(position, (name, outcome))
            self._changed.notify_all()

    # Requests.

    def want(self, item: Item) -> bool:
        """Whether this item is to be sent: not where another asks the same, whose answer is then for both.

        Raises Abandoned where its input is over.
        """
        with self._changed:
            self.check()
            work = item.works[0]
            if work.is_over:
                raise Abandoned
            work.waiting += 1
            first = self._wanted.setdefault(item.key, item) if item.key is not None else item
            if first is not item:
                first.works.append(work)
            return first is item

    def put(self, item: Item) -> None:
        """To be sent. Waits until there is room for it; raises Abandoned where nobody needs it any more."""
        with self._changed:
            self._wait(lambda: not item.is_needed or self._bodies.fits(item.held_bytes))
            if not item.is_needed:
                self._forget(item)
                raise Abandoned
            self._bodies.enter(item.held_bytes)
            self._items.append(item)
            self._changed.notify_all()

    def take(self) -> Item:
        """The next to be sent: to be `landed` whatever becomes of it."""
        with self._changed:
            while True:
                self._wait(lambda: bool(self._items))
                item = self._items.popleft()
                if item.is_needed:
                    self._flying.append(item)
                    return item
                self._forget(item)
                self._bodies.leave(item.held_bytes)
                self._changed.notify_all()

    def landed(self, item: Item) -> None:
        with self._changed:
            self._flying.remove(item)
            self._waits.pop(item, None)
            self._bodies.leave(item.held_bytes)
            self._changed.notify_all()

    def waits(self, item: Item, wait: Wait | None) -> None:
        """It is not on its way while it does; None: it is, again."""
        with self._changed:
            if wait is None:
                self._waits.pop(item, None)
            else:
                self._waits[item] = wait

    def sleep(self, seconds: float) -> None:
        """In a client, until it goes on. Once the run was told to end, no longer than its grace."""
        until_s = time.monotonic() + seconds
        with self._changed:
            while (left_s := until_s - time.monotonic()) > 0:
                if left_s > self.grace_s:
                    raise Stopped
                self._changed.wait(left_s)

    def answered(self, item: Item, *, sent: bool) -> list[Work]:
        """Its inputs: each has one request less to wait for. Nobody joins it after that."""
        with self._changed:
            self._answered += sent
            self._forget(item)
            for work in item.works:
                work.waiting -= 1
            return list(item.works)

    def failed(self, item: Item) -> list[Work]:
        """Its inputs. Nobody joins it after that."""
        with self._changed:
            self._forget(item)
            return list(item.works)

    def _forget(self, item: Item) -> None:
        if item.key is not None and self._wanted.get(item.key) is item:
            del self._wanted[item.key]

    # In the thread that iterates.

    def next(self, patience_s: float) -> tuple[int, str, Work | PreflightError] | Literal["later", "never"]:
        """The next in order: its position, its name, and what became of it. Raises what ended the run."""
        with self._changed:
            self._changed.wait_for(self._has_news, patience_s)
            if self._order.is_ready:
                position, (name, outcome) = self._order.take()
                self._changed.notify_all()
                return position, name, outcome
            if self._error is not None:
                raise self._error
            return "never" if self._is_over() else "later"

    def rest(self) -> list[tuple[int, str, Work | PreflightError]]:
        """What is settled and was not given yet, of a run that was stopped."""
        with self._changed:
            return [(position, name, outcome) for position, (name, outcome) in self._order.rest()]

    def progress(self, total: int | None) -> RunProgress:
        with self._changed:
            known = [wait for wait in self._waits.values() if wait.until is not None]
            return RunProgress(
                inputs=self._order.taken,
                total=total,
                requests=self._answered,
                in_flight=tuple(item.works[0].name for item in self._flying if item not in self._waits),
                waiting=len(self._items) + len(self._waits),
                making=self._making,
                pause=max(known, key=lambda wait: wait.until or 0.0, default=None),
            )

    def _has_news(self) -> bool:
        return self._order.is_ready or self._is_stopped or self._is_over()

    def _is_over(self) -> bool:
        return self._is_stopped or (self._all_came and self._order.is_empty)
