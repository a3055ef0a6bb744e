"""TIFF in the kinds that Pillow has no mode for: floats of any width, 32 bits a colour, 16 bits of grey with alpha, Lab
as ICC has it, more samples than are shown. The directory is read by Pillow, the pixels are unpacked by its libtiff, and
what they mean is known here (TIFF 6.0; Adobe Photoshop TIFF Technical Notes for the two predictors).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product
from typing import TYPE_CHECKING, Literal

from PIL import ExifTags, Image, ImageOps
from PIL import TiffImagePlugin as Tiff

from preflight.probers.deep_samples import to_bytes, white_of
from preflight.probers.second_reader import NotReadError, SecondReader
from preflight.probers.tiff_blocks import RAW, raise_if_not_unpacked, unpacked

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_PLANAR = 2
_WHITE_IS_ZERO, _BLACK_IS_ZERO, _RGB, _CMYK, _CIE_LAB, _ICC_LAB = 0, 1, 2, 5, 8, 9
_MODES = {_WHITE_IS_ZERO: "L", _BLACK_IS_ZERO: "L", _RGB: "RGB", _CMYK: "CMYK", _CIE_LAB: "LAB", _ICC_LAB: "LAB"}
_OTHERS = {
    3: "a palette and more than its numbers",
    4: "a mask alone",
    6: "luma and colour differences in more than a byte",
    32803: "a sensor's own samples",
    32844: "logarithms of luminance",
    32845: "logarithms of luminance",
    34892: "a sensor's own samples",
}
_KINDS = {(1, 8): "u1", (1, 16): "u2", (1, 32): "u4", (3, 16): "f2", (3, 32): "f4", (3, 64): "f8"}
"""NumPy's names, by sample format and bits."""
_LAB_KINDS = {_CIE_LAB: ("u1", "u2", "f4"), _ICC_LAB: ("u1", "u2")}
_PREMULTIPLIED, _ALPHA = 1, (1, 2)
_HORIZONTAL, _FLOATING = 2, 3
_MOST_BLOCK_BYTES = 1 << 30
"""Of one strip or tile, unpacked: it is held whole."""


@dataclass(frozen=True, slots=True)
class _Grid:
    """How the picture is cut into strips or tiles."""

    width: int
    height: int
    is_tiled: bool
    offsets: tuple[int, ...]
    sizes: tuple[int, ...]


