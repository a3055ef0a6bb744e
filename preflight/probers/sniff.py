"""What kind of thing some bytes are, from their first few kilobytes: never from the name.

The name is only consulted to *refuse*: text that is called upload.mp4 is a playlist, a source file or an error
page, and nobody means to embed it.
"""

from __future__ import annotations

import codecs
import re
from dataclasses import dataclass
from pathlib import PurePath
from typing import Literal

from preflight.probers.markup import ends_in_prolog, root_element

HEAD_BYTES = 64 * 1024

Guess = Literal["text", "image", "timed", "document"]


@dataclass(frozen=True, slots=True)
class Refusal:
    """Bytes that are recognised and not wanted, with the reason."""

    reason: str
    is_certain: bool = True
    """False where only the name speaks against text."""


_IMAGE_MAGIC = re.compile(
    b"|".join(
        (
            rb"\xff\xd8(?:\xff|\Z)",  # JPEG, of which there may be no more
            rb"\x89PNG\r\n\x1a\n",
            rb"GIF8[79]a",
            rb"RIFF....WEBP",
            rb"BM.{4}\0\0\0\0",
            rb"II[*+]\0|MM\0[*+]",  # TIFF, BigTIFF
            rb"8BPS\0[\x01\x02]",  # Photoshop
            rb"\0\0\0\x0cjP  \r\n\x87\n|\xff\x4f\xff\x51",  # JPEG 2000
            rb"\0\0\0\x0cJXL \r\n\x87\n|\xff\x0a",  # JPEG XL
            rb"\0\0[\x01\x02]\0[^\0]\0",  # ICO, CUR
            rb"icns|DDS |qoif",
            rb"\x0a[\0-\x05]\x01[\x01\x02\x04\x08]",  # PCX
            rb"P[1-6]\s",  # portable any-map
            rb"\x01\xda[\0\x01][\x01\x02]|\x59\xa6\x6a\x95",  # SGI, Sun
        )
    ),
    re.DOTALL,
)
# ISO base media whose first brand says that it is a picture.
_IMAGE_BRANDS = frozenset(
    b"avif avis heic heix hevc hevx heim heis hevm hevs mif1 mif2 mif3 msf1 miaf j2ki jpeg".split()
)
# Media whose header is text, and whose data may look like an old code page's: a grey picture, a quiet voice.
_TEXT_FIRST = (b"YUV4MPEG2 ", b"#!AMR")
_PLAYLISTS = re.compile(r"\s*(?:#EXTM3U|ffconcat version|\[playlist\])", re.IGNORECASE)
_PLAYLIST_ELEMENTS = frozenset(("mpd", "smil", "asx"))
# Pictures as programs or declarations; to draw one would be to run it, or to read what nothing here reads.
_DRAWINGS = (
    (re.compile(r"%!PS"), "a PostScript drawing"),
    (re.compile(r"\s*/\* XPM \*/"), "an XPM picture"),
    (re.compile(r"\s*#define \w*_width \d+\s+#define \w*_height \d"), "an XBM picture"),
    (re.compile(r"#FIG \d"), "an Xfig drawing"),
)

# What holds other files, or a document: a scan for sound or pictures would find some, and embed a part for the whole.
_FOREIGN = (
    (re.compile(rb"PK(?:\x03\x04|\x05\x06|\x07\x08)"), "a ZIP archive, or an office document"),
    (re.compile(rb"\x1f\x8b\x08|BZh[1-9]1AY|\xfd7zXZ\0|7z\xbc\xaf\x27\x1c|Rar!\x1a\x07"), "a compressed archive"),
    (re.compile(rb"\x7fELF|SQLite format 3\0"), "a program or a database"),
)

# ESC as terminals and ISO 2022 use it, to colour a log or to write Japanese in ASCII, is part of a text.
_CONTROL = re.compile(rb"[\x01-\x08\x0e-\x1a\x1c-\x1f\x7f]|\x1b(?![\[\]($])")
_MOST_CONTROLS = 0.02
"""Share of a text's bytes; lists of hostile strings hold some."""

# Names under which people keep pictures, sound and films; text found under one of them is not what it says.
_MEDIA_SUFFIXES = frozenset(
    """
    .3g2 .3gp .aac .ac3 .aif .aiff .amr .ape .apng .asf .avi .avif .bmp .caf .dv .f4v .flac .flv .gif
    .h264 .h265 .heic .heif .hevc .ico .jfif .jp2 .jpe .jpeg .jpg .jxl .m2ts .m3u .m3u8 .m4a .m4b .m4v
    .mjpeg .mka .mkv .mov .mp2 .mpc .mp3 .mp4 .mpeg .mpg .mpd .mts .mxf .oga .ogg .ogv .opus .pls .png
    .psd .svg .svgz .tga .tif .tiff .ts .vob .wav .webm .webp .wma .wmv .wv
    """.split()  # noqa: SIM905 (as a list it is 60 lines)
)


