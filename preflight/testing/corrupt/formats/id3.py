"""Tags that are put before and behind sound: ID3v2, ID3v1."""

from __future__ import annotations

from preflight.testing.corrupt.splice import fits, uint

_FOOTER = 0x10
_OLD_BYTES = 128


def tag_end(data: bytes) -> int:
    """Where an ID3v2 tag at the start ends; 0 where there is none."""
    if not data.startswith(b"ID3"):
        return 0
    size = 0
    for byte in data[6:10]:
        size = size << 7 | byte & 0x7F
    return min(10 + size + (10 if uint(data, 5, 1) & _FOOTER else 0), len(data))


def old_tag_start(data: bytes) -> int:
    """Where an ID3v1 tag at the end starts; the end where there is none."""
    return len(data) - _OLD_BYTES if data[-_OLD_BYTES:].startswith(b"TAG") else len(data)


def seven_bits_a_byte(length: int) -> bytes:
    """The 4 bytes of an ID3v2 length: none of them can look like the start of a frame."""
    fits(length, 28, "length")
    return bytes(length >> shift & 0x7F for shift in (21, 14, 7, 0))
