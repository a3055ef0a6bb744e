"""Any of Pillow's modes → eight-bit sRGB or grey, with alpha where the picture has it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PIL import Image, ImageChops
from PIL.TiffImagePlugin import TiffImageFile

from preflight.probers.tiff_samples import TiffFile
from preflight.transformers.image_profile import Conversion, conversion_of

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_DEEP = frozenset({"I", "F", "I;16", "I;16L", "I;16B", "I;16N"})
_MOST = 0xFFFF
_HALF, _MOST_OF_32 = 0x7FFF_FFFF, 0xFFFF_FFFF


def to_srgb(image: Image.Image) -> tuple[Image.Image, tuple[str, ...]]:
    """A decoded picture in mode L, LA, RGB or RGBA, and what was done to it for that."""
    steps = []
    if image.mode in _DEEP:
        steps.append("scale its samples down to 8 bit")
    elif image.mode in ("CMYK", "LAB", "YCbCr", "HSV"):
        steps.append(f"convert {image.mode} to RGB")
    info = image.info
    image = _plain_mode(image)
    if (conversion := conversion_of(image.mode, info)) is not None:
        image = conversion.of(image)
        steps.append(conversion.step)
    if image.mode not in ("L", "LA", "RGB", "RGBA"):
        image = image.convert("RGB")
    return image, tuple(steps)


def strip_to_srgb(strip: Image.Image, conversion: Conversion | None) -> Image.Image:
    """A strip in mode L, RGB or YCbCr; it stays as it is where nothing is to be converted."""
    if conversion is None:
        return strip
    return conversion.of(strip.convert("RGB") if strip.mode == "YCbCr" else strip)


def _plain_mode(image: Image.Image) -> Image.Image:
    """L, LA, RGB, RGBA, or the CMYK and LAB that a profile may speak of."""
    if image.mode in _DEEP:
        return _eight_bits(image)
    if image.mode in ("1", "L", "La"):
        target = "LA" if image.has_transparency_data else "L"
        return image if image.mode == target else image.convert(target)
    if image.mode in ("LA", "RGBA", "CMYK", "LAB"):
        return image
    target = "RGBA" if image.has_transparency_data else "RGB"
    return image if image.mode == target else image.convert(target)


def _eight_bits(image: Image.Image) -> Image.Image:
    import numpy as np  # (only here: most pictures do without its memory)

    samples = np.asarray(image)
    tiff = image if isinstance(image, TiffFile) else None
    if tiff is not None and tiff.is_unsigned:
        samples = samples.view(np.uint32)
    low, high = _range(image, samples)
    grey = _scaled(samples, low, high)
    if tiff is not None and tiff.white_is_zero:
        grey = ImageChops.invert(grey)
    if isinstance(clear := image.info.get("transparency"), int):
        grey.putalpha(Image.fromarray((samples != clear).astype(np.uint8) * 255))
    return grey


def _scaled(samples: NDArray[np.generic], low: float, high: float) -> Image.Image:
    import numpy as np

    if samples.dtype.kind in "iu" and low >= 0 and high <= _MOST:
        table = (np.arange(_MOST + 1, dtype=np.float64).clip(low, high) - low) / max(high - low, 1) * 255
        return Image.fromarray(table.round().astype(np.uint8)[samples.astype(np.uint16)])
    scaled = np.nan_to_num(samples.astype(np.float64), nan=low, posinf=high, neginf=low).clip(low, high)
    return Image.fromarray(((scaled - low) / ((high - low) or 1) * 255).round().astype(np.uint8))


def _range(image: Image.Image, samples: NDArray[np.generic]) -> tuple[float, float]:
    """What is black and what is white; where white is zero, the other way round.

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
    if samples.dtype == np.uint32 and high > _HALF:
        return 0, _MOST_OF_32  # nothing else needs the upmost bit
    tops: tuple[int, ...] = (1, 0xFF) if image.mode == "F" else (0xFF, 0x3FF, 0xFFF, 0x3FFF, _MOST)
    top = next((top for top in tops if high <= top), None)
    return (low, high) if low < 0 or top is None else (0, top)
