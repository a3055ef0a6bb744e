"""Pure bookkeeping of a run: what comes back in which order, and how much is held meanwhile."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Generic, TypeVar

T = TypeVar("T")


class InOrder(Generic[T]):
    """Things that are finished in any order and taken in the order in which they came.

    At most `most` are between coming and being taken: where one takes long, those after it wait, and hold nothing up
    but what would come after them.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._next, self._end = 0, 0
        self._settled: dict[int, T] = {}
        self._is_closed = False

    @property
    def has_room(self) -> bool:
        return self._end - self._next < self._most

    @property
    def taken(self) -> int:
        return self._next

    @property
    def is_empty(self) -> bool:
        """All that came was taken."""
        return self._next == self._end

    @property
    def is_ready(self) -> bool:
        """The next in order is settled."""
        return self._next in self._settled

    def admit(self) -> int:
        """One more comes: its position, counted from 0."""
        self._end += 1
        return self._end - 1

    def settle(self, position: int, value: T) -> None:
        """That one is finished."""
        if self._is_closed:
            return
        assert self._next <= position < self._end
        assert position not in self._settled
        self._settled[position] = value

    def take(self) -> tuple[int, T]:
        """The next in order, which must be ready."""
        value = self._settled.pop(self._next)
        self._next += 1
        return self._next - 1, value

    def rest(self) -> Iterator[tuple[int, T]]:
        """Whatever is settled, in order, with gaps where something is not. What settles after that comes too late."""
        self._is_closed = True
        settled, self._settled = self._settled, {}
        yield from sorted(settled.items(), key=lambda each: each[0])


class Room:
    """Bytes that may be held at once; one thing that is larger than all of it may be held alone."""

    def __init__(self, most_bytes: int) -> None:
        self._most_bytes = most_bytes
        self.held_bytes = 0

    def fits(self, size: int) -> bool:
        return not size or not self.held_bytes or self.held_bytes + size <= self._most_bytes

    def enter(self, size: int) -> None:
        self.held_bytes += size

    def leave(self, size: int) -> None:
        self.held_bytes -= size
        assert self.held_bytes >= 0
