"""Where the last frame of a FLAC ends: FFmpeg hands it on with whatever lies behind it, a tag or megabytes of zeros."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from av.packet import Packet
    from av.stream import Stream

STRICTLY = {"err_detect": "crccheck+explode"}
"""For FFmpeg's decoder, which else makes some noise of a damaged frame and says nothing."""

# The largest frame that libFLAC makes, and then some: 65,535 samples of eight channels of 24 bits have 1.5 MB, but
# nobody writes such, and here every byte is looked at.
_MOST_BYTES = 1 << 18


def last_frame_bytes(packet: Packet[Stream]) -> int | None:
    """How long the frame is that the file's last packet begins with; None where it is not whole."""
    data = bytes(packet)
    table, value = _table(16), 0
    for index, byte in enumerate(data[:_MOST_BYTES]):
        value = (value << 8 & 0xFFFF) ^ table[value >> 8 ^ byte]
        # By chance it is 0 in one place of 65,536.
        if value == 0 and index and _decodes(packet, data[: index + 1]):
            return index + 1
    return len(data) if len(data) > _MOST_BYTES and crc(data, 16) == 0 and _decodes(packet, data) else None


def _decodes(packet: Packet[Stream], frame: bytes) -> bool:
    import av
    from av.codec import CodecContext
    from av.packet import Packet

    decoder = CodecContext.create("flac", "r")
    decoder.extradata = packet.stream.codec_context.extradata
    decoder.options = STRICTLY
    try:
        return bool(decoder.decode(Packet(frame)) + decoder.decode(None))
    except (av.FFmpegError, ValueError, MemoryError):
        return False


POLYNOMIALS = {8: 0x07, 16: 0x8005}


@cache
def _table(bits: int) -> list[int]:
    """What each byte does to a checksum of 8 or 16 bits."""
    top, mask = 1 << (bits - 1), (1 << bits) - 1
    table = []
    for byte in range(256):
        value = byte << (bits - 8)
        for _ in range(8):
            value = (value << 1 ^ (POLYNOMIALS[bits] if value & top else 0)) & mask
        table.append(value)
    return table


def crc(data: bytes, bits: int) -> int:
    """The checksum of a frame's header (8 bits) or of a frame (16), which with its own checksum behind it is 0."""
    table, mask, value = _table(bits), (1 << bits) - 1, 0
    for byte in data:
        value = (value << 8 & mask) ^ table[value >> (bits - 8) ^ byte]
    return value
