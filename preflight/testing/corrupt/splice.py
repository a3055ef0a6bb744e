"""Bytes with pieces replaced, and where every other byte went; numbers written over numbers."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable
from itertools import accumulate
from typing import Literal, NamedTuple

from preflight.errors import UsageError


class Edit(NamedTuple):
    """The bytes from `start` to `end` (exclusive) become `new`."""

    start: int
    end: int
    new: bytes


class Splice:
    """`data` after edits that do not overlap."""

    def __init__(self, data: bytes, edits: Iterable[Edit]) -> None:
        self._edits = sorted(edits)
        self._ends = [edit.end for edit in self._edits]
        self._shifts = list(accumulate((len(e.new) - (e.end - e.start) for e in self._edits), initial=0))
        pieces: list[bytes | memoryview] = []
        view, done = memoryview(data), 0
        for edit in self._edits:
            pieces += [view[done : edit.start], edit.new]
            done = edit.end
        self.data = b"".join([*pieces, view[done:]])

    def moved(self, offset: int) -> int:
        """Where the byte at `offset` is now; what was cut away is where its replacement ends."""
        i = bisect_right(self._ends, offset)
        if i < len(self._edits) and offset > (edit := self._edits[i]).start:
            offset = edit.start + min(offset - edit.start, len(edit.new))
        return offset + self._shifts[i]

    def length(self, start: int, end: int) -> int:
        """How many bytes there are now from `start` to `end`."""
        return self.moved(end) - self.moved(start)


def fits(value: int, bits: int, what: str) -> int:
    """The value itself.

    Raises UsageError if it is not an unsigned integer of so many bits.
    """
    if not 0 <= value < 1 << bits:
        raise UsageError(f"the {what} {value} does not fit in {bits} bits: take one from 0 to {(1 << bits) - 1}")
    return value


def put(
    buffer: bytearray, at: int, width: int, value: int, order: Literal["little", "big"] = "big", *, what: str = "number"
) -> None:
    """Write an unsigned integer of `width` bytes over what is at `at`.

    Raises UsageError if it does not fit, or if there is nothing at `at` to write over.
    """
    fits(value, 8 * width, what)
    if at + width > len(buffer):
        raise UsageError(f"the file breaks off before its field for the {what}: take a whole file")
    buffer[at : at + width] = value.to_bytes(width, order)


def uint(data: bytes | bytearray, at: int, width: int, order: Literal["little", "big"] = "big") -> int:
    """An unsigned integer of `width` bytes; what is behind the end of a file that breaks off counts as zeros."""
    return int.from_bytes(data[at : at + width].ljust(width, b"\0"), order)
