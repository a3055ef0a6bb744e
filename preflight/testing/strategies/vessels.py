"""Containers and codecs that video comes in besides H.264 in MP4: a small film, copied or encoded into each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from fractions import Fraction

from preflight.testing.recipes.film import Copy
from preflight.testing.recipes.interface import Recipe
from preflight.testing.strategies.geometry import LOW, RATIO, UPRIGHT, Shapes
from preflight.testing.strategies.wishes import Codes
from preflight.testing.truth import MOV, VideoTruth

CODES: Codes = frozenset({LOW, RATIO})
"""That films in these can break: no encoder makes a large picture, or a torn file, in little time."""
_SIDES = (64, 1024)
"""Pixels; what every encoder takes, and takes in little time."""


@dataclass(frozen=True, kw_only=True)
class Vessel:
    """One kind of file, and what is true of a film in it."""

    suffix: str
    container: str
    codec: str = "h264"
    audio_codec: str = "aac"
    options: Mapping[str, str | float] = field(default_factory=dict)
    """FFmpeg's; what they do not name is copied."""
    frame_rate: Fraction = Fraction(25)
    """Of the film that goes into it."""
    becomes: Fraction | None = None
    """Frames a second afterwards, if others."""
    knows_shape: bool = False
    """Rotation and the pixels' ratio survive in it."""
    start_s: float = 0.0
    notes: tuple[str, ...] = ()
    """What its suffix and codec do not tell."""

    @property
    def shapes(self) -> Shapes:
        return replace(Shapes() if self.knows_shape else UPRIGHT, sides=_SIDES)

    def recipe(self, film: Recipe) -> Recipe:
        return Copy(suffix=self.suffix, of=film, options=self.options)

    def truth(self, film: VideoTruth) -> VideoTruth:
        """Of what becomes of a film of which that is true."""
        return replace(
            film,
            container=self.container,
            codec=self.codec,
            audio_codec=film.audio_codec and self.audio_codec,
            frame_rate=self.becomes or film.frame_rate,
            start_s=self.start_s,
            slack_s=0.25,
        )


_SLOW = Fraction(2)
VESSELS: tuple[Vessel, ...] = (
    Vessel(suffix=".mkv", container="matroska,webm", knows_shape=True),
    Vessel(
        suffix=".mp4",
        container=MOV,
        notes=("in fragments",),
        options={"movflags": "+frag_keyframe+empty_moov"},
        knows_shape=True,
    ),
    Vessel(suffix=".ts", container="mpegts", start_s=1.4),
    Vessel(suffix=".flv", container="flv"),
    Vessel(
        suffix=".mp4",
        container=MOV,
        codec="hevc",
        options={
            "c:v": "libx265",
            "preset": "ultrafast",
            "tag:v": "hvc1",
            "x265-params": "log-level=none:pools=none:frame-threads=1",
        },
        frame_rate=_SLOW,
    ),
    Vessel(
        suffix=".webm",
        container="matroska,webm",
        codec="vp9",
        audio_codec="opus",
        options={"c:v": "libvpx-vp9", "deadline": "realtime", "cpu-used": 8, "c:a": "libopus"},
        frame_rate=_SLOW,
    ),
    Vessel(
        suffix=".avi",
        container="avi",
        codec="mpeg4",
        audio_codec="mp3",
        options={"c:v": "mpeg4", "c:a": "libmp3lame"},
        frame_rate=Fraction(5),
    ),
    Vessel(
        suffix=".mpg",
        container="mpeg",
        codec="mpeg2video",
        audio_codec="mp2",
        options={"c:v": "mpeg2video", "r": 25, "c:a": "mp2"},
        frame_rate=_SLOW,
        becomes=Fraction(25),
        start_s=0.53,
    ),
    Vessel(
        suffix=".mov",
        container=MOV,
        codec="prores",
        audio_codec="pcm_s16le",
        options={"c:v": "prores", "c:a": "pcm_s16le"},
        frame_rate=_SLOW,
    ),
)
