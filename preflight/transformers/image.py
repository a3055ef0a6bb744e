"""One image → one JPEG or PNG inside the limits."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, BinaryIO

from PIL import Image, ImageFile
from PIL.JpegImagePlugin import JpegImageFile, get_sampling

from preflight.errors import BrokenMediaError
from preflight.media import Fidelity, ImageFacts, Source
from preflight.planner.interface import ConvertImage, CutOutPicture, StripPicture
from preflight.probers.image import bare_picture
from preflight.probers.image_decoded import decode_fully, first_picture_of, load_whole, opened
from preflight.probers.jpeg_check import jpeg_planes
from preflight.transformers.image_colour import to_srgb
from preflight.transformers.image_fit import (
    BEST_QUALITY,
    FULL_COLOUR,
    HALF_COLOUR,
    Fitted,
    Start,
    Try,
    estimated_quality,
    first_scale,
    fit_jpeg,
    png,
)
from preflight.transformers.image_foresight import foresee
from preflight.transformers.image_planes import Planes
from preflight.transformers.interface import Output

if TYPE_CHECKING:
    from av import VideoFrame

UPRIGHT = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
"""What turns a picture of each EXIF orientation upright; the numbers are of CIPA DC-008, 4.6.5."""

_LIES_ON_ITS_SIDE = 5
_REDUCING_GAP = 3.0


def convert_image(
    source: Source, facts: ImageFacts, recipe: ConvertImage | CutOutPicture | StripPicture, *, max_bytes: int
) -> Output:
    """The first frame of `source`, as `recipe` says and of at most `max_bytes`.

    A limit that no JPEG of the least size satisfies gives the smallest file there is: the pipeline checks every
    output again and withholds it. Raises BrokenMediaError where the pixels cannot be decoded to the last, and
    UnreadableError where the bytes cannot be had.
    """
    match recipe:
        case CutOutPicture():
            return _cut_out(source)
        case StripPicture():
            return _strip(source, facts)
        case ConvertImage():
            return _convert(source, facts, recipe, max_bytes)


def _cut_out(source: Source) -> Output:
    with source.open() as file:
        media = Source.of(first_picture_of(file), name=source.name)
    decode_fully(media)
    return Output(
        media=media,
        span=None,
        fidelity=Fidelity.LOSSLESS,
        steps=("cut out the first picture without decoding it",),
    )


def _strip(source: Source, facts: ImageFacts) -> Output:
    with source.open() as file:
        bare = bare_picture(file, facts)
        media = Source.of(bare.of(file), name=source.name)
    decode_fully(media)
    steps = [f"leave out {_and(bare.dropped)}, {facts.size_bytes - bare.size_bytes:,} bytes"]
    if facts.frames is not None and facts.frames > 1:
        steps.insert(0, f"take the first of {facts.frames} frames")
    if facts.orientation != 1:
        steps.append(f"keep the orientation ({facts.orientation}) in an EXIF block of its own")
    return Output(media=media, span=None, fidelity=Fidelity.LOSSLESS, steps=tuple(steps))


def _and(things: Sequence[str]) -> str:
    return " and ".join(part for part in (", ".join(things[:-1]), *things[-1:]) if part)


def _convert(source: Source, facts: ImageFacts, recipe: ConvertImage, max_bytes: int) -> Output:
    with source.open() as file:
        image = opened(file, source.name)
        start = _start(image, facts, recipe, max_bytes)
        is_drafted = _draft(image, facts, recipe, first_scale(start, max_bytes))
        planes = None if is_drafted else _planes(image, file, facts, recipe)
        if planes is None:
            load_whole(image, file, source.name)
    if planes is not None:
        foreseen = foresee(planes.at, start, max_bytes=max_bytes)
        fitted = fit_jpeg(planes.at, start, max_bytes=max_bytes, foreseen=foreseen)
        return _fitted(source, recipe, planes.steps, fitted)
    drawing = _Drawing(image, facts, recipe)
    steps = drawing.steps
    if recipe.format == "PNG":
        data = png(drawing.at(1.0, keep_alpha=True))
        if len(data) <= max_bytes:
            return _output(source, data, (*steps, "encode as PNG"))
        start = replace(start, encodes=start.encodes - 1)
        steps = (*steps, f"drop the PNG of {len(data):,} bytes, which is over the limit")
    return _fitted(source, recipe, steps, fit_jpeg(drawing.at, start, max_bytes=max_bytes))


def _fitted(source: Source, recipe: ConvertImage, steps: tuple[str, ...], fitted: Fitted) -> Output:
    if (fitted.width, fitted.height) != (recipe.canvas_width, recipe.canvas_height):
        steps = (*steps, f"scale to {fitted.width}x{fitted.height} for the byte limit")
    return _output(source, fitted.data, (*steps, f"encode as JPEG, quality {fitted.quality}"))


def _output(source: Source, data: bytes, steps: tuple[str, ...]) -> Output:
    media = Source.of(data, name=source.name)
    return Output(media=media, span=None, fidelity=Fidelity.TRANSCODED, steps=steps)


def _start(image: ImageFile.ImageFile, facts: ImageFacts, recipe: ConvertImage, max_bytes: int) -> Start:
    """A JPEG is not coded finer than it was, neither in quality nor in colour."""
    least_scale = min(1.0, recipe.min_side / min(recipe.canvas_width, recipe.canvas_height))
    # Even fine photographs take less than a byte a pixel in full colour: a picture of more pixels would not fit.
    roomy = recipe.canvas_width * recipe.canvas_height <= max_bytes
    subsampling = FULL_COLOUR if roomy else HALF_COLOUR
    if not isinstance(image, JpegImageFile) or not image.quantization:
        return Start(subsampling=subsampling, least_scale=least_scale)
    if (own := get_sampling(image)) >= 0:
        subsampling = own
    scaled = (recipe.width, recipe.height) != (facts.displayed_width, facts.displayed_height)
    if scaled or image.mode == "CMYK":
        return Start(subsampling=subsampling, least_scale=least_scale)
    quality = estimated_quality(next(iter(image.quantization.values())))
    size = facts.picture_bytes or facts.size_bytes
    known = Try(quality, size) if size > max_bytes else None
    return Start(quality=min(quality, BEST_QUALITY), subsampling=subsampling, known=known, least_scale=least_scale)


def _draft(image: ImageFile.ImageFile, facts: ImageFacts, recipe: ConvertImage, scale: float) -> bool:
    """Let a JPEG be decoded at a half, a quarter or an eighth, where that is still larger than what is wanted: whether
    it will be.
    """
    if not isinstance(image, JpegImageFile) or image.mode not in ("RGB", "L"):
        return False
    width, height = round(recipe.width * scale * 2), round(recipe.height * scale * 2)
    if facts.orientation >= _LIES_ON_ITS_SIDE:
        width, height = height, width
    return width < image.width and height < image.height and image.draft(None, (width, height)) is not None


_NAMED_RGB = [ord(letter) for letter in "RGB"]


def _planes(image: ImageFile.ImageFile, file: BinaryIO, facts: ImageFacts, recipe: ConvertImage) -> _Upright | None:
    """Of a JPEG of Y, Cb and Cr, or of grey, that becomes a JPEG and no larger. Raises BrokenMediaError where its coded
    data are not whole.
    """
    wanted = (recipe.width, recipe.height, recipe.canvas_width, recipe.canvas_height)
    displayed = (facts.displayed_width, facts.displayed_height)
    if recipe.format != "JPEG" or wanted != displayed * 2 or not isinstance(image, JpegImageFile):
        return None
    # By libjpeg's rules (jdapimin.c) three components may also be R, G and B.
    is_rgb = image.info.get("adobe_transform") == 0 or [layer[0] for layer in image.layer] == _NAMED_RGB
    if image.mode not in ("RGB", "L") or is_rgb:
        return None
    frame, is_cut_short = jpeg_planes(file)
    if is_cut_short:
        raise BrokenMediaError("its coded data have a fault or end too early")
    if frame is None or (frame.width, frame.height) != image.size or (image.mode == "L") != (len(frame.planes) == 1):
        return None
    return _Upright(frame, image.info.get("icc_profile"), facts, recipe)


class _Upright:
    """The planes of a JPEG, upright and in sRGB, at any size up to the planned one."""

    def __init__(self, frame: VideoFrame, icc_profile: bytes | None, facts: ImageFacts, recipe: ConvertImage) -> None:
        colour_steps: tuple[str, ...] = ()
        if icc_profile:
            pixel = Image.new("L" if len(frame.planes) == 1 else "RGB", (1, 1))
            pixel.info["icc_profile"] = icc_profile
            _, colour_steps = to_srgb(pixel)
        profile = icc_profile if colour_steps else None
        self._planes = Planes(frame, UPRIGHT.get(facts.orientation), profile)
        self._recipe = recipe
        self.steps = _steps(facts, recipe, colour_steps)

    def at(self, scale: float) -> Planes:
        return self._planes.at(_size(self._recipe, scale))


class _Drawing:
    """The picture, upright and in sRGB, at any size up to the planned one."""

    def __init__(self, image: Image.Image, facts: ImageFacts, recipe: ConvertImage) -> None:
        picture, colour_steps = to_srgb(image)
        if (turn := UPRIGHT.get(facts.orientation)) is not None:
            picture = picture.transpose(turn)
        self._picture = picture
        self._recipe = recipe
        self.steps = _steps(facts, recipe, colour_steps)

    def at(self, scale: float, *, keep_alpha: bool = False) -> Image.Image:
        """In mode L or RGB on white; with alpha, if it is kept and there is any."""
        recipe = self._recipe
        size = _size(recipe, scale)
        canvas = max(size[0], round(recipe.canvas_width * scale)), max(size[1], round(recipe.canvas_height * scale))
        picture = self._picture
        if picture.size != size:
            picture = picture.resize(size, Image.Resampling.LANCZOS, reducing_gap=_REDUCING_GAP)
        has_alpha = picture.mode in ("LA", "RGBA")
        if canvas == size and (keep_alpha or not has_alpha):
            return _bare(picture)
        corner = (canvas[0] - size[0]) // 2, (canvas[1] - size[1]) // 2
        if has_alpha and keep_alpha:
            clear: tuple[int, ...] = (255, 0) if picture.mode == "LA" else (255, 255, 255, 0)
            board = Image.new(picture.mode, canvas, clear)
            board.paste(picture, corner)
            return board
        plain = picture.convert("L" if picture.mode in ("L", "LA") else "RGB")
        board = Image.new(plain.mode, canvas, "white")
        board.paste(plain, corner, picture.getchannel("A") if has_alpha else None)
        return board


def _size(recipe: ConvertImage, scale: float) -> tuple[int, int]:
    return max(1, round(recipe.width * scale)), max(1, round(recipe.height * scale))


def _steps(facts: ImageFacts, recipe: ConvertImage, colour_steps: Sequence[str]) -> tuple[str, ...]:
    steps = list(colour_steps)
    if facts.frames is not None and facts.frames > 1:
        steps.insert(0, f"take the first of {facts.frames} frames")
    if facts.orientation in UPRIGHT:
        steps.append(f"turn upright (EXIF orientation {facts.orientation})")
    displayed = (facts.displayed_width, facts.displayed_height)
    if (recipe.width, recipe.height) != displayed:
        steps.append(f"scale {displayed[0]}x{displayed[1]} to {recipe.width}x{recipe.height}")
    if (recipe.canvas_width, recipe.canvas_height) != (recipe.width, recipe.height):
        steps.append(f"pad with white to {recipe.canvas_width}x{recipe.canvas_height}")
    return tuple(steps)


def _bare(picture: Image.Image) -> Image.Image:
    """Without what Pillow would write beside the pixels: profile, transparent colour, comments."""
    if picture.info:
        picture.info.clear()
    return picture
