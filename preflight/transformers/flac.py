"""FLAC: coded frames → a file of their own, under a header that is true of them and numbered from zero (RFC 9639)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from typing import TYPE_CHECKING, NamedTuple

from preflight.errors import BrokenMediaError
from preflight.probers.container import demux, open_media
from preflight.probers.flac import POLYNOMIALS, STRICTLY, crc, last_frame_bytes
from preflight.probers.timed import pick_streams

if TYPE_CHECKING:
    from av.packet import Packet
    from av.stream import Stream

    from preflight.media import Source

_INFORMATION_BYTES = 34
_MARK = b"fLaC"
_TOTAL_BITS = 36
_BLOCKS = {
    1: 192,
    **{code: 576 << (code - 2) for code in range(2, 6)},
    **{code: 256 << (code - 8) for code in range(8, 16)},
}
"""Samples of a frame, by code; 6 and 7 stand for numbers that follow."""
_MORE_BYTES = {6: 1, 7: 2}
_RATE_BYTES = {12: 1, 13: 2, 14: 2}
_SYNC = 0xFFF8 >> 1
_NUMBER_AT = 4
_TWO_CHANNELS = 8
"""Codes from this one on are ways to code two."""


class _Header(NamedTuple):
    """What the first bytes of a frame say."""

    format: tuple[int, bytes, int, int]
    """Of the whole stream: how frames are numbered, sample rate, channels, bits; as they are coded."""
    number_end: int
    """Where the number ends, in bytes."""
    end: int
    """Where the header ends, without its checksum."""
    samples: int
    """Of one channel."""


def flac_file(information: bytes | None, frames: Sequence[bytes]) -> bytes:
    """`information` is STREAMINFO as a container keeps it. Raises BrokenMediaError where they are no frames of one
    stream.
    """
    stated = _information(information)
    numbered, first, samples = [], None, 0
    for index, frame in enumerate(frames):
        header = _read(frame)
        first = first or header
        if header.format != first.format:
            raise BrokenMediaError("its sound changes its format half-way")
        counts_samples = bool(header.format[0])
        numbered.append(_renumbered(frame, header, samples if counts_samples else index))
        samples += header.samples
    sizes = [len(frame) for frame in numbered] or [0]
    packed = int.from_bytes(stated[10:18])
    # The checksum is of all samples that there were when it was made; zeros say that it is not known.
    digest = stated[18:] if samples == packed % (1 << _TOTAL_BITS) else bytes(16)
    packed = packed >> _TOTAL_BITS << _TOTAL_BITS | samples
    true = stated[:4] + _of_frames(min(sizes)) + _of_frames(max(sizes)) + packed.to_bytes(8) + digest
    return b"".join((_MARK, b"\x80", len(true).to_bytes(3), true, *numbered))


def whole_frames(packets: Iterable[Packet[Stream]]) -> Iterator[Packet[Stream]]:
    """All but the last one, where that is torn; and that without what lies behind it."""
    held: Packet[Stream] | None = None
    for packet in packets:
        if packet.size:
            if held is not None:
                yield held
            held = packet
    if held is not None and (size := last_frame_bytes(held)):
        yield held if size == held.size else _shortened(held, size)


def _shortened(packet: Packet[Stream], size: int) -> Packet[Stream]:
    from av.packet import Packet

    short: Packet[Stream] = Packet(bytes(packet)[:size])
    short.stream, short.time_base = packet.stream, packet.time_base
    short.pts, short.dts, short.duration = packet.pts, packet.dts, packet.duration
    return short


def decode_frames(source: Source) -> bool:
    """Decode all sound but a last frame that is torn, and say whether it is whole. Raises BrokenMediaError at the
    first that cannot be decoded, or does not have the checksum that it says.
    """
    with open_media(source, decode=True) as container:
        _, audio = pick_streams(container)
        if audio is None:
            raise BrokenMediaError("it holds no sound any more")
        audio.codec_context.options = STRICTLY
        last: Packet[Stream] | None = None
        for packet in demux(container, audio):
            if packet.size:
                if last is not None and len(last.decode()) != 1:
                    raise BrokenMediaError("a frame is damaged, and nothing says where the next begins")
                last = packet
        return last is None or last_frame_bytes(last) is not None


def _information(stored: bytes | None) -> bytes:
    """Matroska keeps the file's first bytes, others what is in them."""
    stored = stored or b""
    if stored.startswith(_MARK):
        stored = stored[len(_MARK) + 4 :][:_INFORMATION_BYTES]
    if len(stored) != _INFORMATION_BYTES:
        raise BrokenMediaError("it does not say how its sound is coded")
    return stored


