"""Which pictures Pillow does not read, or takes for others, and who reads them instead."""

from __future__ import annotations

from typing import BinaryIO

from PIL import ImageFile
from PIL.TiffImagePlugin import BITSPERSAMPLE, PLANAR_CONFIGURATION, TiffImageFile

from preflight.probers.second_reader import SecondReader

_PLANAR = 2
_BYTE = 8


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
