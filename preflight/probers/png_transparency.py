"""The one colour of a PNG that is transparent (tRNS), in the depth that Pillow brings its samples to."""

from __future__ import annotations

from typing import BinaryIO

from PIL import Image, ImageChops, ImageFile

from preflight.probers.pillow import Unopened, open_image

_MOST = {"L;2": 3, "L;4": 15, "L": 0xFF, "I;16B": 0xFFFF}
_WHOLE_BYTE = 0xFF
_HIGH, _LOW = "RGB;16B", "RGB;16L"
"""How Pillow takes the first byte of each sample, and how the second."""


def load_transparent(image: ImageFile.ImageFile, file: BinaryIO, name: str) -> None:
    """Load a PNG; `transparency` of its `info` is of the samples then, or it has alpha instead."""
    raw_mode = image.tile[0].args if image.tile else None
    image.load()
    colour = image.info.get("transparency")
    if isinstance(colour, int) and raw_mode in _MOST:
        most = _MOST[raw_mode]
        image.info["transparency"] = (colour & most) * max(_WHOLE_BYTE // most, 1)  # what is above means nothing
    elif isinstance(colour, tuple) and raw_mode == "RGB":
        image.info["transparency"] = tuple(value & _WHOLE_BYTE for value in colour)
    elif isinstance(colour, tuple) and raw_mode == _HIGH:
        is_there = ImageChops.lighter(
            _differs(image, [value >> 8 for value in colour]),
            _differs(_low_bytes(file, name), [value & _WHOLE_BYTE for value in colour]),
        )
        del image.info["transparency"]
        image.putalpha(is_there)


def _differs(picture: Image.Image, colour: list[int]) -> Image.Image:
    """255 where any sample is another, in mode L."""
    tables = [int(sample != wanted) * 255 for wanted in colour for sample in range(256)]
    red, green, blue = picture.point(tables).split()
    return ImageChops.lighter(ImageChops.lighter(red, green), blue)


def _low_bytes(file: BinaryIO, name: str) -> Image.Image:
    """Of 16-bit samples, which Pillow drops; but two colours may differ in nothing else."""
    file.seek(0)
    image = open_image(file, name)
    assert not isinstance(image, Unopened)
    image.tile = [tile._replace(args=_LOW) for tile in image.tile]
    image.load()
    return image
