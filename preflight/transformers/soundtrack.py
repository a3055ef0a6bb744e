"""A film's sound → AAC, in one piece, so that it goes on through every clip."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from typing import TYPE_CHECKING

from preflight.probers.filters import chained

if TYPE_CHECKING:
    from av.audio.frame import AudioFrame
    from av.audio.stream import AudioStream
    from av.container import OutputContainer
    from av.filter import Graph

# A frame of AAC has 1,024 samples, and a clip begins and ends with whole ones: at these rates one lasts 21 or 23 ms, at
# 16 kHz it would last 64, and sound would start and end that far from its picture.
_RATES = (48_000, 44_100)
_AUDIO_BITS_PER_SECOND = 128_000
# A gap is filled with so much at once, however long it is: FFmpeg's own filling holds all of it in memory.
_SILENCE_S = 1.0


def add_aac(holder: OutputContainer, sound: AudioStream) -> AudioStream:
    """A stream of stereo or mono, at 44.1 kHz where that is a multiple of the source's rate, else at 48."""
    rate = sound.codec_context.sample_rate or _RATES[0]  # nobody says, where it begins late in a broadcast
    stream = holder.add_stream("aac", rate=next((r for r in _RATES if r % rate == 0), _RATES[0]))
    stream.codec_context.layout = "mono" if sound.codec_context.layout.nb_channels == 1 else "stereo"
    stream.codec_context.bit_rate = _AUDIO_BITS_PER_SECOND
    return stream


class Resampler:
    """Sound in the encoder's format, gaps filled with silence, from the source's start on."""

    def __init__(self, audio: AudioStream, start_s: float) -> None:
        self._audio, self._start_s = audio, start_s
        self._next_s: float | None = None
        """When the next frame of the source is due, should it not say so."""
        self._next_sample: int | None = None
        """When the next frame for the encoder is due, in samples of its rate."""
        self._graph: Graph | None = None
        self._shape: tuple[object, ...] | None = None

    def __call__(self, frame: AudioFrame | None) -> Iterator[AudioFrame]:
        """None at the end of the sound."""
        if frame is None:
            yield from self._flush()
            return
        shape = (frame.sample_rate, frame.layout.name, frame.format.name)
        if self._graph is None or shape != self._shape:
            yield from self._flush()
            self._graph, self._shape = self._make_graph(frame), shape
        due_s = self._next_s or 0.0
        if frame.pts is not None and frame.time_base:
            due_s = float(frame.pts * frame.time_base) - self._start_s
            if due_s + frame.samples / frame.sample_rate <= 0:
                return  # before zero, as its picture is
        if self._next_s is not None:
            yield from self._filled_until(due_s, frame)
        yield from self._pushed(frame, due_s)

    def _filled_until(self, due_s: float, like: AudioFrame) -> Iterator[AudioFrame]:
        while self._next_s is not None and due_s - self._next_s > 2 * _SILENCE_S:
            yield from self._pushed(silence(like, round(like.sample_rate * _SILENCE_S)), self._next_s)

    def _pushed(self, frame: AudioFrame, due_s: float) -> Iterator[AudioFrame]:
        assert self._graph is not None
        frame.time_base = Fraction(1, frame.sample_rate)
        frame.pts = round(due_s * frame.sample_rate)
        self._next_s = due_s + frame.samples / frame.sample_rate
        self._graph.push(frame)
        yield from self._drain(self._graph)

    def _flush(self) -> Iterator[AudioFrame]:
        if self._graph is not None:
            self._graph.push(None)
            yield from self._drain(self._graph)
        self._graph = None

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
        graph.threads = 1
        source = graph.add_abuffer(
            sample_rate=frame.sample_rate,
            format=frame.format.name,
            layout=frame.layout.name,
            time_base=Fraction(1, frame.sample_rate),
        )
        chained(
            graph,
            source,
            # Fills gaps and drops overlaps of the timestamps, so that sound stays with its picture.
            ("aresample", f"{context.sample_rate}:async={context.sample_rate}:min_hard_comp=0.1"),
            ("aformat", f"sample_fmts=fltp:channel_layouts={context.layout.name}"),
            ("abuffersink", ""),
        )
        graph.configure()
        return graph


def silence(like: AudioFrame, samples: int) -> AudioFrame:
    """So many samples of it, in the format of another frame."""
    from av.audio.frame import AudioFrame

    frame = AudioFrame(format=like.format.name, layout=like.layout.name, samples=samples)
    frame.sample_rate = like.sample_rate
    # Of unsigned samples the middle is silent.
    silent = b"\x80" if like.format.name.startswith("u8") else b"\0"
    for plane in frame.planes:
        plane.update(silent * plane.buffer_size)
    return frame
