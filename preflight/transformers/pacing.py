"""When each picture of an encode is shown, and for how long."""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from fractions import Fraction
from typing import TYPE_CHECKING, NamedTuple, TypeVar

from preflight.transformers.shaping import CLOCK

if TYPE_CHECKING:
    from av.video.frame import VideoFrame

P = TypeVar("P")

KEYFRAME_EVERY_S = 4
KEYFRAME_TICKS = round(KEYFRAME_EVERY_S / CLOCK)
_LATE_TICKS = round(1 / CLOCK)
"""How much later than due a keyframe may come, so that no picture is shown twice that would make room soon."""


def ticks(seconds: float) -> int:
    """Of the encoder's clock."""
    return round(seconds / CLOCK)


def from_zero(timed: Iterable[tuple[int | None, P]]) -> Iterator[tuple[int | None, P]]:
    """Without the pictures that nobody is shown, as they want to be shown before zero; the last of them stands at zero
    until the next one comes.
    """
    before: P | None = None
    for wanted, picture in timed:
        if wanted is not None and wanted < 0:
            before = picture
            continue
        if before is not None and wanted != 0:
            yield 0, before
        before = None
        yield wanted, picture
    if before is not None:
        yield 0, before


class Pacer:
    """Gives decoded pictures their times on the encoder's clock, and leaves out those above the frame rate.

    Times that stand still or go backwards are moved half a frame on, so that what follows can catch up.
    """

    def __init__(self, *, step: int, slots: Slots | None, before: int | None) -> None:
        """`step`: ticks of a frame at the nominal rate. `before`: the time of the picture before the first."""
        self._step, self._slots = step, slots
        self._slot = slots.slot(before) if slots is not None and before is not None else None
        self._last: int | None = None

    def due(self, wanted: int | None) -> int | None:
        """The time of a picture that wants to be shown then, or does not know when; None where it is left out."""
        if self._last is None:
            pts = max(wanted or 0, 0)
        elif wanted is None:
            pts = self._last + self._step
        else:
            pts = wanted if wanted > self._last else self._last + max(1, self._step // 2)
        self._last = pts
        if self._slots is not None:
            before, self._slot = self._slot, self._slots.slot(pts)
            if before is not None and self._slot <= before:
                return None
        return pts


class Slots(NamedTuple):
    """Even slots of time, of each of which the first picture is kept. They are absolute, so that whoever encodes a
    part of a film keeps the same pictures as who encodes all of it.
    """

    first: int
    """Ticks: when the film's first picture is shown."""
    rate: Fraction
    """Slots a second."""
    source_rate: Fraction
    """Pictures a second of the source: in each slot they stand as far from its ends as can be, whatever the rounding
    of their times."""

    def slot(self, pts: int) -> int:
        return math.floor((pts - self.first) * CLOCK * self.rate + self.rate / self.source_rate / 2)


class Shown(NamedTuple):
    frame: VideoFrame
    pts: int
    duration: int
    is_key: bool


class Exhibition:
    """Pictures with their lengths. One that stands for long is shown again at each keyframe due, so that it can be
    cut there. Keyframes are counted by time, as the rate may vary; besides, the first picture at or after each wished
    cut is one.
    """

    def __init__(self, wishes: Sequence[int] = ()) -> None:
        """`wishes`: times that rise, at which it should be possible to cut."""
        self._wishes = wishes
        self._wished = 0
        """Of them, those that are met."""
        self._frame: VideoFrame | None = None
        self._pts = 0
        self._key_pts: int | None = None
        self._own = 0

    def open(self, frame: VideoFrame) -> None:
        """A picture from the very start on, until the first comes."""
        self._frame, self._pts, self._own = frame, 0, 0

    def show(self, frame: VideoFrame, pts: int, own: int) -> Iterator[Shown]:
        """The picture before it, now that its length is known. `own`: ticks that it wants to be shown itself; 0 if
        it does not say.
        """
        yield from self._until(pts)
        self._frame, self._pts, self._own = frame, pts, own

    def end(self, pts: int | None, step: int) -> Iterator[Shown]:
        """The last picture; it stands until `pts`, where that is known and one that lasts no more than itself does not
        do, else as long as it says itself, or for one step.
        """
        if self._frame is None:
            return
        own = self._own or step
        if pts is not None and pts > self._pts:
            own = pts - self._pts if pts - self._pts > KEYFRAME_TICKS else min(own, pts - self._pts)
        yield from self._until(self._pts + own)
        self._frame = None

    def closed(self, pts: int) -> Iterator[Shown]:
        """The last picture of a stretch, up to the next."""
        yield from self._until(pts)
        self._frame = None

    def _until(self, pts: int) -> Iterator[Shown]:
        while self._frame is not None:
            wished, self._wished = self._wished, bisect_right(self._wishes, self._pts)
            is_key = self._key_pts is None or self._pts - self._key_pts >= KEYFRAME_TICKS or self._wished > wished
            self._key_pts = self._pts if is_key or self._key_pts is None else self._key_pts
            length, due = pts - self._pts, self._key_pts + KEYFRAME_TICKS
            if pts > due + _LATE_TICKS:  # it is shown again, so that can be when it helps most
                following = self._wishes[self._wished : self._wished + 1]
                length = min((*following, due)) - self._pts
            yield Shown(self._frame, self._pts, length, is_key)
            self._pts += length
            if self._pts >= pts:
                return
