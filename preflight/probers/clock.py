"""How long audio or video really is, and where its clock starts.

Durations lie: 12 files of the public test suites claim hours and hold seconds, or the reverse. So the header
is believed only where the container's own index confirms it; everywhere else the packets are read (no frame is
decoded; 0.3 s for 400 MB).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import islice
from typing import TYPE_CHECKING

from preflight.media import DurationSource, Span, Watch, unwatched
from preflight.probers.container import demux
from preflight.probers.flac import Numbers
from preflight.probers.mending import SENDERS, Mender, find_jumps
from preflight.probers.movie_header import NOTHING, MovieHeader
from preflight.probers.mp3_junk import ByteRange, Junk
from preflight.probers.opening import decodable_leading_test
from preflight.probers.times import Times

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from av.container import InputContainer
    from av.packet import Packet
    from av.stream import Stream

_MICROSECONDS = 1_000_000
# An index is taken to confirm a header that it matches within this share, or this many seconds.
_INDEX_SHARE, _INDEX_S = 0.01, 0.25


@dataclass(frozen=True, kw_only=True, slots=True)
class Clock:
    """Seconds; None is unknown."""

    duration_s: float | None
    """From the source's start to the end of what is played last, to a microsecond."""
    duration_source: DurationSource | None
    claimed_duration_s: float | None
    """What the header says, true or not."""
    start_s: float
    """Below 0 only in a transport stream, whose clock wraps around."""
    starts_with_keyframe: bool | None
    is_encrypted: bool
    """By the first packet; in MP4 the codec's tag need not say so."""
    damaged_packets: int
    """As far as the container knows: cut off at the file's end, or lost on the way in a transport stream."""
    first_picture: bytes | None
    """Of the video, the first keyframe, or else the first packet: it says how large its pictures are."""
    missing_s: float = 0.0
    """Of a FLAC file, by the numbers of the frames that are there."""
    jumps: tuple[Span, ...] = ()
    """Where a sender's clock jumps ahead, in seconds from `start_s`; no part of the duration."""
    junk: tuple[ByteRange, ...] = ()
    """Of an MP3, what is no frame, and came as if it were one."""
    trailing_bytes: int = 0
    """Of a FLAC, behind its last frame."""


def read_clock(
    container: InputContainer,
    video: Stream | None,
    streams: Sequence[Stream],
    *,
    size_bytes: int,
    movie: MovieHeader = NOTHING,
    watch: Watch = unwatched,
) -> Clock:
    """Of the given audio and video streams; leaves the container's position anywhere.

    `movie` is what an MP4 says besides; `watch` is told the seconds of the packets that are read.
    """
    shown = container.duration / _MICROSECONDS if container.duration and container.duration > 0 else None
    claimed = shown if movie.duration_s is None else max(shown or 0.0, movie.duration_s)
    lost = movie.impossible_samples + movie.torn_fragments
    is_false = movie.is_fragmented and any(_reaches_beyond(stream, size_bytes) for stream in streams)
    indexed = _from_index(streams, size_bytes) if not lost and not is_false else None
    if claimed is not None and indexed is not None:
        start, length, keyframe = indexed
        if movie.duration_s is not None:  # which counts what is before the start, too
            shown = max(shown or 0.0, movie.duration_s - start)
        if shown is not None and abs(length - claimed) <= max(_INDEX_S, _INDEX_SHARE * claimed):
            first, picture, lead = _first_packets(container, video, streams)
            if lead and (led := _from_index(streams, size_bytes, lead)) is not None:
                start, length, keyframe = led
            return Clock(
                duration_s=_rounded(max(length, shown)),
                duration_source="index",
                claimed_duration_s=_claimed(claimed, container),
                start_s=start,
                # An index may call a keyframe what is none: the packet's own flag counts as well.
                starts_with_keyframe=None if video is None else keyframe and (picture is None or picture.is_keyframe),
                is_encrypted=first is not None and _is_encrypted(first),
                damaged_packets=0,
                first_picture=bytes(picture) if picture is not None else None,
            )
    clock = _from_packets(container, video, streams, claimed, watch)
    return replace(clock, damaged_packets=max(clock.damaged_packets, lost))


def _first_packets(
    container: InputContainer, video: Stream | None, streams: Sequence[Stream]
) -> tuple[Packet[Stream] | None, Packet[Stream] | None, int]:
    """The first of all, the first of the video, and by how many ticks others of it are shown before that."""
    first: Packet[Stream] | None = None
    packets = enumerate(demux(container, *streams))
    for number, packet in packets:
        first = first or packet
        if video is None or number == _SOUND_FIRST:
            break
        if packet.stream_index == video.index and packet.size:
            return first, packet, _lead(packet, video, (following for _, following in packets))
    return first, None, 0


