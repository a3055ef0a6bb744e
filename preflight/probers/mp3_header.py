"""What a frame of MPEG sound begins with (ISO 11172-3, 2.4.1; 13818-3), and what that promises of the rest."""

from __future__ import annotations

HEADER_BYTES, CRC_BYTES = 4, 2
MPEG_1, _MPEG_2 = 0b11, 0b10
LAYER_3, MONO = 0b01, 0b11
SIDE_BYTES = {(True, False): 32, (True, True): 17, (False, False): 17, (False, True): 9}
"""Of layer III: by whether it is MPEG-1, and whether it is mono."""
# Of layer III, by the same: bits before the first length, from one length to the next, and how many lengths.
_LENGTHS = {
    (True, False): (20, 59, 4),
    (True, True): (18, 59, 2),
    (False, False): (10, 63, 2),
    (False, True): (9, 63, 1),
}
_LENGTH_BITS = 12
# kbit/s of layer III, by the header's code; 0 is a bit rate of one's own, 15 is none.
_KBIT_S = (
    (0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320),
    (0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),
)
_HZ = (44_100, 48_000, 32_000)
_NO_RATE, _NO_BIT_RATE = 3, 15
SECOND_BYTES = frozenset(byte for byte in range(0xE0, 0x100) if byte >> 3 & 3 != 1 and byte >> 1 & 3 != 0)
"""Behind one of 0xFF: of a version and a layer that there are."""
THIRD_BYTES = frozenset(byte for byte in range(0x100) if byte >> 4 != _NO_BIT_RATE and byte >> 2 & 3 != _NO_RATE)
MOST_LEAST_BYTES = HEADER_BYTES + CRC_BYTES + max(SIDE_BYTES.values())
"""The most that `least_bytes` says."""


def least_bytes(frame: bytes | memoryview) -> int:
    """With the side information, which says how the sound is coded."""
    second = frame[1]
    if second >> 1 & 3 != LAYER_3:
        return HEADER_BYTES
    side = SIDE_BYTES[second >> 3 & 3 == MPEG_1, frame[3] >> 6 == MONO]
    return HEADER_BYTES + side + (0 if second & 1 else CRC_BYTES)


def frame_bytes(header: bytes) -> int | None:
    """Of layer III, by its header; None where it does not say it, or is none."""
    if len(header) < HEADER_BYTES or header[0] != 0xFF:  # noqa: PLR2004
        return None
    if header[1] not in SECOND_BYTES or header[2] not in THIRD_BYTES:
        return None
    version = header[1] >> 3 & 3
    kbit_s = _KBIT_S[version != MPEG_1][header[2] >> 4]
    if header[1] >> 1 & 3 != LAYER_3 or not kbit_s:
        return None
    rate = _HZ[header[2] >> 2 & 3] >> {MPEG_1: 0, _MPEG_2: 1}.get(version, 2)
    return (144 if version == MPEG_1 else 72) * kbit_s * 1_000 // rate + (header[2] >> 1 & 1)


def is_cut_off(frame: bytes) -> bool:
    """Of layer III, whether it ends before its sound does, by the lengths in its side information."""
    size = frame_bytes(frame[:HEADER_BYTES])
    if size is None or len(frame) >= size:
        return False
    least, kind = least_bytes(frame), (frame[1] >> 3 & 3 == MPEG_1, frame[3] >> 6 == MONO)
    side = frame[least - SIDE_BYTES[kind] : least]
    first, step, count = _LENGTHS[kind]
    bits, end = int.from_bytes(side), len(side) * 8
    lengths = [bits >> (end - first - step * n - _LENGTH_BITS) & 0xFFF for n in range(count)]
    borrowed = bits >> (end - 9) if kind[0] else side[0]
    return sum(lengths) > (borrowed + len(frame) - least) * 8
