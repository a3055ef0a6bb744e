"""Packets that are lost on the way, or that come twice."""

from __future__ import annotations

from dataclasses import dataclass

from preflight.errors import UsageError
from preflight.testing.corrupt.damage import Damage
from preflight.testing.corrupt.structure import format_of, good_file, packets


@dataclass(frozen=True, kw_only=True)
class DropPackets(Damage):
    """Packets are missing: a recording of a stream with losses, a capture that could not keep up.

    The container stays well-formed: lengths, pointers and tables of what is left are right. What counted the packets
    in a header, and their own numbers, still count those that are lost.

        DropPackets(every=10)
        DropPackets(indices=(0, 1, 2))
    """

    every: int | None = None
    """Each so-many-th packet is dropped; 1 drops them all. Give this or `indices`."""
    indices: tuple[int, ...] = ()
    """Which packets are dropped, counted from 0 as `packets` lists them."""

    def __post_init__(self) -> None:
        _check_choice(self.every, self.indices)

    def _damaged(self, data: bytes) -> bytes:
        return _repacked(data, self.every, self.indices, 0)


@dataclass(frozen=True, kw_only=True)
class RepeatPackets(Damage):
    """Packets are there more than once, with the same time: clips joined without care, a sender that sends again.

    The container stays well-formed: lengths, pointers and tables know the repeated ones.

        RepeatPackets(every=10)
        RepeatPackets(indices=(0,), times=3)
    """

    every: int | None = None
    """Each so-many-th packet is repeated. Give this or `indices`."""
    indices: tuple[int, ...] = ()
    """Which packets are repeated, counted from 0 as `packets` lists them."""
    times: int = 1
    """How many more of each there are."""

    def __post_init__(self) -> None:
        _check_choice(self.every, self.indices)
        if self.times < 1:
            raise UsageError(f"packets cannot be repeated {self.times} times: take 1 or more")

    def _damaged(self, data: bytes) -> bytes:
        return _repacked(data, self.every, self.indices, 1 + self.times)


def _check_choice(every: int | None, indices: tuple[int, ...]) -> None:
    if (every is None) == (not indices):
        raise UsageError("which packets? Give either `every` or `indices`")
    if every is not None and every < 1:
        raise UsageError(f"there is no packet in every {every}: take 1 or more")


def _repacked(data: bytes, every: int | None, indices: tuple[int, ...], copies: int) -> bytes:
    count = len(packets(data))
    chosen = set(indices if every is None else range(every - 1, count, every))
    if not chosen or not chosen <= set(range(count)):
        raise UsageError(
            f"this file has {count} packets: take indices from 0 to {count - 1}, or an `every` up to {count}"
        )
    known = format_of(data)
    with good_file(known):
        return known.repacked(data, [copies if i in chosen else 1 for i in range(count)])
