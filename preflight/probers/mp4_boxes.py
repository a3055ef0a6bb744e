"""The boxes of an MP4 or MOV file and the plainest of their tables, read without trust.

Every count is held against the box that it stands in, and nothing here calls itself.
"""

from __future__ import annotations

import struct
import sys
from array import array
from collections.abc import Iterator
from itertools import accumulate, chain, repeat
from operator import lt, mul, sub

MOST_BOXES = 4_096
"""Side by side."""
_MOST_SAMPLE_BYTES = 1 << 30


class UnusualError(Exception):
    """Not for this way."""


def read_head(data: bytes | memoryview, at: int, room: int) -> tuple[int, bytes, int]:
    """(size, kind, size of the header) of the box at `at`, which has `room`."""
    size, kind = struct.unpack_from(">I4s", data, at)
    start = 8
    if size == 1:
        (size,) = struct.unpack_from(">Q", data, at + 8)
        start = 16
    elif size == 0:
        size = room
    if not start <= size <= room:
        raise UnusualError
    return size, kind, start


def read_boxes(data: memoryview) -> Iterator[tuple[bytes, memoryview]]:
    """(kind, what is in it) of each."""
    at = 0
    for _ in range(MOST_BOXES):
        if len(data) - at < 8:  # noqa: PLR2004 (QuickTime ends some lists of boxes with four zero bytes)
            if any(data[at:]):
                raise UnusualError
            return
        size, kind, start = read_head(data, at, len(data) - at)
        yield kind, data[at + start : at + size]
        at += size
    raise UnusualError


def read_once(data: memoryview) -> dict[bytes, memoryview]:
    """The boxes side by side in `data`, by kind. None of those that are read may stand there twice."""
    found: dict[bytes, memoryview] = {}
    for kind, body in read_boxes(data):
        if kind in found and kind not in _MAY_REPEAT:
            raise UnusualError
        found[kind] = body
    return found


_MAY_REPEAT = frozenset({b"free", b"skip", b"wide", b"uuid", b"udta", b"meta", b"trak", b"sgpd", b"sbgp", b"load"})


def required(boxes: dict[bytes, memoryview], kind: bytes) -> memoryview:
    if kind not in boxes:
        raise UnusualError
    return boxes[kind]


def needed(boxes: dict[bytes, memoryview], *kinds: bytes) -> dict[bytes, memoryview]:
    if not boxes.keys() >= set(kinds):
        raise UnusualError
    return boxes


def read_sizes(stsz: memoryview, room: int) -> array[int]:
    """Bytes of each sample, of which there are at most `room`."""
    each, count = struct.unpack_from(">II", stsz, 4)
    if not 0 < count <= room:
        raise UnusualError
    sizes = array("I", [each]) * count if each else read_numbers("I", stsz, 12, count)
    if min(sizes) == 0 or max(sizes) > _MOST_SAMPLE_BYTES:
        raise UnusualError
    return sizes


def read_numbers(typecode: str, body: memoryview, at: int, count: int) -> array[int]:
    """Big-endian numbers of a table, which must hold that many."""
    numbers = array(typecode)
    data = body[at : at + count * numbers.itemsize]
    if len(data) != count * numbers.itemsize:
        raise UnusualError
    numbers.frombytes(data)
    if sys.byteorder == "little":
        numbers.byteswap()
    return numbers


def read_chunk_firsts(stsc: memoryview, chunks: int, samples: int) -> array[int]:
    """The first sample of each chunk."""
    (count,) = struct.unpack_from(">I", stsc, 4)
    rows = read_numbers("I", stsc, 8, 3 * count)
    starts, each = (*rows[::3], chunks + 1), rows[1::3]
    if not count or starts[0] != 1 or not all(map(lt, starts, starts[1:])) or min(each) == 0 or set(rows[2::3]) != {1}:
        raise UnusualError
    in_a_row = list(map(sub, starts[1:], starts))
    if sum(map(mul, each, in_a_row)) != samples:
        raise UnusualError
    return array("Q", accumulate(chain.from_iterable(map(repeat, each, in_a_row)), initial=0))[:-1]
