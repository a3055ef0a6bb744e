"""How a source's clock runs, from one pass over its packets: mended where it jumps, and where it may be divided.

Every reader of a source goes through all of its packets in the order that they are stored and mends their times in the
same way, so that all agree on what is shown when; what is not a reader's own it does not decode. That costs 0.3 s for
400 MB, and depends on no container's idea of seeking.
"""

from __future__ import annotations

from array import array
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

from preflight.probers.container import demux
from preflight.probers.opening import opening_test
from preflight.probers.times import BACKWARDS_S, WRAPPED

if TYPE_CHECKING:
    from av.container import InputContainer
    from av.packet import Packet
    from av.stream import Stream
    from av.video.stream import VideoStream

LONGEST_HOLE_S = 600.0
"""As long as the longest clip: where nothing at all starts for longer, neither picture nor sound, the clock has jumped.
Such a hole is closed to `KEPT_S` instead of being filled with hours of one picture and silence."""
KEPT_S = 1.0
"""In which the last picture is seen and the last sound is heard out."""
# Of two clocks that start anew together, each continues where its stream ended; they are kept in step within this.
_IN_STEP_S = 2.0


class Hole(NamedTuple):
    """Seconds on the source's clock, where nothing is."""

    start_s: float
    end_s: float


@dataclass(slots=True)
class _Track:
    base_s: float
    raw_s: float = float("-inf")
    """When the last packet is decoded, by its own word."""
    shift_s: float = 0.0
    end_s: float = float("-inf")
    """Of what came so far, mended."""


class Clock:
    """Mends the times of packets in the order that they are stored."""

    def __init__(self, streams: Iterable[Stream], holes: Sequence[Hole] = ()) -> None:
        self._tracks = {s.index: _Track(float(s.time_base or 1)) for s in streams}
        self._ends_s = [hole.end_s for hole in holes]
        self._lost_s = [0.0]
        for hole in holes:
            self._lost_s.append(self._lost_s[-1] + hole.end_s - hole.start_s)
        self.has_restarted = False

    def mend(self, packet: Packet[Stream]) -> None:
        """A clock that starts anew goes on where its stream had ended; a hole is closed."""
        track = self._tracks[packet.stream_index]
        decoded = packet.dts if packet.dts is not None else packet.pts
        shown = packet.pts if packet.pts is not None else packet.dts
        if decoded is None or shown is None:
            return
        decoded_s, shown_s = decoded * track.base_s, shown * track.base_s
        if decoded_s < track.raw_s - BACKWARDS_S:
            self._restart(track, shown_s)
        track.raw_s = decoded_s
        length = packet.duration if packet.duration and 0 < packet.duration < WRAPPED else 0
        track.end_s = max(track.end_s, shown_s + track.shift_s + length * track.base_s)
        closed_s = self._lost_s[bisect_right(self._ends_s, shown_s + track.shift_s + _SAME_S)]
        ticks = round((track.shift_s - closed_s) / track.base_s)
        if ticks:
            packet.pts = packet.pts + ticks if packet.pts is not None else None
            packet.dts = packet.dts + ticks if packet.dts is not None else None

    def _restart(self, track: _Track, shown_s: float) -> None:
        self.has_restarted = True
        shift_s = track.end_s - shown_s
        others = (t.shift_s for t in self._tracks.values() if t is not track)
        track.shift_s = next((s for s in others if s and abs(s - shift_s) < _IN_STEP_S), shift_s)


_SAME_S = 1e-6


