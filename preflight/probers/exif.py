"""What an EXIF or XMP block says of how a picture stands, and of where it was taken; nonsense says nothing."""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator
from functools import cache
from typing import NamedTuple

from preflight.probers.location import on_earth

EXIF_MARK = b"Exif\0\0"
_ORIENTATION, _GPS = 0x0112, 0x8825
_LATITUDE_REF, _LATITUDE, _LONGITUDE_REF, _LONGITUDE = 1, 2, 3, 4
_SHORT, _LONG, _SIGNED_RATIONAL = 3, 4, 10
_MOST_ENTRIES = 1_000


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
        """Of degrees, minutes and seconds, each a fraction; 0/0 is what some write for seconds unknown."""
        at, code = self.number(entry.at), "i" if entry.kind == _SIGNED_RATIONAL else "I"
        places = range(at, at + 8 * min(entry.many, 3), 8)
        parts = [(self.number(place, code), self.number(place + 4, code)) for place in places]
        return sum(
            above / below / 60.0**n for n, (above, below) in enumerate(parts) if n == 0 or (above, below) != (0, 0)
        )

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
    return on_earth(-latitude if south else latitude, -longitude if west else longitude)


# Under whatever prefix the namespace goes, as an attribute or as an element.
_COORDINATE = re.compile(
    rb"""[\s:<]GPS(?:Latitude|Longt?itude)(?:\s*=\s*["']|(?:\s[^<>]{0,200})?>)\s*"""
    rb"""([+-]?[0-9]{1,3}(?:\.[0-9]{1,20})?)(?:,([0-9.]{1,20}))?(?:,([0-9.]{1,20}))?([NSEW]?)\s*["'<]""",
    re.IGNORECASE,
)
_XMP_LATITUDE, _XMP_LONGITUDE = b"gpslatitude", b"gpslong"
_MOST_NAMES = 1_000
"""Of each, that are looked at: for every face or shot there may be one."""


def xmp_location(xmp: bytes) -> tuple[float, float] | None:
    """As `exif_location`, of "48,51.5N" or "48,51,30N" in `exif:GPSLatitude` (XMP part 2, 1.2.7.4), or of decimal
    degrees as drones write them ("GpsLatitude"); the first that is one. Also of UTF-16 and UTF-32 (part 1, 7.1).
    """
    plain = xmp.replace(b"\0", b"")
    lower = plain.lower()
    found = zip(_coordinates(plain, lower, _XMP_LATITUDE), _coordinates(plain, lower, _XMP_LONGITUDE), strict=False)
    for latitude, longitude in found:
        try:
            place = on_earth(_xmp_degrees(latitude), _xmp_degrees(longitude))
        except ValueError:
            continue
        if place is not None:
            return place
    return None


def _coordinates(plain: bytes, lower: bytes, name: bytes) -> Iterator[re.Match[bytes]]:
    at = lower.find(name, 1)
    for _ in range(_MOST_NAMES):
        if at < 0:
            return
        if match := _COORDINATE.match(plain, at - 1):
            yield match
        at = lower.find(name, at + 1)


def _xmp_degrees(match: re.Match[bytes]) -> float:
    degrees, minutes, seconds, side = match.groups()
    value = float(degrees) + float(minutes or 0) / 60 + float(seconds or 0) / 3600
    return -value if side.upper() in (b"S", b"W") else value


def place_in_fractions(
    latitude: bytes, longitude: bytes, north_or_south: bytes, east_or_west: bytes
) -> tuple[float, float] | None:
    """As `exif_location`, of "48/1, 51/1, 2988/100" and the letters."""
    try:
        degrees = [_of_fractions(latitude), _of_fractions(longitude)]
    except (ValueError, ZeroDivisionError):
        return None
    is_south, is_west = north_or_south[:1].upper() == b"S", east_or_west[:1].upper() == b"W"
    return on_earth(-degrees[0] if is_south else degrees[0], -degrees[1] if is_west else degrees[1])


def _of_fractions(text: bytes) -> float:
    parts = [part.partition(b"/") for part in text.split(b",")[:3]]
    return sum(float(above) / float(below or 1) / 60.0**n for n, (above, _, below) in enumerate(parts))


def bare_exif(orientation: int) -> bytes:
    """The smallest EXIF block that says how a picture stands, and nothing else."""
    return b"MM\0*" + struct.pack(">IHHHIHHI", 8, 1, _ORIENTATION, _SHORT, 1, orientation, 0, 0)


def says_only_orientation(exif: bytes, orientation: int) -> bool:
    """Whether a block says that, as any program writes it, and nothing else. Zeros behind it say nothing."""
    while exif.startswith(EXIF_MARK):
        exif = exif[len(EXIF_MARK) :]
    return exif.rstrip(b"\0") in _only_orientations(orientation)


@cache
def _only_orientations(orientation: int) -> frozenset[bytes]:
    """In either order of bytes, as a number of two or of four, without the zeros at the end."""
    orders = ((">", b"MM\0*"), ("<", b"II*\0"))
    kinds = ((_SHORT, "H"), (_LONG, "I"))
    return frozenset(
        (mark + struct.pack(f"{order}IHHHI{code}", 8, 1, _ORIENTATION, kind, 1, orientation)).rstrip(b"\0")
        for order, mark in orders
        for kind, code in kinds
    )
