"""A cut at an open GOP: the keyframe stands in both clips, and it is proved that decoding can start at it."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING
from zlib import crc32

from preflight.errors import BrokenMediaError
from preflight.media import Source, VideoFacts
from preflight.probers.container import open_media
from preflight.probers.mending import mended
from preflight.probers.opening import opening_test
from preflight.probers.timed import pick_streams
from preflight.probers.units import PacketUnit, from_first_keyframe, gops_of
from preflight.transformers.muxing import copy_of

if TYPE_CHECKING:
    from av.packet import Packet
    from av.stream import Stream
    from av.video.codeccontext import VideoCodecContext
    from av.video.stream import VideoStream

_SAME_S = 1e-5
# No decoder keeps more than 16 pictures to refer to; by then, each that was there before has made room for a newer.
_MOST_DECODED = 48


def prove(source: Source, facts: VideoFacts, cuts_s: Sequence[float]) -> None:
    """Decode what is around each of the cuts: with what is before, and without, the pictures must be the same.

    `cuts_s` are starts of open GOPs on the source's timeline. Raises BrokenMediaError where a decoder would complain
    of a clip that starts there, or show something else.
    """
    with open_media(source) as container:
        video, audio = pick_streams(container)
        if video is None:
            raise BrokenMediaError("it holds no picture any more")
        streams: list[Stream] = [s for s in (video, audio) if s is not None]
        packets = (
            p
            for p in mended(container, streams, facts.clock_jumps, facts.start_s)
            if p.stream.index == video.index and not p.is_corrupt
        )
        gops = gops_of(
            from_first_keyframe(packets, video.index),
            video.index,
            with_audio=False,
            start_s=facts.start_s,
            opens=opening_test(video),
        )
        left = deque(cut_s + facts.start_s for cut_s in cuts_s)
        before: list[PacketUnit[Packet[Stream]]] = []
        for gop in gops:
            if left and gop.start_s >= left[0] - _SAME_S:
                left.popleft()
                _compare(video, [p for unit in before for p in unit.coded], gop)
            # What starts an open GOP hangs on nothing before the one before, or decoding it would complain.
            before = [*before[-1:], gop] if gop.is_open else [gop]
            if not left:
                return
        raise BrokenMediaError("the places to cut at are not there any more")


def _compare(video: VideoStream, before: Sequence[Packet[Stream]], gop: PacketUnit[Packet[Stream]]) -> None:
    leading = {id(p) for p in gop.leading}
    alone = [p for p in gop.coded if id(p) not in leading][:_MOST_DECODED]
    whole = gop.coded[: len(alone) + len(leading)]
    pictures, complaint = _decoded(video, alone)
    if complaint:
        raise BrokenMediaError(f"at an open GOP decoding cannot start: {complaint}")
    known, _ = _decoded(video, [*before, *whole])
    assert gop.keyframe is not None
    shown = {pts: picture for pts, picture in known if pts >= (gop.keyframe.pts or 0)}
    if len(pictures) != len(alone) or any(shown.get(pts) != picture for pts, picture in pictures):
        raise BrokenMediaError("at an open GOP decoding cannot start: what follows looks back across it")


def _decoded(video: VideoStream, packets: Iterable[Packet[Stream]]) -> tuple[list[tuple[int, int]], str]:
    """((time of showing, checksum) of each picture, the first complaint)."""
    import av
    import av.logging

    decoder: VideoCodecContext = av.VideoCodecContext.create(  # type: ignore[assignment]  # of a video codec
        video.codec_context.codec.canonical_name, "r"
    )
    decoder.extradata = video.codec_context.extradata
    decoder.thread_count = 1  # a complaint comes from the thread that decodes
    pictures: list[tuple[int, int]] = []
    level = av.logging.get_level()
    av.logging.set_level(av.logging.ERROR)
    try:
        with av.logging.Capture() as said:
            try:
                for packet in _flushed(packets):
                    # Not of the planes: what stands beside the picture in memory is chance.
                    pictures += [(f.pts or 0, crc32(f.to_ndarray().tobytes())) for f in decoder.decode(packet)]
            except av.FFmpegError as error:
                return pictures, str(error)
    finally:
        av.logging.set_level(level)
    return pictures, said[0][2].strip() if said else ""


def _flushed(packets: Iterable[Packet[Stream]]) -> Iterator[Packet[Stream] | None]:
    yield from map(copy_of, packets)
    yield None