def sniff(head: bytes, name: str) -> Guess | Refusal:
    """From the first `HEAD_BYTES` of a source. `timed` is everything that may be audio or video."""
    if _looks_like_image(head):
        return "image"
    if head.startswith(b"%PDF-"):
        return "document"
    for magic, what in _FOREIGN:
        if magic.match(head):
            return Refusal(f"it is {what}")
    if head.startswith(_TEXT_FIRST):
        return "timed"
    return sniff_text(head, name) or "timed"


def sniff_text(head: bytes, name: str) -> Literal["text"] | Refusal | None:
    """None where it is no text at all."""
    if not _looks_like_text(head):
        return None
    if (refusal := _what_is_no_text(_begun(head))) is not None:
        return refusal
    suffix = PurePath(name).suffix.lower()
    if suffix in _MEDIA_SUFFIXES:
        return Refusal(f"it is named {suffix} but holds text", is_certain=False)
    return "text"


def is_cut_off(head: bytes) -> bool:
    """Whether what a text is shows only behind what was read: after a comment of that length, for one."""
    return ends_in_prolog(_begun(head))


def _what_is_no_text(text: str) -> Refusal | None:
    """Text that stands for something else: of which nobody means to embed the letters."""
    root = root_element(text)
    if root in _PLAYLIST_ELEMENTS or _PLAYLISTS.match(text):
        return Refusal("it is a playlist, which only names other files")
    if root == "svg":
        return Refusal("it is an SVG drawing, which is never rendered here")
    what = next((what for pattern, what in _DRAWINGS if pattern.match(text)), None)
    return Refusal(f"it is {what}, which is never rendered here") if what is not None else None


def _begun(head: bytes) -> str:
    """As much as it takes to know what it begins with: by its mark, or its ASCII, which other codes share."""
    return codecs.getincrementaldecoder(_marked(head) or "utf-8")("replace").decode(head).removeprefix("\ufeff")


def _looks_like_image(head: bytes) -> bool:
    if _IMAGE_MAGIC.match(head):
        return True
    if head[4:8] == b"ftyp":
        return head[8:12] in _IMAGE_BRANDS
    return False


def _looks_like_text(head: bytes) -> bool:
    """UTF-16 or UTF-32 with a mark, UTF-8 with hardly a control character, or any 8-bit code without one."""
    if (wide := _marked(head)) is not None:
        return _is_wide_text(head, wide)
    if not head or b"\0" in head or head == b"\xff\xd8":  # all that is left of a JPEG, and no "ÿØ"
        return False
    controls = len(_CONTROL.findall(head))
    try:
        codecs.getincrementaldecoder("utf-8")().decode(head)  # a character cut off at the end is no error
    except UnicodeDecodeError:
        return controls == 0
    return controls <= len(head) * _MOST_CONTROLS


def _marked(head: bytes) -> Literal["utf-16", "utf-32"] | None:
    if head.startswith((b"\xff\xfe\0\0", b"\0\0\xfe\xff")):
        return "utf-32"
    return "utf-16" if head.startswith((b"\xff\xfe", b"\xfe\xff")) else None


def _is_wide_text(head: bytes, wide: Literal["utf-16", "utf-32"]) -> bool:
    try:
        text = codecs.getincrementaldecoder(wide)().decode(head)
    except UnicodeDecodeError:
        return False
    return "\0" not in text


_SUFFIXES = (
    (re.compile(rb"\xff\xd8\xff"), ".jpg"),
    (re.compile(rb"\x89PNG\r\n"), ".png"),
    (re.compile(rb"RIFF....WAVE", re.DOTALL), ".wav"),
    (re.compile(rb"fLaC"), ".flac"),
    (re.compile(rb"ID3|\xff[\xe2-\xff]"), ".mp3"),
    (re.compile(rb"....ftypqt", re.DOTALL), ".mov"),
    (re.compile(rb"....ftyp", re.DOTALL), ".mp4"),
    (re.compile(rb"\x1a\x45\xdf\xa3.{0,40}webm", re.DOTALL), ".webm"),
    (re.compile(rb"\x1a\x45\xdf\xa3"), ".mkv"),
    (re.compile(rb"%PDF-"), ".pdf"),
)


def suffix_of(head: bytes) -> str | None:
    """The usual ending of a file of such content, for the kinds that are written; None for any other."""
    return next((suffix for magic, suffix in _SUFFIXES if magic.match(head)), None)
