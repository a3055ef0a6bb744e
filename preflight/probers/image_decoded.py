"""One image decoded in full: whether every pixel of its first frame can be had."""

from __future__ import annotations

import io
from concurrent.futures import ThreadPoolExecutor
from typing import BinaryIO

from PIL import ImageChops, ImageFile
from PIL.JpegImagePlugin import JpegImageFile

from preflight.errors import BrokenMediaError
from preflight.media import Source
from preflight.probers.image_structure import first_picture, jpeg_segments
from preflight.probers.jpeg_check import coded_picture, is_cut_short
from preflight.probers.pillow import Unopened, open_image, raise_if_unreadable, said
from preflight.probers.png_rows import lacks_rows
from preflight.probers.png_structure import chunk_before_picture
from preflight.probers.png_transparency import load_transparent
from preflight.probers.ppm_samples import are_taken_one_by_one, load_samples
from preflight.probers.quiet import quiet
from preflight.probers.sgi_rows import are_run_lengths, with_ends

# These warn while they are decoded. The others need no lock for being quiet, so that threads decode side by side.
_WARNS_WHILE_DECODED = frozenset({"TIFF", "ICO", "ICNS"})


def decode_fully(source: Source) -> None:
    """Decode every pixel of the first frame. Raises BrokenMediaError where that fails."""
    with source.open() as file:
        load_whole(opened(file, source.name), file, source.name)


def opened(file: BinaryIO, name: str) -> ImageFile.ImageFile:
    """Raises BrokenMediaError where it is no image that is read here."""
    image = open_image(file, name)
    if isinstance(image, Unopened):
        raise BrokenMediaError(image.reason)
    if image.format == "PNG" and (cicp := chunk_before_picture(file, b"cICP")) is not None:
        image.info["cicp"] = cicp  # of which Pillow makes nothing
    return image


def load_whole(image: ImageFile.ImageFile, file: BinaryIO, name: str) -> None:
    """Decode the pixels, and of a JPEG or PNG see that all of them are there, which Pillow cannot tell: of a JPEG side
    by side.

    Raises BrokenMediaError where they are not, UnreadableError where the bytes are gone.
    """
    if not isinstance(image, JpegImageFile):
        load(image, file, name)
        if image.format == "PNG" and lacks_rows(image, file):
            raise BrokenMediaError("its pixels end too early: some of its rows are missing")
        return
    coded = coded_picture(file)  # before the file is read by another
    if coded is None:
        # libjpeg cannot wait for more in the middle of what is coded arithmetically: all of it has to be there.
        image.decodermaxblock = file.seek(0, io.SEEK_END)
    with ThreadPoolExecutor(max_workers=1) as beside:
        checked = beside.submit(is_cut_short, coded)
        try:
            load(image, file, name)
        finally:
            if checked.result():
                raise BrokenMediaError("its coded data have a fault or end too early")


def load(image: ImageFile.ImageFile, file: BinaryIO, name: str) -> None:
    """Decode the pixels. Raises BrokenMediaError where they cannot be, UnreadableError where the bytes are gone."""
    try:
        if image.format in _WARNS_WHILE_DECODED:
            from preflight.probers.libtiff import quiet_libtiff

            with quiet(), quiet_libtiff():
                image.load()
        elif are_taken_one_by_one(image):
            load_samples(image)
        elif image.format == "PNG" and "transparency" in image.info:
            load_transparent(image, file, name)
        else:
            if are_run_lengths(image):
                image.fp = with_ends(image)
            image.load()
            if image.format == "XBM":
                image.paste(ImageChops.invert(image))  # ink is what is set, and black
    except Exception as error:  # (damaged files make Pillow raise nearly every built-in exception)
        raise_if_unreadable(error, name)
        raise BrokenMediaError(f"its pixels cannot be decoded ({said(error)})") from error


def first_picture_of(file: BinaryIO) -> bytes:
    """Of a JPEG: a file of its own, coded data untouched."""
    parts = []
    for segment in first_picture(file, jpeg_segments(file)):
        file.seek(segment.start)
        parts.append(file.read(segment.end - segment.start))
    return b"".join(parts)
