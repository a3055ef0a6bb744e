"""JPEG in all its kinds, as cameras, phones, printers and programs write it."""

from __future__ import annotations

import struct
from dataclasses import replace

from preflight.media import Fidelity
from preflight.testing.catalogue.image.making import CONVERTED, PHOTO, PICTURE, made, still
from preflight.testing.catalogue.interface import Case, file, says
from preflight.testing.recipes.film import X264, Film, Scene
from preflight.testing.recipes.jpeg import APP0, APP1, APP13, COM, Flat, Segmented, Thumbnailed, Ycck
from preflight.testing.recipes.still import Still, exif, located_exif
from preflight.testing.recipes.written import Joined
from preflight.testing.truth import ImageTruth

_TURNED = {
    1: "A photograph whose EXIF says that it is upright, as cameras held level write it.",
    2: "A photograph to be mirrored, as front cameras save what was seen on the screen.",
    3: "A photograph to be turned by half, of a camera that was held upside down.",
    4: "A photograph to be mirrored top to bottom, as through a document camera.",
    5: "A photograph to be turned and mirrored, of a front camera held upright.",
    6: "A photograph to be turned clockwise by a quarter, of a phone held upright: the most usual one.",
    7: "A photograph to be turned the other way and mirrored, of a front camera held upright the other way round.",
    8: "A photograph to be turned by a quarter against the clock, of a phone held upright the other way round.",
}
# JFIF 1.1, pixels 1 high and 10 wide; that is not how anybody shows it.
_WRONG_DENSITY = (APP0, b"JFIF\0\1\1\0\0\x0a\0\1\0\0")
_XMP = (
    b"http://ns.adobe.com/xap/1.0/\0"
    b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
    b'<rdf:Description xmlns:GCamera="http://ns.google.com/photos/1.0/camera/" GCamera:MotionPhoto="1"/>'
    b"</rdf:RDF></x:xmpmeta>"
)
_XMP_PLACE = (
    b"http://ns.adobe.com/xap/1.0/\0"
    b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
    b'<rdf:Description xmlns:exif="http://ns.adobe.com/exif/1.0/" exif:GPSLatitude="33,51.5S" '
    b'exif:GPSLongitude="151,12,30E"/></rdf:RDF></x:xmpmeta>'
)
_XMP_DRONE = (
    b"http://ns.adobe.com/xap/1.0/\0"
    b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
    b'<rdf:Description xmlns:drone-dji="http://www.dji.com/drone-dji/1.0/" drone-dji:GpsLatitude="-33.858300" '
    b'drone-dji:GpsLongitude="151.208300"/></rdf:RDF></x:xmpmeta>'
)
# With the lower byte of each number first, as Pillow does not write it.
_NOTE = b"Exif\0\0II*\0" + struct.pack("<IHHHIHHI", 8, 1, 0x0112, 3, 1, 1, 0, 0)
# Record 2: by-line, and caption (IPTC-IIM 4.2, 6).
_IPTC_RECORD = b"\x1c\x02\x50\0\x08Somebody\x1c\x02\x78\0\x09Something"
_IPTC = b"Photoshop 3.0\0" + b"8BIM\x04\x04\0\0" + len(_IPTC_RECORD).to_bytes(4) + _IPTC_RECORD
_MOTION_FILM = Film(suffix=".mp4", scene=Scene(seconds=1.0), tones=(), options=X264)
_LOCATED_FILM = replace(_MOTION_FILM, options={**X264, "metadata": "location=+48.8577+002.2950/"})

ORIENTATIONS = tuple(
    still(f"exif_orientation_{number}", what, Still(exif_orientation=number)) for number, what in _TURNED.items()
)

