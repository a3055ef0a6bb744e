"""Formats that most programs read, in kinds that few of them do."""

from __future__ import annotations

from preflight.testing.catalogue.image.making import CONVERTED, made
from preflight.testing.catalogue.interface import Case
from preflight.testing.recipes.jpeg_ls import JpegLs
from preflight.testing.recipes.psd import Psd
from preflight.testing.recipes.tiff import Tiff
from preflight.testing.truth import ImageTruth

_TIFFS: tuple[tuple[str, str, Tiff], ...] = (
    (
        "float_colours",
        "Colours in floating point, as renderers and telescopes write them.",
        Tiff(samples="f4", predictor=3, block=(64, 48)),
    ),
    (
        "half_floats",
        "Colours in 16 bits of floating point that can be seen through, as compositors exchange them.",
        Tiff(samples="f2", alpha="multiplied", predictor=3),
    ),
    (
        "doubles",
        "Grey in 64 bits of floating point, as numerical programs write it.",
        Tiff(samples="f8", colours="gray"),
    ),
    ("32_bit_colours", "32 bits a colour, as astronomers stack them.", Tiff(samples="u4", predictor=2, order=">")),
    (
        "16_bit_gray_alpha",
        "16 bits of grey that can be seen through, as masks of renderers are.",
        Tiff(samples="u2", colours="gray", alpha="apart"),
    ),
    ("16_bit_lab", "Lab in 16 bits, as print shops keep masters.", Tiff(samples="u2", colours="cie_lab")),
    ("icc_lab", "Lab as colour profiles have it.", Tiff(samples="u1", colours="icc_lab")),
    ("float_lab", "Lab in floating point, as measuring programs write it.", Tiff(samples="f4", colours="cie_lab")),
    (
        "16_bit_planes",
        "16 bits a colour, one after the other, as satellites' pictures are.",
        Tiff(samples="u2", planar=True, compression=1),
    ),
)

_PSDS: tuple[tuple[str, str, Psd], ...] = (
    (
        "psd_16_bit",
        "Photoshop's own format in 16 bits, as photographers keep it.",
        Psd(width=192, height=144, depth=16, packed=True),
    ),
    ("psd_16_bit_cmyk", "Four inks in 16 bits, not packed.", Psd(width=192, height=144, mode="cmyk", depth=16)),
    (
        "psd_16_bit_lab",
        "Lab in 16 bits, as retouchers work.",
        Psd(width=192, height=144, mode="lab", depth=16, packed=True),
    ),
    ("psb", "A large document, as panoramas are.", Psd(suffix=".psb", width=192, height=144, version=2, packed=True)),
    (
        "psb_16_bit",
        "A large document in 16 bits that can be seen through.",
        Psd(suffix=".psb", width=192, height=144, version=2, depth=16, mode="rgba"),
    ),
)

CASES: tuple[Case, ...] = (
    *(
        made(
            f"tiff_{name}", what, recipe, ImageTruth(format="TIFF", width=recipe.width, height=recipe.height), CONVERTED
        )
        for name, what, recipe in _TIFFS
    ),
    *(
        made(name, what, recipe, ImageTruth(format="PSD", width=recipe.width, height=recipe.height), CONVERTED)
        for name, what, recipe in _PSDS
    ),
    made(
        "jpeg_ls",
        "JPEG-LS, as archives of medical pictures are kept in.",
        JpegLs(),
        ImageTruth(format="JPEG-LS", width=192, height=144),
        CONVERTED,
    ),
    made(
        "jpeg_ls_16_bit",
        "JPEG-LS in 16 bits of grey, as X-rays are.",
        JpegLs(samples="gray16le"),
        ImageTruth(format="JPEG-LS", width=192, height=144),
        CONVERTED,
    ),
)
