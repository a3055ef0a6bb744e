"""Where a source's times say that there is nothing: silence is put there, so that what follows stays in its place.

A packet that lasts longer than what it decodes to, packets that are not there, packets that cannot be decoded: players
wait, and so do the times of a source. What is counted in samples, as spans of clips are, would run ahead of them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from av.audio.frame import AudioFrame

_ROUNDED_S = 0.02
"""What clocks round, and recorders are late; less than two frames of any codec."""
_MOST_S = 600.0
"""Of one source, in all: times that jump must not make hours of silence."""


class Pauses:
    """Follows the decoded frames of one stream, whose packets' times are mended."""

    def __init__(self) -> None:
        self._due_s: float | None = None
        """When the next frame would follow the last at once."""
        self._pts: int | None = None
        self._left_s = _MOST_S

    def before(self, frame: AudioFrame) -> int:
        """Samples that are missing before this frame; it counts as passed then, and they do."""
        length_s = frame.samples / frame.sample_rate
        missing_s = 0.0
        # Frames of one packet (APE) bear the same time.
        if frame.pts is not None and frame.time_base and frame.pts != self._pts:
            start_s, self._pts = float(frame.pts * frame.time_base), frame.pts
            self._due_s = start_s if self._due_s is None else self._due_s
            if _ROUNDED_S < start_s - self._due_s <= self._left_s:
                missing_s = start_s - self._due_s
        self._left_s -= missing_s
        if self._due_s is not None:
            self._due_s += missing_s + length_s
        return round(missing_s * frame.sample_rate)