def _read(frame: bytes) -> _Header:
    try:
        block, rate = frame[2] >> 4, frame[2] & 0xF
        # As UTF-8 does it: a byte for each 1 that the first begins with, or one.
        number_bytes = 8 - (frame[_NUMBER_AT] ^ 0xFF).bit_length() or 1
        number_end = _NUMBER_AT + number_bytes
        rate_at = number_end + _MORE_BYTES.get(block, 0)
        end = rate_at + _RATE_BYTES.get(rate, 0)
        samples = _BLOCKS.get(block) or int.from_bytes(frame[number_end:rate_at]) + 1
        is_frame = int.from_bytes(frame[:2]) >> 1 == _SYNC and block > 0 and crc(frame[:end], 8) == frame[end]
    except IndexError:
        is_frame = False
    if not is_frame:
        raise BrokenMediaError("its sound is not stored in frames")
    channels = frame[3] >> 4 if frame[3] >> 4 < _TWO_CHANNELS else 1  # less one
    return _Header(
        format=(frame[1] & 1, bytes([rate]) + frame[rate_at:end], channels, frame[3] & 0xF),
        number_end=number_end,
        end=end,
        samples=samples,
    )


def _renumbered(frame: bytes, header: _Header, number: int) -> bytes:
    """The same frame under another number, with both checksums put right.

    That of the whole frame is not made anew but turned into what it would be: a frame that was damaged stays so.
    """
    head = frame[:_NUMBER_AT] + _coded(number) + frame[header.number_end : header.end]
    if head == frame[: header.end]:
        return frame
    head += bytes([crc(head, 8)])
    rest = frame[header.end + 1 : -2]
    change = crc(head, 16) ^ crc(frame[: header.end + 1], 16)
    checksum = int.from_bytes(frame[-2:]) ^ _times(change, _shift(len(rest)))
    return head + rest + checksum.to_bytes(2)


def _coded(number: int) -> bytes:
    """As UTF-8 does it, which here goes on to 36 bits."""
    if number < 0x80:  # noqa: PLR2004 (ASCII)
        return bytes([number])
    size = next(size for size in range(2, 8) if number < 1 << (5 * size + 1))
    tail = [0x80 | number >> 6 * place & 0x3F for place in range(size - 1)]
    return bytes([0xFF00 >> size & 0xFF | number >> 6 * (size - 1), *reversed(tail)])


def _times(a: int, b: int) -> int:
    """The product of two polynomials over GF(2), modulo that of the checksum of 16 bits."""
    product = 0
    while b:
        product ^= a if b & 1 else 0
        a = a << 1 ^ (0x10000 | POLYNOMIALS[16] if a & 0x8000 else 0)
        b >>= 1
    return product


@cache
def _shift(count: int) -> int:
    """What so many bytes behind others multiply their checksum by: x to the power of 8 times as many."""
    if count == 0:
        return 1
    half = _shift(count // 2)
    return _times(_times(half, half), 0x100 if count % 2 else 1)


def _of_frames(size: int) -> bytes:
    """A frame's size in STREAMINFO; 0, which is unknown, for what it has no room for."""
    return (size if size < 1 << 24 else 0).to_bytes(3)
