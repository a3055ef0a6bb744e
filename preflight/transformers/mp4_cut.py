"""MP4 cut between units, or remuxed, by its index: clips are headers of their own before ranges of the source."""

from __future__ import annotations

import io
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from itertools import accumulate
from typing import TYPE_CHECKING, BinaryIO

from preflight.errors import UnreadableError
from preflight.media import Source
from preflight.probers.mp4_units import Film, Mark, mark_of
from preflight.transformers.mp4_file import Mp4File, Stretch, mp4_file
from preflight.transformers.packer import SAME_S

if TYPE_CHECKING:
    from typing_extensions import Buffer


def clips_of(source: Source, film: Film, cuts_s: Sequence[float]) -> Iterator[Source]:
    """A new clip at each of the cuts, which are starts of units on the packets' own clock; nothing of them is read."""
    starts_s = [unit.start_s for unit in film.units]
    edges = [0]
    for cut_s in cuts_s:
        edges.append(next(i for i in range(edges[-1], len(starts_s)) if starts_s[i] >= cut_s - SAME_S))
    for number, first in enumerate(edges):
        is_last = number == len(cuts_s)
        end = len(film.units) if is_last else edges[number + 1]
        base_s = starts_s[0] if number == 0 else cuts_s[number - 1]
        yield Clip(source, mp4_file(film.index, _stretches(film, first, end), base_s), film.mark)


def _stretches(film: Film, first: int, end: int) -> list[Stretch]:
    """Of the units from `first` to before `end`; a clip without sound has no track of it."""
    video, audio = film.video, film.audio
    low = film.units[first]
    high = film.units[end] if end < len(film.units) else None
    pictures = low.first_video, high.first_video if high is not None else len(video)
    found = [Stretch(track=video, is_picture=True, first=pictures[0], end=pictures[1])]
    if audio is not None:
        sounds = low.first_audio, high.first_audio if high is not None else len(audio)
        if sounds[0] < sounds[1]:
            found.append(Stretch(track=audio, is_picture=False, first=sounds[0], end=sounds[1]))
    return found


class Clip(Source):
    """A file that is a header and ranges of another source, which is read anew each time that this one is opened.

    Where the other has changed since its index was read, UnreadableError is raised, from opening or from reading.
    """

    __slots__ = ("_mark", "_parts", "_whole")

    def __init__(self, whole: Source, parts: Mp4File, mark: Mark) -> None:
        super().__init__(whole.name, path=None, data=None, file=None)
        self._whole, self._parts, self._mark = whole, parts, mark

    def size_bytes(self) -> int:
        return len(self._parts.head) + sum(size for _, size in self._parts.ranges)

    @property
    def opens_anew(self) -> bool:
        return self._whole.opens_anew

    def open(self) -> BinaryIO:
        file = self._whole.open()
        try:
            spliced = _Spliced(self._whole, file, self._parts, self._mark)
        except BaseException:
            file.close()
            raise
        return io.BufferedReader(spliced)


def _must_be_unchanged(source: Source, file: BinaryIO, mark: Mark) -> None:
    if mark_of(source, file) != mark:
        raise UnreadableError(f"{source.name} changed while it was read. Prepare it again.")


def _shorter(source: Source) -> UnreadableError:
    return UnreadableError(f"{source.name} became shorter while it was read. Prepare it again.")


class _Spliced(io.RawIOBase):
    """It closes the source's file with itself."""

    def __init__(self, source: Source, file: BinaryIO, parts: Mp4File, mark: Mark) -> None:
        self._source, self._file, self._parts, self._mark = source, file, parts, mark
        self._ends = list(accumulate((size for _, size in parts.ranges), initial=len(parts.head)))
        self._position = 0
        _must_be_unchanged(source, file, mark)

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._position

    def seek(self, offset: int, whence: int = io.SEEK_SET, /) -> int:
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._position, io.SEEK_END: self._ends[-1]}[whence]
        self._position = max(base + offset, 0)
        return self._position

    def readinto(self, buffer: Buffer, /) -> int:
        view = memoryview(buffer)
        done = 0
        while done < len(view) and self._position < self._ends[-1]:
            done += self._read_part(view[done:])
        if self._position >= self._ends[-1]:
            _must_be_unchanged(self._source, self._file, self._mark)
        return done

    def _read_part(self, view: memoryview) -> int:
        """As much as there is in one piece."""
        head = self._parts.head
        if self._position < len(head):
            data = head[self._position : self._position + len(view)]
            view[: len(data)] = data
            read = len(data)
        else:
            part = bisect_right(self._ends, self._position) - 1
            offset, size = self._parts.ranges[part]
            into = self._position - self._ends[part]
            self._file.seek(offset + into)
            wanted = min(len(view), size - into)
            read = self._file.readinto(view[:wanted])  # type: ignore[attr-defined]  # BinaryIO lacks what all of ours have
            if read < wanted:
                raise _shorter(self._source)
        self._position += read
        return read

    def close(self) -> None:
        self._file.close()
        super().close()