@dataclass(frozen=True, kw_only=True, slots=True)
class Stretch:
    """A part of the pictures that one worker decodes on its own; ticks of the stream's mended clock."""

    start: int | None = None
    """When the keyframe that it starts with is shown; None for the source's start."""
    end: int | None = None
    """When the next stretch starts; None for the source's end."""
    before: int | None = None
    """When the last picture before it is shown."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Course:
    """What one pass over the packets tells of the pictures."""

    stretches: tuple[Stretch, ...]
    """In order, at least one; together all of it."""
    holes: tuple[Hole, ...]
    longest_step_s: float
    """From any picture to the next."""
    first_s: float | None
    """When the first picture is shown, on the mended clock."""
    last_s: float | None
    """And when the last one is."""
    frame_rate: Fraction | None
    """Pictures a second, on average; None where their times do not say."""

    def source_s(self, seconds: float) -> float:
        """Seconds of what is encoded → seconds of the source, whose holes were closed."""
        for hole in self.holes:
            if seconds > hole.start_s + _SAME_S:
                seconds += hole.end_s - hole.start_s
        return seconds

    def encoded_s(self, seconds: float) -> float:
        """Seconds of the source → seconds of what is encoded."""
        return seconds - sum(max(min(seconds, hole.end_s) - hole.start_s, 0.0) for hole in self.holes)


@dataclass(slots=True)
class Pictures:
    """The times of all pictures, in the order that they are stored. Ticks."""

    times: array[int] = field(default_factory=lambda: array("q"))
    openings: list[int] = field(default_factory=list)
    """Of those that decoding can start at, and that everything before them is shown before."""
    can_divide: bool = True
    """False where something was met that only reading on from the start gets right."""
    _latest: int | None = None

    def add(self, pts: int | None, *, opens: bool, is_shown: bool) -> None:
        if pts is None:
            self.can_divide = False
            return
        if is_shown:
            if opens and self._latest is not None and pts > self._latest:
                self.openings.append(pts)
            self.times.append(pts)
        self._latest = pts if self._latest is None else max(self._latest, pts)


def read_course(
    container: InputContainer, picture: VideoStream, sound: Stream | None, *, start_s: float, stretch_s: float | None
) -> Course:
    """Leaves the container at its end. Each stretch lasts `stretch_s` at least, the last one half of it; with None
    there is one stretch.
    """
    streams = [s for s in (picture, sound) if s is not None]
    clock, opens = Clock(streams), opening_test(picture)
    pictures = Pictures()
    bases = {s.index: float(s.time_base or 1) for s in streams}
    starts_s = array("d")
    for packet in demux(container, *streams):
        if not packet.size:
            continue
        clock.mend(packet)
        if packet.pts is not None:
            starts_s.append(packet.pts * bases[packet.stream_index])
        if packet.stream_index == picture.index:
            pictures.add(packet.pts, opens=opens(packet), is_shown=not packet.is_discard)
            if packet.is_corrupt or packet.has_sidedata("new_extradata"):
                pictures.can_divide = False
    if clock.has_restarted or (container.format.name == "avi" and picture.codec_context.has_b_frames):
        pictures.can_divide = False
    holes = find_holes(starts_s)
    base = bases[picture.index]
    times = sorted(pictures.times)
    steps = [b - a for a, b in pairwise(times)]
    if holes:  # the times are those before they are closed
        steps = [step for step in steps if step * base <= LONGEST_HOLE_S]
    can_divide = pictures.can_divide and not holes and min(steps, default=0) > 0 and stretch_s is not None
    step_s = sum(steps) * base / len(steps) if steps else 0.0
    return Course(
        stretches=divide(times, pictures.openings, (stretch_s or 0.0) / base) if can_divide else (Stretch(),),
        holes=tuple(Hole(hole.start_s - start_s, hole.end_s - start_s) for hole in holes),
        longest_step_s=max(steps, default=0) * base,
        first_s=times[0] * base if times else None,
        last_s=times[-1] * base if times else None,
        frame_rate=Fraction(1 / step_s).limit_denominator(1_001) if step_s > _SAME_S else None,
    )


def find_holes(starts_s: Iterable[float]) -> tuple[Hole, ...]:
    """Where nothing starts for longer than `LONGEST_HOLE_S`, given when everything does; without what is kept of it."""
    return tuple(Hole(a + KEPT_S, b) for a, b in pairwise(sorted(starts_s)) if b - a > LONGEST_HOLE_S)


def divide(times: Sequence[int], openings: Sequence[int], least: float) -> tuple[Stretch, ...]:
    """Stretches of at least `least` ticks each, the last one of half as many at least.

    Given are the times when the pictures are shown, sorted, and those that decoding can start at.
    """
    if not times:
        return (Stretch(),)
    starts: list[int] = []
    for opening in openings:
        if opening - (starts[-1] if starts else times[0]) >= least and times[-1] - opening >= least / 2:
            starts.append(opening)
    before = [times[bisect_right(times, start - 1) - 1] for start in starts]
    return tuple(
        Stretch(start=start, end=end, before=last)
        for start, end, last in zip((None, *starts), (*starts, None), (None, *before), strict=True)
    )


def mended(
    container: InputContainer, streams: Sequence[Stream], holes: Sequence[Hole], start_s: float
) -> Iterator[Packet[Stream]]:
    """The packets of `streams` in the order that they are stored, their times mended, and flushes at the end.

    `holes` are a `Course`'s, which count from `start_s`.
    """
    clock = Clock(streams, [Hole(hole.start_s + start_s, hole.end_s + start_s) for hole in holes])
    for packet in demux(container, *streams):
        if packet.size:
            clock.mend(packet)
        yield packet
