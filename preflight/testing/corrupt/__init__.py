"""Corrupters: take the bytes of a good file, give those of a bad one, the same each time.

    from preflight.testing.corrupt import Truncate, boundaries, corrupters

    cut = Truncate(part="moov", keep="half")(video)

    @pytest.mark.parametrize("boundary", boundaries(video), ids=lambda b: b.name)
    def test_a_cut_upload_is_refused(boundary):
        assert upload(Truncate(keep=boundary.offset)(video)).status_code == 422

They need nothing but the standard library, and understand MP4 and its relatives, Matroska, MPEG-TS, FLV, AVI, WAV, Ogg,
FLAC, MP3, AAC, PNG, JPEG, WebP, GIF and BMP.
"""

from preflight.testing.corrupt.choice import corrupters
from preflight.testing.corrupt.damage import FlipBits, Truncate
from preflight.testing.corrupt.interface import Corrupter, Part, Role
from preflight.testing.corrupt.lies import LieAboutDuration, LieAboutLength, LieAboutRotation, LieAboutSize
from preflight.testing.corrupt.loss import DropPackets, RepeatPackets
from preflight.testing.corrupt.structure import Boundary, boundaries, packets, parts

__all__ = [
    "Boundary",
    "Corrupter",
    "DropPackets",
    "FlipBits",
    "LieAboutDuration",
    "LieAboutLength",
    "LieAboutRotation",
    "LieAboutSize",
    "Part",
    "RepeatPackets",
    "Role",
    "Truncate",
    "boundaries",
    "corrupters",
    "packets",
    "parts",
]
