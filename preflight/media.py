"""The nouns: where bytes come from (Source, of a file of its own), and what they turned out to be (Facts).

A fact that is not known is None, never 0. Names carry their unit. Geometry is kept as coded (the pixels in
the stream) and as displayed (rotation and pixel aspect applied). Where an answer can lie, a sibling field
says where it came from.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum
from fractions import Fraction
from typing import Literal

from preflight.given import InvalidRequest as InvalidRequest  # noqa: PLC0414 (as the next)
from preflight.given import MediaType as MediaType  # noqa: PLC0414
from preflight.given import MultiInput as MultiInput  # noqa: PLC0414
from preflight.given import NamedImage as NamedImage  # noqa: PLC0414
from preflight.given import NamedSource as NamedSource  # noqa: PLC0414
from preflight.given import Text as Text  # noqa: PLC0414
from preflight.given import TextImage as TextImage  # noqa: PLC0414
from preflight.source import Media as Media  # noqa: PLC0414 (nouns of this file, too long to stand in it)
from preflight.source import Source as Source  # noqa: PLC0414

Kind = Literal["text", "image", "audio", "video", "document", "unknown"]
InputType = Literal["text", "image", "text_image", "audio", "video", "multi_input"]
StreamType = Literal["video", "audio", "subtitle", "data", "attachment", "unknown"]
DurationSource = Literal["header", "index", "packets"]
EncodingSource = Literal["content", "mark", "detected", "named"]
"""UTF-8 by its bytes, a byte order mark, a detection that is sure, or the caller's word."""
Watch = Callable[[float], None]
"""Told how many seconds of the source's timeline are done, in the caller's own thread."""


def unwatched(done_s: float) -> None:
    """The default: nobody wants to know."""


class Fidelity(StrEnum):
    """How near an output is to its source, nearest first."""

    IDENTICAL = "identical"
    """The source's own bytes."""
    LOSSLESS = "lossless"
    """The same coded data in a new container, or with less baggage, or cut between units."""
    TRANSCODED = "transcoded"
    """Decoded and encoded again, once."""


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of a source's timeline, in seconds from the source's own start."""

    start_s: float
    end_s: float

    @property
    def duration_s(self) -> float:
        return self.end_s - self.start_s


@dataclass(frozen=True, kw_only=True, slots=True)
class StreamFacts:
    """One stream of a container, as its header states it."""

    index: int
    type: StreamType
    codec: str | None
    cover_art: bool = False
    """An attached picture: it has no timeline and is not video."""
    broken: bool = False
    """Sound of which nothing can be decoded: what says how it is coded is damaged."""


MAX_TEXT_BYTES = 64_000_000
"""A text is held whole; this many bytes are over a hundred thousand requests."""


@dataclass(frozen=True, kw_only=True, slots=True)
class TextFacts:
    kind: Literal["text"] = field(default="text", init=False)
    size_bytes: int
    encoding: str
    """Python's name of what its bytes are in; a text that is sent is always UTF-8."""
    characters: int
    tokens: int
    """By cl100k_base, an upper estimate, as the service does not publish its tokenizer; or by the caller's counter."""
    blank: bool
    """Nothing that is seen: white space, controls, characters without width."""
    encoding_source: EncodingSource = "content"
    encoding_confidence: float | None = None
    """From 0 to 1; None where it was not detected."""
    lone_surrogates: int = 0
    """Halves of characters, which no encoding can carry; U+FFFD is sent for each."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ImageFacts:
    kind: Literal["image"] = field(default="image", init=False)
    size_bytes: int
    format: str
    """As Pillow names it: JPEG, PNG, WEBP, HEIF, ..."""
    width: int
    """Pixels, as coded; see `displayed_width`."""
    height: int
    orientation: int
    """EXIF orientation, 1 to 8; 1 where there is none."""
    mode: str
    """Pillow's mode: RGB, RGBA, L, CMYK, I;16, ..."""
    frames: int | None
    """More than 1 for an animation or several pages; None where the header does not say."""
    damage: str | None = None
    """What is wrong with the file's structure, found without decoding it; None where nothing is."""
    picture_bytes: int | None = None
    """JPEG and MPO: the first picture alone, without further pictures or a film behind it; None elsewhere."""
    bare_bytes: int | None = None
    """JPEG, MPO and PNG: with nothing but what it takes to show the first picture; None elsewhere."""
    has_metadata: bool = False
    """JPEG, MPO and PNG: EXIF (unless it says the orientation alone), XMP, IPTC, comments, texts, or the like."""
    location: tuple[float, float] | None = None
    """JPEG, MPO and PNG: latitude and longitude in degrees, north and east positive, of EXIF or XMP, or of a picture or
    film behind the first picture.
    """
    dialect: str | None = None
    """JPEG: "arithmetic", a coding that the standard has, and neither FFmpeg nor browsers read; None where it is none
    that readers misunderstand.
    """
    stumbling_block: str | None = None
    """JPEG, MPO and PNG: what beside the picture makes common readers give up; None where nothing does."""

    @property
    def displayed_width(self) -> int:
        return self.height if self.orientation >= 5 else self.width  # noqa: PLR2004 (EXIF: 5 to 8 lie on their side)

    @property
    def displayed_height(self) -> int:
        return self.width if self.orientation >= 5 else self.height  # noqa: PLR2004


