"""Damage to bytes that knows where they are: files that break off, bits that flip."""

from __future__ import annotations

import random
from abc import ABC, abstractmethod
from bisect import bisect_right
from dataclasses import dataclass
from itertools import accumulate
from typing import Literal

from preflight.errors import UsageError
from preflight.testing.corrupt.interface import Role
from preflight.testing.corrupt.structure import own_ranges, part

Amount = Literal["nothing", "header", "half", "all"] | int | float


class Damage(ABC):
    """What all corrupters share: the outcome is never the good file."""

    def __call__(self, data: bytes, /) -> bytes:
        """The damaged file. Raises UsageError where this cannot be done to it, or would change nothing."""
        if not isinstance(data, bytes):
            raise UsageError(f"a corrupter takes bytes, not {type(data).__name__}. Of a file, give path.read_bytes().")
        damaged = self._damaged(data)
        if damaged == data:
            raise UsageError(f"{self} leaves this file as it is: take other values")
        return damaged

    @abstractmethod
    def _damaged(self, data: bytes) -> bytes: ...


@dataclass(frozen=True, kw_only=True)
class Truncate(Damage):
    """The file breaks off: an upload that was cut, a full disk, a recorder without power.

    At a structural boundary this is worst: all that is there is right, and what is missing was announced or not.

        Truncate(part="mdat", keep="header")  # behind the header of the media data
        Truncate(part="moov/trak[1]", keep="nothing")
        Truncate(keep=0.9)                    # nine tenths of the file
    """

    part: str | None = None
    """Where it breaks off: a name as `parts` gives it, or its end, such as "stsz". None is the whole file."""
    keep: Amount = "half"
    """How much of the part is left, besides all that is before it. An `int` is in bytes (below 0: all but so many), a
    `float` a share of it, from 0.0 to 1.0."""

    def _damaged(self, data: bytes) -> bytes:
        if self.part is None:
            start, body, end = 0, 0, len(data)
        else:
            found = part(data, self.part)
            start, body, end = found.start, found.body, found.end
        match self.keep:
            case "nothing":
                kept = 0
            case "header":
                kept = body - start
            case "half":
                kept = (end - start) // 2
            case "all":
                kept = end - start
            case float(share):
                kept = int(share * (end - start))
            case int(count):
                kept = count if count >= 0 else end - start + count
            case _:
                raise UsageError(f"{self.keep!r} is no amount. Give nothing, header, half, all, bytes, or a share.")
        if not 0 <= kept <= end - start:
            raise UsageError(f"{self} keeps more than there is, or less than nothing: the part has {end - start} bytes")
        return data[: start + kept]


@dataclass(frozen=True, kw_only=True)
class FlipBits(Damage):
    """Single bits are wrong: bad memory, a worn card, a line without checksums.

    In data a decoder has to cope; in an index packets are looked for where none are; in a header anything can happen.

        FlipBits(where="index", bits=4, seed=1)
    """

    where: Role
    """In which parts, containers not counted: bytes are of the innermost part that they are in."""
    bits: int = 1
    """How many bits are flipped; all are different ones."""
    seed: int = 0
    """Another seed flips others."""
    spare: int = 12
    """So many bytes at the start of the file are left alone, so that it is still taken for what it is."""

    def _damaged(self, data: bytes) -> bytes:
        by_role = own_ranges(data)
        ranges = [range(max(r.start, self.spare), r.stop) for r in by_role[self.where] if r.stop > self.spare]
        # Where the bytes of each range end, if all were put together.
        ends = list(accumulate(map(len, ranges)))
        if not ranges:
            there = " or ".join(sorted(repr(role) for role, own in by_role.items() if own))
            raise UsageError(f"this file has no bytes that are {self.where!r}: take {there}")
        if not 1 <= self.bits <= 8 * ends[-1]:
            raise UsageError(f"{self.bits} bits cannot be flipped there: take from 1 to {8 * ends[-1]}")
        # Not `sample`: only `random()` is promised to stay the same from one version of Python to the next.
        source = random.Random(self.seed)  # noqa: S311 (no secret)
        chosen = set[int]()
        while len(chosen) < self.bits:
            chosen.add(int(source.random() * 8 * ends[-1]))
        buffer = bytearray(data)
        for bit in chosen:
            i = bisect_right(ends, bit // 8)
            buffer[ranges[i].stop - (ends[i] - bit // 8)] ^= 1 << bit % 8
        return bytes(buffer)
