"""One image → one JPEG or PNG inside the limits."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from typing import BinaryIO

from PIL import Image, ImageFile
from PIL.JpegImagePlugin import JpegImageFile, get_sampling

from preflight.errors import BrokenMediaError
from preflight.media import Fidelity, ImageFacts, Source
from preflight.planner.image import PACK, lossless_steps
from preflight.planner.interface import ConvertImage, CutOutPicture, PackPicture, PictureRecipe, StripPicture
from preflight.probers.image import bare_picture
from preflight.probers.image_decoded import decode_fully, first_picture_of, load_whole, opened
from preflight.probers.image_structure import coded_bytes, jpeg_segments
from preflight.probers.png_packing import packed_png
from preflight.transformers.image_colour import to_srgb
from preflight.transformers.image_fit import (
    FULL_COLOUR,
    HALF_COLOUR,
    Drawn,
    Fitted,
    Start,
    Try,
    estimated_quality,
    first_scale,
    fit_jpeg,
    png,
)
from preflight.transformers.image_foresight import foresee
from preflight.transformers.image_planes import Planes, planes_of
from preflight.transformers.interface import Output
from preflight.transformers.png_foresight import suits_png
from preflight.transformers.png_palette import with_palette
from preflight.transformers.png_strips import PngRows

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
_OPAQUE = 255


def convert_image(source: Source, facts: ImageFacts, recipe: PictureRecipe, *, max_bytes: int) -> Output:
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
        case PackPicture():
            return _pack(source, facts, max_bytes)
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
        data = bare.of(file)
    return _lossless(source, facts, data, f"leave out {_and(bare.dropped)}, {facts.size_bytes - len(data):,} bytes")


def _pack(source: Source, facts: ImageFacts, max_bytes: int) -> Output:
    with source.open() as file:
        packed = packed_png(file, facts, max_bytes)
        if packed is None:
            raise BrokenMediaError("it changed since it was probed")
        data = packed.of(file)
    return _lossless(source, facts, data, f"{PACK}, which saves {facts.size_bytes - len(data):,} bytes")


def _lossless(source: Source, facts: ImageFacts, data: bytes, step: str) -> Output:
    media = Source.of(data, name=source.name)
    decode_fully(media)
    return Output(media=media, span=None, fidelity=Fidelity.LOSSLESS, steps=lossless_steps(facts, step))


def _and(things: Sequence[str]) -> str:
    return " and ".join(part for part in (", ".join(things[:-1]), *things[-1:]) if part)


def _convert(source: Source, facts: ImageFacts, recipe: ConvertImage, max_bytes: int) -> Output:
    with source.open() as file:
        image = opened(file, source.name)
        start = _start(image, file, facts, recipe, max_bytes)
        is_drafted = _draft(image, facts, recipe, first_scale(start, max_bytes))
        turn = UPRIGHT.get(facts.orientation)
        planes, rows = None, None
        if not is_drafted and _only_shrinks(facts, recipe):
            planes = planes_of(image, file, turn)
            rows = PngRows.of(source, image, file) if turn is None else None
    if planes is not None:
        fitted = _fit_planes(planes, recipe, start, max_bytes)
        return _fitted(source, recipe, _steps(facts, recipe, planes.colour_steps), fitted)
    drawn = partial(_drawn, source, facts, recipe, first_scale(start, max_bytes))
    if rows is not None and (fit := _fit_rows(rows, drawn, start, max_bytes)) is not None:
        return _fitted(source, recipe, _steps(facts, recipe, rows.colour_steps), fit)
    drawing = drawn()
    steps = drawing.steps
    if recipe.format != "JPEG":
        picture = drawing.at(1.0, keep_alpha=True)
        if suits_png(picture, recipe.format, start, max_bytes):
            data = png(picture)
            if len(data) <= max_bytes:
                return _output(source, data, (*steps, "encode as PNG"))
            numbered = with_palette(picture)
            if numbered is not picture and len(small := png(numbered)) <= max_bytes:
                return _output(source, small, (*steps, "encode as PNG with a palette"))
            start = replace(start, encodes=start.encodes - 1)
            steps = (*steps, f"drop the PNG of {len(data):,} bytes, which is over the limit")
        del picture
    # What is decoded at a part of its size tells nothing of the whole.
    foreseen = foresee(drawing.at, start, max_bytes=max_bytes) if not is_drafted else None
    return _fitted(source, recipe, steps, fit_jpeg(drawing.at, start, max_bytes=max_bytes, foreseen=foreseen))


def _only_shrinks(facts: ImageFacts, recipe: ConvertImage) -> bool:
    """Whether it becomes a JPEG, without a margin and no larger than it is: these need not be held whole."""
    displayed = (facts.displayed_width, facts.displayed_height)
    wanted = (recipe.width, recipe.height, recipe.canvas_width, recipe.canvas_height)
    return recipe.format == "JPEG" and wanted == displayed * 2


def _fit_planes(planes: Planes, recipe: ConvertImage, start: Start, max_bytes: int) -> Fitted:
    def at(scale: float) -> Planes:
        return planes.at(_size(recipe, scale))

    return fit_jpeg(at, start, max_bytes=max_bytes, foreseen=foresee(at, start, max_bytes=max_bytes))


def _fit_rows(rows: PngRows, drawn: Callable[[], _Drawing], start: Start, max_bytes: int) -> Fitted | None:
    """None where they cannot be decoded: Pillow has the last word on what is broken."""

    def at(scale: float) -> Drawn:
        return rows if scale == 1 else drawn().at(scale)  # rarely: a photograph mostly fits at some quality

    try:
        return fit_jpeg(at, start, max_bytes=max_bytes)
    except BrokenMediaError:
        return None


def _drawn(source: Source, facts: ImageFacts, recipe: ConvertImage, scale: float) -> _Drawing:
    """Decoded whole, to be drawn at `scale` first."""
    with source.open() as file:
        image = opened(file, source.name)
        _draft(image, facts, recipe, scale)
        load_whole(image, file, source.name)
        return _Drawing(image, facts, recipe)


def _fitted(source: Source, recipe: ConvertImage, steps: tuple[str, ...], fitted: Fitted) -> Output:
    if (fitted.width, fitted.height) != (recipe.canvas_width, recipe.canvas_height):
        steps = (*steps, f"scale to {fitted.width}x{fitted.height} for the byte limit")
    return _output(source, fitted.data, (*steps, f"encode as JPEG, quality {fitted.quality}"))


def _output(source: Source, data: bytes, steps: tuple[str, ...]) -> Output:
    media = Source.of(data, name=source.name)
    return Output(media=media, span=None, fidelity=Fidelity.TRANSCODED, steps=steps)


def _start(
    image: ImageFile.ImageFile, file: BinaryIO, facts: ImageFacts, recipe: ConvertImage, max_bytes: int
) -> Start:
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
    known = None
    if facts.size_bytes > max_bytes and (size := coded_bytes(jpeg_segments(file))) > max_bytes:
        known = Try(quality, size)
    return Start(quality=quality, subsampling=subsampling, known=known, least_scale=least_scale)


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


class _Drawing:
    """The picture, upright and in sRGB, at any size up to the planned one."""

    def __init__(self, image: Image.Image, facts: ImageFacts, recipe: ConvertImage) -> None:
        picture, colour_steps = to_srgb(image)
        if picture.mode in ("LA", "RGBA") and picture.getchannel("A").getextrema() == (_OPAQUE, _OPAQUE):
            picture = picture.convert(picture.mode.removesuffix("A"))
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