def _lead(keyframe: Packet[Stream], video: Stream, packets: Iterable[Packet[Stream]]) -> int:
    """By how many ticks pictures are shown before the first keyframe that can be decoded nevertheless."""
    can_lead = decodable_leading_test(video)
    lead = 0
    if can_lead is None or keyframe.pts is None:
        return lead
    for packet in islice((p for p in packets if p.stream_index == video.index), _MOST_LEADING):
        if packet.pts is None or packet.pts > keyframe.pts:
            break
        if can_lead(bytes(packet)):
            lead = max(lead, keyframe.pts - packet.pts)
    return lead


_MOST_LEADING = 64


_SOUND_FIRST = 1_000
"""Packets that may be stored before the first of the video; 20 s of sound."""


def _from_index(streams: Sequence[Stream], size_bytes: int, lead: int = 0) -> tuple[float, float, bool] | None:
    """(start, length, does the video start with a keyframe), where every stream has a complete index (MP4).

    None, too, where the index promises more than the file holds: its end was cut off. `lead`: ticks of the video that
    are shown before its first packet, where FFmpeg has it start.
    """
    if not streams or "mp4" not in streams[0].container.format.name:
        return None  # elsewhere an index holds the keyframes only, or is the file's own claim
    starts, ends, keyframe = [], [], True
    for stream in streams:
        entries, base = stream.index_entries, stream.time_base
        if len(entries) < 2 or not base or stream.start_time is None or stream.frames > len(entries):  # noqa: PLR2004
            return None  # fragmented, or silent: only the packets know
        first, last, before = entries[0], entries[-1], entries[-2]
        started = stream.start_time - lead if stream.type == "video" else stream.start_time
        if last.pos + last.size > size_bytes:
            return None
        starts.append(float(started * base))
        # An index counts in decoding order: with B-frames, video is shown later than that by what its start is.
        delay = started - first.timestamp if stream.type == "video" else 0
        # What an edit list hides at the end is decoded among the last that are shown.
        hidden = _hidden_at_end(entry.is_discard for entry in reversed(entries))
        step = last.timestamp - before.timestamp
        ends.append(float((last.timestamp + (1 - hidden) * step + delay) * base))
        if stream.type == "video":
            keyframe = first.is_keyframe
    start = max(min(starts), 0.0)
    return start, max(ends) - start, keyframe


def _reaches_beyond(stream: Stream, size_bytes: int) -> bool:
    """Whether a packet would lie behind the end of the file."""
    return any(entry.pos + entry.size > size_bytes for entry in stream.index_entries)


def _hidden_at_end(discarded: Iterable[bool]) -> int:
    """How many of the last packets an edit list hides, given of each, from the last on, whether it does."""
    hidden = shown = 0
    for is_discarded in discarded:
        hidden, shown = (hidden + 1, 0) if is_discarded else (hidden, shown + 1)
        if shown == _MOST_REORDERED:
            break
    return hidden


_MOST_REORDERED = 16
"""Pictures that a decoder keeps at most, so that one is shown that much later than it is decoded."""


