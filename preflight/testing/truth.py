"""What is true of a made file because of how it was made; nothing here was read from a file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from typing import ClassVar, Literal

from preflight.errors import UsageError
from preflight.limits import DEFAULT_PROFILE, Limits, load
from preflight.media import Fidelity

PROFILES = (DEFAULT_PROFILE, "marengo3.0-2026-08")
"""Those for which it is foreseen what becomes of a case: the readings of one route. The others take other kinds of
input, or the same with bounds that hardly a case is made for."""


def foreseen(profile: str) -> Limits:
    """The limits of one of PROFILES. Raises UsageError for any other."""
    limits = load(profile)
    if profile not in PROFILES:
        raise UsageError(f"edge cases are made for {' and '.join(PROFILES)}, and not for {profile!r}. Choose one.")
    return limits


MOV = "mov,mp4,m4a,3gp,3g2,mj2"
"""FFmpeg's name of the demuxer of MP4 and all its relatives."""


@dataclass(frozen=True, kw_only=True)
class TextTruth:
    kind: ClassVar[Literal["text"]] = "text"
    text: str
    encoding: str = "utf-8"
    tokens: int | None = None
    """By cl100k_base; None where the case is not about their number."""


@dataclass(frozen=True, kw_only=True)
class ImageTruth:
    kind: ClassVar[Literal["image"]] = "image"
    format: str
    """As Pillow names it."""
    width: int
    """Pixels, as coded."""
    height: int
    orientation: int = 1
    """EXIF, 1 to 8."""
    frames: int = 1


@dataclass(frozen=True, kw_only=True)
class AudioTruth:
    kind: ClassVar[Literal["audio"]] = "audio"
    container: str
    """FFmpeg's name of the demuxer."""
    codec: str
    duration_s: float
    sample_rate: int = 44_100
    """Hz."""
    channels: int = 2
    bit_depth: int | None = None
    cover_art: bool = False
    slack_s: float = 0.06
    """How far the container or codec may stretch the end: whole frames, coarse clocks, padding."""


@dataclass(frozen=True, kw_only=True)
class VideoTruth:
    kind: ClassVar[Literal["video"]] = "video"
    container: str
    """FFmpeg's name of the demuxer."""
    codec: str
    audio_codec: str | None
    duration_s: float
    width: int = 480
    """Pixels, as coded."""
    height: int = 360
    rotation: int = 0
    """Degrees, clockwise, that a player turns the coded picture by."""
    sample_aspect_ratio: Fraction = Fraction(1)
    frame_rate: Fraction | None = Fraction(25)
    """Frames a second; None where it varies."""
    sample_rate: int | None = 48_000
    """Hz, of the first audio track."""
    channels: int | None = 2
    audio_tracks: int = 1
    cover_art: bool = False
    start_s: float = 0.0
    """Where the container's clock starts."""
    slack_s: float = 0.05
    """How far the container or codec may stretch the end: whole frames of sound, coarse clocks."""

    @property
    def displayed_width(self) -> int:
        return self._displayed()[0]

    @property
    def displayed_height(self) -> int:
        return self._displayed()[1]

    def _displayed(self) -> tuple[int, int]:
        wide = round(self.width * self.sample_aspect_ratio)
        return (self.height, wide) if self.rotation in (90, 270) else (wide, self.height)


@dataclass(frozen=True, kw_only=True)
class RequestTruth:
    """Of a request of several parts."""

    kind: Literal["text_image", "multi_input"]
    images: int
    has_text: bool = True


Truth = TextTruth | ImageTruth | AudioTruth | VideoTruth | RequestTruth
"""A file that is nothing that can be embedded has none."""

Gives = Fidelity | Literal["rejected"]


@dataclass(frozen=True, kw_only=True)
class Expected:
    """What `check` must say of a case under one profile, and what `prepare` must give."""

    codes: frozenset[str] = frozenset()
    """Of all findings, warnings included: these and no others."""
    gives: Gives = Fidelity.IDENTICAL
    """The worst fidelity of its requests, or "rejected"."""
    requests: int | None = 1
    """None: more than one, but how many is for the planner to say."""


@dataclass(frozen=True)
class Expectations:
    """By profile; of PROFILES, one that is not named expects the same as the default. Raises UsageError for others."""

    strict: Expected
    others: Mapping[str, Expected] = field(default_factory=dict)

    def __getitem__(self, profile: str) -> Expected:
        foreseen(profile)
        return self.others.get(profile, self.strict)

    @property
    def profiles(self) -> tuple[str, ...]:
        """Those that say something of their own, the default first."""
        return (DEFAULT_PROFILE, *self.others)
