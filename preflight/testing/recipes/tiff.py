"""TIFF, tag by tag, in the kinds that Pillow does not write: any width of sample, in strips or tiles, by pixel or by
plane (TIFF 6.0; Adobe Photoshop TIFF Technical Notes).
"""

from __future__ import annotations

import io
import struct
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from preflight.testing.recipes.interface import Kitchen, Recipe
from preflight.testing.recipes.still import Shows, box_of, drawing

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

Samples = Literal["u1", "u2", "u4", "f2", "f4", "f8"]
Colours = Literal["gray", "white_is_zero", "rgb", "cmyk", "cie_lab", "icc_lab"]

_PHOTOMETRIC = {"white_is_zero": 0, "gray": 1, "rgb": 2, "cmyk": 5, "cie_lab": 8, "icc_lab": 9}
_SHORT, _LONG = 3, 4
_HORIZONTAL, _FLOATING = 2, 3
_WEBP = 50001


@dataclass(frozen=True, kw_only=True)
class Tiff(Recipe):
    suffix: str = ".tif"
    shows: Shows = "corners"
    width: int = 192
    height: int = 144
    samples: Samples = "u2"
    """Whole numbers or floats, and their bytes."""
    colours: Colours = "rgb"
    alpha: Literal["apart", "multiplied"] | None = None
    """In which the box is clear; `multiplied`: colours are stored as they are on black."""
    white: float | None = None
    """What is white; None: the greatest whole number, or 1."""
    block: tuple[int, int] | None = None
    """Width and height of tiles; None: strips of 50 rows."""
    planar: bool = False
    compression: Literal[1, 8, 50001] = 8
    """TIFF's number: none, Deflate, or WebP."""
    predictor: Literal[1, 2, 3] = 1
    order: Literal["<", ">"] = "<"

    def write(self, path: Path, kitchen: Kitchen) -> None:  # noqa: ARG002 (made from nothing)
        stored = self._stored()
        across, down = self.block or (self.width, 50)
        planes = [stored[..., n : n + 1] for n in range(stored.shape[-1])] if self.planar else [stored]
        corners = [(top, left) for top in range(0, self.height, down) for left in range(0, self.width, across)]
        blocks = [self._packed(self._cut(plane, top, left, across, down)) for plane in planes for top, left in corners]
        path.write_bytes(self._file(blocks, stored.shape[-1], across, down))

    def shown(self) -> NDArray[np.float64]:
        """What it shows, from 0 to 1: height x width x the samples of a pixel."""
        import numpy as np

        colours = drawing(self.shows, self.width, self.height) / 255
        match self.colours:
            case "gray" | "white_is_zero":
                colours = (colours @ np.array([0.299, 0.587, 0.114]))[..., None]
            case "cmyk":
                colours = np.concatenate([1 - colours, np.zeros((self.height, self.width, 1))], axis=-1)
            case _:
                pass
        if self.alpha is None:
            return colours
        return np.concatenate([colours, ~box_of(self.width, self.height)[..., None]], axis=-1)

    def _stored(self) -> NDArray[np.generic]:
        import numpy as np

        kind = np.dtype(self.samples)
        if self.colours in ("cie_lab", "icc_lab"):
            return self._lab(kind)
        values = self.shown()
        if self.alpha == "multiplied":
            values[..., :-1] *= values[..., -1:]
        if self.colours == "white_is_zero":
            values[..., 0] = 1 - values[..., 0]
        if kind.kind == "f":
            return (values * (self.white or 1)).astype(kind)
        return (values * (self.white or (1 << 8 * kind.itemsize) - 1)).round().astype(kind)

    def _lab(self, kind: np.dtype[np.generic]) -> NDArray[np.generic]:
        """L from 0 to 100, a and b about 0, which 8 and 16 bits have in two codings (ICC.1:2022, 6.3.4.2 for one)."""
        import numpy as np
        from PIL import Image, ImageCms

        spaces = ImageCms.createProfile("sRGB"), ImageCms.createProfile("LAB")
        picture = Image.fromarray(drawing(self.shows, self.width, self.height))
        converted = ImageCms.profileToProfile(picture, *spaces, outputMode="LAB")
        assert converted is not None
        lightness, *axes = (np.asarray(plane, np.float64) for plane in converted.split())
        lab = np.stack([lightness / 255 * 100, *(axis - 128 for axis in axes)], axis=-1)
        if kind.kind == "f":
            return lab.astype(kind)
        step = 1 << 8 * (kind.itemsize - 1)
        if self.colours == "icc_lab":
            return ((lab * [2.55, 1, 1] + [0, 128, 128]) * step).round().astype(kind)
        lightness = lab[..., :1] / 100 * ((1 << 8 * kind.itemsize) - 1)
        signed = (lab[..., 1:] * step).astype(f"i{kind.itemsize}").view(kind)
        return np.concatenate([lightness.round().astype(kind), signed], axis=-1)

    def _cut(self, plane: NDArray[np.generic], top: int, left: int, across: int, down: int) -> NDArray[np.generic]:
        """A strip ends with the picture; a tile goes on."""
        import numpy as np

        cut = plane[top : top + down, left : left + across]
        if self.block is None:
            return cut
        return np.pad(cut, ((0, down - cut.shape[0]), (0, across - cut.shape[1]), (0, 0)))

    def _packed(self, block: NDArray[np.generic]) -> bytes:
        import numpy as np

        kind = np.dtype(self.samples)
        rows, columns, samples = block.shape
        if self.predictor == _HORIZONTAL:
            whole = (
                block.view(f"u{kind.itemsize}") if block.flags.c_contiguous else block.copy().view(f"u{kind.itemsize}")
            )
            block = np.diff(whole, axis=1, prepend=np.zeros_like(whole[:, :1]))
        elif self.predictor == _FLOATING:
            by_byte = np.ascontiguousarray(block.astype(kind.newbyteorder(">"))).view(np.uint8)
            in_planes = by_byte.reshape(rows, columns * samples, kind.itemsize).swapaxes(1, 2)
            steps = in_planes.reshape(rows, -1, samples)
            block = np.diff(steps, axis=1, prepend=np.zeros_like(steps[:, :1]))
        if self.compression == _WEBP:
            return _webp(block)
        data = block.astype(block.dtype.newbyteorder(self.order)).tobytes()
        return zlib.compress(data) if self.compression != 1 else data

    def _file(self, blocks: list[bytes], samples: int, across: int, down: int) -> bytes:
        bits, kind = 8 * int(self.samples[1:]), 3 if self.samples.startswith("f") else 1
        where, sizes = (324, 325) if self.block else (273, 279)
        offsets = [8 + sum(map(len, blocks[:number])) for number in range(len(blocks))]
        tags: dict[int, tuple[int, list[int]]] = {
            256: (_LONG, [self.width]),
            257: (_LONG, [self.height]),
            258: (_SHORT, [bits] * samples),
            259: (_SHORT, [self.compression]),
            262: (_SHORT, [_PHOTOMETRIC[self.colours]]),
            where: (_LONG, offsets),
            277: (_SHORT, [samples]),
            sizes: (_LONG, [len(block) for block in blocks]),
            284: (_SHORT, [2 if self.planar else 1]),
            317: (_SHORT, [self.predictor]),
            339: (_SHORT, [kind] * samples),
        }
        tags |= {322: (_LONG, [across]), 323: (_LONG, [down])} if self.block else {278: (_LONG, [down])}
        if self.alpha is not None:
            tags[338] = _SHORT, [1 if self.alpha == "multiplied" else 2]
        body = b"".join(blocks)
        at = 8 + len(body) + 2 + 12 * len(tags) + 4
        entries, values = b"", b""
        for tag, (form, numbers) in sorted(tags.items()):
            packed = struct.pack(f"{self.order}{len(numbers)}{'H' if form == _SHORT else 'I'}", *numbers)
            inline = packed.ljust(4, b"\0") if len(packed) <= 4 else struct.pack(f"{self.order}I", at + len(values))  # noqa: PLR2004
            entries += struct.pack(f"{self.order}HHI", tag, form, len(numbers)) + inline
            values += packed if len(packed) > 4 else b""  # noqa: PLR2004
        mark = b"II" if self.order == "<" else b"MM"
        head = mark + struct.pack(f"{self.order}HI", 42, 8 + len(body))
        return head + body + struct.pack(f"{self.order}H", len(tags)) + entries + bytes(4) + values


def _webp(block: NDArray[np.generic]) -> bytes:
    from PIL import Image

    file = io.BytesIO()
    Image.fromarray(block.astype("u1")).save(file, "WEBP", lossless=True)
    return file.getvalue()
