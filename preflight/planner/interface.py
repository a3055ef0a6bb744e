"""What the user wants (Policy), and what will be done about it (Plan, with one Recipe)."""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction
from typing import Literal

from preflight.errors import UsageError
from preflight.media import Fidelity, InputType, Span

Muxer = Literal["mp4", "matroska", "webm", "wav", "mp3", "flac"]
"""FFmpeg's names of the containers that are written."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Policy:
    """How media that does not fit is to be mended. Raises UsageError for a value that means nothing."""

    prefer: Literal["fidelity", "requests"] = "fidelity"
    """`fidelity`: lossless before anything, and texts that end where sentences do; `requests`: as few requests as can
    be."""
    min_clip_s: float | None = None
    """Seconds. Where lossless clips would be shorter than this on average, video is transcoded instead, if `max_loss`
    lets it. None: 30, or half of the longest clip that the profile allows, where that is less."""
    fit: Literal["pad", "crop"] = "pad"
    """What becomes of a picture that is too wide or too high for the ratio limit."""
    audio: Literal["auto", "wav", "flac", "mp3"] = "auto"
    """What audio becomes when it must be converted; `auto` is WAV, and FLAC where that saves requests."""
    max_loss: Fidelity = Fidelity.TRANSCODED
    """The most that may be changed, of any kind of input: a plan that would need more is a rejection with that reason
    (`policy_max_loss`)."""
    overlap_s: float = 0.0
    """Seconds that each clip repeats of the one before it, at least; units are whole, so it may be more. At most 300,
    half of the longest clip. The caps come first: where a clip that is encoded is full before it is twice as long as
    this, the next repeats half of it, and its span says so."""
    cut_at: Literal["even", "quiet", "scene"] = "even"
    """Where clips end: evenly, or at the place inside the limits that is quietest, or where the scene changes.

    It never makes more clips than `even`, so there is as much choice as the fewest clips leave slack: of a source that
    fills them to the brim, none. It takes a pass of decoding before the first clip. Sound has no scenes and is then cut
    evenly, as is a film without sound that is to be cut where it is quiet."""
    strip_metadata: bool = False
    """Leave out what says who made the image, audio or video, where and when, without touching coded pixels or sound
    where these can be copied at all. Not of texts."""
    verify: Literal["metadata", "decode"] = "metadata"
    """What `check` reads: headers, indexes and packets, or every frame besides."""
    max_short_side: int | None = 720
    """Pixels of the shorter side of video that is encoded anyway, never less than the API asks for; None for no such
    bound."""
    max_frame_rate: float | None = 30.0
    """Frames a second of video that is encoded anyway; None for no such bound."""
    text: Literal["split", "truncate", "reject"] = "split"
    """What becomes of a text over the token limit: chunks; its beginning alone, up to the end of a sentence or word,
    with a warning (`text_truncated`); or a rejection."""
    overlap_tokens: int = 0
    """Tokens of the chunk before that each chunk of a text repeats, at most, from the beginning of a word. At most 250,
    half of the longest chunk."""
    encoding: str | None = None
    """Of texts that are neither UTF-8 nor marked, by a name that Python knows (cp1252, shift_jis, ...); None has it
    detected, and what is not sure rejected."""

    def __post_init__(self) -> None:
        _must_be_in("prefer", self.prefer, ("fidelity", "requests"))
        _must_be_in("fit", self.fit, ("pad", "crop"))
        _must_be_in("audio", self.audio, ("auto", "wav", "flac", "mp3"))
        _must_be_in("max_loss", self.max_loss, tuple(Fidelity))
        _must_be_in("cut_at", self.cut_at, ("even", "quiet", "scene"))
        _must_be_in("verify", self.verify, ("metadata", "decode"))
        _must_be_in("text", self.text, ("split", "truncate", "reject"))
        _must_be_whole("overlap_tokens", self.overlap_tokens)
        _must_be_within("overlap_tokens", self.overlap_tokens, 0, MOST_OVERLAP_TOKENS)
        _must_be_an_encoding(self.encoding)
        object.__setattr__(self, "max_loss", Fidelity(self.max_loss))  # a plain string will do
        if self.min_clip_s is not None:
            _must_be_within("min_clip_s", self.min_clip_s, 0.0, MOST_CLIP_S)
        _must_be_within("overlap_s", self.overlap_s, 0.0, MOST_OVERLAP_S)
        if self.max_short_side is not None:
            _must_be_within("max_short_side", self.max_short_side, 2, math.inf)
        if self.max_frame_rate is not None:
            _must_be_within("max_frame_rate", self.max_frame_rate, 1.0, math.inf)


MOST_CLIP_S = 600.0
"""Seconds: as long as a clip of the default profile may be."""
MOST_OVERLAP_S = MOST_CLIP_S / 2
"""Seconds: with more, there would be stretches in three clips and more."""


MOST_OVERLAP_TOKENS = 250
"""With more, there would be words in three chunks and more."""


def _must_be_an_encoding(name: str | None) -> None:
    if name is None:
        return
    try:
        b"\0\0\0\0".decode(name)  # of no bytes, no name is looked up
    except UnicodeDecodeError:
        pass  # it can say so
    except (LookupError, ValueError, TypeError):  # `undefined` always fails
        raise UsageError(
            f"encoding is {name!r}. Give a name that Python knows, such as cp1252, shift_jis or koi8-r."
        ) from None


def _must_be_in(name: str, value: str, known: tuple[str, ...]) -> None:
    if value not in known:
        raise UsageError(f"{name} is {value!r}. Choose one of: {', '.join(known)}.")


def _must_be_whole(name: str, value: int) -> None:
    if not isinstance(value, int) or isinstance(value, bool):
        raise UsageError(f"{name} is {value!r}. Give a whole number.")


def _must_be_within(name: str, value: float, least: float, most: float) -> None:
    if not least <= value <= most or math.isinf(value):  # no number compares with NaN
        bounds = f"{least:g} or more" if math.isinf(most) else f"from {least:g} to {most:g}"
        raise UsageError(f"{name} is {value:g}. Give a number {bounds}.")


@dataclass(frozen=True, kw_only=True, slots=True)
class Geometry:
    """How a displayed picture of any size becomes one inside the limits, without being stretched.

    The upright picture is scaled to `scale_width` x `scale_height` square pixels, cropped about its centre to
    `crop_width` x `crop_height`, and padded with black to `width` x `height`. All of them are even.
    """

    scale_width: int
    scale_height: int
    crop_width: int
    crop_height: int
    width: int
    height: int


@dataclass(frozen=True, slots=True)
class SendAsIs:
    """The source's own bytes."""


