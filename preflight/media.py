"""The nouns: where bytes come from (Source), and what they turned out to be (Facts).

A fact that is not known is None, never 0. Names carry their unit. Geometry is kept as coded (the pixels in
the stream) and as displayed (rotation and pixel aspect applied). Where an answer can lie, a sibling field
says where it came from.
"""

from __future__ import annotations

import io
import os
import shutil
import stat
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, Literal

if TYPE_CHECKING:
    from typing_extensions import Buffer

from preflight.errors import UnreadableError

Kind = Literal["text", "image", "audio", "video", "unknown"]
InputType = Literal["text", "image", "text_image", "audio", "video", "multi_input"]
StreamType = Literal["video", "audio", "subtitle", "data", "attachment", "unknown"]
DurationSource = Literal["header", "index", "packets"]

_SPOOL_IN_MEMORY_BYTES = 64 * 1024 * 1024


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


class Source:
    """One input's bytes: a path, bytes, or a binary file object.

    A path is not opened before it is needed, and must be a regular file: a pipe, a device or a directory
    raises `UnreadableError` instead of hanging. A file object that cannot seek is read to its end once, into
    memory up to 64 MiB and into a nameless temporary file beyond that. The caller keeps its own file objects
    open; what preflight opened, preflight closes.
    """

    __slots__ = ("_data", "_file", "name", "path")

    def __init__(self, name: str, *, path: Path | None, data: bytes | None, file: BinaryIO | None) -> None:
        self.name = name
        self.path = path
        self._data = data
        self._file = file

    @classmethod
    def of(cls, source: str | os.PathLike[str] | bytes | BinaryIO | Source, *, name: str | None = None) -> Source:
        """From whatever the caller has. Raises TypeError for anything else."""
        match source:
            case Source():
                return source
            case bytes():
                return cls(name or "<bytes>", path=None, data=source, file=None)
            case str() | os.PathLike():
                path = Path(source)
                return cls(name or str(path), path=path, data=None, file=None)
            case _ if hasattr(source, "read"):
                return cls._of_file(source, name or str(getattr(source, "name", "<file>")))
            case _:
                raise TypeError(f"not a path, bytes or a binary file object: {type(source).__name__}")

    @classmethod
    def _of_file(cls, file: BinaryIO, name: str) -> Source:
        if "b" not in str(getattr(file, "mode", "b")) or hasattr(file, "encoding"):
            raise TypeError("the file object is open as text; open it with mode 'rb'")
        if getattr(file, "seekable", bool)():
            return cls(name, path=None, data=None, file=file)
        spool = tempfile.SpooledTemporaryFile(max_size=_SPOOL_IN_MEMORY_BYTES)  # noqa: SIM115 (lives as long as the Source)
        try:
            shutil.copyfileobj(file, spool)
        except OSError as error:
            spool.close()
            raise UnreadableError(f"{name} broke off while it was read ({error}). Read it again.") from error
        return cls(name, path=None, data=None, file=spool)  # type: ignore[arg-type]  # a spool is a BinaryIO in all but name

    def __repr__(self) -> str:
        return f"Source({self.name!r})"

    def size_bytes(self) -> int:
        """Raises UnreadableError where the file is gone, forbidden or not a regular file."""
        if self._data is not None:
            return len(self._data)
        if self._file is not None:
            self._file.seek(0, os.SEEK_END)
            return self._file.tell()
        return self._regular_file().st_size

    def open(self) -> BinaryIO:
        """A binary file object at the first byte, to be closed by the caller."""
        if self._data is not None:
            return io.BytesIO(self._data)
        if self._file is not None:
            self._file.seek(0)
            return io.BufferedReader(_Borrowed(self._file))
        self._regular_file()
        assert self.path is not None
        try:
            return self.path.open("rb")
        except OSError as error:
            raise UnreadableError(_why_unreadable(self.name, error)) from error

    def head(self, size: int) -> bytes:
        """The first `size` bytes, or fewer where the source is shorter."""
        with self.open() as file:
            try:
                return file.read(size)
            except OSError as error:
                raise UnreadableError(_why_unreadable(self.name, error)) from error

    def read(self) -> bytes:
        """All of it: for texts and images, whose size was checked before."""
        if self._data is not None:
            return self._data
        return self.head(-1)

    def _regular_file(self) -> os.stat_result:
        assert self.path is not None
        try:
            found = self.path.stat()
        except (OSError, ValueError) as error:  # ValueError: a NUL byte in the name
            raise UnreadableError(_why_unreadable(self.name, error)) from error
        if not stat.S_ISREG(found.st_mode):
            what = "a folder" if stat.S_ISDIR(found.st_mode) else "not a regular file"
            raise UnreadableError(f"{self.name} is {what}. Give the path of a media file.")
        return found