def _from_packets(
    container: InputContainer, video: Stream | None, streams: Sequence[Stream], claimed: float | None, watch: Watch
) -> Clock:
    times, mender = Times(), Mender(streams)
    # ASF says when a packet starts and never how long it lasts: what FFmpeg says is a guess by the bit rate.
    is_guessed = container.format.name == "asf"
    tracks = {s.index: _Track(is_guessed=is_guessed, claimed_s=claimed) for s in streams}
    is_sent = container.format.name in SENDERS
    sent: list[tuple[float, float]] = []
    numbers = Numbers() if container.format.name == "flac" else None
    keyframe: bool | None = None
    picture: bytes | None = None
    is_known = False
    """Whether that is a keyframe, which says how large it is."""
    is_encrypted: bool | None = None
    damaged = 0
    junk = Junk()
    for packet in demux(container, *streams, junk=junk):
        if packet.size == 0:
            continue  # the flush at the end
        if is_encrypted is None:
            is_encrypted = _is_encrypted(packet)
        damaged += packet.is_corrupt
        if video is not None and packet.stream_index == video.index and not is_known:
            keyframe = packet.is_keyframe if keyframe is None else keyframe
            is_known = packet.is_keyframe
            picture = bytes(packet) if picture is None or is_known else picture
        if numbers is not None:
            numbers.follow(packet)
        mender.mend(packet)
        if not packet.is_discard and (packet.pts is not None or packet.dts is not None):
            start_s, length_s = times.start_s(packet), times.length_s(packet)
            watch(tracks[packet.stream_index].follow(start_s, length_s))
            if is_sent:
                sent.append((start_s, start_s + length_s))
    timed = [track for track in tracks.values() if track.start_s is not None]
    low = min((track.start_s for track in timed if track.start_s is not None), default=None)
    # Below zero is what a decoder needs and nobody is shown; but a transport stream counts on through its zero.
    start = 0.0 if low is None else low if container.format.name == "mpegts" else max(low, 0.0)
    length = max((track.end_s() for track in timed), default=start) - start
    jumps = tuple(Span(jump.start_s - start, jump.end_s - start) for jump in find_jumps(sent))
    if jumps:  # who holds the last time against the first finds all of that
        claimed = _rounded(length)
    return Clock(
        duration_s=None if low is None else _rounded(max(length - sum(jump.duration_s for jump in jumps), 0.0)),
        duration_source=None if low is None else "packets",
        claimed_duration_s=claimed if jumps else _claimed(claimed, container),
        start_s=start,
        starts_with_keyframe=keyframe,
        is_encrypted=bool(is_encrypted),
        damaged_packets=damaged + junk.damaged_packets,
        first_picture=picture,
        missing_s=_rounded(numbers.missing_s) if numbers is not None else 0.0,
        trailing_bytes=numbers.trailing_bytes() if numbers is not None else 0,
        jumps=jumps,
        junk=junk.ranges,
    )


def _claimed(claimed: float | None, container: InputContainer) -> float | None:
    """MPEG streams have no header that could say a duration: FFmpeg subtracts their first time from their last."""
    return None if container.format.name in SENDERS else claimed


def _rounded(seconds: float) -> float:
    """To a microsecond: 3.9999999999999996 s are 4 s that were added up."""
    return round(seconds, 6)


class _Track:
    """How long one stream lasts by its packets, whose times are mended."""

    def __init__(self, *, is_guessed: bool = False, claimed_s: float | None = None) -> None:
        """`is_guessed`: the lengths of packets; `claimed_s`: where the header says that it ends."""
        self._is_guessed, self._claimed_s = is_guessed, claimed_s
        self._step_s = 0.0
        """From the last packet but one to the last."""
        self._longest_s = 0.0
        """Of the packets but the last."""
        self._last: tuple[float, float] = (float("-inf"), 0.0)
        """Start and length of the packet that was stored last."""
        self._end_s = float("-inf")
        """Of the packets but the last."""
        self.start_s: float | None = None

    def follow(self, start_s: float, length_s: float) -> float:
        """How many seconds are done."""
        self._count_last()
        self._step_s = max(start_s - self._last[0], 0.0) if self.start_s is not None else 0.0
        self._last = (start_s, length_s)
        self.start_s = start_s if self.start_s is None else min(self.start_s, start_s)
        return start_s - self.start_s

    def _count_last(self) -> None:
        start_s, length_s = self._last
        self._end_s = max(self._end_s, start_s + length_s)
        self._longest_s = max(self._longest_s, length_s)

    def end_s(self) -> float:
        """In MP4, FFmpeg gives the last packet all that the header promises beyond it: what no other packet comes
        near to is a promise and no picture.
        """
        start_s, length_s = self._last
        if self._is_guessed and self._step_s > length_s:
            # As long as the one before, or as the header has it, unless that is the same guess.
            least_s, most_s = start_s + length_s, start_s + self._step_s
            is_told = self._claimed_s is not None and least_s + _SAME_S < self._claimed_s < most_s
            return max(self._end_s, self._claimed_s if is_told and self._claimed_s is not None else most_s)
        is_promise = self._longest_s > 0 and length_s > max(_STILL_S, _STILL_TIMES * self._longest_s)
        return max(self._end_s, start_s + (self._longest_s if is_promise else length_s))


_SAME_S = 0.002
"""What milliseconds round."""
_STILL_S, _STILL_TIMES = 10.0, 10
"""How much longer the last packet must be than any other to be disbelieved."""


def _is_encrypted(packet: Packet[Stream]) -> bool:
    return packet.has_sidedata("encryption_info")
