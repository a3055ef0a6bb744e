"""Video decoded, put upright, into shape, and encoded once: H.264 and AAC in MP4, clips closed at the caps."""

from __future__ import annotations

import io
from collections.abc import Iterator
from fractions import Fraction
from itertools import pairwise
from typing import TYPE_CHECKING

from preflight.errors import BrokenMediaError
from preflight.media import Fidelity, Source, Span, VideoFacts
from preflight.planner import EncodeVideo
from preflight.planner.cuts import Caps
from preflight.probers.container import demux, media_errors, open_media
from preflight.probers.timed import pick_streams
from preflight.probers.units import units_of
from preflight.transformers.interface import Output, Watch, unwatched
from preflight.transformers.muxing import mux
from preflight.transformers.open_gops import copy_of
from preflight.transformers.packer import clips_under

if TYPE_CHECKING:
    from av.audio.frame import AudioFrame
    from av.audio.stream import AudioStream
    from av.container import InputContainer, OutputContainer
    from av.filter import Graph
    from av.packet import Packet
    from av.stream import Stream
    from av.video.codeccontext import VideoCodecContext
    from av.video.frame import VideoFrame
    from av.video.stream import VideoStream

# MPEG's own clock, in which every usual frame rate is a whole number of ticks.
_CLOCK = Fraction(1, 90_000)
_CRF = "23"
_KEYFRAME_EVERY_S = 4
_KEYFRAME_TICKS = round(_KEYFRAME_EVERY_S / _CLOCK)
# However hard the picture, a clip lasts so long before it is full; the encoder may owe bits for as long as a GOP.
_LEAST_CLIP_S = 20
# A rate that no camera has is a header's fancy (90,000 is seen), which x264 would take as a promise.
_MOST_FRAMES_PER_SECOND = 240
_AUDIO_RATES = (48_000, 44_100, 32_000, 24_000, 22_050, 16_000, 12_000, 11_025, 8_000)
_AUDIO_BITS_PER_SECOND = 128_000


def encode_video(
    source: Source, facts: VideoFacts, recipe: EncodeVideo, caps: Caps, watch: Watch = unwatched
) -> Iterator[Output]:
    """One output a clip, in order; the first is ready long before the last. Raises BrokenMediaError.

    What a damaged source cannot give any more is skipped; that nothing could be decoded at all is an error.
    """
    with open_media(source, decode=True) as container:
        encoder = _Encoder(container, facts, recipe, max_bytes=caps.max_bytes)
        units = units_of(encoder.packets(), encoder.video.index, with_audio=encoder.audio is not None, start_s=0.0)
        is_empty = True
        for clip in clips_under(units, caps, overlap_s=recipe.overlap_s, cuts_s=recipe.cuts_s, copy=copy_of):
            base_s = clip[0].start_s
            length_s = sum(unit.duration_s for unit in clip)
            data = mux("mp4", encoder.templates, [p for unit in clip for p in unit.coded], base_s)
            yield Output(
                media=Source.of(data, name=source.name),
                span=Span(base_s, base_s + length_s),
                fidelity=Fidelity.TRANSCODED,
                steps=encoder.steps,
            )
            watch(base_s + length_s)
            is_empty = False
        if is_empty:
            raise BrokenMediaError("not one frame could be decoded")


