"""Where the last frame of a FLAC ends: FFmpeg hands it on with whatever lies behind it, a tag or megabytes of zeros."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from preflight.probers.container import demux, open_media

if TYPE_CHECKING:
    from av.audio.codeccontext import AudioCodecContext
    from av.packet import Packet
    from av.stream import Stream

    from preflight.media import Source

STRICTLY = {"err_detect": "crccheck+explode"}
"""For FFmpeg's decoder, which else makes some noise of a damaged frame and says nothing."""


class FrameClock:
    """FLAC numbers its frames: where some are missing, those that follow still say when they are due."""

    def __init__(self) -> None:
        self._due: int | None = None
        self._left_s = _MOST_MISSING_S

    def missing(self, packet: Packet[Stream]) -> int:
        """Samples that should have come between those that were counted and this packet; 0 where nobody can tell."""
        context: AudioCodecContext = packet.stream.codec_context  # type: ignore[assignment]  # of FLAC
        base, rate = packet.time_base, context.sample_rate
        if packet.pts is None or not base or not rate:
            return 0
        at = round(packet.pts * base * rate)
        if self._due is None:
            self._due = at
        missing = at - self._due
        # Matroska rounds to milliseconds. What is beyond reason is no gap, but a number that is damaged, too.
        return missing if rate * _ROUNDED_S < missing <= rate * self._left_s else 0

    def fill(self, samples: int, sample_rate: int) -> None:
        """So many were missing, and something stands for them."""
        self.count(samples)
        self._left_s -= samples / sample_rate

    def count(self, samples: int) -> None:
        """So many came."""
        if self._due is not None:
            self._due += samples


class Numbers:
    """Of the frames of a FLAC file, whether they go on without a gap."""

    def __init__(self) -> None:
        self._clock = FrameClock()
        self._last: Packet[Stream] | None = None
        self.missing_s = 0.0

    def follow(self, packet: Packet[Stream]) -> None:
        if not packet.size:
            return
        self._last = packet
        if missing := self._clock.missing(packet):
            context: AudioCodecContext = packet.stream.codec_context  # type: ignore[assignment]  # of FLAC
            self._clock.fill(missing, context.sample_rate)
            self.missing_s += missing / context.sample_rate
        self._clock.count(packet.duration or 0)

    def trailing_bytes(self) -> int:
        """Behind the last frame of those that were followed; 0, too, where that is not whole."""
        return self._last.size - (last_frame_bytes(self._last) or self._last.size) if self._last is not None else 0


def trailing_bytes(source: Source) -> int:
    """Behind the last frame of a FLAC; 0, too, where that is not whole. Raises BrokenMediaError."""
    numbers = Numbers()
    with open_media(source) as container:
        for packet in demux(container, *container.streams.audio[:1]):
            numbers.follow(packet)
        return numbers.trailing_bytes()


_ROUNDED_S, _MOST_MISSING_S = 0.002, 600.0
"""Of one file, in all: numbers that jump must not make hours of silence."""

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
