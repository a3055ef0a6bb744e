"""Where the last frame of a FLAC ends, whatever lies behind it."""

from __future__ import annotations

import io

import av
import pytest

from preflight.probers.flac import crc, last_frame_bytes


def last_packet(data: bytes):
    with av.open(io.BytesIO(data)) as container:
        return [p for p in container.demux(container.streams.audio[0]) if p.size][-1]


@pytest.mark.parametrize("behind", [b"", b"\0", bytes(100_000), b"TAG" + bytes(125), b"\xff\xf8junk" * 50])
def test_it_ends_where_it_did(media, behind):
    whole = media("audio/flac").read_bytes()
    size = last_packet(whole).size
    assert last_frame_bytes(last_packet(whole + behind)) == size


@pytest.mark.parametrize("cut", [1, 2])
def test_a_torn_one_ends_nowhere(media, cut):
    assert last_frame_bytes(last_packet(media("audio/flac").read_bytes()[:-cut])) is None


def test_the_checksums_of_the_standard():
    """The check values of CRC-8/SMBUS and CRC-16/UMTS in the catalogue of CRCs, which FLAC's are."""
    assert (crc(b"123456789", 8), crc(b"123456789", 16)) == (0xF4, 0xFEE8)
