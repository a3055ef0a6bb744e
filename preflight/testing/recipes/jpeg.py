"""JPEG files that Pillow does not write: other segments, other colours, another entropy coder."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from preflight.testing.recipes.interface import Kitchen, Recipe
from preflight.testing.recipes.still import Still, drawing, exif

Segment = tuple[int, bytes]
"""The marker's second byte, and content."""

SOI, EOI = b"\xff\xd8", b"\xff\xd9"
APP0, APP1, APP13, SOS, COM = 0xE0, 0xE1, 0xED, 0xDA, 0xFE
# Version 100, no flags, no transform.
_ADOBE_CMYK = b"Adobe\0\x64\0\0\0\0\0"
_YCCK = 2


@dataclass(frozen=True, kw_only=True)
class Segmented(Recipe):
    """A JPEG with other segments in front of its picture; coded data untouched."""

    suffix: str = ".jpg"
    of: Recipe
    without: tuple[int, ...] = ()
    """Markers whose segments are left out."""
    first: tuple[Segment, ...] = ()
    """Put right after the start."""

    def write(self, path: Path, kitchen: Kitchen) -> None:
        data = kitchen.path(self.of).read_bytes()
        kept, at = b"", len(SOI)
        while (marker := data[at + 1]) != SOS:
            end = at + 2 + int.from_bytes(data[at + 2 : at + 4])
            kept += b"" if marker in self.without else data[at:end]
            at = end
        path.write_bytes(SOI + b"".join(segment(*each) for each in self.first) + kept + data[at:])


@dataclass(frozen=True, kw_only=True)
class Thumbnailed(Recipe):
    """A JPEG whose EXIF holds a small JPEG of the same picture, with a start and an end of its own."""

    suffix: str = ".jpg"
    width: int = 640
    height: int = 480

    def write(self, path: Path, kitchen: Kitchen) -> None:
        small = kitchen.path(Still(width=160, height=120)).read_bytes()
        whole = Segmented(
            of=Still(width=self.width, height=self.height), without=(APP0,), first=((APP1, exif(1, small)),)
        )
        whole.write(path, kitchen)


@dataclass(frozen=True, kw_only=True)
class Ycck(Recipe):
    """CMYK that is stored as luma, two colour differences and black, which only Adobe's segment tells."""

    suffix: str = ".jpg"
    width: int = 640
    height: int = 480

    def write(self, path: Path, kitchen: Kitchen) -> None:  # noqa: ARG002 (made from nothing)
        from io import BytesIO

        from PIL import Image, ImageChops

        ink = ImageChops.invert(Image.fromarray(drawing("corners", self.width, self.height)))
        planes = [ImageChops.invert(plane) for plane in ink.convert("YCbCr").split()]
        file = BytesIO()
        # Pillow inverts what it takes for ink; its black is none.
        Image.merge("CMYK", [*planes, Image.new("L", ink.size)]).save(file, "JPEG", quality=90)
        data = file.getvalue()
        data = data.replace(_ADOBE_CMYK, _ADOBE_CMYK[:-1] + bytes([_YCCK]))
        for at in _places_of_ids(data):
            data = data[:at] + bytes([b"CMYK".index(data[at]) + 1]) + data[at + 1 :]
        path.write_bytes(data)


def _places_of_ids(data: bytes) -> tuple[int, ...]:
    """Of its four components: three bytes apart in the frame's header, two in the scan's."""
    frame, scan = data.index(b"\xff\xc0"), data.index(b"\xff\xda")
    return (*range(frame + 10, frame + 22, 3), *range(scan + 5, scan + 13, 2))


@dataclass(frozen=True, kw_only=True)
class Flat(Recipe):
    """A JPEG of one grey, coded in a way that the standard has and few programs write."""

    suffix: str = ".jpg"
    width: int = 640
    height: int = 480
    coder: Literal["arithmetic", "huffman"] = "arithmetic"
    depth: int = 8
    """Bits of a sample: 8 or 12."""

    def write(self, path: Path, kitchen: Kitchen) -> None:  # noqa: ARG002 (made from nothing)
        blocks = -(-self.width // 8) * -(-self.height // 8)
        frame = struct.pack(">BHHB", self.depth, self.height, self.width, 1) + b"\1\x11\0"
        scan = (SOS, b"\1\1\0\0\x3f\0")
        steps = (0xDB, b"\0" + bytes([1] * 64))
        segments: tuple[Segment, ...]
        if self.coder == "arithmetic":
            segments, data = (steps, (0xC9, frame), scan), _arithmetic(blocks)
        else:
            # Of each table one code is used, a single 0: for no difference, and for the end of a block.
            tables = ((0xC4, bytes([number, 1]) + bytes(16)) for number in (0x00, 0x10))
            segments, data = (steps, (0xC1, frame), *tables, scan), bytes(-(-blocks // 4))
        path.write_bytes(SOI + b"".join(segment(*each) for each in segments) + data + EOI)


# How improbable the less probable symbol is held to be, each time that the other one came (T.81, table D.3: what is
# reached from the start without a surprise).
_ESTIMATES = (0x5A1D, 0x2586, 0x1114, 0x080B, 0x03D8, 0x01DA, 0x00E5, 0x006F, 0x0036, 0x001A, 0x000D, 6, 3, 1)
_HALF = 0x8000


def _arithmetic(blocks: int) -> bytes:
    """Coded data of blocks that are as grey as the one before (the first: medium) and have no detail (T.81, D.1).

    Of each block two things are coded: no difference, which is expected from the start, and its end, which is not.
    """
    low, width, bits = 0, 0x10000, 16
    states = [0, 0]
    for decision in range(2 * blocks):
        kind = decision % 2
        estimate = _ESTIMATES[states[kind]]
        is_surprise = decision == 1
        width -= estimate
        # The smaller part of the interval lies above, and belongs to what is less probable.
        if is_surprise == (width >= estimate):
            low, width = low + width, estimate
        if is_surprise or width < _HALF:
            states[kind] = min(states[kind] + 1, len(_ESTIMATES) - 1)
        while width < _HALF:
            low, width, bits = low << 1, width << 1, bits + 1
    # Any number of the interval will do: the roundest, whose zeros at the end need not be written.
    zeros = next(n for n in range(bits, -1, -1) if (low + width - 1) >> n << n >= low)
    number = (low + width - 1) >> zeros << zeros << -bits % 8
    return number.to_bytes(-(-bits // 8)).rstrip(b"\0").replace(b"\xff", b"\xff\0")


def segment(marker: int, body: bytes) -> bytes:
    """With its marker and length."""
    return struct.pack(">BBH", 0xFF, marker, len(body) + 2) + body
