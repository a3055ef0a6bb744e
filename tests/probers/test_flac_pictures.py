"""Pictures in a FLAC, whole and senseless, written by hand: an independent decoder complains of the same ones."""

from __future__ import annotations

import io
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from preflight.media import Fidelity, Source
from preflight.pipeline import Preflight
from preflight.probers.flac_pictures import senseless_pictures
from tests.judges import coded_packets, complaints
from tests.probers.test_tags import id3v2


def drawn(form: str) -> bytes:
    buffer = io.BytesIO()
    Image.new("RGB", (32, 32)).save(buffer, form)
    return buffer.getvalue()


PNG, JPEG = drawn("PNG"), drawn("JPEG")


def picture(
    data: bytes = PNG, name: bytes = b"image/png", kind: int = 3, *, missing: int = 0, note: bytes = b""
) -> bytes:
    """RFC 9639, 8.8; `missing`: bytes of the picture that are not there."""
    head = struct.pack(">LL", kind, len(name)) + name + struct.pack(">L", len(note)) + note
    return head + struct.pack(">LLLLL", 32, 32, 24, 0, len(data)) + data[: len(data) - missing]


def with_block(whole: bytes, body: bytes) -> bytes:
    rest = whole[42:] if not whole[4] >> 7 else b"\x81\0\0\0" + whole[42:]
    return whole[:4] + bytes([0]) + whole[5:42] + b"\x06" + len(body).to_bytes(3) + body + rest


WHOLE = [
    picture(),
    picture(JPEG, b"image/jpeg"),
    picture(JPEG, b"image/jpg", 20),
    picture(PNG, b"image/jpeg", note=b"x"),
]
SENSELESS = [
    b"",
    bytes(33),
    bytes(42),
    picture()[:20],
    picture(missing=5),
    picture(b""),
    picture(JPEG, b"image/png"),
    picture(kind=21),
    picture(name=b""),
    picture(name=b"x" * 64),
    picture(name=b"image/heic"),
    struct.pack(">LL", 3, 1 << 31) + bytes(60),
]


@pytest.mark.parametrize("body", WHOLE)
@pytest.mark.parametrize("front", [b"", id3v2(99)])
def test_whole_ones_are_left_alone(media, body, front, tmp_path):
    data = front + with_block(media("audio/flac").read_bytes(), body)
    assert senseless_pictures(io.BytesIO(data), len(front), len(data)) == ()
    path = tmp_path / "x.flac"
    path.write_bytes(data)
    assert not complaints(path)


@pytest.mark.parametrize("body", SENSELESS)
def test_senseless_ones_are_left_out(media, body, tmp_path):
    path = tmp_path / "x.flac"
    path.write_bytes(with_block(media("audio/flac").read_bytes(), body))
    report = Preflight().check(path)
    assert [f.code for f in report.errors] == ["audio_junk"]
    assert report.facts.junk == ((42, 46 + len(body)),)
    (verified,) = Preflight().verified(Source.of(path), report)
    assert verified.output.fidelity is Fidelity.LOSSLESS
    sent = tmp_path / "sent.flac"
    sent.write_bytes(verified.output.media.read())
    assert not complaints(sent)
    assert coded_packets(sent) == coded_packets(media("audio/flac"))


@given(st.binary(max_size=120))
def test_whatever_the_bytes_it_stays_inside(data):
    for whole in (data, b"fLaC" + data, b"fLaC\x06\0\0\x40" + data):
        found = senseless_pictures(io.BytesIO(whole), 0, len(whole))
        assert all(4 <= a < b <= len(whole) for a, b in found)
