"""A picture of few colours → the same with a palette, which a PNG holds in a third of the bytes or less."""

from __future__ import annotations

from PIL import Image

_MOST_COLOURS = 256
_MOST_GREYS = 16
"""More take as many bits by number as by brightness."""
_ROWS = 256


def with_palette(picture: Image.Image) -> Image.Image:
    """A picture in mode L, LA, RGB or RGBA: in mode P where it has few enough colours, or else as it is. Its palette
    has alpha where it has.
    """
    most = _MOST_GREYS if picture.mode == "L" else _MOST_COLOURS
    found = picture.getcolors(most)
    if found is None:
        return picture
    import numpy as np

    samples = len(picture.getbands())
    colours = sorted(bytes(c) if isinstance(c, tuple) else bytes([int(c)]) for _, c in found)
    numbers = np.array([int.from_bytes(colour) for colour in colours], np.uint32)
    numbered = Image.new("P", picture.size)
    for top in range(0, picture.height, _ROWS):
        strip = picture.crop((0, top, picture.width, min(top + _ROWS, picture.height)))
        pixels = np.zeros((strip.height, strip.width), np.uint32)
        for channel in np.asarray(strip).reshape(strip.height, strip.width, samples).transpose(2, 0, 1):
            pixels = pixels << 8 | channel
        numbered.paste(Image.fromarray(np.searchsorted(numbers, pixels).astype(np.uint8)), (0, top))
    mode = "RGBA" if picture.mode.endswith("A") else "RGB"
    one_row = Image.frombytes(picture.mode, (len(colours), 1), b"".join(colours))
    numbered.putpalette(one_row.convert(mode).tobytes(), mode)
    return numbered
