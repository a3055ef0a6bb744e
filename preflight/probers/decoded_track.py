"""One stream while it is decoded: how far it came, and what of it was damaged."""

from __future__ import annotations

from typing import TYPE_CHECKING

from preflight.probers.times import BACKWARDS_S

if TYPE_CHECKING:
    from av.audio.frame import AudioFrame
    from av.video.frame import VideoFrame

# A decoder that was cut off in a packet has one frame that is not whole, or a few where fields or slices are packets.
_MOST_CUT_OFF = 3
# How much longer than any before it a frame must last to be disbelieved.
_STILL_S, _STILL_TIMES = 10.0, 10


class DecodedTrack:
    """How far one stream came, and what was damaged. Where its clock starts anew, what follows is played after it."""

    def __init__(self, from_s: float) -> None:
        self._from_s = from_s
        """Where the source's own timeline starts."""
        self._shown_from_s = min(from_s, 0.0)
        """Below zero is what a decoder needs and nobody is shown; but a transport stream counts on through its zero."""
        self.frames = 0
        self._good = 0
        self._damaged = 0
        self._missed = 0
        self._tail = 0
        """Of the damaged, those behind the last good frame."""
        self._broke_off = False
        self._good_end_s = from_s
        self._pts: int | None = None
        self._shift_s = 0.0
        self._longest_s = 0.0
        """Of the frames but the last."""
        self._last: tuple[float, float] | None = None
        """Start and length of the frame that came last."""
        self.start_s = float("inf")
        self.end_s = from_s

    @property
    def duration_s(self) -> float | None:
        return None if self._last is None else round(max(self.end_s - self.start_s, 0.0), 6)

    @property
    def damaged_frames(self) -> int:
        return self._damaged - self._tail if self._is_cut_off() else self._damaged

    @property
    def truncated_at_s(self) -> float | None:
        is_cut = self._broke_off or self._is_cut_off()
        return max(round(self._good_end_s - self._from_s, 6), 0.0) if is_cut else None

    def _is_cut_off(self) -> bool:
        return 0 < self._tail <= _MOST_CUT_OFF and self._good > 0

    def take(self, frame: VideoFrame | AudioFrame, length_s: float) -> None:
        self.frames += 1
        self._follow(frame, length_s)
        if frame.is_corrupt:
            self._damaged += 1
            self._tail += 1
        else:
            self._good += 1
            self._tail = 0
            self._good_end_s = self.end_s

    def miss(self) -> None:
        """Nothing came of a packet."""
        self._missed += 1
        self._damaged += 1
        self._tail += 1

    def mistrust(self, pictures: int) -> None:
        """So many came out, or will, as if they were whole, and are not."""
        self._damaged += pictures

    def lose(self, pictures: int, *, at_the_end: int) -> None:
        """So many never came out; what was missed already is among them."""
        if (more := pictures - self._missed) > 0:
            self._damaged += more
            self._tail = max(self._tail, at_the_end)

    def break_off(self) -> None:
        """The file cannot be read any further."""
        self._broke_off = True

    def _follow(self, frame: VideoFrame | AudioFrame, length_s: float) -> None:
        start_s = self._start_of(frame)
        if start_s is None:
            return
        if self._last is not None:
            self._longest_s = max(self._longest_s, self._last[1])
            if start_s < self._last[0] - BACKWARDS_S:
                self._shift_s += self.end_s - start_s
                start_s = self.end_s
        # In MP4, FFmpeg gives the last frame all that a false header promises beyond it.
        if self._longest_s > 0 and length_s > max(_STILL_S, _STILL_TIMES * self._longest_s):
            length_s = self._longest_s
        self._last = (start_s, length_s)
        self.start_s = min(self.start_s, max(start_s, self._shown_from_s))
        self.end_s = max(self.end_s, start_s + length_s)

    def _start_of(self, frame: VideoFrame | AudioFrame) -> float | None:
        """Frames of one packet of sound (APE), or all of them (WMA), may have no times of their own."""
        if frame.pts is None or not frame.time_base or (frame.pts == self._pts and hasattr(frame, "samples")):
            return self.end_s if self._last is not None or hasattr(frame, "samples") else None
        self._pts = frame.pts
        return float(frame.pts * frame.time_base) + self._shift_s
