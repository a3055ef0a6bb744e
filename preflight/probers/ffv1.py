"""The checksums of FFV1's slices: its decoder reads them, logs that one is wrong, and hands on a picture as if whole.

A packet is one picture (RFC 9043, section 4): slices one behind the other, each closed by its size in three bytes and,
where the stream has checksums (versions 3 and 4, unless it was told otherwise), a byte of status and a CRC-32.
"""

from __future__ import annotations

import zlib

_SIZE_BYTES, _CHECKED_BYTES = 3, 8
"""Of what closes a slice; the second with status and checksum."""
_MOST_SLICES = 1_024
"""FFmpeg's own bound."""
_MIRRORED = bytes(int(f"{byte:08b}"[::-1], 2) for byte in range(256))


class SliceChecks:
    """Follows one stream. That it has checksums stands in a coded header; one picture whose are right tells, too."""

    def __init__(self) -> None:
        self._has_checksums = False
        self._unproven = 0
        """Pictures with wrong checksums, if those are checksums, before the first that were right."""

    def damaged(self, packet: bytes) -> int:
        """How many pictures are known to be damaged, now that this one is seen: 0 or 1, and once those before it."""
        if not packet:
            return 0
        if is_whole(packet):
            before, self._unproven, self._has_checksums = self._unproven, 0, True
            return before
        if self._has_checksums:
            return 1
        self._unproven += 1
        return 0


def is_whole(packet: bytes) -> bool:
    """Whether a picture falls into slices without a rest, each with the checksum that it states."""
    end = len(packet)
    for _ in range(_MOST_SLICES):
        closed = end - _CHECKED_BYTES
        if closed < 0:
            return False
        start = closed - int.from_bytes(packet[closed : closed + _SIZE_BYTES], "big")
        # With its own checksum, a slice has none left.
        if not 0 <= start < closed or crc(packet[start:end]) != 0:
            return False
        if start == 0:
            return True
        end = start
    return False


def crc(data: bytes) -> int:
    """CRC-32 with the generator polynomial 0x04C11DB7, from 0 and not inverted; its bits mirrored, which a 0 is too.

    What `zlib` has is the same with the bits of each byte mirrored, from all ones, and inverted.
    """
    return zlib.crc32(data.translate(_MIRRORED), 0xFFFF_FFFF) ^ 0xFFFF_FFFF