class _Encoder:
    """Decodes, filters and encodes one source, in step: at most a few frames are in memory."""

    def __init__(self, container: InputContainer, facts: VideoFacts, recipe: EncodeVideo, *, max_bytes: int) -> None:
        import av

        picture, sound = pick_streams(container)
        if picture is None:
            raise BrokenMediaError("it holds no picture any more")
        self._container = container
        self._picture, self._sound = picture, sound
        self._facts, self._recipe = facts, recipe
        self._rate = min(facts.frame_rate or Fraction(25), Fraction(_MOST_FRAMES_PER_SECOND))
        self._bits_per_second = max_bytes * 8 // _LEAST_CLIP_S
        # Never written: it only holds the encoders' streams, which the clips are made after.
        self._holder: OutputContainer = av.open(io.BytesIO(), "w", format="mp4")
        self.video = self._add_video()
        self.audio = self._add_audio(sound) if sound is not None else None
        self._holder.start_encoding()
        self.templates: dict[int, Stream] = {s.index: s for s in (self.video, self.audio) if s is not None}
        self._graph: Graph | None = None
        self._shape: tuple[object, ...] | None = None
        self._last: VideoFrame | None = None
        self._last_pts = -1
        self._key_pts = -_KEYFRAME_TICKS
        self._damaged = 0
        self._step = max(1, round(1 / (_CLOCK * self._rate)))

    @property
    def steps(self) -> tuple[str, ...]:
        size = f"{self._recipe.geometry.width}x{self._recipe.geometry.height}"
        encoded = f"encoded H.264 {size}" + (" and AAC" if self.audio is not None else "")
        return (encoded, f"left out {self._damaged} packets that could not be decoded") if self._damaged else (encoded,)

    def packets(self) -> Iterator[Packet[Stream]]:
        """Encoded packets of both streams, on a clock that starts with the source's."""
        streams: list[Stream] = [s for s in (self._picture, self._sound) if s is not None]
        resample = _Resampler(self.audio, self._facts.start_s) if self.audio is not None else None
        for packet in demux(self._container, *streams):
            for frame in self._decoded(packet):
                if packet.stream.index == self._picture.index:  # of a flush, only `stream` is set
                    yield from self._encode_picture(frame)  # type: ignore[arg-type]  # by its stream
                elif resample is not None and self.audio is not None:
                    for block in resample(frame):  # type: ignore[arg-type]  # by its stream
                        yield from self.audio.encode(block)
        yield from self._flush_graph()
        if self._last is not None:
            yield from self._held_until(round((self._facts.duration_s or 0.0) / _CLOCK))
        yield from self._encoded(None)
        if resample is not None and self.audio is not None:
            for block in resample(None):
                yield from self.audio.encode(block)
            yield from self.audio.encode(None)

    def _decoded(self, packet: Packet[Stream]) -> list[VideoFrame | AudioFrame]:
        try:
            with media_errors("packet"):
                return packet.decode()  # type: ignore[return-value]  # neither subtitles nor data are demuxed
        except BrokenMediaError:
            self._damaged += 1
            return []

    def _add_video(self) -> VideoStream:
        bits = str(self._bits_per_second)
        stream = self._holder.add_stream(
            "libx264",
            rate=self._rate.limit_denominator(1001),
            options={
                "crf": _CRF,
                "preset": "medium",
                "g": str(max(1, round(self._rate * _KEYFRAME_EVERY_S))),
                "maxrate": bits,
                "bufsize": bits,
            },
        )
        stream.width, stream.height = self._recipe.geometry.width, self._recipe.geometry.height
        stream.pix_fmt = "yuv420p"
        stream.codec_context.time_base = _CLOCK
        context, source = stream.codec_context, self._picture.codec_context
        context.sample_aspect_ratio = Fraction(1)
        # What the numbers of the picture mean as colours; without it a player guesses by the size.
        context.colorspace, self._matrix = _matrix(source)
        context.color_primaries, context.color_trc = source.color_primaries, source.color_trc
        context.color_range = _LIMITED_RANGE
        return stream

    def _add_audio(self, sound: AudioStream) -> AudioStream:
        rate = sound.codec_context.sample_rate
        nearest = next((r for r in reversed(_AUDIO_RATES) if r >= rate), _AUDIO_RATES[0])
        stream = self._holder.add_stream("aac", rate=nearest)
        stream.codec_context.layout = "mono" if sound.codec_context.layout.nb_channels == 1 else "stereo"
        stream.codec_context.bit_rate = _AUDIO_BITS_PER_SECOND
        return stream

    def _encode_picture(self, frame: VideoFrame) -> Iterator[Packet[Stream]]:
        # A stream may change its size half-way: the filters are made anew for it, the encoder stays.
        shape = (frame.width, frame.height, frame.format.name, frame.time_base)
        if self._graph is None or shape != self._shape:
            yield from self._flush_graph()
            self._graph, self._shape = self._make_graph(frame), shape
        self._graph.vpush(frame)
        yield from self._drain(self._graph)

    def _flush_graph(self) -> Iterator[Packet[Stream]]:
        if self._graph is not None:
            self._graph.vpush(None)
            yield from self._drain(self._graph)

    def _drain(self, graph: Graph) -> Iterator[Packet[Stream]]:
        import av

        while True:
            try:
                frame = graph.vpull()
            except (av.BlockingIOError, av.EOFError):
                return
            pts = self._due(frame)
            yield from self._held_until(pts)
            yield from self._shown(frame, pts)

    def _held_until(self, pts: int) -> Iterator[Packet[Stream]]:
        """A picture that stands for long is shown again at each keyframe due, so that it can be cut there."""
        while self._last is not None and pts - self._last_pts > _KEYFRAME_TICKS:
            yield from self._shown(self._last, self._last_pts + _KEYFRAME_TICKS)

    def _shown(self, frame: VideoFrame, pts: int) -> Iterator[Packet[Stream]]:
        from av.video.frame import PictureType

        # By time and not by count, as the rate may vary; and never as the source had it: x264 would obey, and write
        # a source of nothing but keyframes as one.
        is_key = pts - self._key_pts >= _KEYFRAME_TICKS
        self._key_pts = pts if is_key else self._key_pts
        frame.pict_type = PictureType.I if is_key else PictureType.NONE
        frame.pts, frame.time_base = pts, _CLOCK
        self._last, self._last_pts = frame, pts
        yield from self._encoded(frame)

    def _encoded(self, frame: VideoFrame | None) -> Iterator[Packet[Stream]]:
        for packet in self.video.encode(frame):
            packet.duration = packet.duration or self._step  # or the last frame of a clip would last no time
            yield packet

    def _due(self, frame: VideoFrame) -> int:
        """The frame's time on the encoder's clock, later than that of the one before it."""
        if frame.pts is None or not frame.time_base or not self._facts.has_timestamps:
            pts = self._last_pts + self._step if self._last_pts >= 0 else 0
        else:
            pts = round((float(frame.pts * frame.time_base) - self._facts.start_s) / _CLOCK)
        # Times that stand still or go backwards: half a frame on, so that what follows can catch up.
        earliest = self._last_pts + max(1, self._step // 2) if self._last_pts >= 0 else 0
        return pts if pts > self._last_pts >= 0 else max(pts, earliest)

    def _make_graph(self, frame: VideoFrame) -> Graph:
        from av.filter import Graph

        geometry = self._recipe.geometry
        chain: list[tuple[str, str]] = []
        match self._recipe.rotation:
            case 90:
                chain.append(("transpose", "clock"))
            case 180:
                chain += [("hflip", ""), ("vflip", "")]
            case 270:
                chain.append(("transpose", "cclock"))
        chain += [
            # fast_bilinear costs 14 VMAF points and saves no time; setsar, or the displayed ratio stays as it was.
            # The filter does not pass on what it is not told, and would make BT.601 of everything.
            ("scale", f"{geometry.scale_width}:{geometry.scale_height}:flags=bicubic:out_range=tv{self._matrix}"),
            ("setsar", "1"),
            ("crop", f"{geometry.crop_width}:{geometry.crop_height}"),
            ("pad", f"{geometry.width}:{geometry.height}:(ow-iw)/4*2:(oh-ih)/4*2"),
            ("format", "yuv420p"),
        ]
        graph = Graph()
        last = graph.add_buffer(
            width=frame.width,
            height=frame.height,
            format=frame.format,
            time_base=frame.time_base or _CLOCK,
        )
        for name, arguments in chain:
            node = graph.add(name, arguments)
            last.link_to(node)
            last = node
        last.link_to(graph.add("buffersink"))
        graph.configure()
        return graph


# FFmpeg's numbers of colour matrices (ITU-T H.273), and the scale filter's names for those that it can write.
_RGB, _BT709, _UNSPECIFIED, _LIMITED_RANGE = 0, 1, 2, 1
_MATRICES = {_BT709: "bt709", 4: "fcc", 5: "bt470", 6: "smpte170m", 7: "smpte240m", 9: "bt2020"}


def _matrix(source: VideoCodecContext) -> tuple[int, str]:
    """(the number to be written, the option for the filter): the source's own; for RGB, the one that is usual."""
    is_rgb = source.colorspace == _RGB or (source.format is not None and source.format.is_rgb)
    number = _BT709 if is_rgb else source.colorspace
    if number not in _MATRICES:
        return _UNSPECIFIED, ""
    return number, f":out_color_matrix={_MATRICES[number]}"


class _Resampler:
    """Sound in the encoder's format, gaps filled with silence, from the source's start on."""

    def __init__(self, audio: AudioStream, start_s: float) -> None:
        self._audio, self._start_s = audio, start_s
        self._next_s = 0.0
        """When the next frame of the source is due, should it not say so."""
        self._next_sample: int | None = None
        """When the next frame for the encoder is due, in samples of its rate."""
        self._graph: Graph | None = None
        self._shape: tuple[object, ...] | None = None

    def __call__(self, frame: AudioFrame | None) -> Iterator[AudioFrame]:
        if frame is None:
            yield from self._flush()
            return
        if frame.pts is not None and frame.time_base:
            self._next_s = float(frame.pts * frame.time_base) - self._start_s
        frame.time_base = Fraction(1, frame.sample_rate)
        frame.pts = round(self._next_s * frame.sample_rate)
        shape = (frame.sample_rate, frame.layout.name, frame.format.name)
        if self._graph is None or shape != self._shape:
            yield from self._flush()
            self._graph, self._shape = self._make_graph(frame), shape
        self._next_s += frame.samples / frame.sample_rate
        self._graph.push(frame)
        yield from self._drain(self._graph)

    def _flush(self) -> Iterator[AudioFrame]:
        if self._graph is not None:
            self._graph.push(None)
            yield from self._drain(self._graph)

    def _drain(self, graph: Graph) -> Iterator[AudioFrame]:
        import av

        while True:
            try:
                frame: AudioFrame = graph.pull()  # type: ignore[assignment]  # an audio graph pulls audio
            except (av.BlockingIOError, av.EOFError):
                return
            # Gaps are filled by now, so the samples are the clock; the filter's own times waver by some of them.
            if self._next_sample is None:
                self._next_sample = frame.pts or 0
            frame.pts = self._next_sample
            self._next_sample += frame.samples
            yield frame

    def _make_graph(self, frame: AudioFrame) -> Graph:
        from av.filter import Graph

        context = self._audio.codec_context
        graph = Graph()
        chain = (
            graph.add_abuffer(
                sample_rate=frame.sample_rate,
                format=frame.format.name,
                layout=frame.layout.name,
                time_base=frame.time_base,
            ),
            # Fills gaps and drops overlaps of the timestamps, so that sound stays with its picture.
            graph.add("aresample", f"{context.sample_rate}:async={context.sample_rate}:min_hard_comp=0.1"),
            graph.add("aformat", f"sample_fmts=fltp:channel_layouts={context.layout.name}"),
            graph.add("abuffersink"),
        )
        for a, b in pairwise(chain):
            a.link_to(b)
        graph.configure()
        return graph
