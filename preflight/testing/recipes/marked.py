"""Film and sound of which any piece says where it comes from: every second carries its own number, seen and heard.

Half-way through each second a box in the picture's middle turns white and a tone sounds, both for a tenth of a second.
The number of the second stands in the picture as a row of bars, and in the tone as its pitch. So a clip that was cut,
moved or encoded again can be held against the clock of its source, and its sound against its picture, by whoever can
decode it: bar b is white in the seconds whose bit b is set, and second k is heard at `tone_hz(k)`.

At half-past and not at the full second, so that a cut at a keyframe does not fall on the mark that it is judged by.
"""

from __future__ import annotations

import tempfile
import wave
from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING

from preflight.testing.recipes.encoder import Options, write
from preflight.testing.recipes.interface import Kitchen, Recipe

if TYPE_CHECKING:
    import ffmpeg

MARK_AT_S, MARK_S = 0.5, 0.1
"""When in its second the mark sets in, and for how long."""
BARS = 12
"""Of the width of the picture, in its upper quarter, the lowest bit at the left: enough for 68 minutes."""
_LOWEST_HZ, _STEP_HZ, _PITCHES = 600, 60, 32


def tone_hz(second: int) -> int:
    """Of the tone in that second; the same again after 32 of them."""
    return _LOWEST_HZ + _STEP_HZ * (second % _PITCHES)


@dataclass(frozen=True, kw_only=True)
class MarkedSound(Recipe):
    """The tones alone, as a WAV of 16 bits: what the sound of a `MarkedFilm` is encoded from."""

    suffix: str = ".wav"
    seconds: float = 30.0
    sample_rate: int = 16_000
    channels: int = 1

    def write(self, path: Path, kitchen: Kitchen) -> None:  # noqa: ARG002 (made from nothing)
        import numpy as np

        samples = np.zeros((round(self.seconds * self.sample_rate), self.channels), "<i2")
        length = round(MARK_S * self.sample_rate)
        for second in range(int(self.seconds) + 1):
            start = round((second + MARK_AT_S) * self.sample_rate)
            tone = np.sin(2 * np.pi * tone_hz(second) / self.sample_rate * np.arange(length)) * 16_000
            room = samples[start : start + length]
            room[:] = tone[: len(room), None].astype("<i2")
        with wave.open(str(path), "wb") as file:
            file.setnchannels(self.channels)
            file.setsampwidth(2)
            file.setframerate(self.sample_rate)
            file.writeframes(samples.tobytes())


@dataclass(frozen=True, kw_only=True)
class MarkedFilm(Recipe):
    """Picture and sound with their marks, encoded. At least two frames a second, or a mark may fall between them."""

    seconds: float = 30.0
    width: int = 480
    height: int = 360
    frame_rate: Fraction = Fraction(25)
    has_picture: bool = True
    sample_rate: int | None = 16_000
    """None: no sound."""
    channels: int = 1
    sound_seconds: float | None = None
    """Where the sound does not last as long as the picture."""
    filters: tuple[tuple[str, Mapping[str, str | float]], ...] = ()
    """FFmpeg's, applied to the picture at the end: name and options."""
    options: Mapping[str, str | float | None] = field(default_factory=dict)
    """FFmpeg's output options."""

    def write(self, path: Path, kitchen: Kitchen) -> None:
        import ffmpeg

        streams = [self._picture()] if self.has_picture else []
        if self.sample_rate is None:
            write(path, *streams, **self.options)
            return
        # Beside the file and not kept: ten minutes of it are sixty times what they are encoded to.
        with tempfile.TemporaryDirectory(dir=path.parent) as folder:
            heard = MarkedSound(
                seconds=self.seconds if self.sound_seconds is None else self.sound_seconds,
                sample_rate=self.sample_rate,
                channels=self.channels,
            )
            tones = Path(folder, "tones.wav")
            heard.write(tones, kitchen)
            write(path, *streams, ffmpeg.input(str(tones)).audio, **self.options)

    def _picture(self) -> ffmpeg.nodes.Stream:
        import ffmpeg

        size, rate = f"{self.width}x{self.height}", self.frame_rate
        shown = ffmpeg.input(f"color=c=black:s={size}:r={rate}:d={self.seconds}", f="lavfi").video
        white: Options = {"color": "white", "t": "fill"}
        # Half a millisecond of grace for clocks that are not decimal.
        second = "floor(t+0.0005)"
        for bit in range(BARS):
            if 1 << bit <= self.seconds:
                bar = {"x": f"iw*{bit}/{BARS}", "y": "0", "w": f"iw/{BARS}", "h": "ih/4"}
                shown = shown.filter("drawbox", enable=f"bitand({second},{1 << bit})", **bar, **white)
        box = {"x": "iw*3/8", "y": "ih*3/8", "w": "iw/4", "h": "ih/4"}
        lit = f"gte(mod(t+0.0005,1),{MARK_AT_S})*lt(mod(t+0.0005,1),{MARK_AT_S + MARK_S})"
        shown = shown.filter("drawbox", enable=lit, **box, **white)
        for name, options in self.filters:
            shown = shown.filter(name, **options)
        return shown