@dataclass(frozen=True, kw_only=True, slots=True)
class CutBetweenUnits:
    """Copy the coded packets of audio or video into `container`, a new file at each cut."""

    container: Muxer
    cuts_s: tuple[float, ...]
    """Where a new clip starts, seconds on the source's timeline; empty for one clip."""
    open_starts_s: tuple[float, ...] = ()
    """Where a clip starts at an open GOP: a decoder was asked, and found nothing amiss."""
    shared_cuts_s: tuple[float, ...] = ()
    """Those of `cuts_s` whose keyframe goes into both clips, hidden at the end of the first (MP4 alone)."""
    begins_s: tuple[float, ...] = ()
    """For each of `cuts_s`, from where on the clip repeats what is before it; empty where nothing is repeated."""


@dataclass(frozen=True, kw_only=True, slots=True)
class EncodeVideo:
    """H.264 (and AAC, where there is sound) in MP4; clips are closed at the caps while encoding."""

    geometry: Geometry
    rotation: int
    """Clockwise degrees that the coded picture is turned by, to stand upright: 0, 90, 180 or 270."""
    frame_rate: Fraction | None = None
    """Frames a second that are kept, by even slots of time; None keeps every one."""
    tone_map: Literal["pq", "hlg"] | None = None
    """The curve of an HDR picture that becomes BT.709 as a standard display shows it."""
    deinterlace: Literal["all", "marked"] | None = None
    """`marked`: those frames that say themselves that they are interlaced, where no header says it of all."""
    overlap_s: float = 0.0
    """Seconds that each clip repeats of the one before, at least."""
    cuts_s: tuple[float, ...] = ()
    """Seconds of the source's timeline at which it would be well to start a clip; the caps come first."""


