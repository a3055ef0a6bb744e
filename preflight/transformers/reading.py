"""A source's pictures, decoded from stretch to stretch."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain
from typing import TYPE_CHECKING

from preflight.errors import BrokenMediaError
from preflight.probers.container import media_errors
from preflight.transformers.course import Stretch
from preflight.transformers.shaping import CLOCK

if TYPE_CHECKING:
    from av.audio.frame import AudioFrame
    from av.packet import Packet
    from av.stream import Stream
    from av.video.frame import VideoFrame
    from av.video.stream import VideoStream


class Reader:
    """Goes through a source once, from stretch to stretch, and decodes what is asked for."""

    def __init__(self, packets: Iterator[Packet[Stream]], picture: VideoStream) -> None:
        self._packets, self._picture = packets, picture
        self._again: list[Packet[Stream]] = []
        """Packets of the stretch after the last, which had to be read to finish that."""
        self.time_base = picture.time_base or CLOCK
        self.damaged = 0

    def frames(self, stretch: Stretch) -> Iterator[VideoFrame]:
        """The pictures of a stretch that is later than all that were asked for, as shown: with those that hang on the
        keyframe after it, and without those that hang on the one before.
        """
        context = self._picture.codec_context
        context.flush_buffers()
        is_inside, is_beyond = stretch.start is None, False
        packets, self._again = chain(self._again, self._packets), []
        for packet in packets:
            if packet.stream.index != self._picture.index:
                continue
            is_inside = is_inside or (packet.is_keyframe and packet.pts == stretch.start)
            if not is_inside:
                continue
            if is_beyond or (stretch.end is not None and packet.is_keyframe and packet.pts == stretch.end):
                is_beyond = True
                self._again.append(packet)
            frames = decoded(packet)
            self.damaged += frames is None and not is_beyond
            for frame in frames or ():
                if stretch.end is not None and frame.pts is not None and frame.pts >= stretch.end:
                    return
                if stretch.start is not None and (frame.pts is None or frame.pts < stretch.start):
                    continue
                yield frame  # type: ignore[misc]  # by its stream


def decoded(packet: Packet[Stream]) -> list[VideoFrame | AudioFrame] | None:
    """None where it is damaged."""
    try:
        with media_errors("packet"):
            return packet.decode()  # type: ignore[return-value]  # neither subtitles nor data are demuxed
    except BrokenMediaError:
        return None
