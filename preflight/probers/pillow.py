"""The one place where Pillow opens a file: only formats on the list, without warnings, and every failure a value."""

from __future__ import annotations

import importlib
import io
import logging
import re
import struct
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, partial
from typing import BinaryIO, Literal, TypeVar

from PIL import Image, ImageFile

from preflight.errors import UnreadableError
from preflight.probers.excerpt import excerpt
from preflight.probers.header_reads import MOST_HEADER_BYTES, HeaderReads, HeaderTooLargeError
from preflight.probers.image_structure import jpeg_frame, jpeg_segments, webp_additions, webp_size, without_comments
from preflight.probers.misread import is_misread, open_otherwise, raise_if_not_read
from preflight.probers.png_baggage import large_profile
from preflight.probers.png_structure import SIGNATURE, TEXT_CHUNKS, png_structure, private_kinds, without
from preflight.probers.quiet import quiet
from preflight.probers.second_reader import NotReadError
from preflight.probers.tiff_samples import TiffFile
from preflight.probers.tiff_tags import without_large_additions

# Pillow's name of each format and the module that reads it, the common ones first. Not here: what runs an interpreter
# (EPS, PDF), what only the system's own library can read (WMF), stubs, and what is a film (FLI, MPEG).
_MODULES = {
    "JPEG": "JpegImagePlugin",  # and MPO
    "PNG": "PngImagePlugin",
    "WEBP": "WebPImagePlugin",
    "GIF": "GifImagePlugin",
    "AVIF": "AvifImagePlugin",
    "TIFF": "TiffImagePlugin",
    "BMP": "BmpImagePlugin",
    "JPEG2000": "Jpeg2KImagePlugin",
    "PSD": "PsdImagePlugin",
    "ICO": "IcoImagePlugin",
    "CUR": "CurImagePlugin",
    "ICNS": "IcnsImagePlugin",
    "DDS": "DdsImagePlugin",
    "QOI": "QoiImagePlugin",
    "PPM": "PpmImagePlugin",
    "SGI": "SgiImagePlugin",
    "PCX": "PcxImagePlugin",
    "XBM": "XbmImagePlugin",
    "TGA": "TgaImagePlugin",  # knows no magic: it must be the last
}
_HEIF_BRANDS = frozenset(b"heic heix heim heis hevc hevx hevm hevs mif1 mif2 msf1".split())
_READ_WHOLE = frozenset({"WEBP", "AVIF", "HEIF"})
"""By libraries of their own, picture and all."""
_SMALL_BYTES = 1 << 18
"""So few cost no time, whatever they hold."""
_PREFIX_BYTES = 30
_JPEG_START = b"\xff\xd8"
_NOT_FOR_USERS = (struct.error, IndexError, KeyError, TypeError, AttributeError, EOFError, OverflowError)
"""What Pillow stumbles into where a header ends too early, or says nonsense: the words are Python's."""
_OF_A_KIND = re.compile(r"unsupported|not (?:yet )?supported|unimplemented", re.IGNORECASE)
"""How Pillow says that it knows what a header asks for, and does not do it."""
_TGA_HEADER_BYTES = 18
_BYTE = 8
_Opened = TypeVar("_Opened")

# Where nobody listens to its log, what it says of a file's faults would be printed.
logging.getLogger("PIL").addHandler(logging.NullHandler())


@dataclass(frozen=True, kw_only=True, slots=True)
class Unopened:
    """Why Pillow could not open a file."""

    code: Literal["unsupported_file_type", "image_file_broken"]
    reason: str
    bomb_size: tuple[int, int] | None = None
    """Width and height of a picture that Pillow finds too large to be true."""


