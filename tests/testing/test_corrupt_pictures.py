"""Pictures: Pillow made them, and judges what became of them."""

from __future__ import annotations

import warnings
from io import BytesIO
from itertools import pairwise

import numpy as np
import pytest
from PIL import Image, ImageOps

import preflight
from preflight.errors import UsageError
from preflight.testing.corrupt import (
    DropPackets,
    LieAboutDuration,
    LieAboutLength,
    LieAboutRotation,
    LieAboutSize,
    corrupters,
    parts,
)

CORNERS = np.array([[(255, 0, 0), (0, 255, 0)], [(0, 0, 255), (255, 255, 0)]], np.uint8)
TURNED = Image.Exif()
TURNED[0x0112] = 3
WITH_MAKER = Image.Exif()
WITH_MAKER[0x010F] = "someone"

PICTURES: dict[str, dict[str, object]] = {
    "png": {"format": "PNG"},
    "png_turned": {"format": "PNG", "exif": TURNED},
    "apng": {"format": "PNG", "save_all": True, "append_images": [Image.new("RGB", (64, 48), "red")]},
    "jpeg": {"format": "JPEG", "quality": 95, "subsampling": 0},
    "jpeg_progressive": {"format": "JPEG", "progressive": True},
    "jpeg_turned": {"format": "JPEG", "exif": TURNED},
    "jpeg_with_maker": {"format": "JPEG", "exif": WITH_MAKER},
    "webp": {"format": "WEBP"},
    "webp_lossless": {"format": "WEBP", "lossless": True},
    "webp_extended": {"format": "WEBP", "exif": TURNED},
    "webp_animated": {"format": "WEBP", "save_all": True, "append_images": [Image.new("RGB", (64, 48), "red")]},
    "gif": {"format": "GIF"},
    "gif_animated": {"format": "GIF", "save_all": True, "append_images": [Image.new("RGB", (64, 48), "red")]},
    "bmp": {"format": "BMP"},
    "avif": {"format": "AVIF"},
}
SIZED = sorted(PICTURES.keys() - {"avif"})
ANIMATED = {"apng", "webp_animated"}


def picture(name: str) -> bytes:
    """64 by 48 pixels, a colour in each corner."""
    file = BytesIO()
    shown = Image.fromarray(np.kron(CORNERS, np.ones((24, 32, 1), np.uint8)))
    shown.save(file, **PICTURES[name])
    return file.getvalue()


@pytest.mark.parametrize("name", PICTURES)
def test_parts_cover_the_picture(name):
    data = picture(name)
    outermost = [part for part in parts(data) if "/" not in part.name]
    assert outermost[0].start == 0
    assert outermost[-1].end == len(data)
    assert all(a.end == b.start for a, b in pairwise(outermost))
    assert not any("rest" in part.name for part in outermost)
    assert {part.role for part in parts(data)} >= {"header", "data"}


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("png", ["signature", "IHDR", "IDAT", "IEND"]),
        ("png_turned", ["signature", "IHDR", "eXIf", "IDAT", "IEND"]),
        ("gif", ["signature", "screen", "palette", "image", "trailer"]),
        ("webp_extended", ["RIFF", "RIFF/VP8X", "RIFF/VP8", "RIFF/EXIF"]),
        ("bmp", ["file", "picture", "pixels"]),
    ],
)
def test_parts_have_the_names_of_the_format(name, expected):
    assert [part.name for part in parts(picture(name))] == expected


def test_jpeg_has_its_data_in_scans():
    roles = {part.name: part.role for part in parts(picture("jpeg"))}
    assert next(iter(roles)) == "SOI"
    assert list(roles)[-3:] == ["SOS", "scan", "EOI"]
    assert {name for name, role in roles.items() if role == "data"} == {"scan"}
    several = [part for part in parts(picture("jpeg_progressive")) if part.role == "data"]
    assert several[3].name == "scan[3]"


def test_what_follows_a_picture_is_the_rest():
    with pytest.raises(UsageError, match="no length field"):
        LieAboutLength(part="rest", length=0)(picture("png") + b"more")
    assert parts(picture("jpeg") + b"more")[-1].name == "rest"
    assert parts(picture("gif") + b"more")[-1].name == "rest"


@pytest.mark.parametrize("name", SIZED)
def test_a_larger_size_is_believed(name):
    lied = LieAboutSize(width=1000, height=700)(picture(name))
    assert Image.open(BytesIO(lied)).size == (1000, 700)
    assert_the_same_but_for_headers(lied, name)


