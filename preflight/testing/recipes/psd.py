"""Photoshop's own format, byte by byte: no layers, only the picture that it keeps for other programs."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from preflight.testing.recipes.interface import Kitchen, Recipe
from preflight.testing.recipes.still import box_of, drawing

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

Mode = Literal["bitmap", "gray", "palette", "rgb", "rgba", "cmyk", "lab"]

_NUMBERS = {"bitmap": 0, "gray": 1, "palette": 2, "rgb": 3, "rgba": 3, "cmyk": 4, "lab": 9}
_RAW, _PACKED = 0, 1
_LARGE = 2


@dataclass(frozen=True, kw_only=True)
class Psd(Recipe):
    suffix: str = ".psd"
    width: int = 640
    height: int = 480
    mode: Mode = "rgb"
    """In rgba the box is clear."""
    depth: Literal[1, 8, 16, 32] = 8
    version: Literal[1, 2] = 1
    """2: a large document, PSB."""
    packed: bool = False
    has_composite: bool | None = None
    """What it says of that; None: nothing."""

    def write(self, path: Path, kitchen: Kitchen) -> None:  # noqa: ARG002 (made from nothing)
        planes = self._planes()
        number = _NUMBERS[self.mode]
        head = b"8BPS" + struct.pack(
            ">H6xHIIHH", self.version, len(planes), self.height, self.width, self.depth, number
        )
        colours = _PALETTE if self.mode == "palette" else b""
        said = b"" if self.has_composite is None else _resource(1057, struct.pack(">I?", 1, self.has_composite))
        resources = said and _resource(1005, bytes(16), name=b"dpi") + said
        layers = bytes(8 if self.version == _LARGE else 4)
        path.write_bytes(head + _sized(colours) + _sized(resources) + layers + self._picture(planes))

    def _planes(self) -> list[NDArray[np.uint8]]:
        """Of each channel, rows x bytes of a row."""
        import numpy as np
        from PIL import Image, ImageCms

        picture = drawing("corners", self.width, self.height)
        match self.mode:
            case "bitmap":
                return [np.packbits(picture[..., 0] < 128, axis=1)]  # noqa: PLR2004 (1 is black)
            case "gray" | "palette":
                planes = [(picture @ np.array([0.299, 0.587, 0.114])).round()]
            case "cmyk":  # 0 is all the ink that there is
                planes = [*picture.transpose(2, 0, 1), np.full(picture.shape[:2], 255)]
            case "rgba":
                planes = [*picture.transpose(2, 0, 1), np.where(box_of(self.width, self.height), 0, 255)]
            case "lab":
                spaces = ImageCms.createProfile("sRGB"), ImageCms.createProfile("LAB")
                lab = ImageCms.profileToProfile(Image.fromarray(picture), *spaces, outputMode="LAB")
                assert lab is not None
                planes = [np.asarray(plane) for plane in lab.split()]
            case _:
                planes = [*picture.transpose(2, 0, 1)]
        if self.depth == 32:  # noqa: PLR2004
            return [(np.asarray(plane) / 255).astype(">f4").view(np.uint8) for plane in planes]
        if self.depth == 16:  # noqa: PLR2004
            # Photoshop's middle of a and b is 32768, a byte's 128.
            steps = [256 if self.mode == "lab" and number else 257 for number in range(len(planes))]
            wide = [np.asarray(plane, np.float64) * step for plane, step in zip(planes, steps, strict=True)]
            return [np.ascontiguousarray(plane.astype(">u2")).view(np.uint8) for plane in wide]
        return [np.asarray(plane).astype(np.uint8) for plane in planes]

    def _picture(self, planes: list[NDArray[np.uint8]]) -> bytes:
        if not self.packed:
            return struct.pack(">H", _RAW) + b"".join(plane.tobytes() for plane in planes)
        rows = [_pack_bits(row.tobytes()) for plane in planes for row in plane]
        counts = struct.pack(f">{len(rows)}{'I' if self.version == _LARGE else 'H'}", *map(len, rows))
        return struct.pack(">H", _PACKED) + counts + b"".join(rows)


_PALETTE = bytes(255 - number for number in range(256)) * 3
"""All reds, all greens, all blues: the negative of grey."""


def _sized(data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + data


def _resource(number: int, data: bytes, name: bytes = b"") -> bytes:
    named = bytes([len(name)]) + name
    return b"8BIM" + struct.pack(">H", number) + named + bytes(len(named) % 2) + _sized(data) + bytes(len(data) % 2)


def _pack_bits(row: bytes) -> bytes:
    """Runs of up to 128 of the same byte, and what stands between them."""
    packed = bytearray()
    at = 0
    while at < len(row):
        end = at + 1
        while end < min(len(row), at + 128) and row[end] == row[at]:
            end += 1
        if end - at > 1:
            packed += bytes([257 - (end - at), row[at]])
        else:
            packed += bytes([0, row[at]])
        at = end
    return bytes(packed)
