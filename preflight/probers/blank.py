"""Whether there is anything to see or to hear: pictures that are all black or all the same, sound that is all silent.

Each watcher looks until it has seen enough: of a usual film the first second, so that it costs nothing beside decoding.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import av
import numpy as np

if TYPE_CHECKING:
    from av.audio.frame import AudioFrame
    from av.video.frame import VideoFrame

    Luma = np.ndarray[tuple[int, int], np.dtype[np.uint8]]
    Samples = np.ndarray[tuple[int, int], np.dtype[Any]]

# Luma from which a pixel counts as lit (black is 16 or, in full range, 0), and the share of a black picture that may
# be, for what coding leaves: not the 2 % that `blackdetect` lets pass, which hides a planet in a night sky.
_LIT, _LIT_SHARE = 32, 0.001
# What coding the same picture again and again does not change a pixel by, and the share that may change by more.
_MOVED, _MOVED_SHARE = 24, 0.001
_SILENT = 10 ** (-60 / 20)
"""-60 dBFS, `silencedetect`'s own default, as a share of full scale."""

# A picture is looked at where a grid of about this many rows and columns meets it.
_GRID = 90
_PLANAR = re.compile(r"(yuvj?4\d\dp|yuva4\d\dp|nv\d\d|gray)(?P<deep>(9|1[0-6])le)?$")
"""Pixel formats whose first plane is luma, a pixel after the other."""


class Pictures:
    """Looks at the frames of one video, in order."""

    def __init__(self) -> None:
        self._is_black = self._is_frozen = True
        self._first: Luma | None = None
        self._seen = 0

    def see(self, frame: VideoFrame) -> None:
        self._seen += 1
        if not (self._is_black or self._is_frozen):
            return
        luma = _luma(frame)
        if luma is None:
            self._is_black = self._is_frozen = False
            return
        self._is_black = self._is_black and bool(np.mean(luma >= _LIT) < _LIT_SHARE)
        if self._first is None:
            self._first = luma
        elif self._is_frozen:
            self._is_frozen = luma.shape == self._first.shape and _moved(luma, self._first) <= _MOVED_SHARE

    @property
    def is_black(self) -> bool:
        return self._seen > 0 and self._is_black

    @property
    def is_frozen(self) -> bool:
        """False where there was only one frame: that is a short video, not a frozen one."""
        return self._seen > 1 and self._is_frozen


class Sound:
    """Listens to the blocks of one sound, in order."""

    def __init__(self) -> None:
        self._is_silent = True
        self._heard = 0

    def hear(self, frame: AudioFrame) -> None:
        self._heard += 1
        if self._is_silent:
            # Not `>`: what is no number is no silence.
            self._is_silent = _peak(frame) <= _SILENT

    @property
    def is_silent(self) -> bool:
        return self._heard > 0 and self._is_silent


def _moved(luma: Luma, first: Luma) -> float:
    difference = np.abs(luma.astype(np.int16) - first)
    return float(np.mean(difference > _MOVED))


def _luma(frame: VideoFrame) -> Luma | None:
    """A grid of the picture's luma, 0 to 255; None where FFmpeg cannot say."""
    step = max(1, min(frame.width, frame.height) // _GRID)
    plane = frame.planes[0]
    match = _PLANAR.match(frame.format.name)
    if match is None or plane.line_size <= 0:  # RGB, packed, big-endian, or stored upside down
        try:
            grey = frame.reformat(max(1, frame.width // step), max(1, frame.height // step), format="gray")
        except (av.FFmpegError, ValueError):
            return None
        return _plane(grey, np.uint8).copy()
    if match["deep"] is None:
        return _plane(frame, np.uint8)[::step, ::step].copy()
    deep = _plane(frame, np.uint16)[::step, ::step]
    return (deep >> (frame.format.components[0].bits - 8)).astype(np.uint8)


def _plane(frame: VideoFrame, kind: type[np.uint8 | np.uint16]) -> Samples:
    """The first plane, without what pads its rows."""
    plane = frame.planes[0]
    rows: Samples = np.frombuffer(memoryview(plane), kind).reshape(-1, plane.line_size // np.dtype(kind).itemsize)
    return rows[: frame.height, : frame.width]


def _peak(frame: AudioFrame) -> float:
    """The loudest sample as a share of full scale; infinite where that cannot be told."""
    try:
        samples = frame.to_ndarray()
    except ValueError:  # a sample format that numpy has no name for
        return float("inf")
    if not samples.size:
        return 0.0
    low, high = float(samples.min()), float(samples.max())
    match samples.dtype.kind:
        case "f":
            return max(-low, high)
        case "u":  # 8 bit: silence is in the middle
            return max(128 - low, high - 128) / 128
        case _:
            return max(-low, high) / float(1 << (8 * samples.dtype.itemsize - 1))
