"""How much of a file the reader of its header may read: one can claim millions of parts, and Pillow believes it."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import BinaryIO, cast

_MOST_READS = 200_000
"""Most headers take a few dozen. Some are read byte by byte: so many take half a second."""
MOST_HEADER_BYTES = 1 << 24
"""What stands in front of a picture is held in memory, up to three times. The longest profile of a JPEG has as much."""


class HeaderTooLargeError(Exception):
    """More was read than the header of any real file takes."""


class HeaderReads:
    """A file whose reads are counted up to `release`; by position, `replaced` is read in place of what it holds."""

    def __init__(self, file: BinaryIO, replaced: Mapping[int, bytes] = MappingProxyType({})) -> None:
        self._file = file
        self._replaced = replaced
        self._reads_left = _MOST_READS
        self._bytes_left = MOST_HEADER_BYTES
        self.seek = file.seek
        self.tell = file.tell

    @property
    def as_file(self) -> BinaryIO:
        return cast("BinaryIO", self)

    def read(self, size: int = -1, /) -> bytes:
        """Raises HeaderTooLargeError."""
        self._reads_left -= 1
        most = self._bytes_left + 1
        start = self._file.tell() if self._replaced else 0
        data = self._file.read(most if size < 0 else min(size, most))
        self._bytes_left -= len(data)
        if self._reads_left < 0 or self._bytes_left < 0:
            raise HeaderTooLargeError
        for at, new in self._replaced.items():
            if start <= at and at + len(new) <= start + len(data):
                data = data[: at - start] + new + data[at - start + len(new) :]
        return data

    def release(self) -> None:
        """What follows the header is read without a detour."""
        self.read = self._file.read  # type: ignore[method-assign]  # mypy knows no method that is replaced

    def __getattr__(self, name: str) -> object:
        return getattr(self._file, name)