class DeepTiff(SecondReader):
    format = "TIFF"

    def _open(self) -> None:
        assert self.fp is not None
        head = self.fp.read(8)
        if 43 in head[2:4]:  # noqa: PLR2004 (BigTIFF)
            head += self.fp.read(8)
        tags = Tiff.ImageFileDirectory_v2(head)
        self.fp.seek(tags.next)
        tags.load(self.fp)
        self._order: Literal["<", ">"] = "<" if head.startswith(b"II") else ">"
        self._orientation = tags.get(ExifTags.Base.Orientation, 1)
        width, height = tags[Tiff.IMAGEWIDTH], tags[Tiff.IMAGELENGTH]
        if not isinstance(width, int) or not isinstance(height, int):
            raise TypeError("the size is no number")
        self._stored_size = width, height
        self._size = (height, width) if self._orientation in range(5, 9) else (width, height)
        self._photometric = tags.get(Tiff.PHOTOMETRIC_INTERPRETATION, 0)
        self._compression = tags.get(Tiff.COMPRESSION, 1)
        self._predictor = tags.get(Tiff.PREDICTOR, 1) if self._compression != RAW else 1
        self._is_planar = tags.get(Tiff.PLANAR_CONFIGURATION, 1) == _PLANAR
        self._read_samples(tags)
        self._read_grid(tags)
        if icc_profile := tags.get(Tiff.ICCPROFILE):
            self.info["icc_profile"] = icc_profile

    def _read_samples(self, tags: Tiff.ImageFileDirectory_v2) -> None:
        self._samples = tags.get(Tiff.SAMPLESPERPIXEL, 1)
        mode = _MODES.get(self._photometric)
        if mode is None:
            raise NotReadError(f"a TIFF of {_OTHERS.get(self._photometric, f'colours of kind {self._photometric}')}")
        raise_if_not_unpacked(self._compression)
        formats, bits = set(tags.get(Tiff.SAMPLEFORMAT, (1,))), set(tags.get(Tiff.BITSPERSAMPLE, (1,)))
        kind = _KINDS.get((min(formats), min(bits))) if len(formats) == len(bits) == 1 else None
        if kind is None or kind not in _LAB_KINDS.get(self._photometric, (kind,)):
            named = {1: "bits", 2: "bits with a sign", 3: "bits of floating point"}.get(min(formats), "bits of a kind")
            raise NotReadError(f"a TIFF of {' and '.join(map(str, sorted(bits)))} {named} a sample")
        if tags.get(Tiff.FILLORDER, 1) != 1 or self._predictor not in (1, _HORIZONTAL, _FLOATING):
            raise NotReadError("a TIFF whose samples are stored in an order of their own")
        self._kind = kind
        self._colours = Image.getmodebands(mode)
        extras = tags.get(Tiff.EXTRASAMPLES, ())
        if self._samples < self._colours:
            raise SyntaxError("not enough samples")
        if mode == "L" and self._samples > 2:  # noqa: PLR2004
            raise NotReadError(f"a TIFF of {self._samples} bands, of which none is said to be a colour")
        alpha = extras[0] if extras else 2 * (mode == "RGB" and self._samples == len("RGBA"))
        self._alpha = alpha if mode in ("L", "RGB") and self._samples > self._colours and alpha in _ALPHA else None
        self._shown = self._colours + (self._alpha is not None)
        self._mode = mode + "A" * (self._alpha is not None)
        if self._mode == "L" and kind not in ("u1", "u2"):
            self._mode = "F"  # whoever brings these to eight bits knows what may be in them

    def _read_grid(self, tags: Tiff.ImageFileDirectory_v2) -> None:
        width, height = self._stored_size
        is_tiled = Tiff.TILEOFFSETS in tags
        if is_tiled:
            across, down = int(tags[Tiff.TILEWIDTH]), int(tags[Tiff.TILELENGTH])
        else:
            across, down = width, min(int(tags.get(Tiff.ROWSPERSTRIP, height)), height)
        offsets = tags[Tiff.TILEOFFSETS if is_tiled else Tiff.STRIPOFFSETS]
        sizes = tags[Tiff.TILEBYTECOUNTS if is_tiled else Tiff.STRIPBYTECOUNTS]
        if min(across, down) < 1:
            raise SyntaxError("its strips or tiles have no size")
        planes = self._samples if self._is_planar else 1
        if min(len(offsets), len(sizes)) < -(-width // across) * -(-height // down) * planes:
            raise SyntaxError("some of its strips or tiles are missing")
        held = across * down * self._samples // planes * int(self._kind[1:])
        if held > _MOST_BLOCK_BYTES:
            raise NotReadError(f"a TIFF in strips or tiles of {held:,} bytes")
        self._grid = _Grid(across, down, is_tiled, offsets, sizes)

    def decoded(self) -> Image.Image:
        import numpy as np

        width, height = self._stored_size
        kind = np.dtype(self._kind)
        white = 1.0
        if self.mode not in ("F", "LAB"):
            shown = (block[..., : self._shown] for _, _, block in self._blocks())
            white = white_of(shown, kind, is_grey=self.mode == "L")
        picture = Image.new(self.mode, (width, height))
        for left, top, block in self._blocks():
            picture.paste(self._picture_of(block, white), (left, top))
        if self._orientation != 1:
            picture.getexif()[ExifTags.Base.Orientation] = self._orientation
            picture = ImageOps.exif_transpose(picture)
            picture.info.clear()
        return picture

    def _picture_of(self, block: NDArray[np.generic], white: float) -> Image.Image:
        import numpy as np

        if self.mode == "F":
            grey = block[..., 0].astype(np.float32)
            if self._photometric == _WHITE_IS_ZERO:
                grey = (1 if self._kind.startswith("f") else (1 << 8 * int(self._kind[1:])) - 1) - grey
            return Image.fromarray(np.ascontiguousarray(grey))
        if self._photometric in (_CIE_LAB, _ICC_LAB):
            return Image.merge("LAB", [Image.fromarray(plane) for plane in self._lab(block)])
        colours: NDArray[np.generic] = block[..., : self._colours]
        alpha: NDArray[np.generic] = block[..., self._colours : self._shown]
        if self._alpha == _PREMULTIPLIED:
            share = alpha.astype(np.float64) / white
            colours = colours / np.where(share > 0, share, 1)
        planes = [*np.moveaxis(to_bytes(colours, white), -1, 0), *np.moveaxis(to_bytes(alpha, white), -1, 0)]
        if self._photometric == _WHITE_IS_ZERO:
            planes[0] = 255 - planes[0]
        return Image.merge(self.mode, [Image.fromarray(np.ascontiguousarray(plane)) for plane in planes])

    def _lab(self, block: NDArray[np.generic]) -> Iterator[NDArray[np.uint8]]:
        """As Pillow has it: L from 0 to 255, a and b about 128."""
        import numpy as np

        for number in range(3):
            plane = np.ascontiguousarray(block[..., number])
            if plane.dtype.kind == "f":
                yield to_bytes(plane, 100) if number == 0 else to_bytes(plane + 128, 255)
                continue
            if number and self._photometric == _CIE_LAB:
                plane = plane ^ (1 << plane.dtype.itemsize * 8 - 1)  # it has a sign
            if plane.dtype.itemsize == 1:
                yield plane.astype(np.uint8)
            elif number == 0:
                yield to_bytes(plane, 0xFF00 if self._photometric == _ICC_LAB else 0xFFFF)
            else:
                yield (plane >> 8).astype(np.uint8)

    def _blocks(self) -> Iterator[tuple[int, int, NDArray[np.generic]]]:
        """From left and from top, rows x columns x samples."""
        import numpy as np

        width, height = self._stored_size
        corners = list(product(range(0, height, self._grid.height), range(0, width, self._grid.width)))
        for number, (top, left) in enumerate(corners):
            rows = self._grid.height if self._grid.is_tiled else min(self._grid.height, height - top)
            if self._is_planar:
                planes = [self._block(number + len(corners) * sample, rows, 1) for sample in range(self._shown)]
                block = np.concatenate(planes, axis=-1)
            else:
                block = self._block(number, rows, self._samples)
            yield left, top, block[: height - top, : width - left]

    def _block(self, number: int, rows: int, samples: int) -> NDArray[np.generic]:
        import numpy as np

        assert self.fp is not None
        self.fp.seek(self._grid.offsets[number])
        data = self.fp.read(self._grid.sizes[number])
        columns, kind = self._grid.width, np.dtype(self._kind).newbyteorder(self._order)
        packed = unpacked(data, self._compression, columns * samples * kind.itemsize, rows)
        if self._predictor == _FLOATING:
            summed = packed.reshape(rows, -1, samples).cumsum(axis=1, dtype=np.uint8)
            by_value = summed.reshape(rows, kind.itemsize, -1).swapaxes(1, 2)
            return np.ascontiguousarray(by_value).view(kind.newbyteorder(">")).reshape(rows, columns, samples)
        if self._predictor == _HORIZONTAL:
            whole = np.dtype(f"u{kind.itemsize}")
            steps = packed.view(whole.newbyteorder(self._order)).astype(whole).reshape(rows, columns, samples)
            return steps.cumsum(axis=1, dtype=whole).view(kind.newbyteorder("="))
        return packed.view(kind).reshape(rows, columns, samples)
