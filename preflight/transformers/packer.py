"""The one mechanism that cuts anything timed: packets → units that decode on their own → clips under the caps.

Packets come demuxed from the source or fresh from an encoder; nothing here decodes.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import TYPE_CHECKING

from preflight.planner.cuts import Caps, even_tail

if TYPE_CHECKING:
    from av.packet import Packet
    from av.stream import Stream

    Packets = Iterable[Packet[Stream]]


@dataclass(slots=True)
class PacketUnit:
    """Consecutive packets that decode on their own: a closed GOP with its sound, or one packet of sound."""

    start_s: float
    """On the packets' own clock."""
    coded: list[Packet[Stream]] = field(default_factory=list)
    duration_s: float = 0.0
    size_bytes: int = 0

    @property
    def packets(self) -> int:
        return len(self.coded)

    def add(self, packet: Packet[Stream]) -> None:
        self.coded.append(packet)
        self.size_bytes += packet.size


def units_of(packets: Packets, video_index: int | None, *, with_audio: bool) -> Iterator[PacketUnit]:
    """Group the packets of one video and one audio stream, or of one audio stream, as they come.

    A unit of video starts at a keyframe that no later packet is shown before: a keyframe that leading pictures
    of the GOP before it hang on to (an open GOP) starts none. Sound goes with the picture that it starts under.
    """
    if video_index is None:
        yield from _sound_units(packets)
        return
    sound: deque[Packet[Stream]] = deque()
    waiting: deque[PacketUnit] = deque()
    """Closed units; the last may still grow by a GOP that turns out to be open."""
    current: PacketUnit | None = None
    is_closed = True
    end_s = 0.0
    for packet in packets:
        if packet.size == 0:
            continue
        if packet.stream_index != video_index:
            sound.append(packet)
        else:
            time_s = seconds(packet)
            end_s = max(end_s, _end_s(packet))
            if current is None or packet.is_keyframe:
                _settle(waiting, current, is_closed=is_closed)
                current, is_closed = PacketUnit(time_s), True
            elif time_s < current.start_s:
                is_closed = False
            current.add(packet)
        while len(waiting) > 1 and (not with_audio or (sound and seconds(sound[-1]) >= waiting[1].start_s)):
            yield _with_sound(waiting.popleft(), waiting[0].start_s, sound)
    _settle(waiting, current, is_closed=is_closed)
    while waiting:
        unit = waiting.popleft()
        if waiting:
            yield _with_sound(unit, waiting[0].start_s, sound)
        else:
            end_s = max([end_s, *(_end_s(p) for p in sound)])
            yield _with_sound(unit, end_s, sound, everything=True)


def _settle(waiting: deque[PacketUnit], unit: PacketUnit | None, *, is_closed: bool) -> None:
    """Now that a GOP is whole it is known whether it can start a unit."""
    if unit is None:
        return
    if waiting and (not is_closed or unit.start_s <= waiting[-1].start_s):
        for packet in unit.coded:
            waiting[-1].add(packet)
    else:
        waiting.append(unit)


def _with_sound(
    unit: PacketUnit, end_s: float, sound: deque[Packet[Stream]], *, everything: bool = False
) -> PacketUnit:
    while sound and (everything or seconds(sound[0]) < end_s):
        unit.add(sound.popleft())
    unit.duration_s = max(end_s - unit.start_s, 0.0)
    return unit


def _sound_units(packets: Packets) -> Iterator[PacketUnit]:
    unit: PacketUnit | None = None
    end_s = 0.0
    for packet in packets:
        if packet.size == 0:
            continue
        time_s = seconds(packet)
        end_s = max(end_s, _end_s(packet))
        if unit is not None and time_s > unit.start_s:
            unit.duration_s = time_s - unit.start_s
            yield unit
            unit = None
        unit = unit or PacketUnit(time_s)
        unit.add(packet)
    if unit is not None:
        unit.duration_s = max(end_s - unit.start_s, 0.0)
        yield unit


def clips_at(units: Iterable[PacketUnit], cuts_s: Sequence[float]) -> Iterator[list[PacketUnit]]:
    """Known sizes: a new clip at each of the planned cuts, which are starts of units on the packets' own clock."""
    clip: list[PacketUnit] = []
    left = deque(cuts_s)
    for unit in units:
        if left and clip and unit.start_s >= left[0] - _SAME_S:
            left.popleft()
            yield clip
            clip = []
        clip.append(unit)
    if clip:
        yield clip


# Two times closer than this are the same unit's: less than a sample at 48 kHz.
_SAME_S = 1e-5


def clips_under(units: Iterable[PacketUnit], caps: Caps) -> Iterator[list[PacketUnit]]:
    """Unknown sizes: close a clip at the last unit that still fits.

    The last two clips are held back, so that a short tail can be evened out with the one before it.
    """
    held: list[PacketUnit] | None = None
    clip: list[PacketUnit] = []
    length, size, packets = 0.0, 0, 0
    for unit in units:
        length, size, packets = length + unit.duration_s, size + unit.size_bytes, packets + unit.packets
        if clip and not caps.fits(length, size, packets):
            if held is not None:
                yield held
            held, clip = clip, []
            length, size, packets = unit.duration_s, unit.size_bytes, unit.packets
        clip.append(unit)
    if held is not None:
        both = held + clip
        cut = even_tail(both, len(held), caps)
        held, clip = both[:cut], both[cut:]
        yield held
    if clip:
        yield clip


def seconds(packet: Packet[Stream]) -> float:
    """When a packet is shown, on its own clock. Raises ValueError where it has no time at all."""
    time = packet.pts if packet.pts is not None else packet.dts
    if time is None:
        raise ValueError("a packet has no time")
    return float(time * _base(packet))


def _end_s(packet: Packet[Stream]) -> float:
    return seconds(packet) + float((packet.duration or 0) * _base(packet))


def _base(packet: Packet[Stream]) -> Fraction:
    return packet.time_base or Fraction(1)
