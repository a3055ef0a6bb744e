"""What the coded pictures of a video say of themselves, where the container does not say it, or says something else."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING

import av

if TYPE_CHECKING:
    from av.video.stream import VideoStream

_STATING_THE_RATIO = ("mov", "matroska")
"""Demuxers of containers that have a place for the shape of a pixel."""
_MOST_PIXELS = 40_000_000
"""Of a picture that is decoded for the shape of its pixels: no broadcast comes near."""


def coded_size(video: VideoStream, first_picture: bytes | None) -> tuple[int, int]:
    """(width, height) by the coded picture itself, where FFmpeg's parser of its codec reads that from the first packet:
    a container may say what it likes, and a decoder does not listen. Nothing is decoded.
    """
    context = video.codec_context
    stated = context.width, context.height
    if first_picture is None:
        return stated
    try:
        parser = _context_of(video)
        parser.parse(first_picture)
        parser.parse()  # what it holds back until the next picture starts
    except (av.FFmpegError, ValueError):  # a codec without a parser
        return stated
    found = parser.width, parser.height
    if not all(found):
        return stated
    is_cropped = _in_blocks(stated) == _in_blocks(found) and stated[0] <= found[0] and stated[1] <= found[1]
    # H.264 codes whole blocks, and FFmpeg lets a container say how much of the last ones is shown.
    return stated if is_cropped and context.codec.canonical_name == "h264" else found


def pixel_ratio(video: VideoStream, container: str, first_picture: bytes | None) -> Fraction:
    """Width of a pixel by its height, 1 where nothing says. `container` is FFmpeg's name of the demuxer.

    MPEG streams keep it with the picture, so the first one is decoded there: half a millisecond. So it is in MXF, which
    states the ratio of all rows that are stored, and H.264 stores more than are shown (1088 for 1080).
    """
    stated = video.sample_aspect_ratio
    otherwise = stated if stated and stated > 0 else None  # PyAV 19 never answers None for a rational, but 0
    if otherwise is not None and container != "mxf":
        return otherwise
    otherwise = otherwise or Fraction(1)
    width, height = video.codec_context.width, video.codec_context.height
    if first_picture is None or container.startswith(_STATING_THE_RATIO) or width * height > _MOST_PIXELS:
        return otherwise
    try:
        decoder = _context_of(video)
        decoder.decode(av.Packet(first_picture))
        decoder.decode(None)
    except (av.FFmpegError, ValueError):  # damaged, which is for others to say
        return otherwise
    found = decoder.sample_aspect_ratio
    return found if found and found > 0 else otherwise


# FFmpeg's numbers of field orders (unknown, progressive, and four kinds of interlaced) and of the transfer
# characteristics of ITU-T H.273, with its names.
_UNKNOWN, _PROGRESSIVE = 0, 1
_TRANSFERS = {
    1: "bt709",
    4: "gamma22",
    5: "gamma28",
    6: "smpte170m",
    7: "smpte240m",
    8: "linear",
    9: "log100",
    10: "log316",
    11: "iec61966-2-4",
    12: "bt1361e",
    13: "iec61966-2-1",
    14: "bt2020-10",
    15: "bt2020-12",
    16: "smpte2084",
    17: "smpte428",
    18: "arib-std-b67",
}


def is_interlaced(video: VideoStream) -> bool | None:
    """By the container, or by what FFmpeg's parser of the codec reads; None where neither says."""
    order = video.codec_context.field_order
    return None if order == _UNKNOWN else order != _PROGRESSIVE


def transfer_of(video: VideoStream) -> str | None:
    """FFmpeg's name of the transfer characteristics; None where nothing says."""
    return _TRANSFERS.get(video.codec_context.color_trc)


def _context_of(video: VideoStream) -> av.VideoCodecContext:
    context = av.CodecContext.create(video.codec_context.codec.canonical_name, "r")
    assert isinstance(context, av.VideoCodecContext)
    context.extradata = video.codec_context.extradata
    context.thread_count = 1  # it is given a packet of ours: see the trap in `decoders`
    return context


def _in_blocks(size: tuple[int, int]) -> tuple[int, int]:
    return -(-size[0] // 16), -(-size[1] // 16)
