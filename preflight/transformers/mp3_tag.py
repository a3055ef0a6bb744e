"""The tag in front of an MP3 that FFmpeg's muxer writes, made to say what is to be left out of this clip."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from av.packet import Packet
    from av.stream import Stream

_DECODER_DELAY = 529
"""Samples that every MP3 decoder is late by, and leaves out at the start besides what the tag says."""
_CRC_AT = 154
"""Bytes from the start of the tag, which itself stands behind side information of 9 to 32 bytes, to its checksum: of
all of the first frame that stands before that."""
_DELAY_AT = 21
"""Bytes from the encoder's name in the tag to delay and padding, 12 bits each."""


def skipped_samples(packets: Sequence[Packet[Stream]]) -> tuple[int, int]:
    """How many samples at the start and at the end of these the source tells decoders to leave out.

    None in the middle of a recording.
    """
    before = behind = 0
    for packet in packets:
        if packet.has_sidedata("skip_samples"):
            at_start, at_end = _SKIPS.unpack_from(bytes(packet.get_sidedata("skip_samples")))
            before, behind = before + at_start, behind + at_end
    return before, behind


_SKIPS = struct.Struct("<LL")


def with_true_delay(mp3: bytes, skipped: int, padded: int = 0) -> bytes:
    """FFmpeg's muxer, which is not told what an encoder put in front, writes that 3,567 samples are to be left out:
    here only those that the source leaves out are, at the start and at the end.
    """
    tag = max(mp3.find(b"Info", 0, _TAG_BYTES), mp3.find(b"Xing", 0, _TAG_BYTES))
    name = mp3.find(b"Lav", tag, tag + _CRC_AT) if tag >= 0 else -1
    frame = mp3.rfind(b"\xff", 0, tag) if tag >= 0 else -1
    if name < 0 or frame < 0:
        return mp3
    delay = min(max(skipped - _DECODER_DELAY, 0), _MOST_SAMPLES)
    # The decoder is late at the end, too: so much of the padding is left out at the start.
    padding = min(padded + _DECODER_DELAY, _MOST_SAMPLES) if padded else 0
    at = name + _DELAY_AT
    patched = bytearray(mp3)
    patched[at : at + 3] = (delay << 12 | padding).to_bytes(3)
    crc_at = tag + _CRC_AT
    patched[crc_at : crc_at + 2] = _crc16(patched[frame:crc_at]).to_bytes(2)
    return bytes(patched)


_MOST_SAMPLES = (1 << 12) - 1
_TAG_BYTES = 4_096


def _crc16(data: bytes | bytearray) -> int:
    """CRC-16 (ARC), which LAME's tag is protected with."""
    crc = 0
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ (0xA001 if crc & 1 else 0)
    return crc
