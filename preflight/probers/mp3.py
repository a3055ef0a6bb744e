"""The bit reservoir of MP3 (ISO 11172-3, 2.4.2.7; 13818-3): a frame's sound may begin in the frames before it.

`main_data_begin` says how many bytes before it. A decoder that starts at such a frame has not got them, and leaves out
its sound: so a file is rather cut where nothing is borrowed.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import accumulate
from typing import NamedTuple

from preflight.probers.mp3_header import CRC_BYTES, HEADER_BYTES, LAYER_3, MONO, MPEG_1, SIDE_BYTES
from preflight.probers.units import Unit

_MOST_BORROWED = 511
"""Bytes: nine bits; eight in MPEG-2."""
# Where no frame stands alone for as long as this, or this share of the whole, the one that loses least does.
_FAR_S, _FAR_SHARE = 10.0, 1 / 20


class Reservoir(NamedTuple):
    """Of one frame."""

    borrows: int
    """Bytes of the frames before it."""
    holds: int
    """Bytes of main data: those that later frames may borrow."""


def reservoir(frame: bytes) -> Reservoir:
    """What is no frame of layer III borrows nothing, and lends nothing."""
    if len(frame) < HEADER_BYTES + CRC_BYTES + 1 or frame[0] != 0xFF or frame[1] >> 5 != 0b111:  # noqa: PLR2004
        return Reservoir(0, 0)
    version, layer, is_protected = frame[1] >> 3 & 3, frame[1] >> 1 & 3, not frame[1] & 1
    if layer != LAYER_3:
        return Reservoir(0, 0)
    side = HEADER_BYTES + CRC_BYTES * is_protected
    borrows = int.from_bytes(frame[side : side + 2]) >> 7 if version == MPEG_1 else frame[side]
    held = len(frame) - side - SIDE_BYTES[version == MPEG_1, frame[3] >> 6 == MONO]
    return Reservoir(borrows, max(held, 0))


def frames_lost(frames: Iterable[Reservoir]) -> int:
    """How many a decoder that begins with these cannot make sound of, because what they borrow is not there."""
    lost = there = 0
    for frame in frames:
        lost += frame.borrows > there
        there += frame.holds
        if there >= _MOST_BORROWED:
            break
    return lost


def units_of_mp3(units: Sequence[Unit], frames: Iterable[bytes]) -> tuple[Unit, ...]:
    """The frames' units, joined to such that decode on their own; where those are rare, begun where least is lost."""
    read = [reservoir(frame) for frame in frames]
    at = [0, *accumulate(unit.packets for unit in units)]
    if len(read) != at[-1]:
        return tuple(units)
    lost = [frames_lost(read[index : index + _AHEAD]) for index in at[:-1]]
    if not units:
        return ()
    starts = _starts([unit.start_s for unit in units], lost)
    return tuple(_joined(units[a:b]) for a, b in zip(starts, [*starts[1:], len(units)], strict=True))


_AHEAD = 64
"""However small frames are, so many hold all that can be borrowed: the smallest has 24 bytes, 9 of them its own."""


def _starts(times_s: Sequence[float], lost: Sequence[int]) -> list[int]:
    """Indices of the frames that units start with: those that lose nothing, and what must be between."""
    far_s = min(_FAR_S, (times_s[-1] - times_s[0]) * _FAR_SHARE)
    starts = [0]
    best: int | None = None
    for index in range(1, len(times_s)):
        if times_s[index] - times_s[starts[-1]] > far_s and best is not None:
            starts.append(best)
            best = None
        if lost[index] == 0:
            starts.append(index)
            best = None
        elif best is None or lost[index] <= lost[best]:
            best = index
    return starts


def _joined(units: Sequence[Unit]) -> Unit:
    return Unit(
        units[0].start_s,
        sum(unit.duration_s for unit in units),
        sum(unit.size_bytes for unit in units),
        sum(unit.packets for unit in units),
    )
