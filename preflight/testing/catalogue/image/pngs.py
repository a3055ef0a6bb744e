"""PNG in all its depths and colours, and with what programs put beside the picture."""

from __future__ import annotations

import struct
import zlib

from preflight.testing.catalogue.image.making import FIRST_FRAME, LOSSLESS, TRANSCODED, png, still
from preflight.testing.catalogue.interface import Case, says
from preflight.testing.recipes.icc import display_p3
from preflight.testing.recipes.png import Png
from preflight.testing.recipes.still import Still, exif, located_exif

# Of the colours in the palette: red, lime, blue, yellow are there, white is clear, black half so.
_CLEAR_WHITE = (b"tRNS", b"\xff\xff\xff\xff\0\x80")
_CLEAR_COLOUR = (b"tRNS", struct.pack(">3H", 255, 255, 255))
_GAMMA = (b"gAMA", struct.pack(">L", 45_455))
_TWO_MEGABYTES = b"parameters of a workflow\n" * 80_000
_TEXT = (b"zTXt", b"workflow\0\0" + zlib.compress(_TWO_MEGABYTES))
_UTF8_TEXT = (b"iTXt", b"workflow\0\1\0\0\0" + zlib.compress(_TWO_MEGABYTES))
_MEGABYTE = (b"zTXt", b"workflow\0\0" + zlib.compress(bytes([32]) * (1 << 20)))
_HUGE_PROFILE = (b"iCCP", b"huge\0\0" + zlib.compress(display_p3().ljust(2_000_000, b"\0")))
_XMP_PLACE = (
    b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
    b'<rdf:Description xmlns:exif="http://ns.adobe.com/exif/1.0/" exif:GPSLatitude="33,51.5S" '
    b'exif:GPSLongitude="151,12,30E"/></rdf:RDF></x:xmpmeta>'
)
_PLACE = located_exif(-33, 151)
_HEXADECIMAL = b"\nexif\n%8d\n%s\n" % (len(_PLACE), _PLACE.hex().encode())
_TURN_RIGHT = (b"eXIf", exif(6)[6:])

DEPTHS = (
    png("png_1_bit", "Black and white in one bit, as faxes and scanned forms are.", Png(colour="gray", depth=1)),
    png("png_2_bit", "Four greys in two bits, as electronic paper shows them.", Png(colour="gray", depth=2)),
    png("png_4_bit", "Six colours in four bits, as optimisers of icons write them.", Png(colour="palette", depth=4)),
    still("png_gray", "Eight bits of grey, as scanned pages are.", Still(suffix=".png", mode="L")),
    png("png_16_bit_gray", "16 bits of grey, as microscopes and depth cameras write.", Png(colour="gray", depth=16)),
    png("png_16_bit", "16 bits a colour, as renderers and raw developers export.", Png(depth=16)),
    png(
        "png_palette_with_transparency",
        "A palette with a clear colour in it, as logos of web pages are.",
        Png(colour="palette", before=(_CLEAR_WHITE,)),
    ),
    png(
        "png_transparent_colour",
        "One colour that means clear, as older programs write logos.",
        Png(before=(_CLEAR_COLOUR,)),
    ),
    png("png_gray_alpha", "Grey that can be seen through, as soft shadows are.", Png(colour="gray_alpha")),
    png(
        "png_alpha",
        "Colours that can be seen through, as design programs and phones export stickers.",
        Png(colour="rgba"),
    ),
    png(
        "png_interlaced", "Interlaced (Adam7), as pictures for slow lines were.", Png(colour="rgba", is_interlaced=True)
    ),
)

CHUNKS = (
    still(
        "png_animated",
        "An animated PNG of three frames, as stickers of messengers are.",
        Still(suffix=".png", frames=3, save={"duration": 200}),
        FIRST_FRAME,
    ),
    png("png_gamma", "A gamma of its own, as programs of the 2000s wrote it.", Png(before=(_GAMMA,))),
    png("png_in_parts", "Its picture in fifty chunks, as programs that stream write it.", Png(parts=50)),
    png(
        "png_huge_text",
        "Two megabytes of compressed text beside the picture, as generators of images keep their workflow.",
        Png(before=(_TEXT,)),
        says("image_metadata_unreadable", gives=LOSSLESS),
    ),
    png(
        "png_huge_international_text",
        "Two megabytes of compressed text in UTF-8 behind the picture, as programs that translate their workflow do.",
        Png(after=(_UTF8_TEXT,)),
        says("image_metadata_unreadable", gives=LOSSLESS),
    ),
    png(
        "png_many_texts",
        "Seventy texts of a megabyte, none too large by itself, to fill a reader's memory.",
        Png(before=(_MEGABYTE,) * 70),
        says("image_metadata_unreadable", gives=LOSSLESS),
    ),
    png(
        "png_huge_profile",
        "A colour profile of two megabytes, as calibrators with large tables write it.",
        Png(before=(_HUGE_PROFILE,)),
        says("image_metadata_unreadable", gives=TRANSCODED),
    ),
    png(
        "png_no_exif_in_exif",
        "An EXIF chunk that holds something else, at which whoever turns pictures upright stumbles.",
        Png(before=((b"eXIf", b"something else"),)),
        says("image_metadata_unreadable", gives=LOSSLESS),
    ),
    png(
        "png_unknown_compression",
        "A text compressed by a method that the standard does not have, as a fuzzer or a bad disk leaves it.",
        Png(before=((b"zTXt", b"workflow\0\7" + zlib.compress(b"something")),)),
        says("image_metadata_unreadable", gives=LOSSLESS),
    ),
    png(
        "png_says_where",
        "A photograph saved as PNG with the place where it was taken, as phones share it.",
        Png(before=((b"eXIf", located_exif(-33, 151)[6:]),)),
        says("image_has_location"),
    ),
    png(
        "png_says_where_packed",
        "A place in compressed XMP, as editors that save small files write it.",
        Png(before=((b"iTXt", b"XML:com.adobe.xmp\0\1\0\0\0" + zlib.compress(_XMP_PLACE)),)),
        says("image_has_location"),
    ),
    png(
        "png_says_where_in_hexadecimal",
        "A place in EXIF as ImageMagick keeps it, beside EXIF that says none.",
        Png(before=((b"eXIf", exif(1)[6:]), (b"zTXt", b"Raw profile type exif\0\0" + zlib.compress(_HEXADECIMAL)))),
        says("image_has_location"),
    ),
    png(
        "png_texts",
        "An author, a comment and the time of the last change, as paint programs write them.",
        Png(before=((b"tEXt", b"Author\0Somebody"), (b"iTXt", b"Comment\0\0\0\0\0Something"), (b"tIME", bytes(7)))),
    ),
    png(
        "png_exif_orientation_6",
        "A photograph saved as PNG on its side, with its EXIF behind the picture.",
        Png(after=(_TURN_RIGHT,)),
        orientation=6,
    ),
)

PACKED = (
    still(
        "png_not_packed",
        "A screenshot in colours as they lie in memory, as programs in a hurry save it: packed, it has some kilobytes.",
        Still(suffix=".png", width=1_920, height=1_080, save={"compress_level": 0}),
        says("image_filesize_too_large", gives=LOSSLESS),
        newest=says(),
    ),
    still(
        "png_not_packed_on_its_side",
        "The same with EXIF that turns it, which has to stay.",
        Still(suffix=".png", width=1_080, height=1_920, exif_orientation=6, save={"compress_level": 0}),
        says("image_filesize_too_large", gives=LOSSLESS),
        newest=says(),
    ),
)

CASES: tuple[Case, ...] = (*DEPTHS, *CHUNKS, *PACKED)
