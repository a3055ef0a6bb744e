"""Coded packets → units that decode on their own: where audio and video may be cut. Nothing here decodes.

The same grouping serves the plan (one pass over the packets' sizes) and the cut itself, so that a planned cut is
always found again.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from heapq import merge
from typing import TYPE_CHECKING, Generic, NamedTuple, TypeVar

from preflight.media import Span
from preflight.probers.headless import from_first_keyframe
from preflight.probers.mending import mended
from preflight.probers.opening import is_keyframe, opening_test
from preflight.probers.times import Coded, Times

if TYPE_CHECKING:
    from av.container import InputContainer
    from av.packet import Packet
    from av.stream import Stream
    from av.video.stream import VideoStream

P = TypeVar("P", bound=Coded)

# Coded data that wait for the sound under them. Where more would, the sound has ended before the picture.
_WAITING_BYTES = 64 * 1024 * 1024
# A hole as long as this is one where the clock has jumped; sound leads its picture by no more than that.
_JUMP_S, _LATE_S = 10.0, 1.0
_ROUNDED_S = 0.001
"""A gap shorter than this is what clocks round."""


@dataclass(slots=True)
class PacketUnit(Generic[P]):
    """Consecutive packets that decode on their own: a GOP with its sound, or one packet of sound."""

    start_s: float
    """On the packets' own clock."""
    coded: list[P] = field(default_factory=list)
    """In the order that they are to be written; a unit of video starts with its keyframe."""
    duration_s: float = 0.0
    size_bytes: int = 0
    keyframe: P | None = None
    leading: list[P] = field(default_factory=list)
    """Of an open GOP, those of `coded` that are shown before its keyframe: they hang on the unit before as well."""
    gap_s: float = 0.0
    """Of `duration_s`, at its end: nothing that is stored lasts so long."""
    is_open: bool = False
    """Decoding can start here only without `leading`, and only if nothing behind them names what is before."""

    @property
    def seam(self) -> list[P]:
        """What a clip that ends before this unit must hold of it."""
        return [self.keyframe, *self.leading] if self.keyframe is not None and self.leading else []

    @property
    def packets(self) -> int:
        return len(self.coded)

    def add(self, packet: P) -> None:
        self.coded.append(packet)
        self.size_bytes += packet.size


@dataclass(frozen=True, slots=True)
class Unit:
    """What planning needs of a `PacketUnit`."""

    start_s: float
    """On the source's timeline."""
    duration_s: float
    size_bytes: int
    packets: int
    is_open: bool = False
    """An open GOP: a clip that starts here shares a keyframe with the one before."""
    gap_s: float = 0.0
    """Of `duration_s`, at its end, where its packets have nothing to show or to play: the clock has jumped."""
    seam_bytes: int = 0
    """Of an open GOP, what the clip before it must hold of it."""
    has_hidden: bool = False
    """Of the first: it holds pictures from before the source's start, which are decoded and not shown."""


def units_of(
    packets: Iterable[P],
    video_index: int | None,
    *,
    with_audio: bool,
    start_s: float,
    opens: Callable[[P], bool] = is_keyframe,
) -> Iterator[PacketUnit[P]]:
    """Group the packets of one video and one audio stream, or of one audio stream, as they come: closed units.

    A unit of video starts at a keyframe that no later packet is shown before: a keyframe that leading pictures
    of the GOP before it hang on to (an open GOP) starts none. Sound goes with the picture that it starts under.
    The first unit starts at `start_s`, where the packets' clock does. `opens` tells the keyframes that decoding can
    start at; it is asked of video alone. Raises ValueError where a packet has no time, a clock goes backwards, or
    sound is stored so far behind its picture that it cannot be waited for.
    """
    held: PacketUnit[P] | None = None
    for unit in gops_of(packets, video_index, with_audio=with_audio, start_s=start_s, opens=opens):
        if held is not None and unit.is_open:
            held.coded += unit.coded
            held.size_bytes += unit.size_bytes
            held.duration_s += unit.duration_s
            held.gap_s = unit.gap_s
            continue
        if held is not None:
            yield held
        held = unit
    if held is not None:
        yield held


