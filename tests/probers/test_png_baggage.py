"""Additions of a PNG at which Pillow stops: found without decoding, and gone after `prepare`."""

from __future__ import annotations

import io
import struct
import zlib

import pytest
from PIL import Image, ImageOps

import preflight
from preflight.media import ImageFacts
from preflight.testing import catalogue

SIGNATURE = b"\x89PNG\r\n\x1a\n"
MEGABYTE = 1 << 20


def chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png_with(*extra: bytes) -> bytes:
    file = io.BytesIO()
    Image.radial_gradient("L").convert("RGB").save(file, "PNG")
    data = file.getvalue()
    return data[:33] + b"".join(extra) + data[33:]  # behind IHDR


def is_read_by_pillow(data: bytes) -> bool:
    try:
        with Image.open(io.BytesIO(data)) as image:
            ImageOps.exif_transpose(image).load()
    except Exception:  # noqa: BLE001 (whatever it is, a service would refuse the file)
        return False
    return True


@pytest.mark.parametrize(
    "extra",
    [
        chunk(b"tEXt", b"a\0" + bytes(2 * MEGABYTE)),  # not compressed: no guard
        chunk(b"zTXt", b"a\0\0" + zlib.compress(bytes(MEGABYTE))),
        chunk(b"zTXt", b"a\0\0" + zlib.compress(bytes(MEGABYTE + 1))),
        chunk(b"zTXt", b"a\0\0no deflate"),
        chunk(b"zTXt", b"a\0\7" + zlib.compress(b"a")),
        chunk(b"zTXt", b"a"),
        chunk(b"iTXt", b"a\0\1\0\0\0" + zlib.compress(bytes(MEGABYTE))),
        chunk(b"iTXt", b"a\0\1\0\0\0" + zlib.compress(bytes(MEGABYTE + 1))),
        chunk(b"iTXt", b"a\0\1\7\0\0" + zlib.compress(bytes(MEGABYTE + 1))),
        chunk(b"iTXt", b"a\0\0\0\0\0" + b"b" * (2 * MEGABYTE)),
        chunk(b"iTXt", b""),
        chunk(b"iCCP", b"a\0\0" + zlib.compress(bytes(MEGABYTE))),
        chunk(b"iCCP", b"a\0\0" + zlib.compress(bytes(MEGABYTE + 1))),
        chunk(b"eXIf", b"no exif at all"),
        chunk(b"eXIf", b"II*\0"),
        chunk(b"eXIf", b"MM\0*\0\0\0\x08\0\0\0\0\0\0"),
        chunk(b"zTXt", b"Raw profile type exif\0\0" + zlib.compress(b"\nexif\n 14\n4d4d002a0000000800000000000z\n")),
        chunk(b"zTXt", b"Raw profile type exif\0\0" + zlib.compress(b"\nexif\n 14\n4d4d002a00000008000000000000\n")),
        chunk(b"zTXt", b"a\0\0" + zlib.compress(bytes(MEGABYTE))) * 63,
        chunk(b"zTXt", b"a\0\0" + zlib.compress(bytes(MEGABYTE))) * 65,
    ],
    ids=range(20),
)
def test_what_passes_is_what_stock_pillow_reads_and_the_rest_is_mended(extra: bytes) -> None:
    data = png_with(extra)
    report = preflight.check(data)
    assert isinstance(report.facts, ImageFacts)
    assert (report.verdict == "pass") == is_read_by_pillow(data)
    (payload,) = preflight.prepare(data)
    sent = payload.media[0].source.read()
    assert is_read_by_pillow(sent)
    with Image.open(io.BytesIO(png_with())) as plain, Image.open(io.BytesIO(sent)) as image:
        assert image.tobytes() == plain.tobytes()
    if report.verdict == "pass":
        assert sent == data


def test_a_picture_with_a_huge_profile_is_converted_by_it() -> None:
    plain, huge = catalogue.case("image/display_p3").path, catalogue.case("image/png_huge_profile").path
    (from_plain,), (from_huge,) = (preflight.prepare(path, policy=preflight.Policy()) for path in (plain, huge))
    assert from_huge.fidelity == "transcoded"
    with Image.open(io.BytesIO(from_huge.media[0].source.read())) as image:
        corner = image.convert("RGB").getpixel((20, 20))
    assert "convert its colour profile to sRGB" in from_huge.steps
    assert corner[0] > 200
    assert from_plain.fidelity == "identical"
