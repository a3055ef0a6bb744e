"""Parts of a file, read as if they were a file of their own."""

from __future__ import annotations

import io
import os
from bisect import bisect_right
from collections.abc import Sequence
from itertools import accumulate
from typing import TYPE_CHECKING, BinaryIO, cast

if TYPE_CHECKING:
    from typing_extensions import Buffer


def excerpt(file: BinaryIO, ranges: Sequence[tuple[int, int]]) -> BinaryIO:
    """`ranges`: starts and ends, in order. Closing it leaves `file` open, whose position is of no matter to it."""
    return cast("BinaryIO", io.BufferedReader(_Excerpt(file, ranges)))


class _Excerpt(io.RawIOBase):
    def __init__(self, file: BinaryIO, ranges: Sequence[tuple[int, int]]) -> None:
        self._file = file
        self._ranges = [(start, end) for start, end in ranges if end > start]
        self._ends = list(accumulate(end - start for start, end in self._ranges))
        self._position = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def readinto(self, buffer: Buffer, /) -> int:
        index = bisect_right(self._ends, self._position)
        if index == len(self._ranges):
            return 0
        view = memoryview(buffer)
        left = self._ends[index] - self._position
        self._file.seek(self._ranges[index][1] - left)
        data = self._file.read(min(len(view), left))
        view[: len(data)] = data
        self._position += len(data)
        return len(data)

    def seek(self, offset: int, whence: int = os.SEEK_SET, /) -> int:
        base = {os.SEEK_SET: 0, os.SEEK_CUR: self._position}.get(whence, self._ends[-1] if self._ends else 0)
        self._position = max(0, base + offset)
        return self._position

    def tell(self) -> int:
        return self._position
