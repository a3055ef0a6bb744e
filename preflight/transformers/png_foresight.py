"""Whether a picture is better sent as PNG: by what some of its rows take."""

from __future__ import annotations

from typing import Literal

from PIL import Image

from preflight.transformers.image_fit import Start, png
from preflight.transformers.jpeg_strips import jpeg_of
from preflight.transformers.png_palette import with_palette

_BANDS = 16
_ROWS = 8
_LEAST_HEIGHT_TO_SAMPLE = 2 * _BANDS * _ROWS
_OVERSTATED, _OVERSTATED_OF_DRAWINGS = 1.05, 1.5
"""A sample says up to so many times too much, measured over 30 pictures: the rows of drawings are often like some above
them that are not in it.
"""


def suits_png(picture: Image.Image, coding: Literal["PNG", "either"], start: Start, max_bytes: int) -> bool:
    """Of a picture in mode L, LA, RGB or RGBA: whether a PNG may fit, and is what `coding` asks for."""
    sample = _sample(picture)
    size = len(png(with_palette(sample)))
    is_transparent = picture.mode in ("LA", "RGBA")
    opaque = sample.convert(sample.mode.removesuffix("A")) if is_transparent else sample
    is_drawing = size <= len(jpeg_of(opaque, start.quality, start.subsampling))
    overstated = _OVERSTATED_OF_DRAWINGS if is_drawing else _OVERSTATED
    if size * picture.height / sample.height > overstated * max_bytes:
        return False
    return is_drawing or is_transparent or coding == "PNG"


def _sample(picture: Image.Image) -> Image.Image:
    """Rows from everywhere, or all of a small one."""
    width, height = picture.size
    if height < _LEAST_HEIGHT_TO_SAMPLE:
        return picture
    sample = Image.new(picture.mode, (width, _BANDS * _ROWS))
    every = height // _BANDS
    for number in range(_BANDS):
        top = number * every + (every - _ROWS) // 2
        sample.paste(picture.crop((0, top, width, top + _ROWS)), (0, number * _ROWS))
    return sample
