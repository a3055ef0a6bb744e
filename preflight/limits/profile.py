"""The type of a profile, and how one is read."""

from __future__ import annotations

import datetime as dt
from functools import cache
from pathlib import Path
from typing import Generic, Literal, TypeVar

import msgspec

from preflight.errors import UsageError
from preflight.media import InputType, Kind

DEFAULT_PROFILE = "marengo3.0"
_HERE = Path(__file__).parent
"""Not through importlib.resources, which takes as long to import as all of this package."""

Route = Literal["sync", "async", "asset", "invoke"]
"""How media reach the service: inline in a request that is answered at once, inline in a task that is polled, uploaded
beforehand for such a task, or inline through Amazon Bedrock, whose bodies are written in another way (CONTRACT 4)."""

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


class DocumentLimits(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Of PDF."""

    max_file_bytes: Limit[int]
    pages_per_mb: Limit[int]
    """Pages that a document may have for each 10^6 bytes of its file."""
    min_max_pages: Limit[int]
    """Pages that even the smallest may have."""

    def max_pages(self, size_bytes: int) -> int:
        """A part of a megabyte earns no page: what a fraction counts is not documented."""
        return max(self.min_max_pages.value, size_bytes // 1_000_000 * self.pages_per_mb.value)


class RequestLimits(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Of `multi_input`."""

    min_sources: Limit[int]
    max_sources: Limit[int]
    name_pattern: Limit[str]
    media_types: Limit[tuple[str, ...]]
    """What a source may be: image, audio, video, document."""
    mixed_needs_text: Limit[bool] | None = None
    """Whether sources of several kinds ask for a text; None where there is but one kind."""
    max_body_bytes: Limit[int] | None = None
    """Of a whole request with its JSON; None where none is stated."""


_NO_DAY = dt.date(1970, 1, 1)
_NOTHING = "this profile takes none"


def _none(*, value: T) -> Limit[T]:
    return Limit(value, _NOTHING, _NO_DAY)


# Of a kind that a profile's file does not name, nothing fits.
_NO_TEXT = TextLimits(max_tokens=_none(value=0))
_NO_IMAGE = ImageLimits(
    formats=_none(value=()), min_side=_none(value=0), max_file_bytes=_none(value=0), max_pixels=_none(value=0)
)
_NO_AUDIO = AudioLimits(
    max_duration_s=_none(value=0.0),
    min_duration_s=_none(value=0.0),
    min_duration_is_error=_none(value=True),
    max_file_bytes=_none(value=0),
    formats=_none(value=()),
)
_NO_VIDEO = VideoLimits(
    max_duration_s=_none(value=0.0),
    min_duration_s=_none(value=0.0),
    min_duration_is_error=_none(value=True),
    max_file_bytes=_none(value=0),
    min_side=_none(value=0),
    max_width=_none(value=0),
    max_height=_none(value=0),
    box_turns_with_portrait=_none(value=False),
    max_aspect_ratio=_none(value=1.0),
    too_new_codecs=_none(value=()),
)
_NO_DOCUMENT = DocumentLimits(max_file_bytes=_none(value=0), pages_per_mb=_none(value=0), min_max_pages=_none(value=0))
_NO_REQUEST = RequestLimits(
    min_sources=_none(value=0),
    max_sources=_none(value=0),
    name_pattern=_none(value="[A-Za-z0-9_]+"),
    media_types=_none(value=()),
)
_NOTHING_OF = (_NO_TEXT, _NO_IMAGE, _NO_AUDIO, _NO_VIDEO, _NO_DOCUMENT, _NO_REQUEST)


class Limits(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One profile: what one route of the service accepts."""

    profile: str
    model_name: str
    endpoint: str
    summary: str
    input_types: Limit[tuple[InputType, ...]]
    """What a request may say that it is. What is of another kind goes into a `multi_input`, where there is one."""
    route: Route = "sync"
    text: TextLimits = _NO_TEXT
    image: ImageLimits = _NO_IMAGE
    audio: AudioLimits = _NO_AUDIO
    video: VideoLimits = _NO_VIDEO
    document: DocumentLimits = _NO_DOCUMENT
    request: RequestLimits = _NO_REQUEST

    def takes(self, kind: Kind | InputType) -> bool:
        """Whether something of that kind can be sent at all, by whatever input type."""
        match kind:
            case "text" | "image" | "audio" | "video" | "document":
                bounds = getattr(self, kind)
                return all(bounds is not nothing for nothing in _NOTHING_OF)
            case "multi_input":
                return kind in self.input_types.value
            case "text_image":
                return kind in self.input_types.value or (self.takes("text") and self.takes("image") and self._wraps)
            case _:
                return True  # what nobody could tell is judged by why

    @property
    def _wraps(self) -> bool:
        return "multi_input" in self.input_types.value

    def input_type(self, kind: InputType | Literal["document"]) -> InputType:
        """What a request of one input of that kind says that it is: a `multi_input` of one, where it must be."""
        return "multi_input" if kind == "document" or kind not in self.input_types.value else kind


def names() -> tuple[str, ...]:
    """The profiles that ship with preflight, the default first."""
    return tuple(sorted((path.stem for path in _HERE.glob("*.toml")), key=lambda name: (name != DEFAULT_PROFILE, name)))


@cache
def load(profile: str = DEFAULT_PROFILE) -> Limits:
    """Read a profile by name. Raises UsageError where there is none of that name."""
    if profile not in names():
        raise UsageError(f"there is no profile {profile!r}. Choose one of: {', '.join(names())}.")
    return msgspec.toml.decode((_HERE / f"{profile}.toml").read_bytes(), type=Limits)


@cache
def profiles_taking(kind: Kind | InputType) -> tuple[str, ...]:
    """The profiles that ship with preflight and take that kind of input, the default first."""
    return tuple(name for name in names() if load(name).takes(kind))
