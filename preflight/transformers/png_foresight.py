"""Whether a picture is better sent as PNG: by what some of its rows take."""

from __future__ import annotations

from typing import Literal

from PIL import Image

from preflight.transformers.image_fit import Start, png
from preflight.transformers.image_sample import rows_from_everywhere
from preflight.transformers.jpeg_strips import jpeg_of
from preflight.transformers.png_palette import with_palette

_BANDS = 16
_ROWS = 8
_OVERSTATED, _OVERSTATED_OF_DRAWINGS = 1.05, 1.5
"""A sample says up to so many times too much, measured over 30 pictures: the rows of drawings are often like some above
them that are not in it.
"""


def suits_png(picture: Image.Image, coding: Literal["PNG", "either"], start: Start, max_bytes: int) -> bool:
    """Of a picture in mode L, LA, RGB or RGBA: whether a PNG may fit, and is what `coding` asks for."""
    sample = rows_from_everywhere(picture, _BANDS, _ROWS)
    size = len(png(with_palette(sample)))
    is_transparent = picture.mode in ("LA", "RGBA")
    opaque = sample.convert(sample.mode.removesuffix("A")) if is_transparent else sample
    is_drawing = size <= len(jpeg_of(opaque, start.quality, start.subsampling))
    overstated = _OVERSTATED_OF_DRAWINGS if is_drawing else _OVERSTATED
    if size * picture.height / sample.height > overstated * max_bytes:
        return False
    return is_drawing or is_transparent or coding == "PNG"
