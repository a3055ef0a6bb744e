"""A frame's header says how long the frame is, its side information how much of that is sound: built bit by bit."""

from __future__ import annotations

import pytest

from preflight.probers.mp3_header import frame_bytes, is_cut_off, least_bytes


@pytest.mark.parametrize(
    ("header", "size", "least"),
    [
        (b"\xff\xfb\x90\x00", 417, 36),  # MPEG-1, 128 kbit/s, 44.1 kHz, stereo: ISO 11172-3, 2.4.3.1
        (b"\xff\xfb\x92\x00", 418, 36),  # the same, padded
        (b"\xff\xfa\x90\xc0", 417, 23),  # mono, with a checksum
        (b"\xff\xf3\x84\xc0", 192, 13),  # MPEG-2, 64 kbit/s, 24 kHz, mono: half the samples
        (b"\xff\xe3\x18\xc4", 72, 13),  # MPEG-2.5, 8 kbit/s, 8 kHz, mono
        (b"\xff\xfd\x90\x00", None, 4),  # layer II
        (b"\xff\xfb\x00\x00", None, 36),  # a bit rate of one's own
    ],
)
def test_how_long_a_frame_is(header, size, least):
    assert frame_bytes(header) == size
    assert least_bytes(header) == least


@pytest.mark.parametrize(
    "header", [b"", b"\xff\xfb\x90", b"\xff\xeb\x90\x00", b"\xff\xf9\x90\x00", b"\xff\xfb\xf0\x00", b"\xff\xfb\x9c\x00"]
)
def test_what_is_no_header_says_nothing(header):
    assert frame_bytes(header) is None


@pytest.mark.parametrize(
    ("header", "side_bits", "lengths_at"),
    [
        (b"\xff\xfb\x90\x00", 256, (20, 79, 138, 197)),  # ISO 11172-3, 2.4.1.7: part2_3_length
        (b"\xff\xfb\x90\xc0", 136, (18, 77)),
        (b"\xff\xf3\x84\x00", 136, (10, 73)),  # ISO 13818-3, 2.4.1.7
        (b"\xff\xf3\x84\xc0", 72, (9,)),
    ],
)
@pytest.mark.parametrize("borrowed", [0, 10])
def test_a_frame_is_cut_off_where_its_sound_is(header, side_bits, lengths_at, borrowed):
    sound_bytes = 40
    bits = sum((sound_bytes * 8 // len(lengths_at)) << (side_bits - at - 12) for at in lengths_at)
    bits |= borrowed << (side_bits - (9 if header[1] == 0xFB else 8))
    head = header + bits.to_bytes(side_bits // 8)
    size = frame_bytes(header)
    assert size is not None
    whole = head + bytes(size - len(head))
    assert not is_cut_off(whole)
    assert not is_cut_off(whole[: len(head) + sound_bytes - borrowed])
    assert is_cut_off(whole[: len(head) + sound_bytes - borrowed - 1])
