"""Pictures that break off or lost bits, and small files that claim to be enormous."""

from __future__ import annotations

from preflight.testing.catalogue.bad.making import corrupted, foreign, left, rejected
from preflight.testing.catalogue.image.making import CONVERTED, CONVERTED_IN_PART, PHOTO
from preflight.testing.catalogue.interface import Case
from preflight.testing.corrupt import Corrupter, FlipBits, LieAboutSize, Truncate
from preflight.testing.recipes.heif import Heic
from preflight.testing.recipes.interface import Recipe
from preflight.testing.recipes.png import Png
from preflight.testing.recipes.psd import Psd
from preflight.testing.recipes.still import Still
from preflight.testing.recipes.tiff import Tiff
from preflight.testing.truth import ImageTruth

_PNG = Png(parts=5)
_SMALL = Still(width=64, height=64)
_GIF = Still(suffix=".gif", mode="P")
_ANIMATION = Still(suffix=".gif", mode="P", frames=3, save={"duration": 100})


def _broken(name: str, what: str, of: Recipe, by: Corrupter) -> Case:
    return rejected(name, what, corrupted(of, by), "image_file_broken")


def _bomb(name: str, what: str, recipe: Recipe, *more: str) -> Case:
    return rejected(name, what, recipe, "image_pixels_too_many", *more)


CUT = (
    _broken("jpeg_cut_after_its_start", "The first two bytes of a JPEG, and no more.", PHOTO, Truncate(keep=2)),
    _broken("jpeg_cut_in_its_header", "A JPEG that breaks off in a table.", PHOTO, Truncate(part="DQT", keep="half")),
    _broken(
        "jpeg_cut_before_its_picture",
        "A JPEG that breaks off where its picture begins.",
        PHOTO,
        Truncate(part="SOS", keep="header"),
    ),
    _broken("jpeg_cut_in_half", "Half a photograph, as phones without a network leave it.", PHOTO, Truncate(keep=0.5)),
    _broken(
        "jpeg_cut_before_its_end",
        "A JPEG without its last two bytes, as careless copiers write it.",
        PHOTO,
        Truncate(keep=-2),
    ),
    _broken(
        "progressive_jpeg_cut",
        "Half a progressive JPEG: all of the picture, but not all of its detail.",
        Still(save={"progressive": True}),
        Truncate(keep=0.5),
    ),
    _broken("png_cut_in_its_header", "20 bytes of a PNG.", _PNG, Truncate(part="IHDR", keep="half")),
    _broken(
        "png_cut_between_chunks",
        "A PNG of which some whole chunks are missing.",
        _PNG,
        Truncate(part="IDAT[3]", keep="nothing"),
    ),
    _broken(
        "png_cut_before_its_end",
        "A PNG with its whole picture, but without its last chunk.",
        _PNG,
        Truncate(part="IEND", keep="nothing"),
    ),
    rejected(
        "gif_cut",
        "Half a GIF, which only shows when it is decoded.",
        corrupted(_GIF, Truncate(keep=0.5)),
        "unsupported_file_type",
    ),
    left(
        "gif_cut_in_its_last_frame",
        "An animation that breaks off late: its first frame, which is what is embedded, is there.",
        corrupted(_ANIMATION, Truncate(keep=0.9)),
        ImageTruth(format="GIF", width=640, height=480, frames=2),
        CONVERTED_IN_PART,
    ),
    _broken("webp_cut", "Half a WebP.", Still(suffix=".webp"), Truncate(keep=0.5)),
    _broken(
        "heic_cut", "Half an HEIC photograph, as a broken transfer from a phone leaves it.", Heic(), Truncate(keep=0.5)
    ),
)

BITS = (
    left(
        "heic_notes_of_no_kind",
        "A whole HEIC photograph beside metadata whose kind is no text: a widespread reader of HEIC ends the process.",
        Heic(notes_type=b"E\xeaif"),
        ImageTruth(format="HEIF", width=640, height=480),
        CONVERTED,
    ),
    _broken(
        "png_wrong_checksum",
        "A PNG with one wrong bit, as a worn memory card gives it back.",
        _PNG,
        FlipBits(where="data"),
    ),
    rejected(
        "jpeg_wrong_bits",
        "A JPEG with eight wrong bits in its picture, which only shows when it is decoded.",
        corrupted(PHOTO, FlipBits(where="data", bits=8, seed=1)),
    ),
    rejected(
        "jpeg_lies_about_its_size",
        "A JPEG that claims to be six times as long and wide as it is, as carved out of a damaged card.",
        corrupted(PHOTO, LieAboutSize(width=4000, height=3000)),
    ),
)

BOMBS = (
    _bomb(
        "png_claims_60000",
        "92 bytes that claim 60,000 by 60,000 pixels, to exhaust who decodes them.",
        Png(width=8, height=8, claims=(60_000, 60_000)),
    ),
    _bomb(
        "jpeg_claims_65500",
        "800 bytes that claim 65,500 by 65,500 pixels.",
        corrupted(_SMALL, LieAboutSize(width=65_500, height=65_500)),
    ),
    _bomb(
        "webp_claims_16383",
        "200 bytes that claim 16,383 by 16,383 pixels.",
        corrupted(Still(suffix=".webp", width=64, height=64), LieAboutSize(width=16_383, height=16_383)),
        "unsupported_file_type",
    ),
    _bomb(
        "gif_claims_65535",
        "400 bytes that claim 65,535 by 65,535 pixels.",
        corrupted(Still(suffix=".gif", width=64, height=64), LieAboutSize(width=65_535, height=65_535)),
        "unsupported_file_type",
    ),
)

UNREAD = (
    foreign(
        "psd_32_bit",
        "Photoshop's own format in floating point, whose picture no two programs show alike.",
        Psd(width=192, height=144, depth=32),
    ),
    foreign(
        "psd_without_its_picture",
        "Layers alone, as Photoshop saves them where it is told to save room: what other programs find is white.",
        Psd(width=192, height=144, has_composite=False),
    ),
    foreign(
        "tiff_webp", "A whole TIFF, compressed as hardly any program can undo.", Tiff(samples="u1", compression=50001)
    ),
)
"""Whole pictures of kinds that are not read."""

CASES: tuple[Case, ...] = (*CUT, *BITS, *BOMBS, *UNREAD)
