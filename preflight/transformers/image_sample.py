"""Some rows of a picture, which tell of all."""

from __future__ import annotations

from PIL import Image


def rows_from_everywhere(picture: Image.Image, bands: int, rows: int) -> Image.Image:
    """So many bands of so many rows each, as one picture in the same mode; all of it where it has not twice as many."""
    width, height = picture.size
    if height < 2 * bands * rows:
        return picture
    sample = Image.new(picture.mode, (width, bands * rows))
    every = height // bands
    for number in range(bands):
        top = number * every + (every - rows) // 2
        sample.paste(picture.crop((0, top, width, top + rows)), (0, number * rows))
    return sample