@dataclass(frozen=True, kw_only=True, slots=True)
class DecodedPicture:
    """What came of decoding the pictures of a video, every one."""

    frames: int
    """That came out, concealed ones included."""
    damaged_frames: int
    """Packets that could not be decoded, and frames whose damage the decoder concealed; without the end, for which
    see `truncated_at_s`."""
    truncated_at_s: float | None
    """Where the pictures break off, in seconds from the source's start: the last of them is not whole, or the file
    cannot be read beyond it. None where they end as they should."""
    duration_s: float | None
    """From the first frame to the end of the last; None where frames have no times."""
    is_black: bool
    """In every frame, under 0.1 % of the picture has a luma of 32 or more, of 255."""
    is_frozen: bool
    """In every frame, at most 0.1 % of the picture differs from the first by more than 24 of 255."""


@dataclass(frozen=True, kw_only=True, slots=True)
class DecodedSound:
    """What came of decoding the sound, every packet."""

    frames: int
    """Blocks of samples that came out."""
    damaged_frames: int
    """Packets that could not be decoded, and blocks whose damage the decoder concealed; without the end."""
    truncated_at_s: float | None
    """Where the sound breaks off, in seconds from the source's start; None where it ends as it should."""
    duration_s: float | None
    """From the first sample to the last; None where there are no times."""
    is_silent: bool
    """No sample is above -60 dBFS, a thousandth of the loudest."""


@dataclass(frozen=True, kw_only=True, slots=True)
class DecodedFacts:
    """What only decoding all of it can tell."""

    picture: DecodedPicture | None
    """None where there is none."""
    sound: DecodedSound | None
    duration_s: float | None
    """From the first picture or sound to the end of the last; None where they have no times."""
    unfinished: str | None = None
    """Why decoding was given up before the end; None where it was not."""


@dataclass(frozen=True, kw_only=True, slots=True)
class AudioFacts:
    kind: Literal["audio"] = field(default="audio", init=False)
    size_bytes: int
    container: str
    """FFmpeg's name of the demuxer: wav, mp3, flac, ogg, "mov,mp4,m4a,3gp,3g2,mj2", ..."""
    dialect: str | None = None
    """Of a WAV that not every reader of WAV understands: RF64, RIFX, "24 bits in 32", ...; None elsewhere."""
    codec: str
    duration_s: float | None
    duration_source: DurationSource | None
    claimed_duration_s: float | None
    """What the header says, true or not; the service may believe it."""
    start_s: float
    """Where the container's own clock starts; spans count from here."""
    damaged_packets: int
    """That the container itself says are cut off or lost."""
    sample_rate: int | None
    """Hz."""
    channels: int | None
    bit_depth: int | None
    """Bits a sample, where the codec has such a thing."""
    has_timestamps: bool
    """False for raw elementary streams: nothing in the file says when a packet is due."""
    location: tuple[float, float] | None = None
    """Latitude and longitude in degrees, north and east positive, as its tags have them."""
    tag_bytes: int | None = None
    """MP3, FLAC and WAV: of titles, pictures and the like, of junk, and of whatever hangs behind the sound; None
    elsewhere, and where nobody can say.
    """
    streams: tuple[StreamFacts, ...]
    junk: tuple[tuple[int, int], ...] = ()
    """MP3: where bytes that are no frames, nor a tag that every decoder knows, start and end; FLAC: where pictures do
    that make no sense. In order."""
    missing_s: float = 0.0
    """FLAC: seconds whose frames are not there or not whole, by the numbers of the others; a part of the duration."""
    clock_jumps: tuple[Span, ...] = ()
    """As of VideoFacts."""
    decoded: DecodedFacts | None = None
    """None where only metadata were read."""