def open_image(file: BinaryIO, name: str) -> ImageFile.ImageFile | Unopened:
    """Read the header. Raises UnreadableError where the bytes cannot be had, and nothing else."""
    prefix = file.read(_PREFIX_BYTES)
    failed: Unopened | None = None
    if prefix == _JPEG_START:
        return Unopened(code="image_file_broken", reason="the file breaks off after the first two bytes of a JPEG")
    if prefix.startswith(SIGNATURE) and len(prefix) < _PREFIX_BYTES:
        return Unopened(code="image_file_broken", reason="the file breaks off: it holds no whole header of a PNG")
    for format_name in (*_MODULES, "HEIF"):
        if not _claims(format_name, prefix, file):
            continue
        if format_name == "HEIF" and not _register_heif():
            return Unopened(
                code="unsupported_file_type",
                reason="HEIC and HEIF pictures need an optional part: pip install 'embed-preflight[heic]'",
            )
        opened = _open_as(format_name, file, name)
        if not isinstance(opened, Unopened):
            return opened
        failed = opened
    return failed or Unopened(code="unsupported_file_type", reason="it is no picture of a format that is read here")


def _claims(format_name: str, prefix: bytes, file: BinaryIO) -> bool:
    """Whether the first bytes are those of the format."""
    if format_name == "HEIF":
        return prefix[4:8] == b"ftyp" and prefix[8:12] in _HEIF_BRANDS
    _import(format_name)
    if format_name == "TGA":
        return _is_tga(prefix, file)
    _, accept = Image.OPEN[format_name]
    return accept is not None and accept(prefix[:16]) is True


@cache
def _import(format_name: str) -> None:
    importlib.import_module(f"PIL.{_MODULES[format_name]}")


