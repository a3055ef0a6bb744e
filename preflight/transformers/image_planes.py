"""A JPEG's planes of brightness and colour → the same picture, upright and at any smaller size, strip by strip.

It is not turned into RGB and back, of which both lose, and which takes four bytes a pixel where this takes one and a
half.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, BinaryIO

from PIL import Image, ImageFile
from PIL.JpegImagePlugin import JpegImageFile

from preflight.errors import BrokenMediaError
from preflight.probers.jpeg_check import jpeg_planes
from preflight.transformers.image_colour import strip_to_srgb
from preflight.transformers.image_profile import Conversion, conversion_of
from preflight.transformers.jpeg_strips import STRIP_ROWS

if TYPE_CHECKING:
    import av

_FROM_THE_FAR_END = frozenset({Image.Transpose.ROTATE_180, Image.Transpose.FLIP_TOP_BOTTOM})
_BY_COLUMNS = frozenset({Image.Transpose.TRANSPOSE, Image.Transpose.ROTATE_270})
_BY_COLUMNS_FROM_THE_FAR_END = frozenset({Image.Transpose.TRANSVERSE, Image.Transpose.ROTATE_90})
_SAMPLES = 32
_ROWS_OF_A_SAMPLE = 16
_LEAST_HEIGHT_TO_SAMPLE = 1_024
"""Below it, to encode all takes hardly longer than to sample it."""


_NAMED_RGB = [ord(letter) for letter in "RGB"]


def planes_of(image: ImageFile.ImageFile, file: BinaryIO, turn: Image.Transpose | None) -> Planes | None:
    """Of a JPEG of Y, Cb and Cr, or of grey. `turn` brings it upright. Raises BrokenMediaError where its coded data are
    not whole.
    """
    if not isinstance(image, JpegImageFile) or image.mode not in ("RGB", "L"):
        return None
    # By libjpeg's rules (jdapimin.c) three components may also be R, G and B.
    if image.info.get("adobe_transform") == 0 or [layer[0] for layer in image.layer] == _NAMED_RGB:
        return None
    if not _is_usual(image.layer):
        return None
    frame, is_cut_short = jpeg_planes(file)
    if is_cut_short:
        raise BrokenMediaError("its coded data have a fault or end too early")
    if frame is None or (frame.width, frame.height) != image.size or (image.mode == "L") != (len(frame.planes) == 1):
        return None
    return Planes(frame, turn, conversion_of(image.mode, image.info))


def _is_usual(layers: list[tuple[int, int, int, int]]) -> bool:
    """Whether colour has as many samples as brightness, or half as many either way; others the decoder shifts by up to
    a pixel. Layers are as Pillow has them: name, samples across and down, table.
    """
    (_, across, down, _), *colours = layers
    return not colours or (max(across, down) <= 2 and all(layer[1:3] == (1, 1) for layer in colours))  # noqa: PLR2004


class Planes:
    """A decoded picture in one of the formats of `jpeg_planes`."""

    def __init__(self, frame: av.VideoFrame, turn: Image.Transpose | None, conversion: Conversion | None) -> None:
        """`turn` brings it upright, `conversion` to sRGB."""
        self.colour_steps = () if conversion is None else (conversion.step,)
        self._frame = frame
        self._turn = turn
        self._conversion = conversion
        self._is_on_its_side = turn in _BY_COLUMNS | _BY_COLUMNS_FROM_THE_FAR_END

    @property
    def size(self) -> tuple[int, int]:
        """Upright."""
        width, height = self._frame.width, self._frame.height
        return (height, width) if self._is_on_its_side else (width, height)

    def at(self, size: tuple[int, int]) -> Planes:
        if size == self.size:
            return self
        width, height = size[::-1] if self._is_on_its_side else size
        scaled = self._frame.reformat(width, height, interpolation="LANCZOS", threads=2)
        return Planes(scaled, self._turn, self._conversion)

    def strips(self) -> Iterator[Image.Image]:
        """From the top, in mode L, RGB or YCbCr, of `STRIP_ROWS` each but for the last."""
        height = self.size[1]
        for top in range(0, height, STRIP_ROWS):
            yield self._strip(top, min(top + STRIP_ROWS, height))

    def sample(self) -> tuple[Image.Image, float] | None:
        """Every so many rows of blocks as one picture, and which share of all they are; None of a small picture."""
        width, height = self.size
        if height < _LEAST_HEIGHT_TO_SAMPLE:
            return None
        every = max(4, height // _SAMPLES // _ROWS_OF_A_SAMPLE) * _ROWS_OF_A_SAMPLE
        tops = range((every - _ROWS_OF_A_SAMPLE) // 2, height - _ROWS_OF_A_SAMPLE, every)
        strips = (self._strip(top, top + _ROWS_OF_A_SAMPLE) for top in tops)
        sample: Image.Image | None = None
        for number, strip in enumerate(strips):
            sample = sample or Image.new(strip.mode, (width, len(tops) * _ROWS_OF_A_SAMPLE))
            sample.paste(strip, (0, number * _ROWS_OF_A_SAMPLE))
        assert sample is not None
        return sample, sample.height / height

    def _strip(self, top: int, bottom: int) -> Image.Image:
        width, height = self._frame.width, self._frame.height
        if self._turn in _FROM_THE_FAR_END:
            box = (0, height - bottom, width, height - top)
        elif self._turn in _BY_COLUMNS:
            box = (top, 0, bottom, height)
        elif self._turn in _BY_COLUMNS_FROM_THE_FAR_END:
            box = (width - bottom, 0, width - top, height)
        else:
            box = (0, top, width, bottom)
        planes = [self._cut(plane, box) for plane in range(len(self._frame.planes))]
        strip = Image.merge("YCbCr", planes) if len(planes) > 1 else planes[0]
        if self._turn is not None:
            strip = strip.transpose(self._turn)
        return strip_to_srgb(strip, self._conversion)

    def _cut(self, number: int, box: tuple[int, int, int, int]) -> Image.Image:
        """A plane's part of a box, each sample of colour repeated over the pixels that it stands for: so they come back
        as they were where the box is encoded with the same subsampling.
        """
        left, top, right, bottom = box
        plane = self._frame.planes[number]
        across = -(-self._frame.width // plane.width)
        down = -(-self._frame.height // plane.height)
        first, last = top // down, -(-bottom // down)
        rows = memoryview(plane)[first * plane.line_size : last * plane.line_size]
        size = plane.width, last - first
        # Any buffer will do, and is not copied.
        strip = Image.frombuffer("L", size, rows, "raw", "L", plane.line_size, 1)  # type: ignore[arg-type]
        if across == down == 1:
            return strip if (left, right) == (0, plane.width) else strip.crop((left, 0, right, size[1]))
        part = left / across, top / down - first, right / across, bottom / down - first
        return strip.resize((right - left, bottom - top), Image.Resampling.NEAREST, box=part)
