"""Where a film or a sound can be cut without anybody minding: in the quiet, or where the scene changes.

FFmpeg's own `silencedetect` and `scdet`, in one pass of decoding.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Literal

from preflight.errors import BrokenMediaError
from preflight.media import AudioFacts, Source, VideoFacts, Watch, unwatched
from preflight.probers.container import media_errors, open_media
from preflight.probers.filters import chained
from preflight.probers.mending import mended
from preflight.probers.timed import pick_streams

if TYPE_CHECKING:
    from av.audio.frame import AudioFrame
    from av.filter import Graph
    from av.packet import Packet
    from av.stream import Stream
    from av.video.frame import VideoFrame

# dB of full scale: what is quieter than the first is a pause in most rooms, than the last in a studio.
_LEVELS_DB = (-30, -40, -50)
# Seconds: between two words there is less.
_SHORTEST_QUIET_S = 0.2
_QUIET_HZ = 8_000
# Of 100, as `scdet` counts: its own default is 10, and a slow change is worth less than a hard one.
_LEAST_CHANGE, _WORTH_ONE = 5.0, 10.0
_SCENE_WIDTH = 320


@dataclass(frozen=True, slots=True)
class Moment:
    """A stretch, or an instant where both ends are the same, at which it is good to cut."""

    start_s: float
    """On the source's timeline."""
    end_s: float
    score: float
    """Of a quiet stretch 1 to 3, the quieter the more; of a change of scene 0.5 to 10, the harder the more."""


def find_moments(
    source: Source, facts: AudioFacts | VideoFacts, what: Literal["quiet", "scene"], watch: Watch = unwatched
) -> tuple[Moment, ...]:
    """In no order; none where there is no sound to be quiet, or no picture to change. Damaged packets are passed over.

    `watch` is told how many seconds are done. Raises UnreadableError.
    """
    if what == "scene" and facts.kind == "audio":
        return ()
    try:
        with open_media(source, decode=True) as container:
            video, audio = pick_streams(container)
            stream = audio if what == "quiet" else video
            if stream is None:
                return ()
            stream.codec_context.thread_type = "AUTO"
            streams: list[Stream] = [s for s in (video if facts.kind == "video" else None, audio) if s is not None]
            packets = (
                p
                for p in mended(container, streams, facts.clock_jumps, facts.start_s)
                if p.stream.index == stream.index  # of a flush, only `stream` is set
            )
            frames = _decoded(packets, facts.start_s, watch)
            if what == "quiet":
                return tuple(_quiet(frames, facts.duration_s))  # type: ignore[arg-type]  # by the stream
            return tuple(_changes(frames))  # type: ignore[arg-type]  # by the stream
    except BrokenMediaError:
        return ()


def _decoded(
    packets: Iterable[Packet[Stream]], start_s: float, watch: Watch
) -> Iterator[tuple[float, AudioFrame | VideoFrame]]:
    """Each frame and when it is due on the source's timeline."""
    for packet in packets:
        try:
            with media_errors("packet"):
                frames: list[AudioFrame | VideoFrame] = packet.decode()  # type: ignore[assignment]  # no subtitles
        except BrokenMediaError:
            continue
        for frame in frames:
            if frame.time is not None:
                at_s = frame.time - start_s
                watch(max(at_s, 0.0))
                yield at_s, frame


def _quiet(frames: Iterator[tuple[float, AudioFrame]], duration_s: float | None) -> Iterator[Moment]:
    levels = [_Silence(level, float(score)) for score, level in enumerate(_LEVELS_DB, start=1)]
    end_s = 0.0
    for at_s, frame in frames:
        end_s = max(end_s, at_s + frame.samples / frame.sample_rate)
        for level in levels:
            yield from level.hear(at_s, frame)
    for level in levels:
        yield from level.end(duration_s if duration_s is not None else end_s)


class _Silence:
    """`silencedetect` at one level. It is made anew where the sound changes its format."""

    def __init__(self, level_db: int, score: float) -> None:
        self._level_db, self._score = level_db, score
        self._graph: Graph | None = None
        self._shape: tuple[object, ...] | None = None
        self._since_s: float | None = None

    def hear(self, at_s: float, frame: AudioFrame) -> Iterator[Moment]:
        shape = (frame.sample_rate, frame.layout.name, frame.format.name)
        if self._graph is None or shape != self._shape:
            self._graph, self._shape = self._made(frame), shape
        frame.time_base = Fraction(1, frame.sample_rate)
        frame.pts = round(at_s * frame.sample_rate)
        self._graph.push(frame)
        for heard in _pulled(self._graph.pull):
            said = heard.metadata
            if (start := said.get("lavfi.silence_start")) is not None:
                self._since_s = float(start)
            if (end := said.get("lavfi.silence_end")) is not None:
                yield from self.end(float(end))

    def end(self, at_s: float) -> Iterator[Moment]:
        if self._since_s is not None and at_s > self._since_s:
            yield Moment(self._since_s, at_s, self._score)
        self._since_s = None

    def _made(self, frame: AudioFrame) -> Graph:
        from av.filter import Graph

        graph = Graph()
        source = graph.add_abuffer(
            sample_rate=frame.sample_rate,
            format=frame.format.name,
            layout=frame.layout.name,
            time_base=Fraction(1, frame.sample_rate),
        )
        chained(
            graph,
            source,
            ("aformat", f"sample_fmts=flt:channel_layouts=mono:sample_rates={_QUIET_HZ}"),
            ("silencedetect", f"noise={self._level_db}dB:duration={_SHORTEST_QUIET_S}"),
            ("abuffersink", ""),
        )
        graph.configure()
        return graph


def _changes(frames: Iterator[tuple[float, VideoFrame]]) -> Iterator[Moment]:
    graph: Graph | None = None
    shape: tuple[object, ...] | None = None
    for at_s, frame in frames:
        if graph is None or shape != (frame.width, frame.height, frame.format.name):
            graph, shape = _scene_graph(frame), (frame.width, frame.height, frame.format.name)
        frame.time_base, frame.pts = Fraction(1, 1_000_000), round(at_s * 1_000_000)
        graph.vpush(frame)
        for seen in _pulled(graph.vpull):
            score = float(seen.metadata.get("lavfi.scd.score", 0))
            if score >= _LEAST_CHANGE and seen.pts is not None:
                instant_s = seen.pts / 1_000_000
                yield Moment(instant_s, instant_s, score / _WORTH_ONE)


def _scene_graph(frame: VideoFrame) -> Graph:
    from av.filter import Graph

    graph = Graph()
    source = graph.add_buffer(
        width=frame.width, height=frame.height, format=frame.format, time_base=Fraction(1, 1_000_000)
    )
    chained(
        graph,
        source,
        ("scale", f"{min(_SCENE_WIDTH, frame.width)}:-2:flags=fast_bilinear"),
        ("format", "yuv420p"),
        ("scdet", f"threshold={_LEAST_CHANGE}"),
        ("buffersink", ""),
    )
    graph.configure()
    return graph


def _pulled(pull: Callable[[], object]) -> Iterator[AudioFrame | VideoFrame]:
    import av

    while True:
        try:
            yield pull()  # type: ignore[misc]  # a frame of what the graph is of
        except (av.BlockingIOError, av.EOFError):
            return