CODINGS = (
    still("gray_jpeg", "A grey photograph, as scanners and doctors' machines write it.", Still(mode="L")),
    still("cmyk_jpeg", "A photograph in the four inks of a printer, as agencies send it.", Still(mode="CMYK")),
    made("ycck_jpeg", "Four inks stored as luma, colour differences and black, as Photoshop saves for print.", Ycck()),
    still("progressive_jpeg", "A progressive JPEG, as web pages serve it.", Still(save={"progressive": True})),
    still(
        "full_colour_jpeg",
        "Colour in full resolution (4:4:4), as editors export at their best.",
        Still(save={"subsampling": 0, "quality": 95}),
    ),
    still(
        "half_colour_jpeg",
        "Colour in half the resolution one way (4:2:2), as cameras write it.",
        Still(save={"subsampling": 1}),
    ),
    still(
        "restart_markers",
        "Restart markers in the coded data, as cameras and scanners put them in.",
        Still(save={"restart_marker_rows": 1}),
    ),
    made(
        "arithmetic_jpeg", "An arithmetic-coded JPEG, as archivists squeeze it without loss.", Flat(), strict=CONVERTED
    ),
    made(
        "flat_huffman_jpeg",
        "An extended JPEG of 8 bits, whose start of frame is not the usual one, as some scanners write it.",
        Flat(coder="huffman"),
    ),
    file(
        "image/twelve_bit_jpeg",
        "A JPEG of 12 bits, as machines of hospitals write it, which next to nothing else can read.",
        Flat(coder="huffman", depth=12),
        None,
        says("unsupported_file_type", gives="rejected"),
    ),
)

BAGGAGE = (
    made(
        "says_where_jpeg",
        "A photograph that says where it was taken, as phones write it unless they are told otherwise.",
        Segmented(of=PHOTO, first=((APP1, located_exif(48, 2)),)),
        strict=says("image_has_location"),
    ),
    made(
        "says_where_xmp_jpeg",
        "A photograph whose place stands in XMP alone, as programs that manage photographs write it.",
        Segmented(of=PHOTO, first=((APP1, _XMP_PLACE),)),
        strict=says("image_has_location"),
    ),
    made(
        "says_where_drone_jpeg",
        "A photograph of a drone, which keeps its place in XMP under a name of its maker's.",
        Segmented(of=PHOTO, first=((APP1, _XMP_DRONE),)),
        strict=says("image_has_location"),
    ),
    made(
        "says_where_twice_jpeg",
        "A photograph with two EXIF blocks, of which the second says the place, as programs that add one write it.",
        Segmented(of=PHOTO, first=((APP1, exif(1)), (APP1, located_exif(48, 2)))),
        strict=says("image_has_location"),
    ),
    made(
        "says_where_behind_jpeg",
        "A photograph and a second one behind it, which says where it was taken, as phones keep what they cropped.",
        Joined(suffix=".jpg", parts=(PHOTO, Segmented(of=PHOTO, first=((APP1, located_exif(48, 2)),)))),
        strict=says("image_has_location"),
    ),
    made(
        "motion_photo_says_where",
        "A photograph with a second of film behind it, and it is the film that says where that was.",
        Joined(suffix=".jpg", parts=(Segmented(of=PHOTO, first=((APP1, _XMP),)), _LOCATED_FILM)),
        strict=says("image_has_location"),
    ),
    made(
        "note_of_orientation",
        "A photograph whose EXIF says that it stands upright and nothing else, as training sets keep them.",
        Segmented(of=PHOTO, first=((APP1, _NOTE),)),
    ),
    made(
        "captioned_jpeg",
        "A press photograph with its caption and its author in IPTC and a comment.",
        Segmented(of=PHOTO, first=((APP13, _IPTC), (COM, b"Somebody took it"))),
    ),
    made("thumbnail_jpeg", "A JPEG with a smaller one in its EXIF, as every camera writes it.", Thumbnailed()),
    still("display_p3", "A photograph in wider colours than sRGB, as phones write it.", Still(profile="display_p3")),
    made(
        "bare_jpeg",
        "Nothing but what is needed to decode it: neither JFIF nor EXIF, as web cameras send it.",
        Segmented(of=PHOTO, without=(APP0,)),
    ),
    made(
        "wrong_density",
        "A header that claims pixels ten times as high as wide, as broken scanner drivers write it.",
        Segmented(of=PHOTO, without=(APP0,), first=(_WRONG_DENSITY,)),
    ),
    made(
        "motion_photo",
        "A photograph with a second of film behind it, as phones take them.",
        Joined(suffix=".jpg", parts=(Segmented(of=PHOTO, first=((APP1, _XMP),)), _MOTION_FILM)),
    ),
    made(
        "two_pictures",
        "A photograph and a second one behind it (MPO), as stereo cameras and phones with depth write it.",
        Still(suffix=".mpo", frames=2),
        ImageTruth(format="MPO", width=PICTURE.width, height=PICTURE.height, frames=2),
        says("unsupported_file_type", "image_animated", gives=Fidelity.LOSSLESS),
    ),
)

CASES: tuple[Case, ...] = (*ORIENTATIONS, *CODINGS, *BAGGAGE)
