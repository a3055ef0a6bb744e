"""Bytes → ImageFacts, from the header and the structure: no pixel is decoded."""

from __future__ import annotations

import io
from typing import BinaryIO

from PIL import ImageFile
from PIL.TiffImagePlugin import TiffImageFile

from preflight.media import ImageFacts, Source, Unprobed
from preflight.probers.exif import exif_orientation, exif_stumbling_block
from preflight.probers.gif import count_frames
from preflight.probers.image_bare import Bare, bare_jpeg, bare_png
from preflight.probers.image_location import jpeg_location, png_location
from preflight.probers.image_structure import (
    first_picture,
    is_arithmetic,
    jpeg_damage,
    jpeg_segments,
    tiff_pages,
    webp_damage,
)
from preflight.probers.pillow import Unopened, open_image, raise_if_unreadable
from preflight.probers.png_baggage import png_stumbling_block
from preflight.probers.png_structure import png_structure
from preflight.probers.quiet import quiet

# What is counted here is either in the header or found by stepping over blocks. Elsewhere (PSD) Pillow's
# `n_frames` counts something else, or there is only one.
_MAY_HOLD_SEVERAL = frozenset({"MPO", "PNG", "WEBP", "AVIF", "HEIF"})
# Pillow turns a TIFF upright while it decodes it, pillow_heif a HEIF; both say the size that comes out.
_TURNED_BY_THE_DECODER = frozenset({"TIFF", "HEIF"})
_READ_WHOLE_BYTES = 1 << 18
_NEW_SUBFILE_TYPE = 0x00FE


def probe_image(source: Source) -> ImageFacts | Unprobed:
    """Raises UnreadableError where the bytes of the source cannot be had, and nothing else."""
    size = source.size_bytes()
    if size == 0:
        return Unprobed(size_bytes=0, code="file_empty", reason="the file is empty")
    with source.open() as opened:
        # Its parts are looked at here and there: a small file is read once.
        file = io.BytesIO(opened.read()) if size <= _READ_WHOLE_BYTES else opened
        try:
            image = open_image(file, source.name)
            if isinstance(image, Unopened):
                return _unopened(image, size)
            with image:
                if _is_preview(image):
                    reason = "it is a camera's raw file, of which only a small preview can be read"
                    return Unprobed(size_bytes=size, code="unsupported_file_type", reason=reason)
                return _facts(image, file, size)
        except OSError as error:
            raise_if_unreadable(error, source.name)
            raise


def _unopened(why: Unopened, size: int) -> ImageFacts | Unprobed:
    if why.bomb_size is None:
        return Unprobed(size_bytes=size, code=why.code, reason=why.reason)
    width, height = why.bomb_size
    return ImageFacts(
        size_bytes=size, format="WEBP", width=width, height=height, orientation=1, mode="RGB", frames=None
    )


def _is_preview(image: ImageFile.ImageFile) -> bool:
    """Raw formats (DNG, NEF) are TIFF files whose first picture says of itself that it is a reduced one."""
    return isinstance(image, TiffImageFile) and bool(image.tag_v2.get(_NEW_SUBFILE_TYPE, 0) & 1)


def _facts(image: ImageFile.ImageFile, file: BinaryIO, size: int) -> ImageFacts:
    assert image.format is not None
    frames = _frames(image)
    damage: str | None = None
    picture_bytes: int | None = None
    bare: Bare | None = None
    dialect: str | None = None
    stumbling_block: str | None = None
    location: tuple[float, float] | None = None
    exif = image.info.get("exif", b"")
    match image.format:
        case "JPEG" | "MPO":
            segments = jpeg_segments(file)
            damage = jpeg_damage(segments)
            dialect = "arithmetic" if is_arithmetic(segments) else None
            if damage is None:
                picture_bytes = sum(s.end - s.start for s in first_picture(file, segments))
                bare = bare_jpeg(file, segments, exif_orientation(exif), size)
                stumbling_block = exif_stumbling_block(exif)
                location = jpeg_location(file, segments, size)
        case "PNG":
            structure = png_structure(file)
            damage = structure.damage
            exif = structure.exif
            if damage is None:
                bare = bare_png(file, structure.chunks, exif_orientation(exif), size)
                stumbling_block = png_stumbling_block(file, structure) or exif_stumbling_block(exif)
                location = png_location(file, structure.chunks, size)
        case "TIFF":
            frames = tiff_pages(file)
        case "GIF":
            frames = count_frames(file)
        case "WEBP":
            file.seek(0)
            damage = webp_damage(file.read(12), size)
    # A profile is part of how it looks, and is not left out with the rest: the picture is converted by it.
    is_in_picture = stumbling_block is not None and "profile" in stumbling_block
    return ImageFacts(
        size_bytes=size,
        format=image.format,
        width=image.width,
        height=image.height,
        orientation=1 if image.format in _TURNED_BY_THE_DECODER else exif_orientation(exif),
        mode=image.mode,
        frames=frames,
        damage=damage,
        dialect=dialect,
        picture_bytes=picture_bytes,
        bare_bytes=bare.size_bytes if bare is not None and not is_in_picture else None,
        has_metadata=bare is not None and bare.holds_metadata,
        stumbling_block=stumbling_block,
        location=location,
    )


def bare_picture(file: BinaryIO, facts: ImageFacts) -> Bare:
    """The parts of a JPEG or PNG whose `bare_bytes` are known."""
    if facts.format == "PNG":
        return bare_png(file, png_structure(file).chunks, facts.orientation, facts.size_bytes)
    return bare_jpeg(file, jpeg_segments(file), facts.orientation, facts.size_bytes)


def _frames(image: ImageFile.ImageFile) -> int | None:
    if image.format not in _MAY_HOLD_SEVERAL:
        return 1
    try:
        with quiet():
            return int(getattr(image, "n_frames", 1))
    except Exception:  # noqa: BLE001 (a damaged second frame; the first is what is asked for)
        return None
