"""One image → one JPEG or PNG inside the limits, with its pixels where and what they should be."""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from PIL import Image, ImageCms, ImageFile, JpegImagePlugin

from preflight.errors import BrokenMediaError
from preflight.limits import DEFAULT_PROFILE, load
from preflight.media import Fidelity, ImageFacts, Source
from preflight.planner.image import plan_image
from preflight.planner.interface import ConvertImage, CutOutPicture, Policy, StripPicture
from preflight.probers.image import probe_image
from preflight.rules import check_facts
from preflight.testing import catalogue
from preflight.testing.catalogue import Case
from preflight.testing.recipes.film import CORNERS
from preflight.transformers import image_fit
from preflight.transformers.image import convert_image, decode_fully
from preflight.transformers.image_fit import Start, Try, estimated_quality, next_setting
from preflight.transformers.interface import Output
from tests.judges import corner_colours

LIMITS = load("marengo3.0")
MAX_BYTES = LIMITS.image.max_file_bytes.value
ORIENTATION = 0x0112
RED, GREEN, BLUE, WHITE = (255, 0, 0), (0, 255, 0), (0, 0, 255), (255, 255, 255)

Pixels = NDArray[np.uint8]


def encoded(image: Image.Image, format_name: str, **options: Any) -> bytes:
    file = io.BytesIO()
    image.save(file, format_name, **options)
    return file.getvalue()


def noise(width: int, height: int, channels: int = 3) -> Image.Image:
    return Image.fromarray(np.random.default_rng(7).integers(0, 256, (height, width, channels), dtype=np.uint8))


def facts_of(data: bytes) -> ImageFacts:
    facts = probe_image(Source.of(data))
    assert isinstance(facts, ImageFacts), facts
    return facts


def made(data: bytes, *, max_bytes: int = MAX_BYTES, **recipe: Any) -> Output:
    """As planned, whether or not the limits ask for it; `recipe` overrules the plan."""
    facts = facts_of(data)
    if check_facts("picture", facts, LIMITS).verdict == "pass":
        planned_for = replace(facts, size_bytes=MAX_BYTES + 1, picture_bytes=None, bare_bytes=None)
    else:
        planned_for = replace(facts, bare_bytes=None)
    plan = plan_image(check_facts("picture", planned_for, LIMITS), LIMITS, Policy())
    assert isinstance(plan.recipe, ConvertImage)
    return convert_image(Source.of(data), facts, replace(plan.recipe, **recipe), max_bytes=max_bytes)


def opened(output: Output) -> Image.Image:
    image = Image.open(io.BytesIO(output.media.read()))
    image.load()
    return image


def near(pixel: object, wanted: object, tolerance: int = 3) -> bool:
    return bool(np.all(np.abs(np.subtract(pixel, wanted)) <= tolerance))


