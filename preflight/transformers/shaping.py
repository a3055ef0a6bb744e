"""Decoded pictures → pictures for the encoder: upright, progressive, SDR, scaled, in shape, 4:2:0 in 8 bit."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from typing import TYPE_CHECKING

from preflight.planner import EncodeVideo
from preflight.probers.filters import chained
from preflight.transformers.tone import AFTER_TABLE, LEVEL, table_frame

if TYPE_CHECKING:
    from av.filter import Graph
    from av.filter.context import FilterContext
    from av.video.codeccontext import VideoCodecContext
    from av.video.frame import VideoFrame

CLOCK = Fraction(1, 90_000)
"""MPEG's own clock, in which every usual frame rate is a whole number of ticks."""


def black(width: int, height: int) -> VideoFrame:
    """A picture for the encoder where there is none. Even sizes, in pixels."""
    from av.video.frame import VideoFrame

    frame = VideoFrame(width, height, "yuv420p")
    for plane, level in zip(frame.planes, (_BLACK, _GREY, _GREY), strict=True):
        plane.update(bytes([level]) * plane.buffer_size)
    return frame


_BLACK, _GREY = 16, 128
"""Of limited range."""


class Colours:
    """What the numbers of the encoded picture mean, by ITU-T H.273; without it a player guesses by the size."""

    def __init__(self, source: VideoCodecContext, recipe: EncodeVideo) -> None:
        if recipe.tone_map is not None:
            self.matrix = self.primaries = self.transfer = _BT709
        else:
            is_rgb = source.colorspace == _RGB or (source.format is not None and source.format.is_rgb)
            # For RGB, the matrix that is usual.
            number = _BT709 if is_rgb else source.colorspace
            self.matrix = number if number in _MATRICES else _UNSPECIFIED
            self.primaries, self.transfer = source.color_primaries, source.color_trc

    @property
    def scaled_to(self) -> str:
        """The scale filter does not pass on what it is not told, and would make BT.601 of everything."""
        known = f":out_color_matrix={_MATRICES[self.matrix]}" if self.matrix in _MATRICES else ""
        return f":out_range=tv{known}"


# FFmpeg's numbers of colour matrices (ITU-T H.273), and the scale filter's names for those that it can write.
_RGB, _BT709, _UNSPECIFIED = 0, 1, 2
LIMITED_RANGE = 1
_BT2020 = 9
_MATRICES = {_BT709: "bt709", 4: "fcc", 5: "bt470", 6: "smpte170m", 7: "smpte240m", _BT2020: "bt2020"}


class Shaper:
    """FFmpeg's filters for one encoder. Alpha is left out and the colours under it are kept, as FFmpeg's own VP9
    decoder and every player without a background do.
    """

    def __init__(self, recipe: EncodeVideo, colours: Colours, *, threads: int) -> None:
        self._recipe, self._colours, self._threads = recipe, colours, threads
        self._graph: Graph | None = None
        self._shape: tuple[object, ...] | None = None

    def __call__(self, frame: VideoFrame) -> Iterator[VideoFrame]:
        """`frame` has its time on `CLOCK`; what comes out has, too."""
        # A stream may change its size half-way: the filters are made anew for it, the encoder stays.
        shape = (frame.width, frame.height, frame.format.name)
        if self._graph is None or shape != self._shape:
            yield from self.flush()
            self._graph, self._shape = self._make(frame), shape
        self._graph.vpush(frame, 0)
        yield from self._drain(self._graph)

    def flush(self) -> Iterator[VideoFrame]:
        if self._graph is not None:
            self._graph.vpush(None, 0)
            yield from self._drain(self._graph)
        self._graph = None

    @staticmethod
    def _drain(graph: Graph) -> Iterator[VideoFrame]:
        import av

        while True:
            try:
                frame = graph.vpull()
            except (av.BlockingIOError, av.EOFError):
                return
            # The deinterlacer counts in halves.
            finer = (frame.time_base or CLOCK) / CLOCK
            frame.pts, frame.duration = round((frame.pts or 0) * finer), round(frame.duration * finer)
            frame.time_base = CLOCK
            yield frame

    def _make(self, frame: VideoFrame) -> Graph:
        from av.filter import Graph

        graph = Graph()
        graph.threads = self._threads
        last = graph.add_buffer(width=frame.width, height=frame.height, format=frame.format, time_base=CLOCK)
        last = chained(graph, last, *self._before_scaling(frame))
        geometry = self._recipe.geometry
        # fast_bilinear costs 14 VMAF points and saves no time; setsar, or the displayed ratio stays as it was.
        scale = f"{geometry.scale_width}:{geometry.scale_height}:flags=bicubic"
        if self._recipe.tone_map is None:
            last = chained(graph, last, ("scale", scale + self._colours.scaled_to))
        else:
            last = self._tone_mapped(graph, chained(graph, last, ("scale", scale + _matrix_of(frame))))
        chained(
            graph,
            last,
            ("setsar", "1"),
            ("crop", f"{geometry.crop_width}:{geometry.crop_height}"),
            ("pad", f"{geometry.width}:{geometry.height}:(ow-iw)/4*2:(oh-ih)/4*2"),
            ("format", "yuv420p"),
            ("buffersink", ""),
        )
        graph.configure()
        if self._recipe.tone_map is not None:
            table = table_frame(self._recipe.tone_map)
            table.pts, table.time_base = 0, CLOCK
            graph.vpush(table, 1)
            graph.vpush(None, 1)
        return graph

    def _before_scaling(self, frame: VideoFrame) -> list[tuple[str, str]]:
        chain: list[tuple[str, str]] = []
        if self._recipe.deinterlace is not None and min(frame.width, frame.height) >= _LEAST_FIELD:
            frames = "all" if self._recipe.deinterlace == "all" else "interlaced"
            chain.append(("bwdif", f"mode=send_frame:deint={frames}"))
        match self._recipe.rotation:
            case 90:
                chain.append(("transpose", "clock"))
            case 180:
                chain += [("hflip", ""), ("vflip", "")]
            case 270:
                chain.append(("transpose", "cclock"))
        return chain

    def _tone_mapped(self, graph: Graph, scaled: FilterContext) -> FilterContext:
        """By a table of colours, which is the graph's second source."""
        from av.video.format import VideoFormat

        side = LEVEL**3
        table = graph.add_buffer(width=side, height=side, format=VideoFormat("rgb48le"), time_base=CLOCK)
        last = chained(graph, scaled, ("format", "rgb48le"))
        mapped = graph.add("haldclut", "clut=first:interp=tetrahedral")
        last.link_to(mapped, 0, 0)
        table.link_to(mapped, 0, 1)
        lifted = ":".join(f"{channel}={AFTER_TABLE}" for channel in "rgb")
        return chained(graph, mapped, ("lutrgb", lifted), ("scale", "flags=bicubic" + self._colours.scaled_to))


_LEAST_FIELD = 4
"""Pixels; bwdif takes nothing smaller."""


def _matrix_of(frame: VideoFrame) -> str:
    """What the HDR picture's numbers were made with: BT.2020, unless it says otherwise."""
    return f":in_color_matrix={_MATRICES.get(frame.colorspace, _MATRICES[_BT2020])}"
