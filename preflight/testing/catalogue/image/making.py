"""How a case of an image is written down: what is drawn, and with it what is true of it."""

from __future__ import annotations

from preflight.media import Fidelity
from preflight.testing.catalogue.interface import Case, file, says
from preflight.testing.recipes.interface import Recipe
from preflight.testing.recipes.png import Png
from preflight.testing.recipes.still import Still
from preflight.testing.truth import Expected, ImageTruth

LOSSLESS, TRANSCODED = Fidelity.LOSSLESS, Fidelity.TRANSCODED

CONVERTED = says("unsupported_file_type", gives=TRANSCODED)
"""Of a format that the API does not take."""
CONVERTED_IN_PART = says("unsupported_file_type", "image_animated", gives=TRANSCODED)
"""Of one with several frames or pages."""
TOO_LOW = says("image_resolution_too_low", gives=TRANSCODED)
FIRST_FRAME = says("image_animated")

PHOTO = Still()
"""What most others are made of."""
PICTURE = ImageTruth(format="JPEG", width=640, height=480)

_FORMATS = {
    ".jpg": "JPEG",
    ".mpo": "MPO",
    ".png": "PNG",
    ".gif": "GIF",
    ".webp": "WEBP",
    ".bmp": "BMP",
    ".tif": "TIFF",
    ".avif": "AVIF",
    ".jp2": "JPEG2000",
    ".ico": "ICO",
    ".icns": "ICNS",
    ".ppm": "PPM",
    ".tga": "TGA",
    ".dds": "DDS",
}


def still(
    name: str, what: str, recipe: Still, strict: Expected | None = None, *, newest: Expected | None = None
) -> Case:
    """A case that is drawn and saved in one go."""
    truth = ImageTruth(
        format=_FORMATS[recipe.suffix],
        width=recipe.width,
        height=recipe.height,
        orientation=recipe.exif_orientation or 1,
        frames=recipe.frames,
    )
    return file(f"image/{name}", what, recipe, truth, strict, newest=newest)


def png(name: str, what: str, recipe: Png, strict: Expected | None = None, *, orientation: int = 1) -> Case:
    """A case that is written chunk by chunk."""
    truth = ImageTruth(format="PNG", width=recipe.width, height=recipe.height, orientation=orientation)
    return file(f"image/{name}", what, recipe, truth, strict)


def made(name: str, what: str, recipe: Recipe, truth: ImageTruth = PICTURE, strict: Expected | None = None) -> Case:
    """A case that is put together of others; a photograph of 640x480 if nothing else is said."""
    return file(f"image/{name}", what, recipe, truth, strict)
