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
from itertools import accumulate, pairwise
from typing import TYPE_CHECKING, NamedTuple

from preflight.media import Span, VideoFacts
from preflight.probers.container import demux
from preflight.probers.mending import Mender, mended
from preflight.probers.opening import opening_test

if TYPE_CHECKING:
    from av.container import InputContainer
    from av.packet import Packet
    from av.stream import Stream
    from av.video.stream import VideoStream

LONGEST_HOLE_S = 600.0
"""As long as the longest clip: where nothing at all starts for longer, neither picture nor sound, there is nothing to
embed. Such a hole is time of the source, unlike a jump of its clock, but is closed to `KEPT_S` instead of being filled
with hours of one picture and silence."""
KEPT_S = 1.0
"""In which the last picture is seen and the last sound is heard out."""


class Hole(NamedTuple):
    """Seconds on the source's clock, where nothing is."""

    start_s: float
    end_s: float


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
    container: InputContainer,
    picture: VideoStream,
    sound: Stream | None,
    *,
    start_s: float,
    stretch_s: float | None,
    jumps: Sequence[Span] = (),
) -> Course:
    """Leaves the container at its end. Each stretch lasts `stretch_s` at least, the last one half of it; with None
    there is one stretch.
    """
    streams = [s for s in (picture, sound) if s is not None]
    mender, opens = Mender(streams, jumps, start_s), opening_test(picture)
    pictures = Pictures()
    bases = {s.index: float(s.time_base or 1) for s in streams}
    starts_s = array("d")
    for packet in demux(container, *streams):
        if not packet.size:
            continue
        mender.mend(packet)
        if packet.pts is not None:
            starts_s.append(packet.pts * bases[packet.stream_index])
        if packet.stream_index == picture.index:
            pictures.add(packet.pts, opens=opens(packet), is_shown=not packet.is_discard)
            if packet.is_corrupt or packet.has_sidedata("new_extradata"):
                pictures.can_divide = False
    if mender.has_restarted or jumps or (container.format.name == "avi" and picture.codec_context.has_b_frames):
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


def mended_and_closed(
    container: InputContainer, streams: Sequence[Stream], facts: VideoFacts, holes: Sequence[Hole]
) -> Iterator[Packet[Stream]]:
    """The packets of `streams` in the order that they are stored, their times mended, a `Course`'s holes closed, and
    flushes at the end.
    """
    bases = {s.index: s.time_base for s in streams}
    ends_s = [hole.end_s + facts.start_s for hole in holes]
    lost_s = [0.0, *accumulate(hole.end_s - hole.start_s for hole in holes)]
    for packet in mended(container, streams, facts.clock_jumps, facts.start_s):
        shown = packet.pts if packet.pts is not None else packet.dts
        if holes and packet.size and shown is not None and (base := bases[packet.stream_index]):
            ticks = round(lost_s[bisect_right(ends_s, float(shown * base) + _SAME_S)] / base)
            packet.pts = packet.pts - ticks if packet.pts is not None else None
            packet.dts = packet.dts - ticks if packet.dts is not None else None
        yield packet
