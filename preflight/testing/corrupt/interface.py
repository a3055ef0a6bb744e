"""The nouns of this room: parts of a file, what knows a format, and what damages its files."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import ClassVar, Literal, NoReturn, Protocol

from preflight.errors import UsageError
from preflight.testing.corrupt.splice import Edit, Splice

Role = Literal["header", "index", "data"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Part:
    """A structural part of a file: a box, a chunk, an element, a page, a packet.

    Parts nest as their names do ("moov/trak[0]/tkhd" lies in "moov/trak[0]"); siblings of one kind are numbered from 0.
    """

    name: str
    start: int
    """Offset of its first byte, which is of its own header."""
    body: int
    """Offset of what its header announces; the same as `start` where it has no header."""
    end: int
    """Offset behind its last byte, padding included."""
    role: Role
    """"header" says what the file is, "index" where its data are and when, "data" are coded pictures and sound."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Element:
    """A part as a format's parser finds it: not yet named, its parts still within it."""

    kind: str
    start: int
    body: int
    end: int
    role: Role
    children: tuple[Element, ...] = ()


def walk(elements: Sequence[Element]) -> Iterator[Element]:
    """Each with all that lie in it, outer ones first: the order of the file."""
    for element in elements:
        yield element
        yield from walk(element.children)


def at(elements: Sequence[Element], path: str) -> list[Element]:
    """All at a path of kinds, such as "moov/trak/tkhd", in the order of the file."""
    kind, _, rest = path.partition("/")
    found = [element for element in elements if element.kind == kind]
    return [inner for outer in found for inner in at(outer.children, rest)] if rest else found


class Corrupter(Protocol):
    """Takes the bytes of a good file, gives those of a bad one: the same each time.

    Raises `preflight.errors.UsageError` where a file of this format cannot be damaged so.
    """

    def __call__(self, data: bytes, /) -> bytes: ...


class Format:
    """What is known about files of one format. Whatever a format does not override, it cannot do."""

    title: ClassVar[str]

    def recognises(self, data: bytes) -> bool:
        raise NotImplementedError

    def elements(self, data: bytes) -> Sequence[Element]:
        """The outermost parts in the order of the file. Of a damaged file: as far as it makes sense."""
        return _parsed(self, data)

    def parse(self, data: bytes) -> list[Element]:
        """What `elements` gives, afresh."""
        raise NotImplementedError

    def packets(self, data: bytes) -> list[Element]:  # noqa: ARG002 (the formats that have some use it)
        """Coded packets in the order of the file."""
        return []

    def repacked(self, data: bytes, copies: Sequence[int]) -> bytes:
        """The file with the n-th of `packets` there `copies[n]` times; sizes and pointers of the container mended."""
        return copied(data, self.packets(data), copies).data

    def with_duration(self, data: bytes, seconds: float) -> bytes:  # noqa: ARG002
        self._cannot("states no duration", "MP4, WAV, FLAC, Matroska, AVI, FLV, MP3 or Ogg")

    def with_size(self, data: bytes, width: int, height: int) -> bytes:  # noqa: ARG002
        self._cannot("states no width and height", "MP4, HEIF, AVI, Matroska, FLV, PNG, JPEG, WebP, GIF or BMP")

    def with_rotation(self, data: bytes, degrees: int, *, mirrored: bool) -> bytes:  # noqa: ARG002
        """`degrees` clockwise, a multiple of 90, after mirroring left and right."""
        self._cannot("states no rotation", "MP4, JPEG or PNG")

    def with_length(self, data: bytes, part: Part, length: int) -> bytes:  # noqa: ARG002
        """`length` as the format counts it, in the length field of one of its parts."""
        self._cannot(f"states no length for {part.name}", "a part that has a length field")

    def _cannot(self, why: str, instead: str) -> NoReturn:
        raise UsageError(f"{self.title} {why}: take {instead}")


@lru_cache(maxsize=1)
def _parsed(known: Format, data: bytes) -> tuple[Element, ...]:
    """Kept, because what damages a file mostly damages the same one again."""
    return tuple(known.parse(data))


def copied(data: bytes, packets: Sequence[Element], copies: Sequence[int]) -> Splice:
    """Each packet as often as it is asked for, in its place."""
    pairs = zip(packets, copies, strict=True)
    return Splice(data, [Edit(p.start, p.end, data[p.start : p.end] * n) for p, n in pairs if n != 1])


def orientation(degrees: int, *, mirrored: bool) -> int:
    """What EXIF calls it, 1 to 8 (CIPA DC-008, tag 0x0112)."""
    return ({0: 2, 90: 7, 180: 4, 270: 5} if mirrored else {0: 1, 90: 6, 180: 3, 270: 8})[degrees]
