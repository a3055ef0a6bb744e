"""Pictures that were coded and never came out of the decoder.

PyAV drops a decoder's error where a frame came out beside it, which is how one refused packet looks to a decoder that
works on several at once. So what went in is held against what came out, by time.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from av.packet import Packet
    from av.stream import Stream
    from av.video.frame import VideoFrame

# Each packet is one picture that is shown. Not so in VP8, which hides some; H.264 may have two fields a picture.
_ONE_A_PACKET = frozenset({"h264", "hevc", "vvc", "vp9", "av1", "prores", "dnxhd", "mjpeg", "ffv1"})

_MOST_WAITING = 1_000
"""More than any decoder holds back."""


class Due:
    """Follows one stream; it asks for as many numbers of memory as a decoder may hold pictures."""

    def __init__(self, codec: str) -> None:
        self._applies = codec in _ONE_A_PACKET
        self._waiting: set[int] = set()
        self._first: int | None = None
        self._last: int | None = None
        self._lost = 0

    def put_in(self, packet: Packet[Stream]) -> None:
        if not self._applies or packet.pts is None or packet.is_discard:
            return
        self._waiting.add(packet.pts)
        if len(self._waiting) > _MOST_WAITING:
            oldest = min(self._waiting)
            self._waiting.remove(oldest)
            self._lost += self._is_due(oldest)

    def came_out(self, frame: VideoFrame) -> None:
        if frame.interlaced_frame:
            self._applies = False  # two fields may have been two packets
        if frame.pts is None:
            return
        self._waiting.discard(frame.pts)
        # Before the first, a decoder leaves out what hangs on pictures that are not there.
        self._first = frame.pts if self._first is None else self._first
        self._last = frame.pts if self._last is None else max(self._last, frame.pts)

    def _is_due(self, pts: int) -> bool:
        return self._first is not None and pts >= self._first

    @property
    def lost(self) -> int:
        return self._lost + sum(map(self._is_due, self._waiting)) if self._applies else 0

    @property
    def lost_at_the_end(self) -> int:
        """Of them, those behind the last that came out."""
        last = self._last
        return sum(pts > last for pts in self._waiting) if self._applies and last is not None else 0
