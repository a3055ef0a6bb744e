"""Formats that the API does not take, which are converted; and one that is no picture until it is drawn."""

from __future__ import annotations

from preflight.testing.catalogue.image.making import CONVERTED, CONVERTED_IN_PART, made, still
from preflight.testing.catalogue.interface import Case, file, says
from preflight.testing.recipes.heif import Heic
from preflight.testing.recipes.psd import Psd
from preflight.testing.recipes.still import Still
from preflight.testing.recipes.written import Written
from preflight.testing.truth import ImageTruth

_SVG = b"""<?xml version="1.0" encoding="UTF-8"?>
<svg xmlns="http://www.w3.org/2000/svg" width="640" height="480">
  <rect width="320" height="240" fill="red"/>
  <image href="file:///etc/hostname"/>
</svg>
"""
_SVG_BEHIND_MUCH = """<?xml version="1.0" encoding="UTF-16"?>
<?xml-stylesheet href="a>b.css"?>
<!-- <html> -->
<!DOCTYPE d:svg PUBLIC "-//W3C//DTD SVG 1.1//EN" "svg11.dtd" [
  <!ENTITY close "]>">
  <!-- ]> it's no end -->
]>
<d:svg xmlns:d="http://www.w3.org/2000/svg" width="640" height="480"><d:rect width="9" height="9"/></d:svg>
"""
_EPS = b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 640 480\n0 0 640 480 rectfill\nshowpage\n%%EOF\n"


WEB = (
    still(
        "gif",
        "A GIF of one frame, as logos and charts on older web pages are.",
        Still(suffix=".gif", mode="P"),
        CONVERTED,
    ),
    still(
        "gif_animated",
        "A GIF of three frames, as people answer each other with.",
        Still(suffix=".gif", mode="P", frames=3, save={"duration": 100, "loop": 0}),
        CONVERTED_IN_PART,
    ),
    still("webp_lossy", "A lossy WebP, as web pages serve photographs now.", Still(suffix=".webp"), CONVERTED),
    still(
        "webp_lossless",
        "A lossless WebP, as screenshots are saved in browsers.",
        Still(suffix=".webp", save={"lossless": True}),
        CONVERTED,
    ),
    still(
        "webp_alpha",
        "A WebP that can be seen through, as stickers are.",
        Still(suffix=".webp", mode="RGBA"),
        CONVERTED,
    ),
    still(
        "webp_animated",
        "A WebP of three frames, as messengers turn GIFs into.",
        Still(suffix=".webp", frames=3, save={"duration": 100}),
        CONVERTED_IN_PART,
    ),
    still(
        "webp_exif_orientation_8",
        "A phone's photograph converted to WebP without being turned.",
        Still(suffix=".webp", exif_orientation=8),
        CONVERTED,
    ),
    still(
        "avif",
        "An AVIF, as the newest web pages and phones have.",
        Still(suffix=".avif", save={"speed": 10}),
        CONVERTED,
    ),
    file(
        "image/svg",
        "A drawing as text, which names a file of the machine that would draw it.",
        Written(suffix=".svg", data=_SVG),
        None,
        says("unsupported_file_type", gives="rejected"),
    ),
    file(
        "image/svg_named_txt",
        "A drawing in UTF-16 under a name of text, behind all that XML lets stand before it.",
        Written(suffix=".txt", data=_SVG_BEHIND_MUCH.encode("utf-16")),
        None,
        says("unsupported_file_type", gives="rejected"),
    ),
    file(
        "image/eps",
        "A drawing as a program in PostScript, as journals ask for figures.",
        Written(suffix=".eps", data=_EPS),
        None,
        says("unsupported_file_type", gives="rejected"),
    ),
)

PHONES_AND_SCANNERS = (
    made(
        "heic",
        "An HEIC photograph, as phones take them unless they are told otherwise.",
        Heic(),
        ImageTruth(format="HEIF", width=640, height=480),
        CONVERTED,
    ),
    made(
        "heic_turned",
        "An HEIC photograph of a phone held upright, which says by how much to turn it; who decodes it does so.",
        Heic(quarter_turns=3),
        ImageTruth(format="HEIF", width=480, height=640),
        CONVERTED,
    ),
    still(
        "tiff_lzw",
        "A TIFF with LZW, as scanners and archives keep pages.",
        Still(suffix=".tif", save={"compression": "tiff_lzw"}),
        CONVERTED,
    ),
    still(
        "tiff_cmyk",
        "A TIFF in four inks, as print shops send it.",
        Still(suffix=".tif", mode="CMYK", save={"compression": "tiff_lzw"}),
        CONVERTED,
    ),
    still(
        "tiff_16_bit",
        "A TIFF in 16 bits of grey, as microscopes and telescopes write it.",
        Still(suffix=".tif", mode="I;16", save={"compression": "tiff_deflate"}),
        CONVERTED,
    ),
    still(
        "tiff_pages",
        "A TIFF of three pages, as fax servers and document scanners write it.",
        Still(suffix=".tif", frames=3, save={"compression": "tiff_lzw"}),
        CONVERTED_IN_PART,
    ),
    still("jpeg_2000", "A JPEG 2000, as libraries and cinemas keep pictures.", Still(suffix=".jp2"), CONVERTED),
)

PROGRAMS = (
    still(
        "bmp",
        "A bitmap of Windows, as old programs save screenshots.",
        Still(suffix=".bmp", width=320, height=240),
        CONVERTED,
    ),
    still(
        "ico",
        "An icon of Windows in its largest size.",
        Still(suffix=".ico", width=256, height=256, save={"sizes": ((256, 256),)}),
        CONVERTED,
    ),
    still("icns", "An icon of macOS in its largest size.", Still(suffix=".icns", width=1024, height=1024), CONVERTED),
    still(
        "ppm",
        "A portable pixmap, as scientists' scripts write it.",
        Still(suffix=".ppm", width=320, height=240),
        CONVERTED,
    ),
    still(
        "tga", "A Targa, as renderers and games keep textures.", Still(suffix=".tga", width=320, height=240), CONVERTED
    ),
    still("dds", "A texture of a game.", Still(suffix=".dds", width=256, height=256), CONVERTED),
    made(
        "psd",
        "Photoshop's own format, with the whole picture in it, as designers send it.",
        Psd(width=320, height=240),
        ImageTruth(format="PSD", width=320, height=240),
        CONVERTED,
    ),
)

CASES: tuple[Case, ...] = (*WEB, *PHONES_AND_SCANNERS, *PROGRAMS)