def _is_tga(prefix: bytes, file: BinaryIO) -> bool:
    """TGA has no magic: what would be a possible header must also be followed by enough bytes for the picture."""
    if len(prefix) < _TGA_HEADER_BYTES:
        return False
    id_length, has_map, kind = prefix[:3]
    map_length, map_depth = int.from_bytes(prefix[5:7], "little"), prefix[7]
    width, height = int.from_bytes(prefix[12:14], "little"), int.from_bytes(prefix[14:16], "little")
    depth, flags = prefix[16:18]
    if kind not in (1, 2, 3, 9, 10, 11) or depth not in (8, 16, 24, 32) or flags & 0xC0 or not width * height:
        return False
    if has_map > 1 or bool(has_map) != (kind in (1, 9)) or (not has_map and any(prefix[3:8])):
        return False
    before = _TGA_HEADER_BYTES + id_length + map_length * ((map_depth + 7) // 8)
    # A run-length packet is at most 128 pixels from one pixel and a byte.
    pixels = width * height if kind < 9 else -(-width * height // 128)  # noqa: PLR2004
    file.seek(0, 2)
    return file.tell() >= before + pixels * (depth // 8)


def _register_heif() -> bool:
    """False where the extra is not installed."""
    try:
        import pillow_heif
    except ImportError:
        return False
    if "HEIF" not in Image.OPEN:
        pillow_heif.register_heif_opener()
    return True


def _open_as(format_name: str, file: BinaryIO, name: str) -> ImageFile.ImageFile | Unopened:
    try:
        with quiet():
            image = _open_by_pillow(format_name, file)
            raise_if_not_read(image)
        second = _open_otherwise(format_name, file, name) if is_misread(image) else None
        return second if isinstance(second, ImageFile.ImageFile) else image
    except NotReadError as error:
        return Unopened(code="unsupported_file_type", reason=str(error))
    except HeaderTooLargeError:
        reason = "what it holds beside its picture is larger, or in more parts, than can be true"
        return Unopened(code="image_file_broken", reason=reason)
    except Image.DecompressionBombError as error:
        file.seek(0)
        size = webp_size(file.read(_PREFIX_BYTES)) if format_name == "WEBP" else None
        reason = f"it claims more pixels than can be true ({said(error)})"
        return Unopened(code="image_file_broken", reason=reason, bomb_size=size)
    except Exception as error:  # noqa: BLE001 (damaged files make Pillow raise nearly every built-in exception)
        raise_if_unreadable(error, name)
        return _open_otherwise(format_name, file, name) or _unopened(format_name, file, error)


def _open_by_pillow(format_name: str, file: BinaryIO) -> ImageFile.ImageFile:
    # Not `Image.open`: it warns about, or refuses, a picture of many pixels without telling its size.
    factory = _factory(format_name)
    whole, size = file, file.seek(0, io.SEEK_END)
    # What may be larger than all that a header may hold, and Pillow would keep: programs keep their own things there.
    is_large = size > MOST_HEADER_BYTES
    if format_name == "PNG":
        # Pillow unpacks all texts, and takes one of more than a megabyte for damage.
        unread = TEXT_CHUNKS | private_kinds(file) if is_large else TEXT_CHUNKS
        file = excerpt(file, ranges) if (ranges := without(unread, file)) is not None else file
    elif format_name == "JPEG" and is_large:
        file = excerpt(file, without_comments(jpeg_segments(file), size))
    try:
        return _bounded(factory, file, format_name)
    except ValueError:
        if format_name != "PNG" or (ranges := without(unread | {b"iCCP"}, whole)) is None:
            raise
        return _with_large_profile(whole, _bounded(factory, excerpt(whole, ranges), format_name))


def _open_otherwise(format_name: str, file: BinaryIO, name: str) -> ImageFile.ImageFile | Unopened | None:
    """None where no second reader makes anything of it, either."""
    try:
        with quiet():
            return _bounded(partial(open_otherwise, format_name), file, format_name)
    except NotReadError as error:
        return Unopened(code="unsupported_file_type", reason=str(error))
    except Exception as error:  # noqa: BLE001 (it is damaged: what Pillow said of it counts)
        raise_if_unreadable(error, name)
        return None


def _unopened(format_name: str, file: BinaryIO, error: Exception) -> Unopened:
    """What Pillow stumbled over, in words."""
    if format_name == "JPEG" and (frame := jpeg_frame(file)) is not None and frame.bits != _BYTE:
        reason = f"it is a JPEG of {frame.bits} bits a sample, which next to nothing reads"
        return Unopened(code="unsupported_file_type", reason=reason)
    if isinstance(error, NotImplementedError) or _OF_A_KIND.search(said(error)):
        reason = str(NotReadError(f"a picture in {format_name} of a rare kind ({said(error)})"))
        return Unopened(code="unsupported_file_type", reason=reason)
    is_for_users = not isinstance(error.__cause__ or error, _NOT_FOR_USERS) and "driver" not in said(error)
    why = f"cannot be read ({said(error)})" if is_for_users else "is not whole"
    return Unopened(code="image_file_broken", reason=f"it begins as {format_name} does, but its header {why}")


def _factory(format_name: str) -> Callable[[BinaryIO], ImageFile.ImageFile]:
    match format_name:
        case "TIFF":
            return TiffFile
        case "ICO" | "ICNS":
            from preflight.probers.icons import LazyIcns, LazyIco

            return LazyIco if format_name == "ICO" else LazyIcns
        case _:
            plugin, _ = Image.OPEN[format_name]
            return lambda file: plugin(file, "")


def _bounded(open_file: Callable[[BinaryIO], _Opened], file: BinaryIO, format_name: str) -> _Opened:
    """Raises HeaderTooLargeError, and whatever `open_file` raises."""
    if format_name == "WEBP" and webp_additions(file) > MOST_HEADER_BYTES:
        raise HeaderTooLargeError
    if format_name in _READ_WHOLE or file.seek(0, io.SEEK_END) <= _SMALL_BYTES:
        file.seek(0)
        return open_file(file)
    reads = HeaderReads(file, without_large_additions(file) if format_name == "TIFF" else {})
    file.seek(0)
    opened = open_file(reads.as_file)
    reads.release()
    return opened


def _with_large_profile(file: BinaryIO, image: ImageFile.ImageFile) -> ImageFile.ImageFile:
    """Of more than a megabyte, which Pillow takes for damage, too."""
    if (profile := large_profile(file, png_structure(file).chunks)) is not None:
        image.info["icc_profile"] = profile
    return image


def raise_if_unreadable(error: Exception, name: str) -> None:
    """Raise UnreadableError where the operating system failed: Pillow's own OSErrors bear no number."""
    if isinstance(error, OSError) and error.errno is not None:
        raise UnreadableError(
            f"{name} cannot be read ({error}). Check that the disk or share is there, and try again."
        ) from error


def said(error: Exception) -> str:
    return " ".join(str(error).split()) or type(error).__name__
