"""Every corrupter that can do something to a file."""

from __future__ import annotations

from collections.abc import Iterator

from preflight.errors import UsageError
from preflight.testing.corrupt.damage import Damage, FlipBits, Truncate
from preflight.testing.corrupt.interface import Corrupter, Part
from preflight.testing.corrupt.lies import LieAboutDuration, LieAboutLength, LieAboutRotation, LieAboutSize
from preflight.testing.corrupt.loss import DropPackets, RepeatPackets
from preflight.testing.corrupt.structure import parts

_MOST_PARTS = 6
_LONG = (0x7FFFFFFF, 0xFFFFFF, 0xFFFF, 0x1FFF)
"""The first that fits in a length field is far too long."""


def corrupters(data: bytes) -> tuple[Corrupter, ...]:
    """Those that change this very file, from mild to severe: at most 60.

    They do not depend on anything but `data`. Raises UsageError where its format is none that is understood.
    """
    found = parts(data)
    return tuple(c for c in (*_lies(), *_losses(), *_flips(), *_lengths(data, found), *_cuts(found)) if _works(c, data))


def _works(corrupter: Corrupter, data: bytes) -> bool:
    try:
        corrupter(data)
    except UsageError:
        return False
    return True


def _lies() -> Iterator[Damage]:
    yield LieAboutRotation(degrees=90)
    yield LieAboutRotation(degrees=180, mirrored=True)
    yield from (LieAboutSize(width=side, height=side) for side in (4096, 1, 16_000))
    yield from (LieAboutDuration(seconds=seconds) for seconds in (3.9, 36_000.0, 0.0))


def _losses() -> Iterator[Damage]:
    yield from (RepeatPackets(every=every) for every in (10, 2))
    yield RepeatPackets(indices=(0,), times=3)
    yield from (DropPackets(every=every) for every in (50, 10, 2))
    yield DropPackets(indices=(0,))
    yield DropPackets(every=1)


def _flips() -> Iterator[Damage]:
    for bits in (1, 8, 64):
        yield FlipBits(where="data", bits=bits)
        yield FlipBits(where="index", bits=bits)
        yield FlipBits(where="header", bits=bits)
    yield FlipBits(where="header", spare=0, seed=1)


def _lengths(data: bytes, found: tuple[Part, ...]) -> Iterator[Damage]:
    for name in _some(found):
        too_long = (LieAboutLength(part=name, length=length) for length in _LONG)
        yield from [lie for lie in too_long if _works(lie, data)][:1]
        yield LieAboutLength(part=name, length=0)


def _cuts(found: tuple[Part, ...]) -> Iterator[Damage]:
    yield Truncate(keep=-1)
    yield from (Truncate(keep=share) for share in (0.9, 0.5, 0.1))
    for name in reversed(_some(found)):
        yield Truncate(part=name, keep="half")
        yield Truncate(part=name, keep="header")
        yield Truncate(part=name, keep="nothing")


def _some(found: tuple[Part, ...]) -> list[str]:
    """The first outermost part of each kind and the first inner one of each role."""
    outermost = {p.name.partition("[")[0]: p.name for p in reversed(found) if "/" not in p.name}
    inner = {p.role: p.name for p in reversed(found) if "/" in p.name}
    return list(dict.fromkeys([*inner.values(), *outermost.values()]))[:_MOST_PARTS]