def quarters(width: int = 200, height: int = 160) -> Pixels:
    """Red, green, blue, white: top left, top right, bottom left, bottom right."""
    pixels = np.empty((height, width, 3), np.uint8)
    pixels[: height // 2, : width // 2] = RED
    pixels[: height // 2, width // 2 :] = GREEN
    pixels[height // 2 :, : width // 2] = BLUE
    pixels[height // 2 :, width // 2 :] = WHITE
    return pixels


# How an upright picture is stored, by the definition of each value (CIPA DC-008, 4.6.5): which side of the picture
# row 0 and column 0 are.
STORED: dict[int, Callable[[Pixels], Pixels]] = {
    1: lambda p: p,
    2: lambda p: p[:, ::-1],
    3: lambda p: p[::-1, ::-1],
    4: lambda p: p[::-1],
    5: lambda p: p.transpose(1, 0, 2),
    6: lambda p: np.rot90(p, 1),
    7: lambda p: np.rot90(p, 1)[:, ::-1],
    8: lambda p: np.rot90(p, -1),
}


@pytest.mark.parametrize("orientation", STORED)
@pytest.mark.parametrize(
    ("format_name", "options"),
    [("WEBP", {"lossless": True}), ("TIFF", {}), ("PNG", {}), ("JPEG", {"quality": 95}), ("AVIF", {"quality": 95})],
)
def test_every_orientation_comes_out_upright(format_name: str, options: dict[str, Any], orientation: int) -> None:
    exif = Image.Exif()
    exif[ORIENTATION] = orientation
    stored = Image.fromarray(np.ascontiguousarray(STORED[orientation](quarters())))
    picture = opened(made(encoded(stored, format_name, exif=exif, **options)))
    assert picture.size == (200, 160)
    corners = [picture.getpixel(at) for at in ((20, 20), (180, 20), (20, 140), (180, 140))]
    assert near(corners, [RED, GREEN, BLUE, WHITE], 6)
    assert ORIENTATION not in picture.getexif()


WITHOUT_CORNERS = (
    "image/one_pixel",
    "image/line",
    "image/arithmetic_jpeg",
    "image/noise_png",
    "image/noise_jpeg",
    "image/tiff_black_and_white",
)
"""Too small or too flat to show them, noise, and dots."""
LUMA = (76, 150, 29, 226)
"""Of red, lime, blue and yellow (ITU-R BT.601)."""
GREYS = {
    "image/tiff_gray": LUMA,
    "image/tiff_gray_alpha": LUMA,
    "image/tiff_16_bit": LUMA,
    "image/tiff_float": LUMA,
    "image/tiff_doubles": LUMA,
    "image/tiff_16_bit_gray_alpha": LUMA,
    "image/jpeg_ls_16_bit": LUMA,
    # Nothing says what is black in 32 bits: the darkest is.
    "image/tiff_32_bit": tuple((value - 29) * 255 / (255 - 29) for value in LUMA),
}
CONVERTED = [
    case
    for case in catalogue.cases("image/*")
    if case.expected[DEFAULT_PROFILE].gives == "transcoded" and case.name not in (*WITHOUT_CORNERS, *GREYS)
]


@pytest.mark.parametrize("case", CONVERTED, ids=str)
def test_whatever_is_converted_shows_the_same_in_every_corner(case: Case) -> None:
    picture = opened(made(case.path.read_bytes()))
    assert corner_colours(np.asarray(picture.convert("RGB"))) == CORNERS
    assert ORIENTATION not in picture.getexif()


@pytest.mark.parametrize("name", GREYS)
def test_greys_of_any_depth_are_as_dark_as_they_were(name: str) -> None:
    picture = opened(made(catalogue.case(name).path.read_bytes()))
    grey = np.asarray(picture.convert("L"), dtype=float)
    top, left = (slice(side // 10, side // 5) for side in grey.shape)
    bottom, right = (slice(-side // 5, -side // 10) for side in grey.shape)
    corners = [grey[at].mean() for at in ((top, left), (top, right), (bottom, left), (bottom, right))]
    assert corners == pytest.approx(GREYS[name], abs=3)


@pytest.mark.parametrize("format_name", ["GIF", "PNG"])
def test_a_palette_with_a_transparent_colour_keeps_it(format_name: str) -> None:
    image = Image.new("P", (100, 100), 1)
    image.putpalette([*RED, *BLUE])
    image.paste(0, (0, 0, 50, 100))
    output = made(encoded(image, format_name, transparency=0))
    picture = opened(output)
    assert (picture.format, picture.mode, picture.size) == ("PNG", "RGBA", (128, 128))
    assert picture.getpixel((10, 64))[3] == 0
    assert picture.getpixel((120, 64)) == (*BLUE, 255)


@pytest.mark.parametrize("mode", ["LA", "RGBA"])
def test_alpha_survives_in_png_and_is_white_in_jpeg(mode: str) -> None:
    image = Image.new(mode, (100, 200), 0)
    image.paste(Image.new(mode, (100, 100), "black"), (0, 100))
    data = encoded(image, "PNG")
    kept = opened(made(data))
    assert (kept.format, kept.mode) == ("PNG", mode)
    assert kept.getchannel("A").getpixel((64, 20)) == 0
    assert kept.getchannel("A").getpixel((64, 236)) == 255
    flat = opened(made(data, format="JPEG"))
    assert (flat.format, flat.mode) == ("JPEG", "L" if mode == "LA" else "RGB")
    assert near(flat.getpixel((64, 20)), 255)
    assert near(flat.getpixel((64, 236)), 0)


def test_a_see_through_edge_takes_no_colour_from_what_cannot_be_seen() -> None:
    image = Image.new("RGBA", (60, 60), (*GREEN, 0))  # invisible, but green
    image.paste((*RED, 255), (0, 0, 30, 60))
    picture = np.asarray(opened(made(encoded(image, "PNG"))))
    assert picture[..., 1][picture[..., 3] > 0].max() <= 3


def test_16_bit_grey_is_scaled_and_not_clipped() -> None:
    ramp = np.linspace(0, 65535, 256).round().astype(np.uint16)
    picture = opened(made(encoded(Image.fromarray(np.tile(ramp, (200, 1))), "PNG")))
    assert picture.mode == "L"
    assert near(np.asarray(picture), np.arange(256), 1)


@pytest.mark.parametrize("bits", [8, 10, 12, 14, 16])
def test_a_sensors_bits_in_a_tiff_of_16_reach_from_black_to_white(bits: int) -> None:
    ramp = np.linspace(0, 2**bits - 1, 256).round().astype(np.uint16)
    picture = opened(made(encoded(Image.fromarray(np.tile(ramp, (200, 1))), "TIFF"), format="PNG"))
    assert near(np.asarray(picture), np.arange(256), 1)


@pytest.mark.parametrize(
    ("low", "high", "mode"), [(0, 1, "F"), (0, 255, "F"), (-3, 9000, "F"), (-40_000, 1_000_000, "I"), (0, 65535, "I")]
)
def test_32_bit_samples_reach_from_black_to_white(low: float, high: float, mode: str) -> None:
    ramp = np.linspace(low, high, 256).astype(np.float32 if mode == "F" else np.int32)
    image = Image.fromarray(np.tile(ramp, (200, 1)))
    assert image.mode == mode
    picture = opened(made(encoded(image, "TIFF"), format="PNG"))
    assert near(np.asarray(picture), np.arange(256), 1)


def test_what_is_no_number_is_black() -> None:
    samples = np.full((200, 200), 0.5, np.float32)
    samples[:, :100] = np.nan
    picture = opened(made(encoded(Image.fromarray(samples), "TIFF"), format="PNG"))
    assert picture.getpixel((20, 100)) == 0
    assert near(picture.getpixel((180, 100)), 128, 1)


@pytest.mark.parametrize(
    ("mode", "ink", "wanted"),
    [
        ("CMYK", (255, 0, 0, 0), (0, 255, 255)),
        ("CMYK", (0, 0, 0, 255), (0, 0, 0)),
        ("CMYK", (0, 0, 0, 0), WHITE),
        ("YCbCr", (76, 85, 255), RED),
        ("LAB", (138, 209, 198), RED),  # L 54, a 81, b 70 (CSS Color 4, red in D50)
        ("1", 1, WHITE),
        ("1", 0, (0, 0, 0)),
    ],
)
def test_colours_of_other_modes(mode: str, ink: Any, wanted: tuple[int, int, int]) -> None:
    picture = opened(made(encoded(Image.new(mode, (150, 150), ink), "TIFF"))).convert("RGB")
    assert near(picture.getpixel((75, 75)), wanted, 8)


def test_adobes_inverted_cmyk_jpeg() -> None:
    picture = opened(made(encoded(Image.new("CMYK", (150, 150), (255, 0, 0, 0)), "JPEG", quality=95)))
    assert picture.mode == "RGB"
    assert near(picture.getpixel((75, 75)), (0, 255, 255), 8)


def swapped_profile() -> bytes:
    """sRGB, but what it calls red is green and the other way round; and it does not call itself sRGB."""
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    profile = profile.replace(b"rXYZ", b"____").replace(b"gXYZ", b"rXYZ").replace(b"____", b"gXYZ")
    return profile.replace("sRGB".encode("utf-16-be"), "test".encode("utf-16-be"))


@pytest.mark.parametrize("mode", ["RGB", "RGBA", "P"])
def test_a_colour_profile_is_applied_and_dropped(mode: str) -> None:
    image = Image.new("RGB", (150, 150), RED).convert(mode)
    if mode == "RGBA":
        image.putalpha(100)
    output = made(encoded(image, "TIFF", icc_profile=swapped_profile()), format="PNG")
    picture = opened(output)
    assert near(picture.convert("RGB").getpixel((75, 75)), GREEN, 4)
    assert "icc_profile" not in picture.info
    assert "convert its colour profile to sRGB" in output.steps
    if mode == "RGBA":
        assert picture.getpixel((75, 75))[3] == 100


@pytest.mark.parametrize(("format_name", "size"), [("JPEG", (150, 150)), ("JPEG", (900, 1200)), ("PNG", (1200, 900))])
def test_a_colour_profile_is_applied_in_strips(format_name: str, size: tuple[int, int]) -> None:
    data = encoded(Image.new("RGB", size, RED), format_name, icc_profile=swapped_profile())
    output = made(data, format="JPEG")
    picture = opened(output)
    assert picture.size == size
    for corner in ((2, 2), (size[0] - 3, size[1] - 3)):
        assert near(picture.getpixel(corner), GREEN, 6)
    assert "icc_profile" not in picture.info
    assert output.steps[0] == "convert its colour profile to sRGB"


@pytest.mark.parametrize("profile", [b"", b"no profile at all", swapped_profile()[:300]])
def test_a_broken_colour_profile_is_dropped(profile: bytes) -> None:
    picture = opened(made(encoded(Image.new("RGB", (150, 150), RED), "TIFF", icc_profile=profile), format="PNG"))
    assert picture.getpixel((75, 75)) == RED


def test_a_profile_of_another_colour_space_is_dropped() -> None:
    picture = opened(made(encoded(Image.new("L", (150, 150), 99), "TIFF", icc_profile=swapped_profile()), format="PNG"))
    assert picture.getpixel((75, 75)) == 99


def test_nothing_private_is_carried_over() -> None:
    exif = Image.Exif()
    exif[0x010E] = "somebody's name"
    data = encoded(noise(100, 100), "JPEG", exif=exif, comment=b"somebody's name")
    for format_name in ("JPEG", "PNG"):
        assert b"somebody" not in made(data, format=format_name).media.read()


def test_one_pixel_becomes_the_least_picture() -> None:
    picture = opened(made(encoded(Image.new("RGB", (1, 1), BLUE), "PNG")))
    assert picture.size == (128, 128)
    assert set(picture.getcolors() or ()) == {(128 * 128, BLUE)}


def test_a_line_is_padded_with_white_and_not_stretched() -> None:
    pixels = np.asarray(opened(made(encoded(Image.new("RGB", (1, 5000), BLUE), "PNG"))))
    assert pixels.shape == (5000, 128, 3)
    blue = (pixels == BLUE).all(axis=2)
    assert blue.sum() == 5000
    assert blue[:, 63].all()
    assert (pixels[~blue] == 255).all()


def test_of_an_animation_the_first_frame_is_taken() -> None:
    frames = [Image.new("RGB", (150, 150), colour) for colour in (RED, GREEN, BLUE)]
    for format_name in ("GIF", "WEBP", "TIFF", "PNG", "AVIF"):
        output = made(encoded(frames[0], format_name, save_all=True, append_images=frames[1:]))
        assert near(opened(output).convert("RGB").getpixel((75, 75)), RED, 8), format_name
        assert output.steps[0] == "take the first of 3 frames"


BROKEN = {
    "JPEG": encoded(noise(150, 150), "JPEG"),
    "progressive JPEG": encoded(noise(150, 150), "JPEG", progressive=True),
    "PNG": encoded(noise(150, 150), "PNG"),
    "GIF": encoded(noise(150, 150), "GIF"),
    "BMP": encoded(noise(150, 150), "BMP"),
    "TIFF": encoded(noise(150, 150), "TIFF"),
    "AVIF": encoded(noise(150, 150), "AVIF"),
    "JPEG2000": encoded(noise(150, 150), "JPEG2000"),
}


@pytest.mark.parametrize("name", BROKEN)
def test_pixels_that_are_missing_are_never_made_up(name: str) -> None:
    whole = BROKEN[name]
    decode_fully(Source.of(whole))
    half = whole[: len(whole) // 2]
    facts = facts_of(whole)
    recipe = ConvertImage(format="JPEG", width=150, height=150, canvas_width=150, canvas_height=150, min_side=128)
    with pytest.raises(BrokenMediaError):
        decode_fully(Source.of(half))
    with pytest.raises(BrokenMediaError):
        convert_image(Source.of(half), facts, recipe, max_bytes=MAX_BYTES)


@pytest.mark.parametrize("name", ["JPEG", "progressive JPEG"])
@pytest.mark.parametrize("share", [0.3, 0.7, 0.95])
def test_a_jpeg_that_was_cut_and_closed_again_is_broken(name: str, share: float) -> None:
    whole = BROKEN[name]
    closed = whole[: int(len(whole) * share)] + b"\xff\xd9"
    assert facts_of(closed).damage is None  # its structure is whole
    Image.open(io.BytesIO(closed)).load()  # and Pillow paints the rest grey without a word
    with pytest.raises(BrokenMediaError, match="fault or end too early"):
        decode_fully(Source.of(closed))


@pytest.mark.parametrize("mode", ["L", "RGB", "CMYK"])
@pytest.mark.parametrize(
    "options",
    [
        {"subsampling": 0},
        {"subsampling": 1},
        {"subsampling": 2},
        {"progressive": True},
        {"restart_marker_blocks": 3},
        {"optimize": True},
        {"quality": 1},
        {"quality": 100},
    ],
)
def test_whole_jpegs_of_every_kind_pass(mode: str, options: dict[str, Any]) -> None:
    decode_fully(Source.of(encoded(noise(131, 77).convert(mode), "JPEG", **options)))


def test_bytes_behind_a_whole_jpeg_do_not_break_it() -> None:
    decode_fully(Source.of(BROKEN["JPEG"] + b"\xff\xd8\xff\xe1 and so on" * 100))


def test_what_is_coded_arithmetically_is_decoded_however_long() -> None:
    small = catalogue.case("image/arithmetic_jpeg").path.read_bytes()
    scan = small.index(b"\xff\xda")
    # Pillow hands on so many bytes at a time, and libjpeg cannot wait within coded data for the next.
    most = ImageFile.MAXBLOCK
    sizes = (60_000, most - 11 - scan - 60_000)
    long = small[:2] + b"".join(b"\xff\xfe" + (size - 2).to_bytes(2) + bytes(size - 4) for size in sizes) + small[2:]
    assert long.index(b"\xff\xda") + 10 < most < len(long) - 2
    with pytest.raises(OSError, match="broken data stream"):
        Image.open(io.BytesIO(long)).load()
    decode_fully(Source.of(long))
    assert opened(made(long)).getextrema() == (128, 128)


def mpo(first: Image.Image) -> bytes:
    return encoded(first, "MPO", save_all=True, append_images=[noise(300, 300)], quality=90)


def test_the_first_picture_of_an_mpo_is_cut_out_losslessly() -> None:
    first = noise(200, 150)
    data = mpo(first)
    output = convert_image(Source.of(data), facts_of(data), CutOutPicture(), max_bytes=MAX_BYTES)
    assert output.fidelity is Fidelity.LOSSLESS
    # The very file that the picture would have been by itself, which nothing takes for an MPO.
    assert output.media.read() == encoded(first, "JPEG", quality=90)
    assert facts_of(output.media.read()).format == "JPEG"


def test_a_film_behind_a_photo_is_cut_off() -> None:
    photo = encoded(noise(200, 150), "JPEG")
    data = photo + b"\0\0\0\x18ftypmp42" + bytes(10_000)
    output = convert_image(Source.of(data), facts_of(data), CutOutPicture(), max_bytes=MAX_BYTES)
    assert output.media.read() == photo


def test_a_first_picture_that_is_damaged_is_not_cut_out() -> None:
    data = mpo(noise(200, 150))
    facts = facts_of(data)
    assert facts.picture_bytes is not None
    middle = facts.picture_bytes // 2
    torn = data[:middle] + b"\xff\xd9" + data[middle:]
    with pytest.raises(BrokenMediaError):
        convert_image(Source.of(torn), facts, CutOutPicture(), max_bytes=MAX_BYTES)


@pytest.fixture
def encodes(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The quality of each JPEG that is encoded."""
    counted: list[int] = []
    encode = image_fit._jpeg

    def counting(picture: Image.Image, quality: int, subsampling: int) -> bytes:
        counted.append(quality)
        return encode(picture, quality, subsampling)

    monkeypatch.setattr(image_fit, "_jpeg", counting)
    return counted


@pytest.mark.parametrize("max_bytes", [400_000, 200_000, 100_000, 40_000])
@pytest.mark.parametrize("format_name", ["BMP", "JPEG", "WEBP"])
def test_the_byte_limit_is_met_in_few_encodes(format_name: str, max_bytes: int, encodes: list[int]) -> None:
    # Something between a photograph and noise.
    image = noise(150, 120).resize((1500, 1200), Image.Resampling.BICUBIC)
    image = Image.blend(image, noise(1500, 1200), 0.2)
    output = made(encoded(image, format_name, quality=97), max_bytes=max_bytes)
    size = len(output.media.read())
    assert max_bytes * 0.75 <= size <= max_bytes
    assert len(encodes) <= 3
    assert min(encodes) >= image_fit.FLOOR_QUALITY
    width, height = opened(output).size
    assert min(width, height) >= 128
    assert abs(width - height * 1.25) <= 1.25


def test_where_the_picture_may_not_become_smaller_its_quality_gives_way() -> None:
    output = made(encoded(noise(128, 128), "BMP"), max_bytes=5000)
    assert len(output.media.read()) <= 5000
    assert opened(output).size == (128, 128)


@pytest.mark.parametrize("subsampling", [0, 1, 2])
def test_a_jpeg_keeps_its_subsampling_and_gets_no_better_quality(subsampling: int, encodes: list[int]) -> None:
    output = made(encoded(noise(600, 400), "JPEG", quality=70, subsampling=subsampling))
    picture = Image.open(io.BytesIO(output.media.read()))
    assert JpegImagePlugin.get_sampling(picture) == subsampling
    assert len(encodes) == 1
    assert abs(encodes[0] - 70) <= 1


def test_a_png_that_does_not_fit_becomes_a_jpeg_of_the_same_size() -> None:
    data = encoded(noise(400, 300, 4), "PNG")
    output = made(data, format="PNG", max_bytes=len(data) // 2)
    picture = opened(output)
    assert (picture.format, picture.size) == ("JPEG", (400, 300))
    assert len(output.media.read()) <= len(data) // 2


def test_a_large_jpeg_is_decoded_small(monkeypatch: pytest.MonkeyPatch) -> None:
    data = encoded(noise(3200, 2400), "JPEG", quality=90)
    decoded: list[tuple[int, int]] = []
    monkeypatch.setattr(JpegImagePlugin.JpegImageFile, "load_end", lambda image: decoded.append(image.size))
    output = made(data, max_bytes=len(data) // 60)
    # By libjpeg itself, to a half, a quarter or an eighth.
    assert decoded[0] in ((1600, 1200), (800, 600), (400, 300))
    assert len(output.media.read()) <= len(data) // 60


def test_large_photographs_are_never_held_whole_as_rgb(monkeypatch: pytest.MonkeyPatch) -> None:
    def whole(*_: object) -> None:
        pytest.fail("was decoded whole")

    soft = noise(300, 225).resize((1600, 1200), Image.Resampling.BICUBIC)
    monkeypatch.setattr("preflight.transformers.image.load_whole", whole)
    for format_name, options in (
        ("JPEG", {"quality": 97}),
        ("JPEG", {"quality": 95, "progressive": True}),
        ("PNG", {}),
    ):
        data = encoded(soft, format_name, **options)
        output = made(data, format="JPEG", max_bytes=len(data) - 1)
        picture = opened(output)
        assert picture.size == soft.size
        assert len(output.media.read()) < len(data)
        assert (
            np.abs(np.asarray(picture, int) - np.asarray(soft, int)).mean() < 8
        )  # it is all colour, of which a quarter is kept


def test_a_png_that_fails_on_the_way_is_for_pillow_to_judge() -> None:
    data = encoded(noise(1200, 900), "PNG")
    facts = facts_of(data)
    torn = data[: len(data) // 2] + bytes(64) + data[len(data) // 2 + 64 :]
    recipe = ConvertImage(format="JPEG", width=1200, height=900, canvas_width=1200, canvas_height=900, min_side=128)
    with pytest.raises(BrokenMediaError):
        convert_image(Source.of(torn), facts, recipe, max_bytes=MAX_BYTES)


def test_a_png_of_which_no_quality_fits_is_made_smaller() -> None:
    data = encoded(noise(1200, 900), "PNG")
    output = made(data, format="JPEG", max_bytes=100_000)
    assert len(output.media.read()) <= 100_000
    assert opened(output).width < 1200


@pytest.mark.parametrize("quality", [30, 50, 60, 75, 85, 90, 95, 99])
def test_the_quality_of_a_jpeg_is_known_by_its_table(quality: int) -> None:
    image = Image.open(io.BytesIO(encoded(noise(16, 16), "JPEG", quality=quality)))
    assert isinstance(image, JpegImagePlugin.JpegImageFile)
    assert abs(estimated_quality(image.quantization[0]) - quality) <= 1


@settings(max_examples=300)
@given(
    st.floats(0.12, 1.0),
    st.floats(0.6, 1.0),
    st.floats(1e4, 1e8),
    st.integers(1_000, 10_000_000),
    st.integers(20, 100),
    st.one_of(st.none(), st.integers(20, 100)),
    st.just(1.0) | st.floats(0.01, 0.9),
)
def test_the_search_ends_within_three_encodes_and_its_bounds(
    slope: float, power: float, size_at_95: float, limit: int, quality: int, known: int | None, least_scale: float
) -> None:
    """Of a picture that answers to quality and size as real ones do, however they do."""

    def size(at: int, scale: float) -> int:
        return max(1, round(size_at_95 * (image_fit.step_of(at) / 10) ** -slope * scale ** (2 * power)))

    known = None if known is None else max(known, quality)  # the highest that makes sense is not above the source's
    source = Try(known, size(known, 1.0)) if known is not None and size(known, 1.0) > limit else None
    start = Start(quality=quality, known=source, least_scale=least_scale)
    tries: list[Try] = [source] if source else []
    made = 0
    while (setting := next_setting(tries, made, start, limit)) is not None:
        assert 1 <= setting.quality <= max(image_fit.BEST_QUALITY, start.quality)
        assert least_scale <= setting.scale <= 1
        assert setting.quality <= start.quality or setting.scale < 1
        assert setting not in [(t.quality, t.scale) for t in tries[len(tries) - made :]]
        tries.append(Try(setting.quality, size(*setting), setting.scale))
        made += 1
    fits = [t for t in tries if t.size_bytes <= limit]
    if size(start.floor, max(least_scale, 0.3)) <= limit * 0.8:
        assert fits
        assert made <= image_fit.MOST_ENCODES
    elif not fits:
        assert made <= image_fit.MOST_ENCODES + 6


@settings(max_examples=60, deadline=None)
@given(
    st.integers(1, 400),
    st.integers(1, 400),
    st.sampled_from(["RGB", "L", "RGBA", "LA", "P", "1", "CMYK", "I;16", "F"]),
    st.integers(1, 8),
    st.sampled_from([30_000, 5_000_000]),
)
def test_whatever_goes_in_what_comes_out_passes(
    width: int, height: int, mode: str, orientation: int, max_bytes: int
) -> None:
    exif = Image.Exif()
    exif[ORIENTATION] = orientation
    image = noise(width, height)
    image = image.convert("L").convert(mode) if mode in ("I;16", "F") else image.convert(mode)
    data = encoded(image, "TIFF", exif=exif)
    picture = opened(made(data, max_bytes=max_bytes))
    upright = (width, height) if orientation <= 4 else (height, width)
    assert min(picture.size) >= 128
    if min(upright) >= 128 and max_bytes == 5_000_000:
        assert picture.size == upright
    assert picture.format in ("JPEG", "PNG")
    assert picture.mode in ("L", "RGB", "LA", "RGBA", "P")


@pytest.mark.parametrize("quality", [97, 98, 99])
def test_a_jpeg_that_was_coded_finer_than_others_is_taken_by_that(quality: int) -> None:
    data = encoded(noise(600, 400), "JPEG", quality=quality, subsampling=0)
    output = made(data, max_bytes=len(data) - 1_000)
    assert output.steps[-1] == f"encode as JPEG, quality {quality - 1}"
    assert len(output.media.read()) > 0.8 * len(data)


def test_a_profile_that_makes_a_file_too_large_costs_no_pixel() -> None:
    """Profiles of cameras and printers have up to megabytes, and go into no output."""
    data = encoded(noise(600, 400), "JPEG", quality=90, icc_profile=bytes(6_000_000))
    assert len(data) > MAX_BYTES
    assert facts_of(data).bare_bytes == facts_of(data).size_bytes
    output = made(data)
    assert opened(output).size == (600, 400)
    assert output.steps[-1] == "encode as JPEG, quality 90"


@pytest.mark.corpus
@pytest.mark.parametrize("folder", ["image", "bad"])
def test_the_corpus_is_converted_or_found_broken(corpus: Path, folder: str) -> None:
    # Whole in structure but not in their pixels.
    broken = {"Pillow__l2rgb_read.bmp"}
    for path in sorted((corpus / folder).iterdir()):
        source = Source.of(path)
        facts = probe_image(source)
        report = check_facts(path.name, facts, LIMITS)
        if report.verdict == "rejected" or not isinstance(facts, ImageFacts):
            continue
        if report.verdict == "pass":
            decode_fully(source)
            continue
        plan = plan_image(report, LIMITS, Policy())
        assert isinstance(plan.recipe, ConvertImage | CutOutPicture | StripPicture)
        try:
            output = convert_image(source, facts, plan.recipe, max_bytes=MAX_BYTES)
        except BrokenMediaError:
            assert folder == "bad" or path.name in broken, path.name
            continue
        assert path.name not in broken
        assert output.fidelity is plan.fidelity
        again = probe_image(output.media)
        assert check_facts(path.name, again, LIMITS).verdict == "pass", path.name
        decode_fully(output.media)


@pytest.mark.parametrize("power", [1.5, 2.0, 2.66, 3.2])
def test_a_shrunk_picture_fills_the_limit_however_fast_its_detail_comes_back(power: float) -> None:
    """Bytes of 24 grainy megapixels as they were measured: 16.1 MB as they came, 7.8 MB at quality 82."""
    start, limit = Start(subsampling=2, known=Try(95, 16_140_425), quality=95), 5_000_000
    tries = [Try(95, 16_140_425)]
    while (setting := next_setting(tries, len(tries) - 1, start, limit)) is not None:
        finer = (200 - 2 * 82) / (200 - 2 * setting.quality)
        tries.append(Try(setting.quality, round(7_818_197 * finer**0.45 * setting.scale**power), setting.scale))
    assert len(tries) - 1 <= image_fit.MOST_ENCODES
    assert 0.8 * limit < max(t.size_bytes for t in tries if t.size_bytes <= limit)


@pytest.mark.corpus
def test_encodes_over_the_corpus(corpus: Path, encodes: list[int]) -> None:
    """At the real limit, and at a share of what each takes at its best: never more than three, fewer than two on
    average, and what quality is given up for is used."""
    counts: list[int] = []
    fills: list[float] = []
    for path in sorted((corpus / "image").iterdir()):
        facts = probe_image(Source.of(path))
        if not isinstance(facts, ImageFacts) or facts.damage or not 4e4 < facts.width * facts.height < 3e6:
            continue
        data = path.read_bytes()
        try:
            whole = len(made(data, format="JPEG").media.read())
            for share in (1.1, 0.9, 0.7, 0.5):
                encodes.clear()
                output = made(data, format="JPEG", max_bytes=int(whole * share))
                counts.append(len(encodes))
                assert len(output.media.read()) <= int(whole * share), path.name
                if share < 1:
                    fills.append(len(output.media.read()) / int(whole * share))
        except BrokenMediaError:
            continue
    assert max(counts) <= image_fit.MOST_ENCODES
    assert np.mean(counts) < 2
    assert np.mean(fills) > 0.85


@pytest.mark.corpus
@pytest.mark.parametrize("kind", ["Landscape", "Portrait"])
def test_photographs_of_every_orientation_look_the_same_upright(corpus: Path, kind: str) -> None:
    def small(number: int) -> Pixels:
        data = (corpus / "image" / f"exif-orientation-examples__{kind}_{number}.jpg").read_bytes()
        return np.asarray(opened(made(data)).convert("L").resize((30, 30), Image.Resampling.BOX))

    first = small(1)
    for number in range(2, 9):
        # Each has its own number painted in the middle; turned the wrong way round they differ by over 40.
        assert np.abs(small(number).astype(int) - first).mean() < 2


@pytest.mark.corpus
def test_a_heic_photograph_of_a_phone(corpus: Path) -> None:
    data = (corpus / "image" / "media__sample_still_photo.heic").read_bytes()
    picture = opened(made(data))
    assert (picture.format, picture.size) == ("JPEG", (1080, 1920))


WHOLE = [
    *(
        encoded(noise(40, 40), name)
        for name in ("JPEG", "PNG", "GIF", "WEBP", "AVIF", "TIFF", "BMP", "JPEG2000", "TGA")
    ),
    encoded(noise(40, 40).convert("P"), "PNG", transparency=3),
    encoded(noise(40, 40).convert("CMYK"), "JPEG", icc_profile=swapped_profile()),
    encoded(noise(40, 40), "TIFF", compression="tiff_lzw", icc_profile=swapped_profile()),
    encoded(noise(40, 40), "PCX"),
    encoded(noise(40, 40).convert("RGBA"), "ICO"),
]


@settings(max_examples=300, deadline=None)
@given(st.sampled_from(WHOLE), st.data())
def test_damage_anywhere_is_only_ever_broken_media(whole: bytes, data: st.DataObject) -> None:
    at = data.draw(st.integers(0, len(whole) - 1))
    patch = data.draw(st.binary(min_size=1, max_size=6))
    damaged = whole[:at] + patch + whole[at + len(patch) :]
    facts = probe_image(Source.of(damaged))
    if not isinstance(facts, ImageFacts) or facts.width * facts.height > 1_000_000:
        return
    try:
        decode_fully(Source.of(damaged))
        picture = opened(made(damaged))
    except BrokenMediaError:
        return
    assert min(picture.size) >= 128
