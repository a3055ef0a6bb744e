"""The one place that opens a container: whatever FFmpeg would follow outside the file is shut off here."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, BinaryIO, TypeVar, cast

from preflight.errors import BrokenMediaError, OutOfSpaceError, UnreadableError
from preflight.probers.before_zero import counted_back
from preflight.probers.mp3_junk import Junk, frames_of
from preflight.probers.torn_sound import from_first_frame

if TYPE_CHECKING:
    from av.audio.codeccontext import AudioCodecContext
    from av.container import InputContainer
    from av.packet import Packet
    from av.stream import Stream

    from preflight.media import Source

# FFmpeg opens playlists: a 37-byte `ffconcat` named upload.mp4 makes it read *other local files*. Only demuxers
# that read one self-contained file stand here; none that follows names (concat, hls, dash, image2, sdp, rtsp, imf).
FORMATS = (
    "aac,ac3,aiff,amr,amrnb,amrwb,ape,asf,asf_o,au,av1,avi,caf,dsf,dts,dtshd,dv,eac3,flac,flv,gif,gxf,h261,h263,h264,"
    "hevc,iff,ivf,loas,m4v,matroska,webm,mjpeg,mlp,mov,mp4,m4a,3gp,3g2,mj2,mp3,mpc,mpc8,mpeg,mpegts,mpegvideo,mxf,"
    "nsv,nut,obu,ogg,oma,rm,sox,swf,tak,truehd,tta,vc1,voc,vvc,w64,wav,wtv,wv,xwma,yuv4mpegpipe"
)

_OPTIONS = {"format_whitelist": FORMATS, "protocol_whitelist": "file"}

# Streams beyond these are opened with their decoders on, which costs time and nothing else.
_METADATA_ONLY = [{"skip_frame": "all"}] * 64

# How far FFmpeg reads for what no header says of sound that begins late in a broadcast: bytes, which it holds in
# memory, and microseconds. Where it is found sooner, it reads no further.
_PATIENT = {**_OPTIONS, "probesize": str(64 << 20), "analyzeduration": str(3_600_000_000)}

_ENOSPC = 28
_Done = TypeVar("_Done")


class UnsupportedFormatError(BrokenMediaError):
    """FFmpeg does not know these bytes, or they are of a format that is not on the list."""


@contextmanager
def open_media(source: Source, *, decode: bool = False) -> Iterator[InputContainer]:
    """Open audio or video for demuxing, or with `decode` for decoding too.

    Without `decode` no frame is decoded while the header is read: 4K drops from 138 ms to 1.3 ms.
    Raises UnreadableError, UnsupportedFormatError or BrokenMediaError.
    """
    source.size_bytes()  # raises where it is no regular file, before FFmpeg can hang on a pipe
    address = _address_of(source)
    file = cast("BinaryIO", _FailsOnce(source.open())) if address is None else None
    try:
        with media_errors(source.name):
            container = _open(address or file, decode=decode)
            if _is_unheard(container):
                container.close()
                if file is not None:
                    file.seek(0)
                container = _open(address or file, decode=decode, options=_PATIENT)
            try:
                yield container
            finally:
                container.close()
    finally:
        if file is not None:
            file.close()


class _FailsOnce:
    """A file that is at its end once it failed: FFmpeg tries again before PyAV can raise what was wrong, and PyAV
    prints what it cannot raise.
    """

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._failed = False
        self.close = file.close

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def read(self, size: int = -1, /) -> bytes:
        return b"" if self._failed else self._tried(lambda: self._file.read(size))

    def seek(self, offset: int, whence: int = 0, /) -> int:
        return 0 if self._failed else self._tried(lambda: self._file.seek(offset, whence))

    def tell(self) -> int:
        return 0 if self._failed else self._tried(self._file.tell)

    def _tried(self, operation: Callable[[], _Done]) -> _Done:
        try:
            return operation()
        except BaseException:
            self._failed = True
            raise


def demux(container: InputContainer, *streams: Stream, junk: Junk | None = None) -> Iterator[Packet[Stream]]:
    """The packets of these streams, to the end, and then an empty one of each that flushes its decoder.

    Of an MP3 those that are frames; `junk` is told of the others.

    PyAV stops with IndexError at a packet of a stream that turned up half-way (a second language in a broadcast, or
    wrong bits in a header). Such packets are not asked for here; behind them it goes on.
    """
    packets = _demux(container, *streams)
    pictures = {stream.index for stream in streams if stream.type == "video"}
    if "matroska" in container.format.name and pictures:
        return counted_back(packets, pictures)
    if container.format.name in ("mpeg", "mpegts"):
        return from_first_frame(packets, streams)
    if container.format.name == "mp3":
        return frames_of(packets, junk)
    return packets


def _demux(container: InputContainer, *streams: Stream) -> Iterator[Packet[Stream]]:
    for _ in range(_MOST_STREAMS):
        try:
            yield from container.demux(*streams)
        except IndexError:
            continue
        return


_MOST_STREAMS = 1_000
"""FFmpeg itself opens no more."""


def _is_unheard(container: InputContainer) -> bool:
    """Whether FFmpeg gave up looking before any sound came. Without its rate its packets have no times."""
    if container.format.name not in ("mpegts", "mpeg"):
        return False
    contexts: list[AudioCodecContext | None] = [s.codec_context for s in container.streams.audio]  # None: no decoder
    return any(c is not None and not c.sample_rate for c in contexts)


def _open(file: str | BinaryIO | None, *, decode: bool, options: dict[str, str] = _OPTIONS) -> InputContainer:
    import av

    try:
        if not decode:
            try:
                opened: InputContainer = av.open(  # type: ignore[call-overload]  # stub: list[str]; code: list[dict]
                    file, "r", options=options, stream_options=_METADATA_ONLY, metadata_errors="replace"
                )
            except ValueError as error:
                # FLV, MPEG-PS and SWF know their streams only after reading packets, and take no stream options.
                if isinstance(error, av.FFmpegError) or "stream_options" not in str(error):
                    raise
                if file is not None and not isinstance(file, str):
                    file.seek(0)
            else:
                return opened
        return av.open(file, "r", options=options, metadata_errors="replace")
    except av.ArgumentError as error:
        raise UnsupportedFormatError("no supported audio or video format was recognised") from error
    except av.InvalidDataError as error:
        raise UnsupportedFormatError("no audio or video could be found in it") from error


def _address_of(source: Source) -> str | None:
    """What FFmpeg can open by itself, which is faster than reading through Python."""
    if source.path is None:
        return None
    name = str(source.path.absolute())
    try:
        name.encode()
    except UnicodeEncodeError:
        return None  # a name that is not UTF-8, which FFmpeg wants
    return f"file:{name}"


@contextmanager
def media_errors(name: str) -> Iterator[None]:
    """Whatever PyAV throws becomes one of our errors, once, here.

    Errors outside `av.FFmpegError` leak from damaged files: UnicodeDecodeError, AttributeError, MemoryError, and
    IndexError where a stream turns up half-way that PyAV has no object for.
    """
    import av

    try:
        yield
    except (BrokenMediaError, UnreadableError, OutOfSpaceError):
        raise
    except av.error.FileNotFoundError as error:
        raise UnreadableError(f"{name} is not there any more. Check the path.") from error
    except (av.FFmpegError, OSError) as error:
        if error.errno == _ENOSPC:
            raise OutOfSpaceError(f"no space left while working on {name}. Free some and run again.") from error
        raise BrokenMediaError(_reason(error)) from error
    except (ValueError, ArithmeticError, AttributeError, LookupError, MemoryError) as error:
        raise BrokenMediaError(_reason(error)) from error


def _reason(error: BaseException) -> str:
    text = str(getattr(error, "strerror", None) or error) or type(error).__name__
    return text[:200]
