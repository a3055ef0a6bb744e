"""The picture that Photoshop keeps for other programs, in the kinds that Pillow does not read, or takes for their
negative: 16 bits a sample, the large documents of PSB, black and white (Adobe Photoshop File Formats Specification).
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

from PIL import Image, ImageFile
from PIL.PsdImagePlugin import PsdImageFile

from preflight.probers.deep_samples import to_bytes
from preflight.probers.second_reader import NotReadError, SecondReader
from preflight.probers.tiff_blocks import PACKBITS, RAW, unpacked

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_MODES = {0: "1", 1: "L", 2: "P", 3: "RGB", 4: "CMYK", 7: "L", 8: "L", 9: "LAB"}
"""Black and white, grey, palette, RGB, CMYK, several channels (the first), inks of one's own (as grey), Lab."""
_LARGE = 2
_BITS = {"1": (1,), "P": (8,)}
"""Of a sample; of the other modes 8 or 16."""
_COMPRESSIONS = {0: RAW, 1: PACKBITS}
_PALETTE_BYTES = 768
_ICC_PROFILE, _VERSION_INFO = 1039, 1057
_DEEP_WHITE = 0xFFFF


class PsdComposite(SecondReader):
    format = "PSD"

    def _open(self) -> None:
        assert self.fp is not None
        version, self._channels, height, width, self._bits, number = struct.unpack(">4xH6xHIIHH", self.fp.read(26))
        what = "a PSB" if version == _LARGE else "a PSD"
        mode = _MODES.get(number)
        if mode is None or self._bits not in _BITS.get(mode, (8, 16)):
            raise NotReadError(f"{what} of {self._bits} bits a sample" if mode else f"{what} of colour mode {number}")
        if mode == "RGB" and self._channels == len("RGBA"):
            mode = "RGBA"
        if self._channels < Image.getmodebands(mode):
            raise SyntaxError("not enough channels")
        self._mode, self._size = mode, (width, height)
        self._read_palette()
        self._read_resources()
        layers = struct.unpack(">Q", self.fp.read(8)) if version == _LARGE else struct.unpack(">I", self.fp.read(4))
        self.fp.seek(layers[0], 1)
        (compression,) = struct.unpack(">H", self.fp.read(2))
        if compression not in _COMPRESSIONS:
            raise NotReadError(f"{what} whose picture is compressed as ZIP")
        self._compression = _COMPRESSIONS[compression]
        self._count_kind = ">u4" if version == _LARGE else ">u2"
        self._data_at = self.fp.tell()

    def _read_palette(self) -> None:
        assert self.fp is not None
        (size,) = struct.unpack(">I", self.fp.read(4))
        end = self.fp.tell() + size
        if self._mode == "P":
            self._colours = self.fp.read(_PALETTE_BYTES)
        self.fp.seek(end)

    def _read_resources(self) -> None:
        assert self.fp is not None
        (size,) = struct.unpack(">I", self.fp.read(4))
        end = self.fp.tell() + size
        while self.fp.tell() < end:
            number, name_bytes = struct.unpack(">4xHB", self.fp.read(7))
            self.fp.seek(name_bytes | 1, 1)  # even, with its length
            (data_bytes,) = struct.unpack(">I", self.fp.read(4))
            data_at = self.fp.tell()
            if number == _ICC_PROFILE:
                self.info["icc_profile"] = self.fp.read(data_bytes)
            elif number == _VERSION_INFO:
                _raise_without(self.fp.read(5))
            self.fp.seek(data_at + data_bytes + data_bytes % 2)
        self.fp.seek(end)

    def decoded(self) -> Image.Image:
        planes = [Image.fromarray(plane) for plane in self._planes()]
        match self.mode:
            case "1":
                return planes[0].convert("1")
            case "P":
                planes[0].putpalette(self._colours, "RGB;L")
                return planes[0]
            case _:
                return Image.merge(self.mode, planes)

    def _planes(self) -> list[NDArray[np.uint8]]:
        import numpy as np

        width, height = self.size
        row_bytes = -(-width * self._bits // 8)
        assert self.fp is not None
        self.fp.seek(self._data_at)
        sizes = np.full((self._channels, height), row_bytes)
        if self._compression == PACKBITS:
            table = self.fp.read(self._channels * height * np.dtype(self._count_kind).itemsize)
            sizes = np.frombuffer(table, self._count_kind).astype(np.int64).reshape(self._channels, height)
        planes = []
        for number in range(Image.getmodebands(self.mode)):
            packed = self.fp.read(int(sizes[number].sum()))
            plane = unpacked(packed, self._compression, row_bytes, height)
            planes.append(self._bytes_of(plane, is_axis=self.mode == "LAB" and number > 0))
        return planes

    def _bytes_of(self, plane: NDArray[np.uint8], *, is_axis: bool) -> NDArray[np.uint8]:
        """Eight bits a sample, as Pillow has them. The axes of Lab have no white, but a middle that stays it."""
        import numpy as np

        if self._bits == 1:
            return (1 - np.unpackbits(plane, axis=1, count=self.width)) * 255  # 1 is black
        if self._bits > 8:  # noqa: PLR2004
            plane = plane[:, ::2] if is_axis else to_bytes(plane.view(">u2"), _DEEP_WHITE)
        # Of inks, 0 is all that there is.
        return np.ascontiguousarray(255 - plane if self.mode == "CMYK" else plane)


def raise_without_composite(image: ImageFile.ImageFile) -> None:
    """Raise NotReadError where the picture that Pillow opened is none, or is packed as it does not know it."""
    if not isinstance(image, PsdImageFile):
        return
    for number, _, data in image.resources:
        if number == _VERSION_INFO:
            _raise_without(data)
    if not image.tile:
        raise NotReadError("a PSD whose picture is compressed as ZIP")


def _raise_without(version_info: bytes) -> None:
    """It says so (image resource 1057) where what stands in the picture's place is white, or tells how to save it."""
    if version_info[4:5] == b"\0":
        raise NotReadError(
            "a PSD that holds layers without the picture that they make",
            "Save it again with maximised compatibility, or as PNG or JPEG.",
        )
