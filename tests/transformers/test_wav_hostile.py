"""WAV headers that state what cannot be: what is sent of them is whole, or they are rejected."""

from __future__ import annotations

import random
import struct

import pytest

import preflight
from preflight.errors import RejectedError


def riff(form: bytes, described: bytes, data: bytes, *, claimed: int) -> bytes:
    body = b"WAVEfmt " + struct.pack("<L", len(described)) + described + b"data" + struct.pack("<L", claimed) + data
    return form + struct.pack("<L", len(body)) + body


@pytest.mark.parametrize("form", [b"RIFF", b"RF64"])
def test_a_rate_that_no_encoder_takes_is_rejected(form):
    described = struct.pack("<HHLLHH", 1, 2, 1 << 31, (1 << 32) - 1, 4, 16)
    with pytest.raises(RejectedError):
        list(preflight.prepare(riff(form, described, bytes(50_000), claimed=50_000)))


def test_a_torn_sample_is_not_copied_where_the_header_is_wrong_about_its_size():
    # 24 bits in stereo are blocks of 6 bytes, and not of 4.
    described = struct.pack("<HHLLHH", 1, 2, 44_100, 44_100 * 6, 4, 24)
    data = random.Random(1).randbytes(44_100 * 6 * 5)[:-4]
    (payload,) = preflight.prepare(riff(b"RIFF", described, data, claimed=len(data) + 800_000))
    assert payload.fidelity == "transcoded"
