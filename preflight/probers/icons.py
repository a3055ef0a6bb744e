"""ICO and ICNS as Pillow reads them, but opened by the header of the picture inside, which is what will be decoded.

Pillow decodes an ICO while it opens it, and takes the size of an ICNS from the name of the part that holds the picture.
"""

from __future__ import annotations

import io
from typing import IO

from PIL import ImageFile
from PIL.BmpImagePlugin import DibImageFile
from PIL.IcnsImagePlugin import IcnsImageFile
from PIL.IcoImagePlugin import IcoFile, IcoImageFile
from PIL.Jpeg2KImagePlugin import Jpeg2KImageFile
from PIL.PngImagePlugin import PngImageFile

from preflight.probers.png_structure import SIGNATURE

_JPEG_2000 = (b"\xff\x4f\xff\x51", b"\x0d\x0a\x87\x0a", b"\0\0\0\x0cjP  \r\n\x87\n")


class LazyIco(IcoImageFile):
    """Its largest picture."""

    def _open(self) -> None:
        assert self.fp is not None
        self.ico = IcoFile(self.fp)
        largest = self.ico.entry[0]
        self.ico.entry = [largest]  # which `load` asks for by its size, and another may say that it has that
        picture = _header(self.fp, largest.offset, largest.size)
        if picture is not None:
            self._size, self._mode = picture.size, picture.mode
        else:
            self.fp.seek(largest.offset)
            width, height = DibImageFile(self.fp).size
            self._size, self._mode = (width, height // 2), "RGBA"  # below the colours: what of them is transparent
        self.info["sizes"] = {self._size}


class LazyIcns(IcnsImageFile):
    """Its largest picture, in the size that it has."""

    def _open(self) -> None:
        super()._open()
        assert self.fp is not None
        parts = [self.icns.dct[code] for code, _ in self.icns.SIZES[self.best_size] if code in self.icns.dct]
        picture = _header(self.fp, *parts[0])
        if picture is not None and picture.size != self._size:
            self.info["sizes"] = [*self.info["sizes"], (*picture.size, 1)]
            self._size = picture.size

    def load_prepare(self) -> None:
        """No room is made: the picture inside has its own."""


def _header(file: IO[bytes], start: int, size: int) -> ImageFile.ImageFile | None:
    """None where it is no file of its own, but samples."""
    file.seek(start)
    head = file.read(12)
    file.seek(start)
    if head.startswith(SIGNATURE):
        return PngImageFile(file)
    if head.startswith(_JPEG_2000):
        return Jpeg2KImageFile(io.BytesIO(file.read(size)))
    return None