@dataclass(frozen=True, kw_only=True, slots=True)
class EncodeAudio:
    """PCM s16 in WAV, FLAC of 16 bit, or MP3; clips are closed at the caps while encoding."""

    container: Literal["wav", "flac", "mp3"]
    sample_rate: int
    """Hz."""
    channels: int
    """1 or 2."""
    bit_rate: int | None = None
    """Bits a second, the same throughout: of MP3, and of nothing else."""
    overlap_s: float = 0.0
    """Seconds that each clip repeats of the one before, at least."""
    cuts_s: tuple[float, ...] = ()
    """Seconds of the source's timeline at which it would be well to start a clip; the caps come first."""


Coding = Literal["JPEG", "PNG", "either"]
"""What an image is encoded as. `PNG` stands for JPEG where a PNG does not fit; `either` for PNG only where the picture
can be seen through, or takes no more bytes so than as the best JPEG, as line art does.
"""


@dataclass(frozen=True, kw_only=True, slots=True)
class ConvertImage:
    """Upright, sRGB, `format`, at `width` x `height` unless the byte limit asks for less."""

    format: Coding
    width: int
    """Of the displayed picture after scaling, before padding."""
    height: int
    canvas_width: int
    """After padding; the same as `width` where nothing is padded."""
    canvas_height: int
    min_side: int
    """Pixels; where the byte limit asks for a smaller picture, neither side becomes shorter than this."""


@dataclass(frozen=True, slots=True)
class CutOutPicture:
    """The first picture of a JPEG file, its coded data as they are, without what is appended to it."""


@dataclass(frozen=True, slots=True)
class StripPicture:
    """The first picture of a JPEG or PNG, its coded data as they are, with nothing beside it but what it takes to show
    it: orientation, colour profile, transparency.
    """


ChunkEnd = Literal["text", "paragraph", "sentence", "line", "clause", "word", "character", "code point"]


@dataclass(frozen=True, slots=True)
class PackPicture:
    """As `StripPicture` does, of a PNG, with its coded rows packed again as tightly as can be."""


PictureRecipe = ConvertImage | CutOutPicture | StripPicture | PackPicture
"""What an image may become."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Chunk:
    """A part of a text, as indices of its characters: the first, and the one behind the last."""

    start: int
    end: int
    repeats: int = 0
    """How many characters before `start`, of the chunk before it, stand at its beginning once more."""
    ends_with: ChunkEnd = "text"
    """What ends where it ends."""
    fidelity: Fidelity = Fidelity.LOSSLESS
    steps: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class SplitText:
    """Chunks of a text, each in UTF-8; one where all of it fits."""

    chunks: tuple[Chunk, ...]


@dataclass(frozen=True, slots=True)
class StripTags:
    """MP3, FLAC or WAV without tags and pictures, its coded sound as it is."""


@dataclass(frozen=True, kw_only=True, slots=True)
class FitParts:
    """Each part of a request by its own plan: the text, if there is one, and then the images."""

    parts: tuple[Plan, ...]


Recipe = (
    FitParts
    | SendAsIs
    | StripTags
    | CutBetweenUnits
    | EncodeVideo
    | EncodeAudio
    | ConvertImage
    | CutOutPicture
    | StripPicture
    | PackPicture
    | SplitText
)


@dataclass(frozen=True, kw_only=True, slots=True)
class PlannedOutput:
    """One request to be, as predicted."""

    span: Span | None
    """Seconds of the source's timeline; None for texts and images."""
    media_bytes: int | None
    """Predicted size; None where only the work itself can tell."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Plan:
    """What will be done to one input and why, before anything is done."""

    source: str
    input_type: InputType
    fidelity: Fidelity
    recipe: Recipe
    why: tuple[str, ...]
    """A sentence for each decision: what forced it."""
    steps: tuple[str, ...]
    """What will be done, in order: "cut at keyframes", "scale 320x240 to 480x360", ..."""
    outputs: tuple[PlannedOutput, ...]
    """As predicted: of lossless plans the spans are exact and the bytes without the container's own, else estimates."""
    predicted_s: float | None = None
    """About how many seconds the work takes on this machine; None where it was not asked."""
