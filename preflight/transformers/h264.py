"""Pictures → H.264, in parts that can be joined: each starts with an IDR picture, and all have the same headers."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING

from preflight.planner import EncodeVideo
from preflight.transformers.pacing import KEYFRAME_EVERY_S, Shown
from preflight.transformers.shaping import CLOCK, LIMITED_RANGE, Colours

if TYPE_CHECKING:
    from av.container import OutputContainer
    from av.packet import Packet
    from av.stream import Stream
    from av.video.codeccontext import VideoCodecContext
    from av.video.stream import VideoStream

_CRF = "23"
_PRESET = "medium"
# However hard the picture, a clip lasts so long before it is full; the encoder may owe bits for as long as a GOP.
_LEAST_CLIP_S = 20


@dataclass(frozen=True, kw_only=True, slots=True)
class H264Settings:
    recipe: EncodeVideo
    colours: Colours
    rate: Fraction
    """Frames a second, nominally."""
    max_bytes: int
    """Of a clip."""
    reorders: bool
    """With B-frames. A container that states the times of decoding alone gives the length of a picture by those, so
    that where lengths differ much only pictures in order have their true ones."""

    @property
    def options(self) -> dict[str, str]:
        bits = str(self.max_bytes * 8 // _LEAST_CLIP_S)
        options = {
            "crf": _CRF,
            "preset": _PRESET,
            "g": str(max(1, round(self.rate * KEYFRAME_EVERY_S))),
            "maxrate": bits,
            "bufsize": bits,
        }
        return options if self.reorders else {**options, "bf": "0"}


def add_h264(holder: OutputContainer, settings: H264Settings) -> VideoStream:
    """A stream that clips are made after; it encodes nothing."""
    stream = holder.add_stream("libx264", rate=_rate(settings), options=settings.options)
    _configure(stream.codec_context, settings)
    stream.codec_context.thread_count = 1
    return stream


def _rate(settings: H264Settings) -> Fraction:
    return settings.rate.limit_denominator(1001)


def _configure(context: VideoCodecContext, settings: H264Settings) -> None:
    geometry, colours = settings.recipe.geometry, settings.colours
    context.width, context.height = geometry.width, geometry.height
    context.pix_fmt = "yuv420p"
    context.time_base = CLOCK
    context.sample_aspect_ratio = Fraction(1)
    context.colorspace = colours.matrix
    context.color_primaries, context.color_trc = colours.primaries, colours.transfer
    context.color_range = LIMITED_RANGE


class H264:
    """One part's encoder."""

    def __init__(self, settings: H264Settings, stream: VideoStream, *, threads: int) -> None:
        """`stream` is the one of `add_h264` that the packets will be said to come from; `threads` 0: as x264 likes."""
        import av
        from av.codec.context import Flags

        context = av.CodecContext.create("libx264", "w")
        assert isinstance(context, av.VideoCodecContext)
        context.options = settings.options
        context.framerate = _rate(settings)
        _configure(context, settings)
        context.flags |= Flags.global_header
        context.thread_count = threads
        self._context, self._stream = context, stream
        self._durations: dict[int | None, int] = {}
        """Of the pictures that are being encoded, by their times: not every encoder hands them on."""

    def __call__(self, shown: Shown) -> Iterator[Packet[Stream]]:
        from av.video.frame import PictureType

        frame = shown.frame
        # Never as the source had it: x264 would obey, and write a source of nothing but keyframes as one.
        frame.pict_type = PictureType.I if shown.is_key else PictureType.NONE
        frame.pts, frame.time_base, frame.duration = shown.pts, CLOCK, shown.duration
        self._durations[shown.pts] = shown.duration
        yield from self._ours(self._context.encode(frame))

    def flush(self) -> Iterator[Packet[Stream]]:
        yield from self._ours(self._context.encode(None))

    def _ours(self, packets: list[Packet[Stream]]) -> Iterator[Packet[Stream]]:
        for packet in packets:
            packet.stream = self._stream
            packet.duration = self._durations.pop(packet.pts, packet.duration or 0)
            yield packet
