"""A source's sound, decoded once: at the rate and with the channels that are asked for, in frames of an even length."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from preflight.errors import BrokenMediaError
from preflight.media import Source, Span
from preflight.probers.container import demux, media_errors, open_media
from preflight.probers.decoded import sample_bytes
from preflight.probers.filters import chained
from preflight.probers.flac import STRICTLY, FrameClock
from preflight.probers.mending import mended
from preflight.probers.timed import pick_streams
from preflight.transformers.flac import decode_frames
from preflight.transformers.pauses import Pauses
from preflight.transformers.soundtrack import silence

if TYPE_CHECKING:
    from av.audio.codeccontext import AudioCodecContext
    from av.audio.frame import AudioFrame
    from av.filter.context import FilterContext
    from av.packet import Packet
    from av.stream import Stream

# What is decoded before the graph is asked: two seconds of MP3. FFmpeg warns where a graph holds a hundred frames;
# sound that decodes to much more than it was must not wait for long.
_BATCH_FRAMES, _BATCH_SAMPLES = 96, 1 << 20
_FRAMES_PER_S = 2

# WMA's decoder gives nothing for its first two packets (93 ms): what it gives then is heard so much later. In other
# codecs such a delay is an encoder's, and skipped. Less is what containers round; more is no decoder's.
_LEAST_LATE_S, _MOST_LATE_S = 0.02, 1.0


class Sound:
    """Decodes a source at `sample_rate` Hz, mixed to `channels` (1 or 2), as `sample_format` of FFmpeg."""

    def __init__(
        self,
        source: Source,
        *,
        start_s: float | None = None,
        duration_s: float | None = None,
        jumps: Sequence[Span] = (),
        sample_rate: int,
        channels: int,
        sample_format: str,
    ) -> None:
        """`start_s`: where the source's clock starts, or None to take the first sample for that; `duration_s`: how long
        its packets last, where they were read; `jumps`: those of its clock, in seconds from `start_s`.
        """
        self._source, self._start_s, self._duration_s = source, start_s, duration_s
        self._jumps = jumps
        self._shape = (sample_format, "mono" if channels == 1 else "stereo", sample_rate)
        self._damaged = self._mended = 0
        self._silent_s = 0.0
        self._lenient: AudioCodecContext | None = None

    def damage(self) -> tuple[str, ...]:
        """What was left out until now, as a step."""
        left_out = f"left out {self._damaged} packets that could not be decoded"
        mended = f"decoded {self._mended} packets that are damaged, as far as they go"
        filled = f"filled {self._silent_s:.3f} s with silence, where there is no sound"
        return (
            *((left_out,) * bool(self._damaged)),
            *((mended,) * bool(self._mended)),
            *((filled,) * bool(self._silent_s)),
        )

    def frames(self) -> Iterator[AudioFrame]:
        """Raises BrokenMediaError where there is no sound, and UnreadableError where its bytes are gone half-way.

        To decode ahead in a thread saved a tenth of the time with a core to spare, and cost a third without.
        """
        graph: _Graph | None = None
        frames = samples = 0
        with media_errors(self._source.name), open_media(self._source, decode=True) as container:
            _, audio = pick_streams(container)
            if audio is None:
                raise BrokenMediaError("it holds no sound any more")
            if audio.codec_context.name == "flac":
                audio.codec_context.options = STRICTLY
            # In MP4 an edit list may hide a frame, which is not to be heard as silence either.
            clock = FrameClock() if container.format.name == "flac" else None
            pauses = Pauses()
            for packet in mended(container, [audio], self._jumps, self._start_s or 0.0):
                for frame in self._in_place(packet, clock, pauses):
                    shape = _shape(frame)
                    is_late = graph is None and audio.codec_context.name.startswith("wma")
                    late_s = self._late_s(frame) if is_late else 0.0
                    if graph is None or shape != graph.takes:  # a stream may change its format half-way
                        yield from graph.rest() if graph is not None else ()
                        graph = _Graph(shape, self._shape, self._duration_s if late_s else None)
                    if late_s:
                        graph.push(silence(frame, round(late_s * frame.sample_rate)))
                    graph.push(frame)
                    frames, samples = frames + 1, samples + frame.samples
                if graph is not None and (frames >= _BATCH_FRAMES or samples >= _BATCH_SAMPLES):
                    yield from graph.pulled()
                    frames = samples = 0
            yield from graph.rest() if graph is not None else ()

    def _late_s(self, first: AudioFrame) -> float:
        """How long the decoder was silent before its first frame; 0 where it was not."""
        if self._start_s is None or first.time is None:
            return 0.0
        late_s = first.time - self._start_s
        return late_s if _LEAST_LATE_S < late_s <= _MOST_LATE_S else 0.0

    def _in_place(self, packet: Packet[Stream], clock: FrameClock | None, pauses: Pauses) -> Iterator[AudioFrame]:
        """What comes of a packet, after as much silence as there is missing before it: times stay true."""
        frames = self._decoded(packet)
        if clock is None:
            for frame in frames:
                yield from self._silence(frame, pauses.before(frame))
                yield frame
            return
        if not packet.size:
            yield from frames
            return
        missing = clock.missing(packet)
        if not frames:  # it is missing before the next
            return
        if missing:
            clock.fill(missing, frames[0].sample_rate)
        yield from self._silence(frames[0], missing)
        for frame in frames:
            clock.count(frame.samples)
            yield frame

    def _silence(self, like: AudioFrame, samples: int) -> Iterator[AudioFrame]:
        """In frames of a second."""
        self._silent_s += samples / like.sample_rate
        while samples > 0:
            yield silence(like, min(samples, like.sample_rate))
            samples -= like.sample_rate

    def _decoded(self, packet: Packet[Stream]) -> list[AudioFrame]:
        try:
            frames: list[AudioFrame] = packet.decode()  # type: ignore[assignment]  # of a stream of audio
            if not packet.size or len(frames) == 1 or packet.stream.codec_context.name != "flac":
                return frames
            # A frame whose beginning is damaged is found in one packet with those behind it.
        except Exception:  # noqa: BLE001 (whatever PyAV throws: `media_errors` says what it is)
            try:
                with media_errors(self._source.name):
                    raise
            except BrokenMediaError:
                pass
        frames = self._decoded_anyway(packet)
        self._mended += bool(frames)
        self._damaged += not frames
        return frames

    def _decoded_anyway(self, packet: Packet[Stream]) -> list[AudioFrame]:
        """A frame of FLAC whose checksum is wrong lasts as long as a whole one, mostly, and so what follows stays in
        its place.
        """
        from av.codec import CodecContext

        strict = packet.stream.codec_context
        if strict.name != "flac" or not packet.size:
            return []
        if self._lenient is None:
            self._lenient = CodecContext.create("flac", "r")
            self._lenient.extradata = strict.extradata
        try:
            with media_errors(self._source.name):
                return self._lenient.decode(packet)
        except BrokenMediaError:
            return []


_Shape = tuple[str, str, int]
"""Sample format, layout and Hz."""


def _shape(frame: AudioFrame) -> _Shape:
    return frame.format.name, frame.layout.name, frame.sample_rate


def _unplaced(layout: str) -> int | None:
    """How many channels, where they are so many that FFmpeg has no place for each: they go left and right in turn."""
    count, _, unit = layout.partition(" ")
    is_known = unit != "channels" or int(count) <= _MOST_PLACED or int(count) == _HEXADECAGONAL
    return None if is_known else int(count)


_MOST_PLACED, _HEXADECAGONAL = 8, 16


class _Graph:
    """FFmpeg's filters from one shape of sound to another.

    PyAV's own resampler asks after each of the 38 frames that a second of MP3 has, and is mostly told "not yet".
    """

    def __init__(self, takes: _Shape, gives: _Shape, most_s: float | None) -> None:
        from av.filter import Graph

        self.takes = takes
        self._graph = Graph()
        self._source: FilterContext = self._graph.add_abuffer(sample_rate=takes[2], format=takes[0], layout=takes[1])
        last = self._source
        if (count := _unplaced(takes[1])) is not None:
            sides = (f"c{side}<{'+'.join(f'c{index}' for index in range(side, count, 2))}" for side in (0, 1))
            last = chained(self._graph, last, ("pan", f"stereo|{'|'.join(sides)}"))
        self._sink: FilterContext = chained(
            self._graph,
            last,
            ("aformat", f"sample_fmts={gives[0]}:channel_layouts={gives[1]}:sample_rates={gives[2]}"),
            # What a late decoder gives behind the end is padding.
            *((("atrim", f"end_sample={round(most_s * gives[2])}"),) if most_s is not None else ()),
            ("asetnsamples", f"nb_out_samples={max(gives[2] // _FRAMES_PER_S, 1)}:pad=0"),
            ("abuffersink", ""),
        )
        self._graph.configure()

    def push(self, frame: AudioFrame) -> None:
        frame.pts = None  # spans are counted in samples; a jump in the timestamps is no sound
        self._source.push(frame)

    def rest(self) -> Iterator[AudioFrame]:
        """All that is left, once."""
        self._source.push(None)
        yield from self.pulled()

    def pulled(self) -> Iterator[AudioFrame]:
        """What has become of the frames that were pushed."""
        import av
        from av.audio.frame import AudioFrame

        while True:
            try:
                frame = self._sink.pull()
            except (av.BlockingIOError, av.EOFError):
                return
            assert isinstance(frame, AudioFrame)
            frame.pts = None
            yield frame


def decode_fully(source: Source) -> None:
    """Decode all of the sound. Raises BrokenMediaError at the first packet that cannot be."""
    with open_media(source, decode=True) as container:
        _, audio = pick_streams(container)
        if audio is None:
            raise BrokenMediaError("it holds no sound any more")
        if audio.codec_context.name == "flac":
            if not decode_frames(source):
                raise BrokenMediaError("its last frame is cut off")
            return
        each = sample_bytes(audio)
        for packet in demux(container, audio):
            packet.decode()
            if packet.size % each:  # FFmpeg 8 passes over what is left, FFmpeg 5 complains
                raise BrokenMediaError("its last sample is not whole")