def gops_of(
    packets: Iterable[P],
    video_index: int | None,
    *,
    with_audio: bool,
    start_s: float,
    opens: Callable[[P], bool] = is_keyframe,
) -> Iterator[PacketUnit[P]]:
    """The same, but that an open GOP is a unit, too: where nothing else serves, it can be cut there."""
    kept = (p for p in packets if p.size)  # the flush at the end of a demuxer has none
    if video_index is None:
        return _sound_units(kept, start_s)
    return _Gops[P](video_index, start_s, opens, with_audio=with_audio).units(kept)


class _Gops(Generic[P]):
    """The state of one pass over the packets of a video."""

    def __init__(self, video_index: int, start_s: float, opens: Callable[[P], bool], *, with_audio: bool) -> None:
        self._video_index, self._start_s, self._with_audio = video_index, start_s, with_audio
        self._opens = opens
        self._times = Times()
        self._sound: deque[tuple[float, P]] = deque()
        self._heard_s = float("-inf")
        self._waiting: deque[PacketUnit[P]] = deque()
        """Whole GOPs; the last may still grow by one that nothing can start at."""
        self._waiting_bytes = 0
        self._end_s = start_s
        self._released_s = float("-inf")
        """Sound before this is too late."""

    def units(self, packets: Iterable[P]) -> Iterator[PacketUnit[P]]:
        current: PacketUnit[P] | None = None
        first_s = 0.0
        """When the first of the current GOP is shown."""
        for packet in packets:
            time_s = self._times.follow(packet)
            self._end_s = max(self._end_s, time_s + self._times.length_s(packet))
            if packet.stream_index != self._video_index:
                self._hear(time_s, packet)
            else:
                if current is None or packet.is_keyframe:
                    self._settle(current, first_s)
                    current, first_s = PacketUnit(time_s, keyframe=packet, is_open=not self._opens(packet)), time_s
                elif time_s < current.start_s:
                    current.leading.append(packet)
                    current.is_open, first_s = True, min(first_s, time_s)
                current.add(packet)
            while len(self._waiting) > 1 and self._has_heard(self._waiting[1].start_s):
                yield self._release(self._waiting[1].start_s)
        self._settle(current, first_s)
        while self._waiting:
            yield self._release(self._waiting[1].start_s if len(self._waiting) > 1 else None)

    def _hear(self, time_s: float, packet: P) -> None:
        if time_s < self._released_s:
            raise ValueError("its sound is stored too far behind its picture")
        self._sound.append((time_s, packet))
        self._heard_s = max(self._heard_s, time_s)

    def _has_heard(self, end_s: float) -> bool:
        return not self._with_audio or self._heard_s >= end_s or self._waiting_bytes > _WAITING_BYTES

    def _settle(self, unit: PacketUnit[P] | None, first_s: float) -> None:
        """Now that a GOP is whole it is known whether it can start a unit."""
        if unit is None:
            return
        self._waiting_bytes += unit.size_bytes
        if not self._waiting:
            if self._released_s == float("-inf"):
                # Nothing is before the first, whatever it hangs on; only a unit that follows one may be refused.
                unit.start_s, unit.is_open, unit.leading = self._start_s, False, []
            self._waiting.append(unit)
        elif unit.start_s > self._waiting[-1].start_s and first_s > self._waiting[-1].start_s:
            self._waiting.append(unit)
        else:
            for packet in unit.coded:
                self._waiting[-1].add(packet)

    def _release(self, end_s: float | None) -> PacketUnit[P]:
        """The oldest unit, with the sound under it; with None, with all that is left."""
        unit = self._waiting.popleft()
        self._waiting_bytes -= unit.size_bytes
        under: list[tuple[float, P]] = []
        while self._sound and (end_s is None or self._sound[0][0] < end_s):
            under.append(self._sound.popleft())
        if end_s is not None and (late := self._behind_gap(unit, under, end_s)):
            # Sound begins a little before its picture does: with that, and not before the gap.
            self._sound.extendleft(reversed(under[-late:]))
            del under[-late:]
            end_s = self._waiting[0].start_s = self._sound[0][0]
        # As players want it: sound beside its picture, however long the GOP. Neither changes its own order.
        unit.coded = list(merge(unit.coded, (p for _, p in under), key=self._times.decoded_s))
        unit.size_bytes += sum(p.size for _, p in under)
        end_s = self._end_s if end_s is None else end_s
        unit.duration_s = max(end_s - unit.start_s, 0.0)
        held_s = max(map(self._shown_until_s, unit.coded))
        gap_s = end_s - max(held_s, unit.start_s)
        unit.gap_s = gap_s if gap_s > _ROUNDED_S else 0.0
        self._released_s = end_s
        return unit

    def _behind_gap(self, unit: PacketUnit[P], under: list[tuple[float, P]], end_s: float) -> int:
        """How many of the sounds under a unit come after the clock has jumped, just before the next unit."""
        shown_s = max(map(self._shown_until_s, unit.coded))
        for late, (time_s, _) in enumerate(reversed(under), start=1):
            if time_s < end_s - _LATE_S:
                break
            before_s = self._shown_until_s(under[-late - 1][1]) if late < len(under) else shown_s
            if time_s - max(before_s, shown_s) > _JUMP_S:
                return late
        return 0

    def _shown_until_s(self, packet: P) -> float:
        return self._times.start_s(packet) + self._times.length_s(packet)


