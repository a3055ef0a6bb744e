"""How a picture looks on a display, by libvips, which shares no decoder's glue with Pillow: upright, sRGB, on white."""

from __future__ import annotations

import subprocess
from pathlib import Path

import numpy as np
import pyvips
from numpy.typing import NDArray

Look = NDArray[np.float64]
"""Height x width x RGB, 0 to 255."""

_WINDOW = 8
# Of the dynamic range, as Wang et al. 2004 have them.
_C1, _C2 = (0.01 * 255) ** 2, (0.03 * 255) ** 2


def displayed(data: bytes) -> pyvips.Image:
    """The first frame or page. Raises pyvips.Error for a format that libvips was not built with."""
    picture = pyvips.Image.new_from_buffer(data, "").autorot()
    if picture.get_typeof("icc-profile-data"):
        picture = picture.icc_transform("srgb", embedded=True, intent="perceptual", depth=8)
    elif picture.interpretation != "srgb":
        picture = picture.colourspace("srgb")
    if picture.hasalpha():
        picture = picture.flatten(background=255)
    if picture.bands == 1:
        picture = picture.bandjoin([picture, picture])
    return picture.cast("uchar").copy_memory()


def displayed_by_ffmpeg(path: Path) -> pyvips.Image | None:
    """The same by the FFmpeg command line, for formats that libvips was not built with; None where neither can."""
    to_png = ("-frames:v", "1", "-pix_fmt", "rgba", "-c:v", "png", "-f", "image2pipe", "-")
    done = subprocess.run(["ffmpeg", "-v", "error", "-i", str(path), *to_png], capture_output=True, check=False)
    return displayed(done.stdout) if done.returncode == 0 and done.stdout else None


def look(picture: pyvips.Image, width: int, height: int) -> Look:
    """At that size, averaged."""
    resized = picture.resize(width / picture.width, vscale=height / picture.height, kernel="linear")
    return np.asarray(resized.crop(0, 0, min(width, resized.width), min(height, resized.height)).numpy(), np.float64)


def ssim(one: Look, other: Look) -> float:
    """Mean structural similarity of the luma, in windows of 8x8 side by side; 1 is the same."""
    x, y = (_windows(each @ np.array([0.299, 0.587, 0.114])) for each in (one, other))
    mx, my = x.mean(axis=-1), y.mean(axis=-1)
    covariance = (x * y).mean(axis=-1) - mx * my
    return float(
        np.mean(
            (2 * mx * my + _C1)
            * (2 * covariance + _C2)
            / ((mx**2 + my**2 + _C1) * (x.var(axis=-1) + y.var(axis=-1) + _C2))
        )
    )


def colour_difference(one: Look, other: Look) -> float:
    """The largest shift of a channel's mean in any ninth of the picture, of 255."""
    shifts = []
    for rows_of_one, rows_of_other in zip(np.array_split(one, 3), np.array_split(other, 3), strict=True):
        pairs = zip(np.array_split(rows_of_one, 3, axis=1), np.array_split(rows_of_other, 3, axis=1), strict=True)
        shifts += [np.abs(a.mean(axis=(0, 1)) - b.mean(axis=(0, 1))).max() for a, b in pairs]
    return float(max(shifts))


def _windows(luma: NDArray[np.float64]) -> NDArray[np.float64]:
    height, width = (side // _WINDOW * _WINDOW for side in luma.shape)
    blocks = luma[:height, :width].reshape(height // _WINDOW, _WINDOW, width // _WINDOW, _WINDOW)
    return blocks.swapaxes(1, 2).reshape(-1, _WINDOW * _WINDOW)
