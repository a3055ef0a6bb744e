"""Where an MP4 or MOV says that it was made, read without FFmpeg: of a film that hangs behind a photograph."""

from __future__ import annotations

import re
import struct
from collections.abc import Callable
from itertools import islice
from typing import BinaryIO

from preflight.probers.location import iso_6709, on_earth
from preflight.probers.movie_header import boxes

_MOST_BOXES = 100
"""Side by side: a film has a handful before its header, and a track or two in it."""
# Of what a user or a device wrote: cover art in it may be larger, but stands behind the names.
_MOST_BYTES = 1 << 20
_TEXT = rb"([+-][0-9]{2,6}(?:\.[0-9]{1,15})?[+-][0-9]{3,7}(?:\.[0-9]{1,15})?)"
# Behind the name: length and language, or a box of its own, `data`, as in iTunes' list.
_QUICKTIME = re.compile(rb"\xa9xyz.{4,16}?" + _TEXT, re.DOTALL)
_APPLE = re.compile(rb"com\.apple\.quicktime\.location\.ISO6709.*?" + _TEXT, re.DOTALL)
# Version and flags, language, a name, a byte of what it was to the film, then longitude, latitude and height, each of
# 16 bits with as many behind the point (3GPP TS 26.244, 8.13).
_3GPP = re.compile(rb"loci.{6}[^\0]{0,200}\0.(.{4})(.{4}).{4}", re.DOTALL)
_FIXED_POINT = 1 << 16


def movie_location(file: BinaryIO, at: int, stop: int) -> tuple[float, float] | None:
    """Latitude and longitude in degrees, of the first movie from `at` on, where its first box begins."""
    for kind, start, end in islice(boxes(file, at, stop), _MOST_BOXES):
        if kind == b"moov":
            inside = islice(boxes(file, start, min(end, stop)), _MOST_BOXES)
            told = (inner for inner in inside if inner[0] in (b"udta", b"meta"))
            found = (_told(file, first, min(last, end, stop)) for _, first, last in told)
            return next((place for place in found if place is not None), None)
    return None


def _told(file: BinaryIO, start: int, end: int) -> tuple[float, float] | None:
    file.seek(start)
    data = file.read(min(end - start, _MOST_BYTES))
    found = ((pattern.search(data), read) for pattern, read in _WAYS)
    return next((place for match, read in found if match and (place := read(match)) is not None), None)


def _of_text(match: re.Match[bytes]) -> tuple[float, float] | None:
    return iso_6709(match[1].decode("ascii"))


def _of_numbers(match: re.Match[bytes]) -> tuple[float, float] | None:
    longitude, latitude = (struct.unpack(">i", number)[0] / _FIXED_POINT for number in match.groups())
    return on_earth(latitude, longitude)


_WAYS: tuple[tuple[re.Pattern[bytes], Callable[[re.Match[bytes]], tuple[float, float] | None]], ...] = (
    (_QUICKTIME, _of_text),
    (_APPLE, _of_text),
    (_3GPP, _of_numbers),
)
