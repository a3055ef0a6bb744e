"""Any of Pillow's modes → eight-bit sRGB or grey, with alpha where the picture has it."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

from PIL import Image
from PIL.TiffImagePlugin import TiffImageFile

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_DEEP = frozenset({"I", "F", "I;16", "I;16L", "I;16B", "I;16N"})
_MOST = 0xFFFF
# What the samples of one space are called in ICC profiles (ICC.1:2022, table 19).
_PROFILE_SPACE = {"L": "GRAY", "LA": "GRAY", "RGB": "RGB", "RGBA": "RGB", "CMYK": "CMYK", "LAB": "Lab"}


def to_srgb(image: Image.Image) -> tuple[Image.Image, tuple[str, ...]]:
    """A decoded picture in mode L, LA, RGB or RGBA, and what was done to it for that."""
    steps = []
    if image.mode in _DEEP:
        steps.append("scale its samples down to 8 bit")
    elif image.mode in ("CMYK", "LAB", "YCbCr", "HSV"):
        steps.append(f"convert {image.mode} to RGB")
    profile = image.info.get("icc_profile")
    image = _plain_mode(image)
    if profile and (converted := _by_profile(image, profile)) is not None:
        image = converted
        steps.append("convert its colour profile to sRGB")
    if image.mode not in ("L", "LA", "RGB", "RGBA"):
        image = image.convert("RGB")
    return image, tuple(steps)


def profile_to_apply(mode: str, icc_profile: bytes | None) -> tuple[bytes | None, tuple[str, ...]]:
    """Of a picture of `mode` that comes in strips: its profile, where that changes anything, and what will be said."""
    if not icc_profile:
        return None, ()
    pixel = Image.new(mode, (1, 1))
    pixel.info["icc_profile"] = icc_profile
    _, steps = to_srgb(pixel)
    return (icc_profile if steps else None), steps


def by_profile(strip: Image.Image, icc_profile: bytes | None) -> Image.Image:
    """A strip in mode L, RGB or YCbCr with a profile that `profile_to_apply` gave: in sRGB."""
    if icc_profile is None:
        return strip
    if strip.mode == "YCbCr":
        strip = strip.convert("RGB")
    strip.info["icc_profile"] = icc_profile
    strip, _ = to_srgb(strip)
    strip.info.clear()
    return strip


def _plain_mode(image: Image.Image) -> Image.Image:
    """L, LA, RGB, RGBA, or the CMYK and LAB that a profile may speak of."""
    if image.mode in _DEEP:
        return _eight_bits(image)
    if image.mode == "1":
        return image.convert("L")
    if image.mode in ("L", "La"):
        return image.convert("LA") if image.has_transparency_data else image
    if image.mode in ("LA", "RGBA", "CMYK", "LAB"):
        return image
    target = "RGBA" if image.has_transparency_data else "RGB"
    return image if image.mode == target else image.convert(target)


def _eight_bits(image: Image.Image) -> Image.Image:
    import numpy as np  # (only here: most pictures do without its memory)

    samples = np.asarray(image)
    low, high = _range(image, samples)
    if samples.dtype.kind in "iu" and low >= 0 and high <= _MOST:
        table = (np.arange(_MOST + 1, dtype=np.float64).clip(low, high) - low) / max(high - low, 1) * 255
        return Image.fromarray(table.round().astype(np.uint8)[samples.astype(np.uint16)])
    scaled = np.nan_to_num(samples.astype(np.float64), nan=low, posinf=high, neginf=low).clip(low, high)
    return Image.fromarray(((scaled - low) / ((high - low) or 1) * 255).round().astype(np.uint8))


def _range(image: Image.Image, samples: NDArray[np.generic]) -> tuple[float, float]:
    """What is black and what is white.

    PNG, PNM and JPEG 2000 say so: 16-bit samples reach from 0 to 65535. A TIFF may hold the 10, 12 or 14 bits of a
    sensor in its 16, and 32-bit samples may be anything.
    """
    if image.mode != "F" and not isinstance(image, TiffImageFile):
        return 0, _MOST
    import numpy as np

    finite = samples[np.isfinite(samples)] if image.mode == "F" else samples
    if not finite.size:
        return 0, 1
    low, high = float(finite.min()), float(finite.max())
    tops: tuple[int, ...] = (1, 0xFF) if image.mode == "F" else (0xFF, 0x3FF, 0xFFF, 0x3FFF, _MOST)
    top = next((top for top in tops if high <= top), None)
    return (low, high) if low < 0 or top is None else (0, top)


def _by_profile(image: Image.Image, icc: bytes) -> Image.Image | None:
    """None where the profile is sRGB already, is broken, or speaks of other samples than the picture has."""
    from PIL import ImageCms

    colour, alpha = image, None
    if image.mode in ("LA", "RGBA"):
        alpha = image.getchannel("A")
        colour = image.convert("L" if image.mode == "LA" else "RGB")
    try:
        profile = ImageCms.ImageCmsProfile(io.BytesIO(icc))
        if profile.profile.xcolor_space.strip() != _PROFILE_SPACE[image.mode]:
            return None
        if "sRGB" in (profile.profile.profile_description or ""):
            return None
        converted = ImageCms.profileToProfile(colour, profile, ImageCms.createProfile("sRGB"), outputMode="RGB")
    except (ImageCms.PyCMSError, OSError, ValueError, TypeError):
        return None
    if converted is None:
        return None
    if colour.mode == "L":
        converted = converted.getchannel("R")  # grey stays grey: all three are the same
    if alpha is not None:
        converted.putalpha(alpha)
    return converted
