"""Coded packets' times in seconds, read in one way by whoever asks how long a source is or where it can be cut."""

from __future__ import annotations

from fractions import Fraction
from typing import Protocol

# A clock may stand still for a moment (the muxer mends that), but what is stored in order is not this far behind.
BACKWARDS_S = 1.0
# A length of 32 bits that is negative, read as positive; seen at the end of Ogg files.
WRAPPED = 1 << 31


class Coded(Protocol):
    """What is asked of a packet: PyAV's own has all of it."""

    @property
    def stream_index(self) -> int: ...
    @property
    def pts(self) -> int | None: ...
    @property
    def dts(self) -> int | None: ...
    @property
    def duration(self) -> int | None: ...
    @property
    def time_base(self) -> Fraction | None: ...
    @property
    def size(self) -> int: ...
    @property
    def is_keyframe(self) -> bool: ...


class Times:
    """Reads packets' times in seconds. A stream's time base is asked for once: that costs more than the rest."""

    def __init__(self) -> None:
        self._bases: dict[int, float] = {}
        self._decoded_s: dict[int, float] = {}

    def follow(self, packet: Coded) -> float:
        """When it is shown. Raises ValueError where it has no time, or its stream's clock has gone backwards."""
        if packet.dts is not None:
            decoded_s = self._seconds(packet, packet.dts)
            if decoded_s < self._decoded_s.get(packet.stream_index, decoded_s) - BACKWARDS_S:
                raise ValueError("its timestamps go backwards")
            self._decoded_s[packet.stream_index] = decoded_s
        return self.start_s(packet)

    def start_s(self, packet: Coded) -> float:
        """When it is shown. Raises ValueError where it has no time at all."""
        return self._seconds(packet, packet.pts if packet.pts is not None else packet.dts)

    def length_s(self, packet: Coded) -> float:
        """0 where it is not known."""
        length = packet.duration
        return self._seconds(packet, length) if length and 0 < length < WRAPPED else 0.0

    def decoded_s(self, packet: Coded) -> float:
        return self._seconds(packet, packet.dts if packet.dts is not None else packet.pts)

    def _seconds(self, packet: Coded, ticks: int | None) -> float:
        if ticks is None:
            raise ValueError("a packet has no time")
        base = self._bases.get(packet.stream_index)
        if base is None:
            base = self._bases[packet.stream_index] = float(packet.time_base or 1)
        return ticks * base