class _Borrowed(io.RawIOBase):
    """A view of the caller's file object that closes itself and not the caller's file."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def readinto(self, buffer: Buffer, /) -> int:
        view = memoryview(buffer)
        data = self._file.read(len(view))
        view[: len(data)] = data
        return len(data)

    def seek(self, offset: int, whence: int = os.SEEK_SET, /) -> int:
        return self._file.seek(offset, whence)

    def tell(self) -> int:
        return self._file.tell()


def _why_unreadable(name: str, error: Exception) -> str:
    match error:
        case FileNotFoundError():
            return f"{name} is not there. Check the path."
        case PermissionError():
            return f"{name} may not be read. Check its permissions."
        case _:
            return f"{name} cannot be read ({error}). Check that the disk or share is there, and try again."


@dataclass(frozen=True, slots=True)
class Media:
    """Bytes to be sent as base64, and how many they were when they were verified."""

    source: Source
    size_bytes: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Text:
    """A text given as it is, not as a file."""

    text: str
    name: str = "<text>"


@dataclass(frozen=True, slots=True)
class TextImage:
    """One request that embeds a text and an image together."""

    text: str
    image: str | os.PathLike[str] | bytes | BinaryIO | Source
    name: str = "<text_image>"


@dataclass(frozen=True, slots=True)
class NamedImage:
    """An image of a `MultiInput`; the text points at it with `<@name>`."""

    image: str | os.PathLike[str] | bytes | BinaryIO | Source
    name: str | None = None


@dataclass(frozen=True, slots=True)
class MultiInput:
    """One request of 1 to 10 images and, if wanted, a text that names them."""

    images: Sequence[NamedImage]
    text: str | None = None
    name: str = "<multi_input>"


@dataclass(frozen=True, kw_only=True, slots=True)
class StreamFacts:
    """One stream of a container, as its header states it."""

    index: int
    type: StreamType
    codec: str | None
    cover_art: bool = False
    """An attached picture: it has no timeline and is not video."""


@dataclass(frozen=True, kw_only=True, slots=True)
class TextFacts:
    kind: Literal["text"] = field(default="text", init=False)
    size_bytes: int
    encoding: str
    characters: int
    tokens: int
    """By cl100k_base; the service does not publish its tokenizer, so this is an estimate."""
    blank: bool
    """Nothing but white space."""


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

    @property
    def displayed_width(self) -> int:
        return self.height if self.orientation >= 5 else self.width  # noqa: PLR2004 (EXIF: 5 to 8 lie on their side)

    @property
    def displayed_height(self) -> int:
        return self.width if self.orientation >= 5 else self.height  # noqa: PLR2004


@dataclass(frozen=True, kw_only=True, slots=True)
class AudioFacts:
    kind: Literal["audio"] = field(default="audio", init=False)
    size_bytes: int
    container: str
    """FFmpeg's name of the demuxer: wav, mp3, flac, ogg, "mov,mp4,m4a,3gp,3g2,mj2", ..."""
    codec: str
    duration_s: float | None
    duration_source: DurationSource | None
    claimed_duration_s: float | None
    """What the header says, true or not; the service may believe it."""
    start_s: float
    """Where the container's own clock starts; spans count from here."""
    sample_rate: int | None
    """Hz."""
    channels: int | None
    bit_depth: int | None
    """Bits a sample, where the codec has such a thing."""
    has_timestamps: bool
    """False for raw elementary streams: nothing in the file says when a packet is due."""
    streams: tuple[StreamFacts, ...]


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

    @property
    def displayed_width(self) -> int:
        return self._displayed()[0]

    @property
    def displayed_height(self) -> int:
        return self._displayed()[1]

    def _displayed(self) -> tuple[int, int]:
        wide = max(1, round(self.width * self.sample_aspect_ratio))
        return (self.height, wide) if self.rotation in (90, 270) else (wide, self.height)


UnprobedCode = Literal[
    "file_empty",
    "file_unreadable",
    "unsupported_file_type",
    "text_encoding_unknown",
    "image_file_broken",
    "audio_file_broken",
    "video_file_broken",
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
    """The images' names, in order."""
    images: tuple[ImageFacts | Unprobed, ...]


MediaFacts = TextFacts | ImageFacts | AudioFacts | VideoFacts | Unprobed
Facts = MediaFacts | RequestFacts
