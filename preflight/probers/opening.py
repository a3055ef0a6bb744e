"""Where decoding can start: what a keyframe promises, codec by codec."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from av.packet import Packet
    from av.stream import Stream
    from av.video.stream import VideoStream

    from preflight.probers.times import Coded


def is_keyframe(packet: Coded) -> bool:
    return packet.is_keyframe


def opening_test(video: VideoStream | None) -> Callable[[Packet[Stream]], bool]:
    """What tells whether decoding can start at a packet of this stream.

    FFmpeg calls every recovery point of H.264 a keyframe; after one that is no IDR picture, later pictures may still
    name ones before it, which decoders complain of even where they look right.
    """
    if video is None or video.codec_context.name != "h264":
        return is_keyframe
    if "4:4:4" in (video.codec_context.profile or ""):
        # Full colour, or nothing lost in coding: x264 wrote it wrongly until build 151, and decoders know by a note
        # that stands in the first packet alone.
        return lambda _: False
    extradata = video.codec_context.extradata or b""
    length_bytes = (extradata[4] & 3) + 1 if len(extradata) > _AVCC_HEADER and extradata[0] == 1 else None
    return lambda packet: packet.is_keyframe and _first_slice_type(bytes(packet), length_bytes) == _IDR


def decodable_leading_test(video: Stream | None) -> Callable[[bytes], bool] | None:
    """What tells pictures that are shown before the keyframe that they are stored behind, and hang on nothing before
    it (RADL), of an MP4; None for codecs that have none.
    """
    match video.codec_context.name if video is not None else "":
        case "hevc":
            return lambda data: any(header >> 9 & 63 in _HEVC_RADL for header in _headers(data))
        case "vvc":
            return lambda data: any(header >> 3 & 31 == _VVC_RADL for header in _headers(data))
        case _:
            return None


def _headers(data: bytes) -> Iterator[int]:
    """The two bytes that each NAL unit begins with."""
    at = 0
    while at + _LENGTH_BYTES + 2 <= len(data):
        start = at + _LENGTH_BYTES
        yield int.from_bytes(data[start : start + 2], "big")
        at = start + int.from_bytes(data[at:start], "big")


_LENGTH_BYTES = 4
"""Of a NAL unit's length, as all write it."""
_HEVC_RADL, _VVC_RADL = range(6, 8), 2
_AVCC_HEADER = 6
_IDR, _SLICES = 5, range(1, 6)


def _first_slice_type(data: bytes, length_bytes: int | None) -> int | None:
    """The NAL unit type of the first slice, of H.264 with lengths (MP4) or with start codes (MPEG-TS)."""
    at = 0
    while True:
        if length_bytes is None:
            at = data.find(b"\0\0\1", at) + 3
            if at < 3 or at >= len(data):  # noqa: PLR2004 (the start code's own length)
                return None
            end = at
        else:
            start, at = at, at + length_bytes
            if at >= len(data):
                return None
            end = at + int.from_bytes(data[start:at], "big")
        if (kind := data[at] & 31) in _SLICES:
            return kind
        at = end
