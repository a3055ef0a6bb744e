"""A JPEG's planes as strips: upright, of any size, in sRGB; against what libjpeg decodes of the same file."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image, ImageCms, ImageOps

from preflight.transformers.image import UPRIGHT
from preflight.transformers.image_planes import Planes, planes_of
from preflight.transformers.jpeg_strips import STRIP_ROWS

ORIENTATION = 0x0112


def smooth(width: int, height: int, mode: str = "RGB") -> Image.Image:
    down, across = np.mgrid[0:height, 0:width]
    waves = [100 + 90 * np.sin(across / (19 + 4 * n) + down / (37 - 5 * n)) for n in range(3)]
    return Image.fromarray(np.stack(waves, axis=-1).astype(np.uint8)).convert(mode)


def planes(image: Image.Image, turn: Image.Transpose | None = None, **options: object) -> Planes | None:
    file = io.BytesIO()
    image.save(file, "JPEG", quality=95, **options)
    with Image.open(file) as opened:
        return planes_of(opened, io.BytesIO(file.getvalue()), turn)


def joined(picture: Planes) -> Image.Image:
    whole: Image.Image | None = None
    top = 0
    for strip in picture.strips():
        assert strip.height == min(STRIP_ROWS, picture.size[1] - top)
        whole = whole or Image.new(strip.mode, picture.size)
        whole.paste(strip, (0, top))
        top += strip.height
    assert whole is not None
    assert top == picture.size[1]
    return whole


def difference(one: Image.Image, other: Image.Image) -> int:
    assert one.size == other.size
    return int(np.abs(np.asarray(one.convert("RGB"), int) - np.asarray(other.convert("RGB"), int)).max())


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize(("mode", "subsampling"), [("L", 0), ("RGB", 0), ("RGB", 1), ("RGB", 2)])
@pytest.mark.parametrize("size", [(333, 187), (160, 256)])
def test_each_orientation_is_upright(orientation: int, mode: str, subsampling: int, size: tuple[int, int]) -> None:
    stored = smooth(*size, mode)
    exif = Image.Exif()
    exif[ORIENTATION] = orientation
    file = io.BytesIO()
    stored.save(file, "PNG", exif=exif)  # lossless, and turned by Pillow's own hand
    with Image.open(file) as image:
        wanted = ImageOps.exif_transpose(image)
    picture = planes(stored, UPRIGHT.get(orientation), subsampling=subsampling)
    assert picture is not None
    assert difference(joined(picture), wanted) <= 20
    shrunk = picture.at((wanted.width * 2 // 3, wanted.height * 2 // 3))
    assert difference(joined(shrunk), wanted.resize(shrunk.size, Image.Resampling.LANCZOS)) <= 24


def test_a_size_that_is_there_is_not_made_again() -> None:
    picture = planes(smooth(200, 100))
    assert picture is not None
    assert picture.at((200, 100)) is picture


def test_colours_come_back_as_they_were_coded() -> None:
    """Unlike over RGB: the samples of colour that were coded are those that will be."""
    picture = planes(smooth(320, 200), subsampling=2)
    assert picture is not None
    again = planes(joined(picture), subsampling=2)
    assert again is not None
    cb, cb_again = (np.asarray(joined(p).getchannel("Cb"), int) for p in (picture, again))
    assert np.abs(cb - cb_again).mean() < 0.6


def test_a_profile_that_is_srgb_costs_no_way_over_rgb() -> None:
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    picture = planes(smooth(200, 130), icc_profile=profile)
    assert picture is not None
    assert picture.colour_steps == ()
    assert next(picture.strips()).mode == "YCbCr"


def test_what_is_r_g_and_b_is_not_taken_for_planes() -> None:
    assert planes(smooth(64, 64), keep_rgb=True) is None
    assert planes(smooth(64, 64).convert("CMYK")) is None


@pytest.mark.parametrize("samples", [0x41, 0x14, 0x42, 0x31])
def test_colour_in_a_third_or_a_quarter_of_the_resolution_is_left_to_libjpeg(samples: int) -> None:
    file = io.BytesIO()
    smooth(64, 64).save(file, "JPEG")
    header = bytearray(file.getvalue())
    frame = header.index(b"\xff\xc0")
    assert header[frame + 11] == 0x22
    header[frame + 11] = samples
    with Image.open(io.BytesIO(header)) as image:
        assert planes_of(image, io.BytesIO(header), None) is None


def test_a_sample_is_of_rows_from_everywhere() -> None:
    height = 4_096
    image = Image.linear_gradient("L").resize((64, height))  # from black above to white below
    picture = planes(image)
    assert picture is not None
    sampled = picture.sample()
    assert sampled is not None
    sample, share = sampled
    assert share == sample.height / height == pytest.approx(1 / 8)
    assert np.asarray(sample).mean() == pytest.approx(np.asarray(image).mean(), abs=3)
    small = planes(smooth(200, 300))
    assert small is not None
    assert small.sample() is None
