"""Where a recording says that it was made, in the tags that FFmpeg reads; nonsense says nothing."""

from __future__ import annotations

import re
from collections.abc import Mapping

# MP4's own (the atom \xa9xyz), QuickTime's, and what programs write into Matroska, ID3 and Vorbis comments. FFmpeg adds
# a language to some ("location-eng").
_NAMES = re.compile(r"(com\.apple\.quicktime\.)?(location|gps)(\.iso6709|-[a-z]{3}|[ _]?coordinates)?", re.IGNORECASE)
# ISO 6709, annex H: degrees, or with minutes, or with seconds, too, in two digits each (longitude has three).
_ISO_6709 = re.compile(r"\s*([+-])(\d{2}|\d{4}|\d{6})(\.\d{1,15})?([+-])(\d{3}|\d{5}|\d{7})(\.\d{1,15})?(?![\d.])")
_POLE, _DATE_LINE = 90.0, 180.0


def location_of(*tags: Mapping[str, str]) -> tuple[float, float] | None:
    """Latitude and longitude in degrees, north and east positive, of the first of the tags that say so."""
    for each in tags:
        for name, value in each.items():
            if _NAMES.fullmatch(name) and (found := iso_6709(value)) is not None:
                return found
    return None


def iso_6709(text: str) -> tuple[float, float] | None:
    """Of "+48.8577+002.2950+35/" or "+4851.46+00217.70/"; None also at 0, 0, which devices write that do not know."""
    match = _ISO_6709.match(text)
    if match is None:
        return None
    south, latitude, latitude_rest, west, longitude, longitude_rest = match.groups()
    place = (
        _degrees(latitude.rjust(len(latitude) + 1, "0"), latitude_rest) * (-1 if south == "-" else 1),
        _degrees(longitude, longitude_rest) * (-1 if west == "-" else 1),
    )
    return on_earth(*place)


def on_earth(latitude: float, longitude: float) -> tuple[float, float] | None:
    """None where that is nowhere, and at 0, 0."""
    if abs(latitude) > _POLE or abs(longitude) > _DATE_LINE or latitude == longitude == 0:
        return None
    return latitude, longitude


def _degrees(digits: str, fraction: str | None) -> float:
    """`digits`: three of degrees, and then two each of minutes and seconds; the fraction is of the last of them."""
    parts = [int(digits[:3]), *(int(digits[at : at + 2]) for at in range(3, len(digits), 2))]
    rest = float(f"0{fraction}") if fraction else 0.0
    return float(sum((part + (rest if n == len(parts) - 1 else 0)) / 60**n for n, part in enumerate(parts)))
