"""Headers that do not say what is there, in files that are whole."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

from preflight.errors import UsageError
from preflight.testing.corrupt.damage import Damage
from preflight.testing.corrupt.structure import REST, format_of, good_file, part


@dataclass(frozen=True, kw_only=True)
class LieAboutDuration(Damage):
    """The header claims another duration: a recorder that crashed, an encoder told to stop early, an attack on a limit.

    Only what a header states changes, in all places that state it; the packets and their times are the same.

        LieAboutDuration(seconds=36_000)
    """

    seconds: float

    def __post_init__(self) -> None:
        if not 0 <= self.seconds < math.inf:
            raise UsageError(f"no header can state {self.seconds} seconds: take 0 or more")

    def _damaged(self, data: bytes) -> bytes:
        known = format_of(data)
        with good_file(known):
            return known.with_duration(data, self.seconds)


@dataclass(frozen=True, kw_only=True)
class LieAboutSize(Damage):
    """The header claims another width and height: a wrongly edited file, a picture made to exhaust memory.

    The coded picture is the same. What decodes a codec that states its own size finds that one; checksums of the
    container are right.

        LieAboutSize(width=30_000, height=30_000)
    """

    width: int
    """Pixels, as coded."""
    height: int
    """Pixels, as coded."""

    def __post_init__(self) -> None:
        if self.width < 0 or self.height < 0:
            raise UsageError(f"no header can state {self.width} by {self.height} pixels: take 0 or more")

    def _damaged(self, data: bytes) -> bytes:
        known = format_of(data)
        with good_file(known):
            return known.with_size(data, self.width, self.height)


@dataclass(frozen=True, kw_only=True)
class LieAboutRotation(Damage):
    """The header says to turn a picture that is upright: a telephone that lost track of which side is up.

    LieAboutRotation(degrees=90)
    LieAboutRotation(degrees=270, mirrored=True)  # EXIF orientation 5
    """

    degrees: Literal[0, 90, 180, 270]
    """Clockwise, as a player will turn it."""
    mirrored: bool = False
    """Left and right are swapped before it is turned."""

    def __post_init__(self) -> None:
        if self.degrees not in {0, 90, 180, 270}:
            raise UsageError(f"{self.degrees} degrees are no quarter turns: take 0, 90, 180 or 270")

    def _damaged(self, data: bytes) -> bytes:
        known = format_of(data)
        with good_file(known):
            return known.with_rotation(data, self.degrees, mirrored=self.mirrored)


@dataclass(frozen=True, kw_only=True)
class LieAboutLength(Damage):
    """A part claims to be longer or shorter than it is: a writer that crashed half-way, an attack on a parser.

    LieAboutLength(part="mdat", length=0)
    """

    part: str
    """A name as `parts` gives it, or its end, such as "stsz"."""
    length: int
    """What its length field will say, counted as the format does: boxes of MP4 count their header, others do not."""

    def _damaged(self, data: bytes) -> bytes:
        known = format_of(data)
        found = part(data, self.part)
        if found.name.partition("[")[0] == REST:
            raise UsageError(f"what is left over ({found.name}) has no length field: take a part that has one")
        with good_file(known):
            return known.with_length(data, found, self.length)
