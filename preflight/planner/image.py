"""Images: which rung of the ladder, which format and which size."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from preflight.limits import Limits
from preflight.media import Fidelity, ImageFacts
from preflight.planner.interface import (
    Coding,
    ConvertImage,
    CutOutPicture,
    PackPicture,
    PictureRecipe,
    Plan,
    PlannedOutput,
    Policy,
    SendAsIs,
    StripPicture,
)
from preflight.rules import Report

# A strip is not scaled up beyond this length for the sake of its short side: it is padded instead.
_LONGEST_UPSCALED = 4096
# libjpeg's JPEG_MAX_DIMENSION.
_LONGEST = 65_500

# Of drawings: black and white, and palettes.
_DRAWN = frozenset({"1", "P", "PA"})
# Coding a PNG anew rarely saves more than this, unless it was hardly packed; dropping its 16 bits can.
_PNG_SAVING = 0.5
_HARDLY_PACKED = 0.9

PACK = "pack its coded rows as tightly as zlib can"


def plan_image(
    report: Report, limits: Limits, policy: Policy, packed_bytes: Callable[[], int | None] = lambda: None
) -> Plan:
    """Of a report on an image that is not rejected.

    `packed_bytes`: how large a PNG is whose coded rows are packed again, where that is worth knowing; None where that
    is over the limit.
    """
    facts = report.facts
    assert isinstance(facts, ImageFacts)
    plan = partial(_plan, report)
    unwanted = policy.strip_metadata and facts.has_metadata
    if report.verdict == "pass" and not unwanted:
        return plan(
            Fidelity.IDENTICAL, SendAsIs(), ("It fits every limit.",), ("send as it is",), size_bytes=facts.size_bytes
        )
    unasked = "The policy leaves out what says who made it, where and when."
    why = tuple(f.message for f in report.errors) or (unasked,)
    if not unwanted and _fits(facts.picture_bytes, facts, "JPEG", limits):
        why = (*why, "Its first picture alone is a JPEG that fits.")
        steps = ("cut out the first picture without decoding it",)
        return plan(Fidelity.LOSSLESS, CutOutPicture(), why, steps, size_bytes=facts.picture_bytes)
    if _fits(facts.bare_bytes, facts, "PNG" if facts.format == "PNG" else "JPEG", limits, is_wanted=unwanted):
        assert facts.bare_bytes is not None
        if report.errors:
            why = (*why, "What it takes to show it fits.")
        dropped = f"leave out what is not the picture, {facts.size_bytes - facts.bare_bytes:,} bytes"
        return plan(Fidelity.LOSSLESS, StripPicture(), why, lossless_steps(facts, dropped), size_bytes=facts.bare_bytes)
    if _may_be_packed(facts, limits) and (size := packed_bytes()) is not None:
        why = (*why, "What it takes to show it fits, packed as tightly as can be.")
        return plan(Fidelity.LOSSLESS, PackPicture(), why, lossless_steps(facts, PACK), size_bytes=size)
    width, height, canvas_width, canvas_height = fit_image(
        facts.displayed_width, facts.displayed_height, limits.image.min_side.value
    )
    recipe = ConvertImage(
        format=_format(facts, limits),
        width=width,
        height=height,
        canvas_width=canvas_width,
        canvas_height=canvas_height,
        min_side=limits.image.min_side.value,
    )
    return plan(Fidelity.TRANSCODED, recipe, why, _steps(facts, recipe, limits.image.max_file_bytes.value))


def _plan(
    report: Report,
    fidelity: Fidelity,
    recipe: SendAsIs | PictureRecipe,
    why: tuple[str, ...],
    steps: tuple[str, ...],
    *,
    size_bytes: int | None = None,
) -> Plan:
    return Plan(
        source=report.source,
        input_type="image",
        fidelity=fidelity,
        recipe=recipe,
        why=why,
        steps=steps,
        outputs=(PlannedOutput(span=None, media_bytes=size_bytes),),
    )


def fit_image(width: int, height: int, min_side: int) -> tuple[int, int, int, int]:
    """From the displayed size: width and height after scaling, then after padding. Never stretched.

    Both sides of the padded picture are at least `min_side`. The long side is scaled up to at most 4096, so that
    a line of 5000 pixels is padded and not blown up.
    """
    short, long = min(width, height), max(width, height)
    scale = 1.0
    if short < min_side:
        scale = max(1.0, min(min_side / short, _LONGEST_UPSCALED / long))
    scale = min(scale, _LONGEST / long)
    width, height = max(1, round(width * scale)), max(1, round(height * scale))
    return width, height, max(width, min_side), max(height, min_side)


def lossless_steps(facts: ImageFacts, step: str) -> tuple[str, ...]:
    """`step`, and what else happens to a picture whose coded data are kept."""
    steps = [step]
    if facts.frames is not None and facts.frames > 1:
        steps.insert(0, f"take the first of {facts.frames} frames")
    if facts.orientation != 1:
        steps.append(f"keep the orientation ({facts.orientation}) in an EXIF block of its own")
    return tuple(steps)


def _may_be_packed(facts: ImageFacts, limits: Limits) -> bool:
    """Whether it is worth trying: of a PNG that is too large, and hardly packed or not by much too large."""
    bounds = limits.image
    if facts.format != "PNG" or facts.bare_bytes is None or facts.size_bytes <= bounds.max_file_bytes.value:
        return False
    return min(facts.width, facts.height) >= bounds.min_side.value and not _is_hopeless(facts, limits)


def _is_hopeless(facts: ImageFacts, limits: Limits) -> bool:
    """A PNG that is a photograph, as far as its size tells, and not of 16 bits."""
    is_large = facts.size_bytes * _PNG_SAVING > limits.image.max_file_bytes.value
    is_packed = facts.size_bytes < _HARDLY_PACKED * facts.width * facts.height * len(facts.mode)
    return facts.mode in ("L", "RGB") and is_large and is_packed


def _fits(
    size_bytes: int | None, facts: ImageFacts, format_name: str, limits: Limits, *, is_wanted: bool = False
) -> bool:
    """Whether a file of this picture would pass, that has so many bytes and is smaller than the source, or wanted."""
    bounds = limits.image
    if size_bytes is None or format_name not in bounds.formats.value or facts.dialect is not None:
        return False
    if size_bytes == facts.size_bytes and facts.format == format_name and not is_wanted:
        return False
    return size_bytes <= bounds.max_file_bytes.value and min(facts.width, facts.height) >= bounds.min_side.value


def _format(facts: ImageFacts, limits: Limits) -> Coding:
    """JPEG stays JPEG and PNG stays PNG, where that can be; of the others, the picture itself tells."""
    allowed = limits.image.formats.value
    if "JPEG" not in allowed:
        return "PNG"
    if "PNG" not in allowed or facts.format in ("JPEG", "MPO"):
        return "JPEG"
    if facts.format != "PNG":
        return "PNG" if facts.mode in _DRAWN else "either"
    return "JPEG" if _is_hopeless(facts, limits) else "PNG"


def _steps(facts: ImageFacts, recipe: ConvertImage, max_bytes: int) -> tuple[str, ...]:
    steps = []
    if facts.frames is not None and facts.frames > 1:
        steps.append(f"take the first of {facts.frames} frames")
    if facts.orientation != 1:
        steps.append(f"turn upright (EXIF orientation {facts.orientation})")
    displayed = (facts.displayed_width, facts.displayed_height)
    if (recipe.width, recipe.height) != displayed:
        steps.append(f"scale {displayed[0]}x{displayed[1]} to {recipe.width}x{recipe.height}")
    if (recipe.canvas_width, recipe.canvas_height) != (recipe.width, recipe.height):
        steps.append(f"pad with white to {recipe.canvas_width}x{recipe.canvas_height}")
    coding = "PNG or JPEG" if recipe.format == "either" else recipe.format
    steps.append(f"encode as {coding}, sRGB, of at most {max_bytes:,} bytes")
    if recipe.format == "either":
        steps.append("PNG where it is transparent or takes no more bytes so (line art), JPEG on white elsewhere")
    elif recipe.format == "PNG":
        steps.append("where that is too little for a PNG: encode as JPEG on white")
    return tuple(steps)
