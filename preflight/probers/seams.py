"""Whether decoding can start at an open GOP: nothing that is stored says so, a decoder must be asked."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from zlib import crc32

from preflight.errors import BrokenMediaError
from preflight.media import AudioFacts, Source, VideoFacts
from preflight.probers.container import open_media
from preflight.probers.headless import from_first_keyframe
from preflight.probers.mending import mended
from preflight.probers.opening import opening_test
from preflight.probers.timed import pick_streams
from preflight.probers.units import PacketUnit, gops_of

if TYPE_CHECKING:
    from av.packet import Packet
    from av.stream import Stream
    from av.video.codeccontext import VideoCodecContext
    from av.video.stream import VideoStream

_SAME_S = 1e-5
# No decoder keeps more than 16 pictures to refer to; by then, each that was there before has made room for a newer.
_MOST_DECODED = 48


class Seams:
    """Asks a decoder about places of one source, about each of them once."""

    def __init__(self, source: Source, facts: AudioFacts | VideoFacts) -> None:
        self._source, self._facts = source, facts
        self._complaints: dict[float, str] = {}

    def refused(self, starts_s: Sequence[float]) -> dict[float, str]:
        """Those of these starts of open GOPs or of the source, on its timeline, that no clip may start at, and why.

        One may where a decoder does not complain of what follows, and shows the same as of the whole. It takes a pass
        over the packets up to the last of them, and decoding what is around each. Raises UnreadableError.
        """
        if new := sorted(s for s in starts_s if s not in self._complaints):
            self._complaints.update(self._asked(new))
        return {s: why for s in starts_s if (why := self._complaints[s])}

    def _asked(self, starts_s: Sequence[float]) -> dict[float, str]:
        """What is complained of at each; nothing, where it is as it should be."""
        found: dict[float, str] = {}
        why = "the place is not there any more"
        try:
            with open_media(self._source) as container:
                video, audio = pick_streams(container)
                if video is not None:
                    streams: list[Stream] = [s for s in (video, audio) if s is not None]
                    base_s = self._facts.start_s
                    packets = (
                        p
                        for p in mended(container, streams, self._facts.clock_jumps, base_s)
                        if p.stream.index == video.index and not p.is_corrupt
                    )
                    places = _places(packets, video, [s + base_s for s in starts_s], base_s)
                    for start_s, place in zip(starts_s, places, strict=False):
                        found[start_s] = _complaint(video, place)
        except BrokenMediaError as error:
            why = str(error)
        return dict.fromkeys(starts_s, why) | found


@dataclass(slots=True)
class _Place:
    """What is decoded to judge one start."""

    gop: PacketUnit[Packet[Stream]]
    before: list[Packet[Stream]]
    """What starts an open GOP hangs on nothing before the one before, or decoding it would complain."""
    following: list[Packet[Stream]] = field(default_factory=list)
    """Of the GOPs behind it, where it is short."""

    @property
    def is_whole(self) -> bool:
        return self.gop.packets - len(self.gop.leading) + len(self.following) >= _MOST_DECODED


def _places(
    packets: Iterable[Packet[Stream]], video: VideoStream, starts_s: Sequence[float], base_s: float
) -> Iterator[_Place]:
    """In order; fewer than are asked for where the source does not have them any more."""
    opens = opening_test(video)
    gops = gops_of(
        from_first_keyframe(packets, video.index, opens=opens),
        video.index,
        with_audio=False,
        start_s=base_s,
        opens=opens,
    )
    left = list(reversed(starts_s))
    growing: list[_Place] = []
    before: list[PacketUnit[Packet[Stream]]] = []
    for gop in gops:
        for place in growing:
            place.following += gop.coded
        if left and gop.start_s >= left[-1] - _SAME_S:
            left.pop()
            growing.append(_Place(gop, [p for unit in before for p in unit.coded]))
        before = [*before[-1:], gop] if gop.is_open else [gop]
        while growing and growing[0].is_whole:
            yield growing.pop(0)
        if not left and not growing:
            return
    yield from growing


def _complaint(video: VideoStream, place: _Place) -> str:
    leading = {id(p) for p in place.gop.leading}
    whole = [*place.gop.coded, *place.following][: _MOST_DECODED + len(leading)]
    alone = [p for p in whole if id(p) not in leading]
    pictures, complaint = _decoded(video, alone)
    if complaint or not place.before:  # with nothing before it, there is nothing to hold it against
        return complaint
    known = dict(_decoded(video, [*place.before, *whole])[0])
    if len(pictures) != len(alone) or any(known.get(pts) != picture for pts, picture in pictures):
        return "what follows looks back across it"
    return ""


def _decoded(video: VideoStream, packets: Iterable[Packet[Stream]]) -> tuple[list[tuple[int, int]], str]:
    """((time of showing, checksum) of each picture, the first complaint)."""
    import av
    import av.logging

    decoder: VideoCodecContext = av.VideoCodecContext.create(  # type: ignore[assignment]  # of a video codec
        video.codec_context.codec.canonical_name, "r"
    )
    decoder.extradata = video.codec_context.extradata
    # A complaint comes from the thread that decodes; see also the trap in `decoders`.
    decoder.thread_count = 1
    pictures: list[tuple[int, int]] = []
    level, skips_repeated = av.logging.get_level(), av.logging.get_skip_repeated()
    av.logging.set_level(av.logging.ERROR)
    av.logging.set_skip_repeated(False)  # of what the last seam was refused for, too
    try:
        with av.logging.Capture() as said:
            try:
                for packet in (*packets, None):
                    # Not of the planes: what stands beside the picture in memory is chance.
                    pictures += [(f.pts or 0, crc32(f.to_ndarray().tobytes())) for f in decoder.decode(packet)]
            except (av.FFmpegError, ValueError) as error:  # the latter of a format that has no array
                return pictures, str(error)
    finally:
        av.logging.set_level(level)
        av.logging.set_skip_repeated(skips_repeated)
    return pictures, said[0][2].strip() if said else ""
