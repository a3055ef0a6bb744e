"""Where the structural parts of a file lie, and what they are called."""

from __future__ import annotations

import re
import struct
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import lru_cache
from typing import NamedTuple

from preflight.errors import UsageError
from preflight.testing.corrupt.formats import FORMATS
from preflight.testing.corrupt.interface import Element, Format, Part

_STEP = re.compile(r"(.*?)(?:\[(\d+)\])?")
_UNPRINTABLE = re.compile(r"[^!-.0-Z^-~ ]")
_SOME = 12
REST = "rest"
"""Bytes that no part of the format claims."""


class Boundary(NamedTuple):
    """An offset in a file where one part ends or begins, or where the header of a part ends."""

    name: str
    offset: int
    """So many bytes are before it."""


def format_of(data: bytes) -> Format:
    """Raises UsageError for what none of them is."""
    for known in FORMATS:
        if known.recognises(data):
            return known
    titles = ", ".join(known.title for known in FORMATS)
    raise UsageError(f"this is no file whose structure is understood: take one of {titles}")


@contextmanager
def good_file(known: Format) -> Iterator[None]:
    """Parsers here trust what they read; a file that is damaged already may send them behind its end."""
    try:
        yield
    except (IndexError, struct.error) as error:
        raise UsageError(f"the structure of this {known.title} makes no sense: take a file that is whole") from error


def parts(data: bytes) -> tuple[Part, ...]:
    """All structural parts of a file, outer ones before what lies in them; the outermost ones cover the file.

    Bytes that belong to none are called "rest". Of a damaged file come the parts that can still be made out.
    Raises UsageError where the format is none that is understood.
    """
    return _parts(data)


@lru_cache(maxsize=1)
def _parts(data: bytes) -> tuple[Part, ...]:
    return tuple(_named(_whole(data), ""))


def packets(data: bytes) -> tuple[Part, ...]:
    """What `DropPackets` and `RepeatPackets` count: coded packets, or what the format has that comes next to them.

    In MPEG-TS these are its packets of 188 bytes that carry pictures or sound, in Ogg its pages, in fragmented MP4
    its fragments. Raises UsageError where the format has none.
    """
    known = format_of(data)
    with good_file(known):
        found = known.packets(data)
    if not found:
        raise UsageError(
            f"{known.title} has no packets here: take MP4, Matroska, MPEG-TS, FLV, AVI, Ogg, FLAC, MP3 or AAC with "
            "sound or video in it"
        )
    return tuple(
        Part(name=f"packet[{i}]", start=p.start, body=p.body, end=p.end, role="data") for i, p in enumerate(found)
    )


def part(data: bytes, name: str) -> Part:
    """The first part of a name.

    `name` may leave out what is around the part and numbers: "stsz" is the first one there is, "trak[1]/mdia" is that
    of the second track. Raises UsageError where there is none.
    """
    found = parts(data)
    for candidate in found:
        if candidate.name == name:
            return candidate
    wanted = _steps(name)
    for candidate in found:
        steps = _steps(candidate.name)[-len(wanted) :]
        if len(steps) == len(wanted) and all(map(_same, wanted, steps)):
            return candidate
    kinds = dict.fromkeys(kind for p in found for kind, _ in _steps(p.name)[-1:])
    some = ", ".join([*list(kinds)[:_SOME], *(["..."] if len(kinds) > _SOME else [])])
    raise UsageError(f"this file has no part {name!r}: take one of `parts(data)`, such as {some}")


def boundaries(data: bytes) -> tuple[Boundary, ...]:
    """Every offset inside a file where its structure has a seam, in order: `Truncate(keep=boundary.offset)` cuts there.

    Raises UsageError where the format is none that is understood.
    """
    names: dict[int, str] = {}
    found = parts(data)
    for p in found:
        names.setdefault(p.start, f"before {p.name}")
    for p in found:
        names.setdefault(p.body, f"after the header of {p.name}")
        names.setdefault(p.end, f"after {p.name}")
    return tuple(Boundary(names[offset], offset) for offset in sorted(names) if 0 < offset < len(data))


def own_ranges(data: bytes) -> dict[str, list[range]]:
    """By role, the bytes that are of a part itself and not of a part within it."""
    found: dict[str, list[range]] = defaultdict(list)

    def collect(elements: Sequence[Element]) -> None:
        for element in elements:
            starts = [element.start, *(child.end for child in element.children)]
            ends = [*(child.start for child in element.children), element.end]
            found[element.role] += [range(a, b) for a, b in zip(starts, ends, strict=True) if b > a]
            collect(element.children)

    collect(_whole(data))
    return found


def _whole(data: bytes) -> list[Element]:
    """The outermost elements without a hole between or behind them."""
    known = format_of(data)
    with good_file(known):
        elements = known.elements(data)
    covered: list[Element] = []
    done = 0
    for element in elements:
        if element.start > done:
            covered.append(_rest(done, element.start))
        covered.append(element)
        done = element.end
    return [*covered, _rest(done, len(data))] if done < len(data) else covered


def _rest(start: int, end: int) -> Element:
    return Element(kind=REST, start=start, body=start, end=end, role="data")


def _named(elements: Sequence[Element], around: str) -> Iterator[Part]:
    several = {kind for kind, count in Counter(element.kind for element in elements).items() if count > 1}
    numbers = Counter[str]()
    for element in elements:
        number = f"[{numbers[element.kind]}]" if element.kind in several else ""
        numbers[element.kind] += 1
        name = around + _UNPRINTABLE.sub(lambda m: f"\\x{ord(m[0]):02x}", element.kind) + number
        yield Part(name=name, start=element.start, body=element.body, end=element.end, role=element.role)
        yield from _named(element.children, f"{name}/")


def _steps(name: str) -> list[tuple[str, int | None]]:
    matches = (_STEP.fullmatch(step.strip()) for step in name.split("/"))
    return [(m[1].strip(), None if m[2] is None else int(m[2])) for m in matches if m is not None]


def _same(wanted: tuple[str, int | None], found: tuple[str, int | None]) -> bool:
    """Without a number any will do; a part that is alone is number 0."""
    return wanted[0] == found[0] and (wanted[1] is None or wanted[1] == (found[1] or 0))
