"""Coded packets → one file in memory."""

from __future__ import annotations

import io
import math
from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import TYPE_CHECKING

from preflight.planner import Muxer

if TYPE_CHECKING:
    from av.packet import Packet
    from av.stream import Stream

# Clocks coarser than this (video in AVI ticks once a frame) are refined, or to move them to the clip's start would
# round to whole frames.
_FINE_HZ, _FINEST_HZ = 1_000, 90_000


def mux(
    container: Muxer,
    templates: Mapping[int, Stream],
    packets: Sequence[Packet[Stream]],
    base_s: float,
) -> bytes:
    """Write the packets as one file whose clock starts at `base_s` of theirs; they are used up.

    `templates` are the streams that the packets came from, by index; one that has no packet here is left out. The
    file is at most one clip, so that it can be held in memory; nothing is written to disk.
    """
    import av

    buffer = io.BytesIO()
    firsts = {p.stream_index: p for p in reversed(packets)}
    for index in firsts:
        _order([p for p in packets if p.stream_index == index])
    # Nor the name and version of the muxer, which is nobody's business. (MP3 keeps it: LAME's tag is a part of it.)
    options = {} if container == "mp3" else {"fflags": "+bitexact"}
    with av.open(buffer, "w", format=container, options=options) as out:
        # `opaque`: with the decoder's own codec object; not every codec that is copied has an encoder.
        streams = {i: out.add_stream_from_template(t, opaque=True) for i, t in templates.items() if i in firsts}
        clocks = {i: _clock(p.time_base, base_s) for i, p in firsts.items()}
        for packet in packets:
            index = packet.stream_index
            base, finer = clocks[index]
            if finer > 1:
                packet.time_base = packet.time_base / finer
                packet.duration = (packet.duration or 0) * finer
            if packet.pts is not None:
                packet.pts = packet.pts * finer - base
            if packet.dts is not None:
                packet.dts = packet.dts * finer - base
            packet.stream = streams[index]
            out.mux(packet)
    return buffer.getvalue()


def copy_of(packet: Packet[Stream]) -> Packet[Stream]:
    """A packet can be muxed once; what stands in two clips needs two."""
    from av.packet import Packet

    made: Packet[Stream] = Packet(bytes(packet))
    made.pts, made.dts, made.duration, made.time_base = packet.pts, packet.dts, packet.duration, packet.time_base
    made.is_keyframe = packet.is_keyframe
    made.stream = packet.stream
    for side in packet.iter_sidedata():
        made.set_sidedata(side)
    return made


def _order(packets: Sequence[Packet[Stream]]) -> None:
    """Give the packets of one stream decoding times that only ever rise, as every muxer wants them.

    Matroska states none, and FFmpeg guesses them well only while it decodes: the times of showing, sorted, and
    shifted until no packet is shown before it is decoded.
    """
    shown = [p.pts for p in packets if p.pts is not None]
    if len(shown) == len(packets) and not _is_ordered(packets):
        ordered = sorted(shown)
        delay = max(dts - pts for dts, pts in zip(ordered, shown, strict=True))
        for packet, dts in zip(packets, ordered, strict=True):
            packet.dts = dts - delay
    last: int | None = None
    for packet in packets:
        if packet.dts is not None:
            # The same time twice is seen in fragmented files; anything worse was refused when the units were made.
            if last is not None and packet.dts <= last:
                packet.dts = last + 1
                packet.pts = max(packet.pts, packet.dts) if packet.pts is not None else None
            last = packet.dts


def _is_ordered(packets: Sequence[Packet[Stream]]) -> bool:
    last: int | None = None
    for packet in packets:
        if (
            packet.dts is None
            or packet.pts is None
            or packet.dts > packet.pts
            or (last is not None and packet.dts < last)
        ):
            return False
        last = packet.dts
    return True


def _clock(time_base: Fraction, base_s: float) -> tuple[int, int]:
    """(the clip's start, how many times finer the packets' clock must become to say it)."""
    if not time_base:
        return 0, 1
    finer = math.ceil(time_base * _FINEST_HZ) if time_base * _FINE_HZ > 1 else 1
    return round(base_s / time_base * finer), finer
