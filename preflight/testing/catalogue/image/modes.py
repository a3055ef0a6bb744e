"""Every mode and depth that a picture may be kept in, and every way of standing that a format may speak of."""

from __future__ import annotations

from typing import Literal

from preflight.testing.catalogue.image.making import CONVERTED, made, png, still
from preflight.testing.catalogue.interface import Case
from preflight.testing.recipes.heif import Heic
from preflight.testing.recipes.png import Colour, Png
from preflight.testing.recipes.still import Still
from preflight.testing.truth import ImageTruth

_WIDE, _HIGH = 192, 144
"""Small, as there are many of them."""

_TIFFS: tuple[tuple[str, str, str, str], ...] = (
    ("1", "black_and_white", "group4", "Black and white, as fax servers write pages."),
    ("L", "gray", "packbits", "Eight bits of grey, as document scanners write pages."),
    ("LA", "gray_alpha", "tiff_deflate", "Grey that can be seen through, as layers of shadows are exported."),
    ("P", "palette", "tiff_lzw", "A palette, as maps and charts of older programs are."),
    ("PA", "palette_alpha", "tiff_lzw", "A palette with transparency beside it, as hardly any program writes it."),
    ("RGB", "colours", "raw", "Colours as they are, not compressed, as instruments write them."),
    ("RGBA", "alpha", "tiff_deflate", "Colours that can be seen through, as renderers write them."),
    ("YCbCr", "luma", "raw", "Luma and colour differences, as digitisers of film write them."),
    ("LAB", "lab", "tiff_deflate", "Lightness and two colour axes, as print shops keep masters."),
    ("I", "32_bit", "tiff_deflate", "32 bits of grey, as telescopes and counters of photons write them."),
    ("F", "float", "tiff_deflate", "Floating point from 0 to 1, as elevation models and results of networks are kept."),
)

TIFFS = tuple(
    still(
        f"tiff_{name}",
        what,
        Still(suffix=".tif", width=_WIDE, height=_HIGH, mode=mode, save={"compression": compression}),
        CONVERTED,
    )
    for mode, name, compression, what in _TIFFS
)

_PNGS: tuple[tuple[Colour, int, str], ...] = (
    ("gray", 4, "Sixteen greys in four bits, as electronic paper shows them."),
    ("palette", 1, "Two colours of a palette in one bit, as stamps and signatures are."),
    ("palette", 2, "Four colours of a palette in two bits, as optimisers write icons."),
    ("palette", 8, "A palette in eight bits, as screenshots that were optimised are."),
    ("gray_alpha", 16, "16 bits of grey that can be seen through, as masks of renderers are."),
    ("rgba", 16, "16 bits a colour that can be seen through, as renderers layer them."),
)

PNGS = tuple(
    png(f"png_{depth}_bit_{colour}", what, Png(width=_WIDE, height=_HIGH, colour=colour, depth=depth))
    for colour, depth, what in _PNGS
)

_LIES_ON_ITS_SIDE = 5
_TURNED = {
    1: "upright",
    2: "to be mirrored",
    3: "to be turned by half",
    4: "to be mirrored top to bottom",
    5: "to be turned and mirrored",
    6: "to be turned clockwise",
    7: "to be turned the other way and mirrored",
    8: "to be turned against the clock",
}


def _png(number: int) -> Case:
    recipe = Still(suffix=".png", width=_WIDE, height=_HIGH, exif_orientation=number)
    return still(f"png_orientation_{number}", f"A photograph saved as PNG with its EXIF, {_TURNED[number]}.", recipe)


def _tiff(number: int) -> Case:
    """Its reader turns it: what is true of it is true of it upright."""
    recipe = Still(suffix=".tif", width=_WIDE, height=_HIGH, exif_orientation=number)
    size = (_HIGH, _WIDE) if number >= _LIES_ON_ITS_SIDE else (_WIDE, _HIGH)
    truth = ImageTruth(format="TIFF", width=size[0], height=size[1])
    what = f"A scan in TIFF as the feeder took it, {_TURNED[number]}."
    return made(f"tiff_orientation_{number}", what, recipe, truth, CONVERTED)


# Of quarter turns against the clock, and of what is mirrored after that, for each EXIF orientation.
_HEIC: dict[int, tuple[int, Literal["top_bottom", "left_right"] | None]] = {
    2: (0, "left_right"),
    3: (2, None),
    4: (0, "top_bottom"),
    5: (1, "top_bottom"),
    7: (1, "left_right"),
    8: (1, None),
}

STANDING = (
    *(_png(number) for number in _TURNED),
    *(_tiff(number) for number in _TURNED),
    *(
        made(
            f"heic_orientation_{number}",
            f"An HEIC photograph of a phone, {_TURNED[number]} by properties of its own.",
            Heic(width=320, height=256, quarter_turns=turns, then_mirrored=mirrored),
            ImageTruth(format="HEIF", width=256 if turns % 2 else 320, height=320 if turns % 2 else 256),
            CONVERTED,
        )
        for number, (turns, mirrored) in _HEIC.items()
    ),
)

CASES: tuple[Case, ...] = (*TIFFS, *PNGS, *STANDING)
