"""Where to cut what is timed: the fewest clips under two caps, then as even as the units allow. Pure arithmetic."""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise
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
    """A clip shorter than this is evened out with those beside it."""
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


def choose_cuts(units: Sequence[Sized], caps: Caps, overlap_s: float = 0.0) -> tuple[int, ...] | None:
    """Indices of the units that start a new clip; None where no clips hold all of them under the caps.

    Each clip but the first repeats the units before its start, as few as last `overlap_s`, and the caps hold with
    them. As few clips under `caps.min_tail_s` as there can be (none, nearly always), then as few clips as there can
    be, then, where no clip is as short as that, the smallest longest clip.
    """
    if not units:
        return ()
    packing = Packing(units, caps, overlap_s)
    cuts = packing.fill(caps.max_s)
    if cuts is None:
        return None
    cuts = _most_even(packing.fill, lambda cuts: (len(cuts),), caps.max_s, cuts)
    if packing.runts(cuts):
        cuts = packing.fewest_runts(caps.max_s) or ()
        if not packing.runts(cuts):
            cuts = _most_even(packing.fewest_runts, lambda cuts: (packing.runts(cuts), len(cuts)), caps.max_s, cuts)
    return cuts


def _most_even(
    pack: Callable[[float], tuple[int, ...] | None],
    cost: Callable[[tuple[int, ...]], tuple[int, ...]],
    max_s: float,
    best: tuple[int, ...],
) -> tuple[int, ...]:
    """The packing with the smallest longest clip, to a millisecond, that costs no more than `best`."""
    lowest = cost(best)
    low, high = 0.0, max_s
    while high - low > _EVEN_S:
        middle = (low + high) / 2
        cuts = pack(middle)
        if cuts is not None and cost(cuts) <= lowest:
            best, high = cuts, middle
        else:
            low = middle
    return best


_EVEN_S = 0.001
# Two times closer than this are the same: sums of lengths do not come out to the last digit.
_SAME_S = 1e-6


class Packing:
    """Sums over the units, so that any stretch of them is measured at once.

    A clip is named by its core: from the unit that starts it to before the one that starts the next. What it repeats
    of the clip before is told by `begin`.
    """

    def __init__(self, units: Sequence[Sized], caps: Caps, overlap_s: float = 0.0) -> None:
        self.seconds = [0.0, *accumulate(u.duration_s for u in units)]
        """When each unit starts, and the end of the last."""
        self._bytes = [0, *accumulate(u.size_bytes + u.packets * caps.packet_bytes for u in units)]
        self._room = caps.max_bytes - caps.fixed_bytes
        self._max_s, self._min_s = caps.max_s, caps.min_tail_s
        self.count = len(units)
        self._begins = (
            [max(bisect_right(self.seconds, at_s - overlap_s + _SAME_S) - 1, 0) for at_s in self.seconds]
            if overlap_s
            else range(self.count + 1)
        )
        """Of a clip whose core starts at each unit. As they never fall, neither do the sums up to them."""
        self._from_s = [self.seconds[b] for b in self._begins] if overlap_s else self.seconds
        self._from_bytes = [self._bytes[b] for b in self._begins] if overlap_s else self._bytes

    def begin(self, start: int) -> int:
        """The first unit of the clip whose core starts there."""
        return self._begins[start]

    def length_s(self, start: int, end: int) -> float:
        return self.seconds[end] - self._from_s[start]

    def fits(self, start: int, end: int) -> bool:
        size = self._bytes[end] - self._from_bytes[start]
        return self.length_s(start, end) <= self._max_s and size <= self._room

    def fill(self, max_s: float) -> tuple[int, ...] | None:
        """Each clip as far as it goes, which for consecutive units gives the fewest; a longer unit stands alone.

        None where not even one more unit fits behind what is repeated: then it does from no other start either.
        """
        cuts: list[int] = []
        start = 0
        while start < self.count:
            end = self.last_end(start, max_s)
            if end is None:
                return None
            start = end
            cuts.append(start)
        return tuple(cuts[:-1])

    def last_end(self, start: int, max_s: float | None = None) -> int | None:
        """How far the clip from `start` goes at most; None where it cannot hold one unit."""
        by_time = bisect_right(self.seconds, self._from_s[start] + (self._max_s if max_s is None else max_s)) - 1
        by_size = bisect_right(self._bytes, self._from_bytes[start] + self._room) - 1
        end = min(by_time, by_size)
        if end > start:
            return end
        return start + 1 if self.fits(start, start + 1) else None

    def first_start(self, end: int, max_s: float | None = None) -> int | None:
        """From where the clip up to `end` starts at the earliest; None where it cannot hold one unit."""
        first = max(
            bisect_left(self._from_s, self.seconds[end] - (self._max_s if max_s is None else max_s)),
            bisect_left(self._from_bytes, self._bytes[end] - self._room),
        )
        if first < end:
            return first
        return end - 1 if self.fits(end - 1, end) else None

    def last_start(self, end: int) -> int:
        """From where the clip up to `end` starts at the latest, to be long enough; below 0 where from nowhere."""
        return min(bisect_right(self._from_s, self.seconds[end] - self._min_s), end) - 1

    def runts(self, cuts: Sequence[int]) -> int:
        return sum(self.length_s(a, b) < self._min_s for a, b in pairwise((0, *cuts, self.count)))

    def fewest_runts(self, max_s: float) -> tuple[int, ...] | None:
        """The best packing of every beginning of the units, each found from the best of the shorter ones.

        Of where the last clip may start, two windows slide along: those that make it long enough, and a runt.
        """
        best: list[tuple[float, float]] = [(0, 0)]
        """(runts, clips) of the first n units."""
        before = [0]
        """Where the last clip of the first n units starts."""
        enough, runt = Lowest(best), Lowest(best)
        for end in range(1, self.count + 1):
            options: list[tuple[float, float, int]] = [(math.inf, math.inf, 0)]
            if (first := self.first_start(end, max_s)) is not None:
                last_enough = self.last_start(end)
                if (start := enough.lowest(first, last_enough)) is not None:
                    options.append((best[start][0], best[start][1] + 1, start))
                if (start := runt.lowest(max(first, last_enough + 1), end - 1)) is not None:
                    options.append((best[start][0] + 1, best[start][1] + 1, start))
            runts, clips, start = min(options)
            best.append((runts, clips))
            before.append(start)
        if best[-1][0] == math.inf:
            return None
        cuts: list[int] = []
        at = before[self.count]
        while at > 0:
            cuts.append(at)
            at = before[at]
        return tuple(reversed(cuts))


class Lowest:
    """The index of the lowest value in a window whose two ends only ever move forward."""

    def __init__(self, values: Sequence[tuple[float, ...]]) -> None:
        self._values = values
        self._kept: deque[int] = deque()
        self._next = 0

    def lowest(self, first: int, last: int) -> int | None:
        while self._next <= last:
            while self._kept and self._values[self._kept[-1]] >= self._values[self._next]:
                self._kept.pop()
            self._kept.append(self._next)
            self._next += 1
        while self._kept and self._kept[0] < first:
            self._kept.popleft()
        return self._kept[0] if self._kept and first <= last else None
