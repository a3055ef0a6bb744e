"""Which pictures of FFV1 have their checksums, by packets that an encoder wrote and bits that were turned."""

from __future__ import annotations

import av
import pytest

from preflight.probers.ffv1 import SliceChecks, crc, is_whole
from preflight.testing.recipes.encoder import run


def pictures(folder, *options: str) -> list[bytes]:
    """Ten of them, coded."""
    path = folder / "film.mkv"
    run("-f", "lavfi", "-i", "testsrc2=s=96x96:r=10:d=1", "-c:v", "ffv1", "-level", "3", *options, str(path))
    with av.open(str(path)) as container:
        return [bytes(packet) for packet in container.demux(video=0) if packet.size]


def flipped(packet: bytes, at: int) -> bytes:
    return packet[:at] + bytes([packet[at] ^ 4]) + packet[at + 1 :]


def test_the_checksum_is_the_one_of_the_standard():
    """By the check value of CRC-32/MPEG-2, which starts from all ones: as if the first four bytes were inverted."""
    inverted = bytes(255 - byte for byte in b"1234") + b"56789"
    mirrored = int(f"{crc(inverted):032b}"[::-1], 2)
    assert mirrored == 0x0376E6E7


@pytest.mark.parametrize("slices", ["4", "9", "24"])
def test_each_wrong_bit_is_found_wherever_it_is(tmp_path, slices):
    packets = pictures(tmp_path, "-slicecrc", "1", "-slices", slices)
    assert all(map(is_whole, packets))
    first = packets[0]
    assert not any(is_whole(flipped(first, at)) for at in range(0, len(first), 101))
    assert not any(is_whole(first[:-lost]) for lost in (1, 8, len(first) // 2))


def test_a_stream_without_checksums_is_never_called_damaged(tmp_path):
    packets = pictures(tmp_path, "-slicecrc", "0")
    checks = SliceChecks()
    assert not any(map(is_whole, packets))
    assert sum(map(checks.damaged, packets)) == 0


def test_those_before_the_first_whole_one_count_too(tmp_path):
    packets = pictures(tmp_path, "-slicecrc", "1")
    packets = [flipped(p, len(p) // 2) if n in (0, 1, 5) else p for n, p in enumerate(packets)]
    checks = SliceChecks()
    assert [checks.damaged(p) for p in packets] == [0, 0, 2, 0, 0, 1, 0, 0, 0, 0]


@pytest.mark.parametrize("packet", [b"", b"\0", bytes(8), bytes(100), b"\xff" * 100])
def test_what_is_no_picture_is_not_whole(packet):
    assert not is_whole(packet)
