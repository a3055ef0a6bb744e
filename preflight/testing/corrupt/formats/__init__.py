"""The formats that are understood, in the order that they are tried."""

from __future__ import annotations

from preflight.testing.corrupt.formats.avi import Avi
from preflight.testing.corrupt.formats.bmp import Bmp
from preflight.testing.corrupt.formats.flac import Flac
from preflight.testing.corrupt.formats.flv import Flv
from preflight.testing.corrupt.formats.gif import Gif
from preflight.testing.corrupt.formats.isobmff import IsoBmff
from preflight.testing.corrupt.formats.jpeg import Jpeg
from preflight.testing.corrupt.formats.matroska import Matroska
from preflight.testing.corrupt.formats.mpeg_audio import Adts, Mp3
from preflight.testing.corrupt.formats.mpegts import MpegTs
from preflight.testing.corrupt.formats.ogg import Ogg
from preflight.testing.corrupt.formats.png import Png
from preflight.testing.corrupt.formats.wav import Wav
from preflight.testing.corrupt.formats.webp import WebP
from preflight.testing.corrupt.interface import Format

# Those with a signature first: frames of MP3 and AAC are only known by what they look like.
FORMATS: tuple[Format, ...] = (
    IsoBmff(),
    Matroska(),
    MpegTs(),
    Flv(),
    Avi(),
    Wav(),
    Ogg(),
    Flac(),
    Png(),
    Jpeg(),
    WebP(),
    Gif(),
    Bmp(),
    Mp3(),
    Adts(),
)