@dataclass(frozen=True, kw_only=True, slots=True)
class VideoFacts:
    kind: Literal["video"] = field(default="video", init=False)
    size_bytes: int
    container: str
    video_codec: str
    audio_codec: str | None
    """None where there is no sound."""
    duration_s: float | None
    duration_source: DurationSource | None
    claimed_duration_s: float | None
    """What the header says, true or not; the service may believe it."""
    start_s: float
    """Where the container's own clock starts; spans count from here."""
    damaged_packets: int
    """That the container itself says are cut off or lost."""
    width: int
    """Pixels, as coded."""
    height: int
    rotation: int
    """Degrees, clockwise, that a player turns the coded picture by: 0, 90, 180 or 270."""
    sample_aspect_ratio: Fraction
    """Width of one pixel by its height; 1 where the container is silent."""
    frame_rate: Fraction | None
    """Frames a second, on average."""
    starts_with_keyframe: bool | None
    """None where no packet could be read."""
    has_timestamps: bool
    """False for raw elementary streams: nothing in the file says when a packet is due."""
    sample_rate: int | None
    """Hz, of the first audio stream."""
    channels: int | None
    streams: tuple[StreamFacts, ...]
    interlaced: bool | None = None
    """Whether a header says that each frame holds two moments, a field of lines each; None where none says."""
    color_transfer: str | None = None
    """FFmpeg's name: bt709, smpte2084 (PQ), arib-std-b67 (HLG), ...; None where nothing says."""
    pixel_format: str | None = None
    """FFmpeg's name: yuv420p, yuv422p10le, ...; None where the header does not say."""
    location: tuple[float, float] | None = None
    """Latitude and longitude in degrees, north and east positive, as its tags have them."""
    has_metadata: bool = False
    """Tags, chapters or streams that are neither the picture nor the sound that is kept: what a copy leaves out."""
    clock_jumps: tuple[Span, ...] = ()
    """Where the clock of a transport or program stream jumps ahead: seconds of that clock, from `start_s`. Nobody is
    shown them, and they are no part of the duration."""
    decoded: DecodedFacts | None = None
    """None where only metadata were read."""

    @property
    def displayed_width(self) -> int:
        return self._displayed()[0]

    @property
    def displayed_height(self) -> int:
        return self._displayed()[1]

    @property
    def displayed_exactly(self) -> tuple[Fraction, Fraction]:
        """Width and height in square pixels, not rounded: what the picture's ratio is kept by. Neither is 0."""
        wide, high = max(1, self.width) * self.sample_aspect_ratio, Fraction(max(1, self.height))
        wide = wide if wide > 0 else Fraction(1)
        return (high, wide) if self.rotation in (90, 270) else (wide, high)

    def _displayed(self) -> tuple[int, int]:
        wide = max(1, round(self.width * self.sample_aspect_ratio))
        return (self.height, wide) if self.rotation in (90, 270) else (wide, self.height)


@dataclass(frozen=True, kw_only=True, slots=True)
class DocumentFacts:
    """A PDF."""

    kind: Literal["document"] = field(default="document", init=False)
    size_bytes: int
    version: str | None
    """Of PDF, as the header states it."""
    pages: int | None
    """The most that its page tree may hold, by anything in the file; None where the file does not say."""
    encrypted: bool


UnprobedCode = Literal[
    "file_empty",
    "file_unreadable",
    "unsupported_file_type",
    "text_encoding_unknown",
    "text_filesize_too_large",
    "image_file_broken",
    "audio_file_broken",
    "video_file_broken",
    "document_file_broken",
    "request_invalid",
]


@dataclass(frozen=True, kw_only=True, slots=True)
class Unprobed:
    """What could not be probed, and why: a value and not an exception, so that a batch goes on."""

    kind: Literal["unknown"] = field(default="unknown", init=False)
    size_bytes: int | None
    code: UnprobedCode
    reason: str
    """One sentence that a user understands, without its next step."""


@dataclass(frozen=True, kw_only=True, slots=True)
class RequestFacts:
    """A request of several parts: `text_image` or `multi_input`."""

    kind: Literal["text_image", "multi_input"]
    text: TextFacts | None
    placeholders: tuple[str, ...]
    """The names that the text points at with `<@name>`, in order, each once."""
    names: tuple[str | None, ...]
    """The names of its images and sources, in order."""
    images: tuple[ImageFacts | Unprobed, ...]
    sources: tuple[MediaFacts, ...] = ()
    """Of the parts after the images, which may be of any kind."""
    stray_placeholders: tuple[str, ...] = ()
    """What begins as a placeholder does and names nothing, in order, each once: `<@>`, `<@outfit` without its end."""

    @property
    def parts(self) -> tuple[MediaFacts, ...]:
        """Of the images and the sources, in order."""
        return (*self.images, *self.sources)


def media_type(facts: MediaFacts) -> MediaType:
    """What a source of a `multi_input` says that it is. A text that is no `input_text` is a document."""
    match facts:
        case ImageFacts() | AudioFacts() | VideoFacts():
            return facts.kind
        case _:
            return "document"


MediaFacts = TextFacts | ImageFacts | AudioFacts | VideoFacts | DocumentFacts | Unprobed
Facts = MediaFacts | RequestFacts