@pytest.mark.parametrize("name", [name for name in SIZED if not name.startswith("gif") and name not in ANIMATED])
def test_a_smaller_size_is_believed(name):
    """Of one picture: what holds several is refused where they are larger than the whole."""
    lied = LieAboutSize(width=20, height=30)(picture(name))
    assert Image.open(BytesIO(lied)).size == (20, 30)
    assert_the_same_but_for_headers(lied, name)


def assert_the_same_but_for_headers(lied: bytes, name: str) -> None:
    data = picture(name)
    assert len(lied) == len(data)
    for part in parts(data):
        # The size of WebP stands where its data begin.
        if part.role == "data" and not name.startswith("webp"):
            assert lied[part.start : part.end] == data[part.start : part.end]


def test_another_size_of_avif():
    data = LieAboutSize(width=1000, height=700)(picture("avif"))
    extents = next(part for part in parts(data) if part.name.endswith("/ispe"))
    assert data[extents.body + 4 : extents.end] == (1000).to_bytes(4) + (700).to_bytes(4)


def test_the_checksum_of_png_is_right():
    lied = LieAboutSize(width=1000, height=700)(picture("png"))
    with Image.open(BytesIO(lied)) as image:
        image.verify()


def test_sizes_that_do_not_fit():
    for name, bits in (("jpeg", 16), ("gif", 16), ("png", 32), ("webp", 14), ("webp_lossless", 14), ("avif", 32)):
        with pytest.raises(UsageError, match=f"does not fit in {bits} bits"):
            LieAboutSize(width=1 << 33, height=1)(picture(name))


@pytest.mark.parametrize("name", ["png", "png_turned", "jpeg", "jpeg_turned", "jpeg_with_maker"])
@pytest.mark.parametrize("mirrored", [False, True])
@pytest.mark.parametrize("degrees", [0, 90, 180, 270])
def test_a_viewer_turns_it(name, degrees, mirrored):
    lie = LieAboutRotation(degrees=degrees, mirrored=mirrored)
    if (degrees, mirrored) == ((180, False) if name.endswith("turned") else (None, None)):
        with pytest.raises(UsageError, match="leaves this file as it is"):
            lie(picture(name))
        return
    shown = ImageOps.exif_transpose(Image.open(BytesIO(lie(picture(name))))).convert("RGB")
    expected = np.rot90(np.fliplr(CORNERS) if mirrored else CORNERS, -degrees // 90)
    assert shown.size == ((48, 64) if degrees in {90, 270} else (64, 48))
    pixels = np.asarray(shown, dtype=np.int16)
    found = pixels[8 :: pixels.shape[0] - 16, 8 :: pixels.shape[1] - 16][:2, :2]
    assert np.abs(found - expected).max() < 40


def test_other_tags_stay():
    lied = LieAboutRotation(degrees=90)(picture("jpeg_turned"))
    assert len(lied) == len(picture("jpeg_turned"))


@pytest.mark.parametrize("name", ["gif", "bmp", "webp", "avif"])
def test_formats_that_state_no_rotation(name):
    with pytest.raises(UsageError, match="take"):
        LieAboutRotation(degrees=90)(picture(name))


@pytest.mark.parametrize(
    ("name", "part", "field"),
    [("png", "IDAT", b"\0\0\0\7IDAT"), ("jpeg", "DQT", b"\xff\xdb\0\7"), ("webp", "VP8", b"VP8 \7\0\0\0")],
)
def test_a_part_lies_about_its_own_length(name, part, field):
    lied = LieAboutLength(part=part, length=7)(picture(name))
    assert len(lied) == len(picture(name))
    assert field in lied


@pytest.mark.parametrize(("name", "part"), [("png", "signature"), ("jpeg", "SOI"), ("gif", "image"), ("bmp", "pixels")])
def test_parts_that_state_no_length(name, part):
    with pytest.raises(UsageError, match=r"states no length for .*: take"):
        LieAboutLength(part=part, length=7)(picture(name))


@pytest.mark.parametrize("name", PICTURES)
def test_pictures_have_neither_packets_nor_duration(name):
    for corrupter in (DropPackets(every=2), LieAboutDuration(seconds=7)):
        with pytest.raises(UsageError, match="take"):
            corrupter(picture(name))


@pytest.mark.parametrize("name", PICTURES)
def test_every_corrupter_damages_it_and_check_never_raises(name):
    data = picture(name)
    chosen = corrupters(data)
    assert 15 <= len(chosen) <= 60
    assert chosen == corrupters(data)
    for corrupter in chosen:
        damaged = corrupter(data)
        assert damaged != data
        assert damaged == corrupter(data)
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            assert preflight.check(damaged).verdict in {"pass", "fixable", "rejected"}
