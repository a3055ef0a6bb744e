"""Where to cut what is timed: the fewest clips under two caps, then as even as the units allow. Pure arithmetic."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol


class Sized(Protocol):
    """What is packed: something that decodes on its own and has a length and a size."""

    @property
    def duration_s(self) -> float: ...
    @property
    def size_bytes(self) -> int: ...
    @property
    def packets(self) -> int: ...


@dataclass(frozen=True, kw_only=True, slots=True)
class Caps:
    """What no clip may exceed, with what the container itself adds."""

    max_s: float
    max_bytes: int
    min_tail_s: float
    """A clip shorter than this is evened out with the one before it."""
    fixed_bytes: int
    """Of the container, however short the clip: headers, boxes, tags."""
    packet_bytes: int
    """Of the container, for each packet: index entries, block headers."""

    def fits(self, duration_s: float, size_bytes: int, packets: int) -> bool:
        return duration_s <= self.max_s and self.file_bytes(size_bytes, packets) <= self.max_bytes

    def file_bytes(self, size_bytes: int, packets: int) -> int:
        """An upper bound of the file that such packets make."""
        return size_bytes + self.fixed_bytes + packets * self.packet_bytes


# What FFmpeg's muxers add at most: (fixed, a packet). MP4: stts, ctts and sdtp entries, stsz, stss, and a chunk
# (stsc + co64) for each packet in the worst interleaving make 48; Matroska: a BlockGroup with its duration and
# reference, and a share of cluster and cue; MPEG audio and FLAC: frames and nothing else.
OVERHEAD: dict[str, tuple[int, int]] = {
    "mp4": (16_384, 64),
    "matroska": (16_384, 48),
    "webm": (16_384, 48),
    "wav": (1_024, 0),
    "mp3": (4_096, 0),
    "flac": (16_384, 0),
}


def caps_for(container: str, max_bytes: int, max_duration_s: float, min_duration_s: float) -> Caps:
    """Aims a little inside, so that a container's rounding cannot push an output over (CONTRACT 11)."""
    fixed, packet = OVERHEAD[container]
    return Caps(
        max_s=max_duration_s - 0.5,
        max_bytes=max_bytes,
        min_tail_s=min_duration_s + 0.1,
        fixed_bytes=fixed,
        packet_bytes=packet,
    )


def choose_cuts(units: Sequence[Sized], caps: Caps) -> tuple[int, ...] | None:
    """Indices of the units that start a new clip; None where a single unit breaks a cap.

    Fewest clips: filling each as far as it goes is optimal for consecutive units. Then the most even: the
    smallest longest clip that still gives that many. Then no tail under `caps.min_tail_s`, where the units allow.
    """
    if any(not caps.fits(u.duration_s, u.size_bytes, u.packets) for u in units):
        return None
    fewest = _fill(units, caps, caps.max_s)
    low, high = 0.0, caps.max_s
    best = fewest
    for _ in range(40):  # bisection down to a nanosecond of ten minutes
        middle = (low + high) / 2
        cuts = _fill(units, caps, middle)
        if len(cuts) == len(fewest):
            best, high = cuts, middle
        else:
            low = middle
    return _without_runt(units, caps, best)


def _fill(units: Sequence[Sized], caps: Caps, max_s: float) -> tuple[int, ...]:
    """Greedily; a unit longer than `max_s` stands alone."""
    cuts: list[int] = []
    seconds, size, packets = 0.0, 0, 0
    for index, unit in enumerate(units):
        seconds, size, packets = seconds + unit.duration_s, size + unit.size_bytes, packets + unit.packets
        if index and (seconds > max_s or not caps.fits(seconds, size, packets)):
            cuts.append(index)
            seconds, size, packets = unit.duration_s, unit.size_bytes, unit.packets
    return tuple(cuts)


def _without_runt(units: Sequence[Sized], caps: Caps, cuts: tuple[int, ...]) -> tuple[int, ...]:
    """Move the last cut forward until the tail is long enough, as far as the caps of the tail allow."""
    if not cuts:
        return cuts
    start = cuts[-2] if len(cuts) > 1 else 0
    cut = even_tail(units[start:], cuts[-1] - start, caps)
    return (*cuts[:-1], start + cut)


def even_tail(units: Sequence[Sized], cut: int, caps: Caps) -> int:
    """Of two clips parted at `cut`, a cut that leaves the second at least `caps.min_tail_s`, if there is one."""
    tail = units[cut:]
    seconds = sum(u.duration_s for u in tail)
    size = sum(u.size_bytes for u in tail)
    packets = sum(u.packets for u in tail)
    while seconds < caps.min_tail_s and cut > 1:
        unit = units[cut - 1]
        seconds, size, packets = seconds + unit.duration_s, size + unit.size_bytes, packets + unit.packets
        if not caps.fits(seconds, size, packets):
            break
        cut -= 1
    return cut
