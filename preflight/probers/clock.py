"""How long audio or video really is, and where its clock starts.

Durations lie: 12 files of the public test suites claim hours and hold seconds, or the reverse. So the header
is believed only where the container's own index confirms it; everywhere else the packets are read (no frame is
decoded; 0.3 s for 400 MB).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from preflight.media import DurationSource
from preflight.probers.units import WRAPPED

if TYPE_CHECKING:
    from collections.abc import Sequence

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
    """From the source's start (never before 0) to the end of its last packet."""
    duration_source: DurationSource | None
    claimed_duration_s: float | None
    """What the header says, true or not."""
    start_s: float
    starts_with_keyframe: bool | None
    is_encrypted: bool
    """By the first packet; in MP4 the codec's tag need not say so."""
    damaged_packets: int
    """As far as the container knows: cut off at the file's end, or lost on the way in a transport stream."""


def read_clock(container: InputContainer, video: Stream | None, streams: Sequence[Stream], *, size_bytes: int) -> Clock:
    """Of the given audio and video streams; leaves the container's position anywhere."""
    claimed = container.duration / _MICROSECONDS if container.duration and container.duration > 0 else None
    indexed = _from_index(streams, size_bytes)
    if claimed is not None and indexed is not None:
        start, length, keyframe = indexed
        if abs(length - claimed) <= max(_INDEX_S, _INDEX_SHARE * claimed):
            first = next(container.demux(*streams), None)
            return Clock(
                duration_s=max(length, claimed),
                duration_source="index",
                claimed_duration_s=claimed,
                start_s=start,
                starts_with_keyframe=keyframe if video is not None else None,
                is_encrypted=first is not None and _is_encrypted(first),
                damaged_packets=0,
            )
    return _from_packets(container, video, streams, claimed)


def _from_index(streams: Sequence[Stream], size_bytes: int) -> tuple[float, float, bool] | None:
    """(start, length, does the video start with a keyframe), where every stream has a complete index (MP4).

    None, too, where the index promises more than the file holds: its end was cut off.
    """
    if not streams or "mp4" not in streams[0].container.format.name:
        return None  # elsewhere an index holds the keyframes only, or is the file's own claim
    starts, ends, keyframe = [], [], True
    for stream in streams:
        entries, base = stream.index_entries, stream.time_base
        if len(entries) < 2 or not base or stream.start_time is None or stream.frames > len(entries):  # noqa: PLR2004
            return None  # fragmented, or silent: only the packets know
        first, last, before = entries[0], entries[-1], entries[-2]
        if last.pos + last.size > size_bytes:
            return None
        starts.append(float(stream.start_time * base))
        # An index counts in decoding order: with B-frames, video is shown later than that by what its start is.
        delay = stream.start_time - first.timestamp if stream.type == "video" else 0
        ends.append(float((2 * last.timestamp - before.timestamp + delay) * base))
        if stream.type == "video":
            keyframe = first.is_keyframe
    start = max(min(starts), 0.0)
    return start, max(ends) - start, keyframe


def _from_packets(
    container: InputContainer, video: Stream | None, streams: Sequence[Stream], claimed: float | None
) -> Clock:
    low: float | None = None
    high: float | None = None
    keyframe: bool | None = None
    is_encrypted: bool | None = None
    damaged = 0
    base = {s.index: float(s.time_base) if s.time_base else 0.0 for s in streams}
    for packet in container.demux(*streams):
        if packet.size == 0:
            continue  # the flush at the end
        if is_encrypted is None:
            is_encrypted = _is_encrypted(packet)
        damaged += packet.is_corrupt
        if video is not None and keyframe is None and packet.stream_index == video.index:
            keyframe = packet.is_keyframe
        time = packet.pts if packet.pts is not None else packet.dts
        if time is None or packet.is_discard:
            continue
        start = time * base[packet.stream_index]
        length = packet.duration if packet.duration and packet.duration < WRAPPED else 0
        end = start + length * base[packet.stream_index]
        low = start if low is None or start < low else low
        high = end if high is None or end > high else high
    if low is None or high is None:
        return Clock(
            duration_s=None,
            duration_source=None,
            claimed_duration_s=claimed,
            start_s=0.0,
            starts_with_keyframe=keyframe,
            is_encrypted=bool(is_encrypted),
            damaged_packets=damaged,
        )
    start = max(low, 0.0)
    return Clock(
        duration_s=max(high - start, 0.0),
        duration_source="packets",
        claimed_duration_s=claimed,
        start_s=start,
        starts_with_keyframe=keyframe,
        is_encrypted=bool(is_encrypted),
        damaged_packets=damaged,
    )


def _is_encrypted(packet: Packet[Stream]) -> bool:
    return packet.has_sidedata("encryption_info")
