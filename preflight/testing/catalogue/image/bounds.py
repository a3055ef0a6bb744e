"""Every limit of an image, from both sides."""

from __future__ import annotations

from preflight.testing.catalogue.image.making import LOSSLESS, PICTURE, TOO_LOW, TRANSCODED, png, still
from preflight.testing.catalogue.interface import Case, file, says
from preflight.testing.recipes.padding import Padded
from preflight.testing.recipes.png import Png
from preflight.testing.recipes.still import Still
from preflight.testing.truth import Expected, ImageTruth

_TOO_MANY = says("image_pixels_too_many", gives="rejected")
_TOO_LARGE = says("image_filesize_too_large", gives=TRANSCODED)
# What grew the file beyond the limit is left out of it: nothing that is coded changes.
_PADDED = says("image_filesize_too_large", gives=LOSSLESS)


def _sized(width: int, height: int, name: str, what: str, strict: Expected | None = None) -> Case:
    return still(name, what, Still(width=width, height=height), strict)


def _padded(
    size_bytes: int, what: str, strict: Expected | None = None, newest: Expected | None = None, *, suffix: str = ".jpg"
) -> Case:
    recipe = Padded(suffix=suffix, of=Still(suffix=suffix), size_bytes=size_bytes)
    truth = ImageTruth(format=suffix[1:].replace("jpg", "jpeg").upper(), width=PICTURE.width, height=PICTURE.height)
    return file(f"image/{suffix[1:]}_of_{size_bytes}", what, recipe, truth, strict, newest=newest)


SHAPES = (
    _sized(127, 128, "width_127", "One pixel narrower than the least, as a thumbnail that was trimmed is.", TOO_LOW),
    _sized(128, 127, "height_127", "One pixel lower than the least, as a thumbnail that was trimmed is.", TOO_LOW),
    _sized(
        127, 127, "square_127", "One pixel short on both sides, as a favicon that was blown up carelessly is.", TOO_LOW
    ),
    _sized(128, 128, "square_128", "The smallest picture that is allowed, as avatars of forums are."),
    _sized(129, 128, "width_129", "One pixel wider than the least, an odd width."),
    _sized(128, 129, "height_129", "One pixel higher than the least, an odd height."),
    still(
        "one_pixel",
        "A tracking pixel, as scrapers of web pages collect by the thousand.",
        Still(suffix=".png", width=1, height=1),
        TOO_LOW,
    ),
    _sized(2000, 100, "banner", "A banner of a web page, long enough, but not high enough.", TOO_LOW),
    _sized(
        5000,
        20,
        "line",
        "A separator of a web page: scaled up to be high enough it would be 32,000 pixels long.",
        TOO_LOW,
    ),
    _sized(20_000, 128, "strip", "A panorama, or a web page in one screenshot: 156 times as long as wide."),
)

PIXELS = (
    png(
        "pixels_178956970",
        "As many pixels as are decoded here, all of them black: a scan of a large plan in one bit.",
        Png(width=10_922, height=16_385, colour="gray", depth=1, is_blank=True),
    ),
    png(
        "pixels_178962432",
        "A few more pixels than are decoded here, in a file of 22 kB: a plan, or an attack.",
        Png(width=16_384, height=10_923, colour="gray", depth=1, is_blank=True),
        _TOO_MANY,
    ),
)

SIZES = (
    _padded(4_999_999, "A byte under the limit of the strict reading, most of it comments."),
    _padded(5_000_000, "As large as the strict reading allows."),
    _padded(5_000_001, "A byte over the strict limit, because of comments that nobody sees.", _PADDED, says()),
    _padded(4_999_999, "A PNG a byte under the limit of the strict reading, most of it layers.", suffix=".png"),
    _padded(5_000_000, "A PNG as large as the strict reading allows.", suffix=".png"),
    _padded(
        5_000_001,
        "A byte over the strict limit, because of a private chunk, as design programs keep their layers in.",
        _PADDED,
        says(),
        suffix=".png",
    ),
    _padded(31_999_999, "A byte under the limit of the newest reading.", _PADDED, says()),
    _padded(32_000_000, "As large as the newest reading allows.", _PADDED, says()),
    _padded(32_000_001, "A byte over every reading, nearly all of it comments.", _PADDED, _PADDED),
    still(
        "noise_png",
        "5 MB that are all picture, as screenshots of games and renderings with grain are.",
        Still(suffix=".png", shows="noise", width=1300, height=1300, save={"compress_level": 1}),
        _TOO_LARGE,
        newest=says(),
    ),
    still(
        "noise_jpeg",
        "A photograph of 5.5 MB at the best quality, as cameras with many pixels write it.",
        Still(shows="noise", width=1600, height=1200, save={"quality": 99, "subsampling": 0}),
        _TOO_LARGE,
        newest=says(),
    ),
)

CASES: tuple[Case, ...] = (*SHAPES, *PIXELS, *SIZES)
