"""Coded picture and sound of known content, whose every corner and moment can be recognised again.

The picture has a colour in each corner (red, lime / blue, yellow) and a box in its middle that is white for the first
tenth of every second and black else; the sound is a tone of 1 kHz for that same tenth.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Literal, assert_never

from preflight.testing.recipes.encoder import Options, write
from preflight.testing.recipes.interface import Kitchen, Recipe

if TYPE_CHECKING:
    import ffmpeg

RED, LIME, BLUE, YELLOW = (255, 0, 0), (0, 255, 0), (0, 0, 255), (255, 255, 0)
CORNERS = (RED, LIME, BLUE, YELLOW)
"""Top left, top right, bottom left, bottom right, as displayed."""
FLASH_S = 0.1
TONE_HZ = 1_000

X264: Mapping[str, str | int] = {
    "c:v": "libx264",
    "c:a": "aac",
    "preset": "ultrafast",
    "pix_fmt": "yuv420p",
    "g": 25,
    "sc_threshold": 0,
}
"""H.264 with a keyframe a second at 25 frames a second."""


@dataclass(frozen=True, kw_only=True)
class Scene:
    """A picture that moves, before it is coded."""

    shows: Literal["corners", "motion", "noise"] = "corners"
    """`motion`: a test pattern that an encoder finds use for B-frames in; `noise`: nothing is harder to encode."""
    width: int = 480
    height: int = 360
    seconds: float = 5.0
    frame_rate: Fraction = Fraction(25)
    sample_aspect_ratio: Fraction = Fraction(1)
    filters: tuple[tuple[str, Mapping[str, str | float]], ...] = ()
    """FFmpeg's, applied at the end: name and options."""

    def stream(self) -> ffmpeg.nodes.Stream:
        match self.shows:
            case "corners":
                shown = self._corners()
            case "motion":
                shown = self._source("testsrc2")
            case "noise":
                shown = self._source("color", c="gray").filter("noise", alls=80, allf="t", all_seed=1)
            case _:
                assert_never(self.shows)
        if self.sample_aspect_ratio != 1:
            ratio = self.sample_aspect_ratio
            shown = shown.filter("setsar", f"{ratio.numerator}/{ratio.denominator}")
        for name, options in self.filters:
            shown = shown.filter(name, **options)
        return shown

    def _source(self, name: str, *, size: str | None = None, **options: str) -> ffmpeg.nodes.Stream:
        import ffmpeg

        settings = {**options, "s": size or f"{self.width}x{self.height}", "r": self.frame_rate, "d": self.seconds}
        graph = ":".join(f"{key}={value}" for key, value in settings.items())
        return ffmpeg.input(f"{name}={graph}", f="lavfi").video

    def _corners(self) -> ffmpeg.nodes.Stream:
        import ffmpeg

        quarter = f"{(self.width + 1) // 2}x{(self.height + 1) // 2}"
        parts = [self._source("color", size=quarter, c=name) for name in ("red", "lime", "blue", "yellow")]
        rows = [ffmpeg.filter(parts[i : i + 2], "hstack") for i in (0, 2)]
        whole = ffmpeg.filter(rows, "vstack").filter("format", "yuv444p")
        whole = whole.filter("crop", self.width, self.height, 0, 0, exact=1)
        box = {"x": "iw*3/8", "y": "ih*3/8", "w": "iw/4", "h": "ih/4", "t": "fill"}
        # Half a millisecond of grace for clocks that are not decimal.
        lit = f"lt(mod(t+0.001,1),{FLASH_S})"
        return whole.filter("drawbox", color="black", **box).filter("drawbox", color="white", enable=lit, **box)


@dataclass(frozen=True, kw_only=True)
class Tone:
    """A beep at the start of every second, in all channels."""

    seconds: float = 5.0
    sample_rate: int = 48_000
    channels: int = 2

    def stream(self) -> ffmpeg.nodes.Stream:
        import ffmpeg

        tone = f"0.5*sin(2*PI*{TONE_HZ}*t)*lt(mod(t,1),{FLASH_S})"
        channels = "|".join([tone] * self.channels)
        return ffmpeg.input(f"aevalsrc='{channels}':s={self.sample_rate}:d={self.seconds}", f="lavfi").audio


@dataclass(frozen=True, kw_only=True)
class Film(Recipe):
    """A scene and its sounds, encoded; audio has no scene."""

    scene: Scene | None = field(default_factory=Scene)
    tones: tuple[Tone, ...] = (Tone(),)
    options: Mapping[str, str | float | None]
    """FFmpeg's output options."""

    def write(self, path: Path, kitchen: Kitchen) -> None:  # noqa: ARG002 (made from nothing)
        shown = [self.scene.stream()] if self.scene is not None else []
        write(path, *shown, *(tone.stream() for tone in self.tones), **self.options)


@dataclass(frozen=True, kw_only=True)
class Copy(Recipe):
    """The same coded packets in another file: looped, cut, turned by a flag, in another container, encrypted."""

    of: Recipe
    before: Mapping[str, str | float | None] = field(default_factory=dict)
    """FFmpeg's input options: `stream_loop`, `ss`, `display_rotation`, ..."""
    options: Mapping[str, str | float | None] = field(default_factory=dict)
    """FFmpeg's output options."""

    def write(self, path: Path, kitchen: Kitchen) -> None:
        import ffmpeg

        copied: Options = {"c": "copy", **self.options}
        write(path, ffmpeg.input(str(kitchen.path(self.of)), **self.before), **copied)


@dataclass(frozen=True, kw_only=True)
class Track:
    """One track of a file that is put together: of another recipe, or a scene or tone to be encoded."""

    of: Recipe | Scene | Tone
    takes: Literal["v", "a", "s", "d?"] = "v"
    """Which of the recipe's streams; "d?" of a file that has none adds its chapters alone."""
    offset_s: float = 0.0

    def stream(self, kitchen: Kitchen) -> ffmpeg.nodes.Stream:
        import ffmpeg

        if not isinstance(self.of, Recipe):
            return self.of.stream()
        shift = {"itsoffset": self.offset_s} if self.offset_s else {}
        return ffmpeg.input(str(kitchen.path(self.of)), **shift)[self.takes]


@dataclass(frozen=True, kw_only=True)
class Mux(Recipe):
    """Tracks of several origins in one file, in that order."""

    tracks: tuple[Track, ...]
    options: Mapping[str, str | float | None]
    """FFmpeg's output options; nothing is copied unless they say so (`c`: `copy`)."""

    def write(self, path: Path, kitchen: Kitchen) -> None:
        write(path, *(track.stream(kitchen) for track in self.tracks), **self.options)
