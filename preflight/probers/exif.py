"""What an EXIF or XMP block says of how a picture stands, and of where it was taken; nonsense says nothing."""

from __future__ import annotations

import re
import struct
from typing import NamedTuple

EXIF_MARK = b"Exif\0\0"
_ORIENTATION, _GPS = 0x0112, 0x8825
_LATITUDE_REF, _LATITUDE, _LONGITUDE_REF, _LONGITUDE = 1, 2, 3, 4
_LONG = 4
_MOST_ENTRIES = 1_000
_POLE, _DATE_LINE = 90.0, 180.0


class _Entry(NamedTuple):
    kind: int
    many: int
    at: int
    """Where its value is, or where its offset is, if it takes more than four bytes."""


class _Block:
    """A TIFF structure in the order of bytes that it names."""

    def __init__(self, exif: bytes) -> None:
        while exif.startswith(EXIF_MARK):
            exif = exif[len(EXIF_MARK) :]
        self._data = exif
        self._order = {b"II": "<", b"MM": ">"}.get(exif[:2], "")

    def number(self, at: int, code: str = "I") -> int:
        (value,) = struct.unpack_from(self._order + code, self._data, at)
        return int(value)

    def directory(self, at: int) -> dict[int, _Entry]:
        count = min(self.number(at, "H"), _MOST_ENTRIES)
        rows = range(at + 2, at + 2 + 12 * count, 12)
        found = ((struct.unpack_from(f"{self._order}HHI", self._data, row), row + 8) for row in rows)
        return {tag: _Entry(kind, many, value_at) for (tag, kind, many), value_at in found}

    def first(self) -> dict[int, _Entry]:
        return self.directory(self.number(4)) if self._order else {}

    def degrees(self, entry: _Entry) -> float:
        """Of degrees, minutes and seconds, each a fraction."""
        at = self.number(entry.at)
        parts = [self.number(at + 8 * n) / self.number(at + 8 * n + 4) for n in range(min(entry.many, 3))]
        return sum(part / 60.0**n for n, part in enumerate(parts))

    def letter(self, entry: _Entry) -> bytes:
        return self._data[entry.at : entry.at + 1].upper()


def exif_orientation(exif: bytes) -> int:
    """1 to 8; 1 where the EXIF block has none, has nonsense, or is damaged."""
    try:
        block = _Block(exif)
        entry = block.first().get(_ORIENTATION)
        if entry is None:
            return 1
        # A SHORT; some writers make it a LONG.
        value = block.number(entry.at, "I" if entry.kind == _LONG else "H")
    except struct.error:
        return 1
    return value if 1 <= value <= 8 else 1  # noqa: PLR2004


_TIFF_STARTS = (b"II*\0", b"MM\0*", b"II\0*", b"MM*\0", b"II+\0", b"MM\0+")


def exif_stumbling_block(exif: bytes) -> str | None:
    """What keeps a reader from asking how the picture stands: Pillow's `exif_transpose` fails then, and with it whoever
    shows pictures upright. None where nothing does.
    """
    while exif.startswith(EXIF_MARK):
        exif = exif[len(EXIF_MARK) :]
    if not exif or (exif.startswith(_TIFF_STARTS) and len(exif) >= 8):  # noqa: PLR2004 (its header)
        return None
    return "its EXIF block has no header that can be read"


def exif_location(exif: bytes) -> tuple[float, float] | None:
    """Latitude and longitude in degrees, north and east positive (CIPA DC-008, 4.6.6); None where none is told."""
    try:
        block = _Block(exif)
        pointer = block.first().get(_GPS)
        if pointer is None:
            return None
        gps = block.directory(block.number(pointer.at))
        latitude, longitude = block.degrees(gps[_LATITUDE]), block.degrees(gps[_LONGITUDE])
        south = _LATITUDE_REF in gps and block.letter(gps[_LATITUDE_REF]) == b"S"
        west = _LONGITUDE_REF in gps and block.letter(gps[_LONGITUDE_REF]) == b"W"
    except (struct.error, KeyError, ZeroDivisionError):
        return None
    return _on_earth(-latitude if south else latitude, -longitude if west else longitude)


_COORDINATE = rb"""exif:GPS%s\s*(?:=\s*["']|>)\s*([0-9]{1,3}),([0-9.]{1,20})(?:,([0-9.]{1,20}))?([NSEW])"""
_XMP_LATITUDE, _XMP_LONGITUDE = (re.compile(_COORDINATE % name) for name in (b"Latitude", b"Longitude"))


def xmp_location(xmp: bytes) -> tuple[float, float] | None:
    """As `exif_location`, of "48,51.5N" or "48,51,30N" in `exif:GPSLatitude` (XMP part 2, 1.2.7.4)."""
    latitude, longitude = _XMP_LATITUDE.search(xmp), _XMP_LONGITUDE.search(xmp)
    if latitude is None or longitude is None:
        return None
    try:
        return _on_earth(_xmp_degrees(latitude), _xmp_degrees(longitude))
    except ValueError:
        return None


def _xmp_degrees(match: re.Match[bytes]) -> float:
    degrees, minutes, seconds, side = match.groups()
    value = int(degrees) + float(minutes) / 60 + float(seconds or 0) / 3600
    return -value if side in (b"S", b"W") else value


def _on_earth(latitude: float, longitude: float) -> tuple[float, float] | None:
    """None also at 0, 0, which is what devices write that do not know."""
    if abs(latitude) > _POLE or abs(longitude) > _DATE_LINE or latitude == longitude == 0:
        return None
    return latitude, longitude


def bare_exif(orientation: int) -> bytes:
    """The smallest EXIF block that says how a picture stands, and nothing else."""
    return b"MM\0*" + struct.pack(">IHHHIHHI", 8, 1, _ORIENTATION, 3, 1, orientation, 0, 0)