def _sound_units(packets: Iterable[P], start_s: float) -> Iterator[PacketUnit[P]]:
    times = Times()
    unit: PacketUnit[P] | None = None
    end_s = start_s
    for packet in packets:
        time_s = times.follow(packet)
        end_s = max(end_s, time_s + times.length_s(packet))
        if unit is not None and time_s > unit.start_s:
            unit.duration_s = time_s - unit.start_s
            yield unit
            unit = PacketUnit(time_s)
        unit = unit or PacketUnit(start_s)
        unit.add(packet)
    if unit is not None:
        unit.duration_s = max(end_s - unit.start_s, 0.0)
        yield unit


class _Measures(NamedTuple):
    """A packet without its data: of a long file, all of them fit in memory."""

    stream_index: int
    pts: int | None
    dts: int | None
    duration: int | None
    time_base: Fraction | None
    size: int
    is_keyframe: bool
    opens: bool


def read_units(
    container: InputContainer,
    video: VideoStream | None,
    audio: Stream | None,
    *,
    start_s: float,
    duration_s: float,
    jumps: Sequence[Span] = (),
    watch: Callable[[Packet[Stream]], None] | None = None,
) -> tuple[Unit, ...]:
    """Where the streams may be cut, from one pass over all packets; `start_s`, `duration_s` and `jumps` of its clock
    are the source's.

    `watch` sees each packet that passes. Raises ValueError where the packets do not say, or end before they should.
    """
    if video is not None and container.format.name == "avi" and _is_reordered(video):
        raise ValueError("AVI does not say when its frames are shown")
    packed_index = video.index if video is not None and video.codec_context.name == "mpeg4" else None
    opens = opening_test(video)
    streams: list[Stream] = [s for s in (video, audio) if s is not None]
    bases = {s.index: s.time_base for s in streams}
    index = video.index if video is not None else None
    packets = (
        _Measures(
            p.stream_index, p.pts, p.dts, p.duration, bases[p.stream_index], _size(p), p.is_keyframe, opens=opens(p)
        )
        for p in _watched(mended(container, streams, jumps, start_s), watch)
        if p.size and not p.is_corrupt and (p.stream_index != packed_index or _is_one_picture(p))
    )
    kept = from_first_keyframe(packets, index, opens=lambda p: p.opens)
    units = [
        Unit(
            max(u.start_s - start_s, 0.0),
            u.duration_s,
            u.size_bytes,
            u.packets,
            is_open=u.is_open,
            gap_s=u.gap_s,
            seam_bytes=sum(p.size for p in u.seam),
            has_hidden=not number and any(p.stream_index == index and _is_hidden(p, start_s) for p in u.coded),
        )
        for number, u in enumerate(
            gops_of(kept, index, with_audio=audio is not None, start_s=start_s, opens=lambda p: p.opens)
        )
    ]
    if video is None and audio is not None and audio.codec_context.name.startswith("pcm_"):
        units = _in_blocks(units)
    while len(units) > 1 and units[-1].start_s > duration_s - _ROUNDED_S:  # hidden by an edit list, all of it
        hidden, last = units.pop(), units.pop()
        units.append(
            replace(last, size_bytes=last.size_bytes + hidden.size_bytes, packets=last.packets + hidden.packets)
        )
    if units and (left_s := duration_s - units[-1].start_s) > 0:
        last = units.pop()
        if left_s - last.duration_s > max(_SLACK_S, _SLACK_SHARE * duration_s):
            raise ValueError("its packets end before its index does")
        units.append(replace(last, duration_s=left_s))
    return tuple(units)


