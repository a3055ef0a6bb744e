"""The type of a profile, and how one is read."""

from __future__ import annotations

import datetime as dt
from functools import cache
from pathlib import Path
from typing import Generic, TypeVar

import msgspec

from preflight.errors import UsageError

DEFAULT_PROFILE = "marengo3.0"
_HERE = Path(__file__).parent
"""Not through importlib.resources, which takes as long to import as all of this package."""

T = TypeVar("T")


class Limit(msgspec.Struct, Generic[T], frozen=True, forbid_unknown_fields=True):
    """One documented number (or list), where it stands, and when that was read."""

    value: T
    source: str
    read_on: dt.date


class TextLimits(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    max_tokens: Limit[int]


class ImageLimits(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    formats: Limit[tuple[str, ...]]
    """Pillow's names of them."""
    min_side: Limit[int]
    """Pixels; both sides."""
    max_file_bytes: Limit[int]
    max_pixels: Limit[int]
    """Not the service's: a bomb guard of ours, in width x height."""


class TimedLimits(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What audio and video have in common."""

    max_duration_s: Limit[float]
    min_duration_s: Limit[float]
    min_duration_is_error: Limit[bool]
    """False where the profile's own page is silent about a minimum: then it is a warning."""
    max_file_bytes: Limit[int] | None = None
    max_base64_bytes: Limit[int] | None = None
    """Length of the encoded string, 4 * ceil(n / 3)."""

    @property
    def max_media_bytes(self) -> int:
        """The largest file that satisfies every stated size."""
        caps = []
        if self.max_file_bytes is not None:
            caps.append(self.max_file_bytes.value)
        if self.max_base64_bytes is not None:
            caps.append(self.max_base64_bytes.value // 4 * 3)
        if not caps:
            raise UsageError("the profile states no size for audio or video; add max_file_bytes to its TOML")
        return min(caps)


class AudioLimits(TimedLimits, frozen=True, forbid_unknown_fields=True, kw_only=True):
    formats: Limit[tuple[str, ...]]
    """`container/start of the codec`, as FFmpeg names them: wav/pcm_s, mp3/mp3, flac/flac."""


class VideoLimits(TimedLimits, frozen=True, forbid_unknown_fields=True, kw_only=True):
    min_side: Limit[int]
    max_width: Limit[int]
    max_height: Limit[int]
    box_turns_with_portrait: Limit[bool]
    """True: a portrait picture is held against the maximum turned on its side."""
    max_aspect_ratio: Limit[float]
    """Long side by short side."""
    too_new_codecs: Limit[tuple[str, ...]]
    """FFmpeg's names of codecs that a service may not know yet."""

    def max_size(self, width: int, height: int) -> tuple[int, int]:
        """The maximum (width, height) that a picture of this orientation is held against."""
        box = (self.max_width.value, self.max_height.value)
        return box[::-1] if self.box_turns_with_portrait.value and height > width else box


class RequestLimits(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Of `multi_input`."""

    min_images: Limit[int]
    max_images: Limit[int]
    name_pattern: Limit[str]


class Limits(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One profile: what one route of the service accepts."""

    profile: str
    model_name: str
    endpoint: str
    summary: str
    text: TextLimits
    image: ImageLimits
    audio: AudioLimits
    video: VideoLimits
    request: RequestLimits


def names() -> tuple[str, ...]:
    """The profiles that ship with preflight, the default first."""
    return tuple(sorted((path.stem for path in _HERE.glob("*.toml")), key=lambda name: (name != DEFAULT_PROFILE, name)))


@cache
def load(profile: str = DEFAULT_PROFILE) -> Limits:
    """Read a profile by name. Raises UsageError where there is none of that name."""
    if profile not in names():
        raise UsageError(f"there is no profile {profile!r}. Choose one of: {', '.join(names())}.")
    return msgspec.toml.decode((_HERE / f"{profile}.toml").read_bytes(), type=Limits)
