"""Which pictures become PNG: what is drawn or can be seen through, to the pixel; photographs become JPEG."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image, ImageDraw

import preflight
from preflight.transformers import image as image_room
from preflight.transformers.image_fit import Start
from preflight.transformers.png_foresight import suits_png

FIVE_MB = 5_000_000


def screenshot(width: int = 1_280, height: int = 800) -> Image.Image:
    """Windows, rules and words in a few colours, with soft edges."""
    picture = Image.new("RGB", (width, height), (240, 240, 245))
    draw = ImageDraw.Draw(picture)
    for row in range(20, height - 60, 36):
        draw.rectangle((16, row, width - 16, row + 30), fill="white", outline=(180, 180, 190))
        draw.text((24, row + 8), f"row {row}: what it says, and how often " * (width // 320), fill=(20, 20, 30))
    draw.ellipse((width // 2, height // 4, width // 2 + 300, height // 4 + 300), fill=(30, 90, 200))
    return picture


def photograph(width: int = 640, height: int = 480) -> Image.Image:
    """Detail at every scale, and the grain of a sensor."""
    dice = np.random.default_rng(3)
    picture = np.full((height, width, 3), 128.0, np.float32)
    for cells in (4, 8, 16, 32, 64):
        coarse = Image.fromarray(dice.normal(0, 1, (cells, cells)).astype(np.float32))
        picture += 90 / cells**0.5 * np.asarray(coarse.resize((width, height), Image.Resampling.BICUBIC))[..., None]
    return Image.fromarray((picture + dice.normal(0, 3, picture.shape)).clip(0, 255).astype(np.uint8))


def encoded(image: Image.Image, format_name: str, **options: Any) -> bytes:
    file = io.BytesIO()
    image.save(file, format_name, **options)
    return file.getvalue()


def sent(data: bytes) -> tuple[Image.Image, tuple[str, ...]]:
    (payload,) = preflight.prepare(data)
    image = Image.open(io.BytesIO(payload.media[0].source.read()))
    image.load()
    return image, payload.steps


def pixels(image: Image.Image) -> NDArray[np.uint8]:
    return np.asarray(image)


LOSSLESS: dict[str, dict[str, Any]] = {
    "BMP": {},
    "TIFF": {"compression": "tiff_lzw"},
    "WEBP": {"lossless": True},
    "PPM": {},
    "TGA": {},
    "PCX": {},
    "JPEG2000": {"irreversible": False},
    "QOI": {},
}


@pytest.mark.parametrize("format_name", LOSSLESS)
def test_what_is_drawn_becomes_a_png_of_the_same_pixels(format_name: str) -> None:
    drawn = screenshot()
    image, _ = sent(encoded(drawn, format_name, **LOSSLESS[format_name]))
    assert image.format == "PNG"
    assert np.array_equal(pixels(image), pixels(drawn))


@pytest.mark.parametrize("format_name", LOSSLESS)
def test_what_was_photographed_becomes_a_jpeg(format_name: str) -> None:
    image, _ = sent(encoded(photograph(), format_name, **LOSSLESS[format_name]))
    assert (image.format, image.size) == ("JPEG", (640, 480))


@pytest.mark.parametrize("format_name", ["TIFF", "WEBP", "TGA", "DDS"])
def test_a_photograph_of_which_nothing_can_be_seen_through_becomes_a_jpeg(format_name: str) -> None:
    opaque = photograph(512, 512).convert("RGBA")
    image, _ = sent(encoded(opaque, format_name, **LOSSLESS.get(format_name, {})))
    assert (image.format, image.mode) == ("JPEG", "RGB")


@pytest.mark.parametrize("format_name", ["TIFF", "WEBP", "TGA", "DDS"])
def test_a_photograph_that_can_be_seen_through_becomes_a_png(format_name: str) -> None:
    clear = photograph(512, 512).convert("RGBA")
    clear.putpixel((300, 200), (10, 20, 30, 254))
    image, _ = sent(encoded(clear, format_name, **LOSSLESS.get(format_name, {})))
    assert (image.format, image.mode) == ("PNG", "RGBA")
    assert np.array_equal(pixels(image)[..., 3], pixels(clear)[..., 3])


@pytest.mark.parametrize("mode", ["RGB", "RGBA", "L"])
def test_a_large_drawing_that_was_hardly_packed_keeps_its_pixels(mode: str) -> None:
    drawn = screenshot(3_840, 2_160).convert(mode)
    if mode == "RGBA":
        drawn.putpixel((0, 0), (0, 0, 0, 0))
    for format_name, options in (("PNG", {"compress_level": 0}), ("TIFF", {})):
        data = encoded(drawn, format_name, **options)
        assert len(data) > FIVE_MB
        image, _ = sent(data)
        assert (image.format, image.mode) == ("PNG", mode)
        assert np.array_equal(pixels(image), pixels(drawn))


def test_a_picture_of_few_colours_that_fits_only_with_a_palette_gets_one() -> None:
    """A map in dithered colours: by number it is a third as large."""
    dice = np.random.default_rng(5)
    numbers = dice.integers(0, 16, (2_000, 2_400), dtype=np.uint8)
    colours = dice.integers(0, 256, (16, 3), dtype=np.uint8)
    drawn = Image.fromarray(colours[numbers])
    image, steps = sent(encoded(drawn, "TIFF"))
    assert (image.format, image.mode) == ("PNG", "P")
    assert np.array_equal(pixels(image.convert("RGB")), pixels(drawn))
    assert steps == ("encode as PNG with a palette",)


def test_a_photograph_is_not_encoded_as_a_png_in_vain(monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[tuple[int, int]] = []
    encode = image_room.png

    def counting(picture: Image.Image) -> bytes:
        made.append(picture.size)
        return encode(picture)

    monkeypatch.setattr(image_room, "png", counting)
    data = encoded(photograph(2_400, 1_500), "PNG")
    assert FIVE_MB < len(data) < 2 * FIVE_MB
    image, _ = sent(data)
    assert image.format == "JPEG"
    assert not made


@pytest.mark.parametrize(
    ("picture", "coding", "max_bytes", "suits"),
    [
        (screenshot(), "either", FIVE_MB, True),
        (screenshot(), "either", 5_000, False),
        (screenshot().convert("LA"), "either", FIVE_MB, True),
        (photograph(), "either", FIVE_MB, False),
        (photograph(), "PNG", FIVE_MB, True),
        (photograph(), "PNG", 100_000, False),
        (photograph().convert("RGBA"), "either", FIVE_MB, True),
        (photograph().convert("RGBA"), "either", 100_000, False),
        (photograph(640, 100), "either", FIVE_MB, False),
        (screenshot(640, 100), "either", FIVE_MB, True),
    ],
)
def test_what_suits(picture: Image.Image, coding: Any, max_bytes: int, *, suits: bool) -> None:
    assert suits_png(picture, coding, Start(), max_bytes) is suits


def test_a_sample_is_taken_from_everywhere() -> None:
    """A screenshot whose lower third is a photograph: neither end alone tells."""
    mixed = screenshot(1_200, 900)
    mixed.paste(photograph(1_200, 300), (0, 600))
    assert not suits_png(mixed, "PNG", Start(), 300_000)
    assert suits_png(mixed, "PNG", Start(), 2_000_000)
