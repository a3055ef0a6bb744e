"""Whether a JPEG's coded data are whole. Pillow cannot tell: where libjpeg finds a scan cut short it fills the picture
with grey, and its warning never reaches Python. And its planes of brightness and colour, as they are coded.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, BinaryIO

from preflight.probers.image_structure import JpegSegment, first_picture, is_arithmetic, jpeg_damage, jpeg_segments

if TYPE_CHECKING:
    import av

_NOT_FOR_DECODING = frozenset({*range(0xE0, 0xF0), 0xFE})
"""APP0 to APP15 and comments; from some, FFmpeg infers quirks of old encoders."""
_SOS, _RESTART_INTERVAL = 0xDA, 0xDD
_RESTART = re.compile(rb"(\xff[\xd0-\xd7])")
_RESTARTS_IN_ORDER = bytes(range(0xD0, 0xD8))
_NO_CODE = b"\xff\0" * 8
"""Ones, which are no code in any table (T.81, C.2): put where coded data end, so that the decoder meets them where it
wants more. By itself it goes on with zeros, which are codes, and asks only after each block whether that was too much.
"""
_PLANES = frozenset({"gray", "yuvj420p", "yuvj422p", "yuvj440p", "yuvj444p"})


def coded_picture(file: BinaryIO) -> av.Packet[av.stream.Stream] | None:
    """The first picture of a JPEG as FFmpeg's decoder takes it; None where it does not know the kind."""
    return _packet(file, first_picture(file, jpeg_segments(file)))


def is_cut_short(picture: av.Packet[av.stream.Stream] | None) -> bool:
    """Decode with FFmpeg's decoder, which is told to stop at the first fault, and takes less than Pillow's time.

    False also where it has no opinion, because the picture is of a kind that it does not know.
    """
    if picture is None:
        return False
    # All coefficients are read, however small the picture that they become: an eighth is the least to hold. Not all
    # kinds can be made smaller (four components of several sizes).
    frame, fault = _decoded(picture, halvings=3)
    return fault if frame is not None or fault else _decoded(picture, halvings=0)[1]


def jpeg_planes(file: BinaryIO) -> tuple[av.VideoFrame | None, bool]:
    """The first picture of a JPEG as it is coded, not turned into RGB, and whether it is cut short.

    In one of FFmpeg's formats of full range: gray, yuvj420p, yuvj422p, yuvj440p, yuvj444p. None where it is cut short
    or of no kind that FFmpeg decodes to one of these. That three components are Y, Cb and Cr is for the caller to know.
    """
    segments = jpeg_segments(file)
    if jpeg_damage(segments) is not None:
        return None, False  # for Pillow to stumble over
    picture = _packet(file, [s for s in segments if s.marker not in _NOT_FOR_DECODING])
    if picture is None:
        return None, False
    frame, fault = _decoded(picture, halvings=0)
    return (frame if frame is not None and frame.format.name in _PLANES else None), fault


def _decoded(picture: av.Packet[av.stream.Stream], *, halvings: int) -> tuple[av.VideoFrame | None, bool]:
    import av

    decoder = av.CodecContext.create("mjpeg", "r")
    assert isinstance(decoder, av.VideoCodecContext)
    decoder.options = {"err_detect": "crccheck+bitstream+buffer+explode", "lowres": str(halvings)}
    decoder.thread_count = 1
    try:
        frames = decoder.decode(picture)
    except av.error.InvalidDataError:
        return None, True
    except av.FFmpegError:
        return None, False
    return (frames[0] if frames else None), False


def _packet(file: BinaryIO, segments: Sequence[JpegSegment]) -> av.Packet[av.stream.Stream] | None:
    """Read to where the decoder takes it from: a large file is not copied on the way."""
    import av

    if is_arithmetic(segments):
        return None  # FFmpeg takes it for a fault
    if any(segment.marker == _RESTART_INTERVAL for segment in segments):
        return av.Packet(b"".join(_with_ends(file, segments)))
    scans = sum(segment.marker == _SOS for segment in segments)
    packet = av.Packet(sum(s.end - s.start for s in segments) + scans * len(_NO_CODE))
    room, filled = memoryview(packet), 0
    for segment in segments:
        file.seek(segment.start)
        # BinaryIO lacks what all of ours have
        filled += file.readinto(room[filled : filled + segment.end - segment.start])  # type: ignore[attr-defined]
        if segment.marker == _SOS:
            room[filled : filled + len(_NO_CODE)] = _NO_CODE
            filled += len(_NO_CODE)
    return packet if filled == packet.size else av.Packet(bytes(room[:filled]))  # a segment longer than the file


def _with_ends(file: BinaryIO, segments: Sequence[JpegSegment]) -> Iterator[bytes]:
    for segment in segments:
        file.seek(segment.start)
        data = file.read(segment.end - segment.start)
        if segment.marker != _SOS:
            yield data
            continue
        parts = _RESTART.split(data)
        numbers = b"".join(parts[1::2])[1::2]
        if numbers == (_RESTARTS_IN_ORDER * (len(numbers) // 8 + 1))[: len(numbers)]:
            parts[1::2] = [_NO_CODE + marker for marker in parts[1::2]]
            yield from parts
        else:  # the decoder takes each for the one that is due: nothing is left of this scan to be found whole
            yield data[: 2 + int.from_bytes(data[2:4])]
        yield _NO_CODE