def _is_hidden(packet: _Measures, start_s: float) -> bool:
    return (
        packet.pts is not None and packet.time_base is not None and packet.pts * packet.time_base < start_s - _SHOWN_S
    )


_SHOWN_S = 0.005
"""What a clock of milliseconds rounds, and less than any picture lasts."""


def _watched(
    packets: Iterable[Packet[Stream]], watch: Callable[[Packet[Stream]], None] | None
) -> Iterable[Packet[Stream]]:
    if watch is None:
        return packets

    def passed() -> Iterator[Packet[Stream]]:
        for packet in packets:
            watch(packet)
            yield packet

    return passed()


# How far an index and its packets may be apart.
_SLACK_S, _SLACK_SHARE = 1.0, 0.02


def _in_blocks(units: Sequence[Unit]) -> list[Unit]:
    """PCM has no frames; readers take it in blocks. A cut on one is between two packets for each of them."""
    blocks: list[Unit] = []
    for unit in units:
        last = blocks[-1] if blocks else None
        if last is not None and last.size_bytes % _BLOCK_BYTES and last.packets < _MOST_PACKETS:
            length_s, size = last.duration_s + unit.duration_s, last.size_bytes + unit.size_bytes
            blocks[-1] = Unit(last.start_s, length_s, size, last.packets + unit.packets)
        else:
            blocks.append(unit)
    return blocks


_BLOCK_BYTES = 4_096
_MOST_PACKETS = 16
"""Odd sample sizes never come out even."""


def _is_reordered(video: VideoStream) -> bool:
    """Whether FFmpeg cannot tell a frame's time from its place: it can for MPEG-4, by the kind of the frame."""
    return video.codec_context.name in ("h264", "hevc") and bool(video.codec_context.has_b_frames)


def _is_one_picture(packet: Packet[Stream]) -> bool:
    """Raises ValueError where pictures of MPEG-4 are packed, as DivX did: the second of two in one packet hangs on what
    is before, and the packet that stands for it holds none.
    """
    if bytes(packet).count(_MPEG4_PICTURE) > 1:
        raise ValueError("it has two pictures in one packet")
    return True


_MPEG4_PICTURE = b"\0\0\1\xb6"


def _size(packet: Packet[Stream]) -> int:
    """With the transparency that WebM stores beside a picture."""
    if not packet.has_sidedata("matroska_block_additional"):
        return packet.size
    return packet.size + packet.get_sidedata("matroska_block_additional").data_size
