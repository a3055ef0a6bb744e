"""Pictures of a format that Pillow knows, in a kind that it does not read: the header read here, and the pixels by
another decoder, or by Pillow's own put to another use.
"""

from __future__ import annotations

from abc import abstractmethod
from typing import TYPE_CHECKING, BinaryIO

from PIL import Image, ImageFile
from PIL.TiffImagePlugin import BITSPERSAMPLE, PLANAR_CONFIGURATION, TiffImageFile

if TYPE_CHECKING:
    from PIL._imaging import PixelAccess


_PLANAR = 2
_BYTE = 8


class NotReadError(Exception):
    """A picture that is well-formed, and of a kind that nothing here reads: which one, and what to do."""

    def __init__(self, kind: str, next_step: str = "Save it as PNG or JPEG.") -> None:
        super().__init__(f"it is {kind}, which is not read here. {next_step}")


class SecondReader(ImageFile.ImageFile):
    """A picture as Pillow's own plugins give it: `_open` sets mode, size and info from the header and raises
    NotReadError, or nearly anything else where the header is damaged.
    """

    _is_decoded = False

    def load(self) -> PixelAccess | None:
        """Raises nearly anything where the pixels are not whole, as Pillow does."""
        if not self._is_decoded:
            picture = self.decoded()
            assert (picture.mode, picture.size) == (self.mode, self.size)
            self.im, self.palette = picture.im, picture.palette
            self._is_decoded = True
        return Image.Image.load(self)

    @abstractmethod
    def decoded(self) -> Image.Image:
        """The pixels, all of them, of the mode and size that the header was said to tell."""


def open_otherwise(format_name: str, file: BinaryIO) -> SecondReader | None:
    """What Pillow could not open as that format; None where there is no second reader of it, or it is not for that
    one. Raises NotReadError, and nearly anything else where the header is damaged.
    """
    file.seek(0)
    match format_name:
        case "PSD":
            from preflight.probers.psd_composite import PsdComposite

            return PsdComposite(file, "")
        case "TIFF":
            from preflight.probers.deep_tiff import DeepTiff

            return DeepTiff(file, "")
        case "JPEG":
            from preflight.probers.jpeg_ls import JpegLs, is_jpeg_ls

            return JpegLs(file, "") if is_jpeg_ls(file) else None
        case _:
            return None


def is_misread(image: ImageFile.ImageFile) -> bool:
    """Whether Pillow opens it and shows something else, which a second reader does not: black and white in PSD as a
    negative; planes of a TIFF, where they are not three colours of a byte, one for the other or with noise.
    """
    match image.format:
        case "PSD":
            return image.mode == "1"
        case "TIFF":
            assert isinstance(image, TiffImageFile)
            bits = image.tag_v2.get(BITSPERSAMPLE, (1,))
            return image.tag_v2.get(PLANAR_CONFIGURATION) == _PLANAR and (image.mode != "RGB" or set(bits) != {_BYTE})
        case _:
            return False


def raise_if_not_read(image: ImageFile.ImageFile) -> None:
    """Raise NotReadError for what Pillow opens and cannot decode, or where what it would decode is not the picture."""
    match image.format:
        case "PSD":
            from preflight.probers.psd_composite import raise_without_composite

            raise_without_composite(image)
        case "TIFF":
            from preflight.probers.tiff_blocks import raise_without_codec

            raise_without_codec(str(image.info.get("compression")))
        case _:
            pass
