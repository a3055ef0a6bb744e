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
    first = packets[0]
    firsts = {p.stream_index: p for p in reversed(packets)}
    for index in firsts:
        _order([p for p in packets if p.stream_index == index])
    with av.open(buffer, "w", format=container) as out:
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
    data = buffer.getvalue()
    return with_true_delay(data, _skipped(first)) if container == "mp3" else data


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


_DECODER_DELAY = 529
"""Samples that every MP3 decoder is late by, and leaves out at the start besides what the tag says."""
_TAG_CRC_BYTES = 190
"""Of the first frame, that the tag's checksum is of."""
_DELAY_AT = 21
"""Bytes from the encoder's name in the tag to delay and padding, 12 bits each."""


def _skipped(packet: Packet[Stream]) -> int:
    """Samples at its start that the source tells decoders to leave out; 0 in the middle of a recording."""
    if not packet.has_sidedata("skip_samples"):
        return 0
    return int.from_bytes(bytes(packet.get_sidedata("skip_samples"))[:4], "little")


def with_true_delay(mp3: bytes, skipped: int) -> bytes:
    """FFmpeg's muxer, which is not told what an encoder put in front, writes that 3,567 samples are to be left out:
    here only those that the source leaves out are, and none at the end.
    """
    tag = max(mp3.find(b"Info", 0, _TAG_BYTES), mp3.find(b"Xing", 0, _TAG_BYTES))
    name = mp3.find(b"Lav", tag, tag + _TAG_CRC_BYTES) if tag >= 0 else -1
    frame = mp3.rfind(b"\xff", 0, tag) if tag >= 0 else -1
    if name < 0 or frame < 0:
        return mp3
    delay = max(skipped - _DECODER_DELAY, 0)
    at = name + _DELAY_AT
    patched = bytearray(mp3)
    patched[at : at + 3] = (delay << 12).to_bytes(3)
    crc_at = frame + _TAG_CRC_BYTES
    patched[crc_at : crc_at + 2] = _crc16(patched[frame:crc_at]).to_bytes(2)
    return bytes(patched)


_TAG_BYTES = 4_096


def _crc16(data: bytes | bytearray) -> int:
    """CRC-16 (ARC), which LAME's tag is protected with."""
    crc = 0
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ (0xA001 if crc & 1 else 0)
    return crc
