"""Images: which rung of the ladder, which format and which size."""

from __future__ import annotations

from preflight.limits import Limits
from preflight.media import Fidelity, ImageFacts
from preflight.planner.interface import (
    Coding,
    ConvertImage,
    CutOutPicture,
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


def plan_image(report: Report, limits: Limits, policy: Policy) -> Plan:
    """Of a report on an image that is not rejected."""
    facts = report.facts
    assert isinstance(facts, ImageFacts)
    unwanted = policy.strip_metadata and facts.has_metadata
    if report.verdict == "pass" and not unwanted:
        return Plan(
            source=report.source,
            input_type="image",
            fidelity=Fidelity.IDENTICAL,
            recipe=SendAsIs(),
            why=("It fits every limit.",),
            steps=("send as it is",),
            outputs=(PlannedOutput(span=None, media_bytes=facts.size_bytes),),
        )
    why = tuple(f.message for f in report.errors) or ("The policy leaves out what says who made it, where and when.",)
    if not unwanted and _fits(facts.picture_bytes, facts, "JPEG", limits):
        return Plan(
            source=report.source,
            input_type="image",
            fidelity=Fidelity.LOSSLESS,
            recipe=CutOutPicture(),
            why=(*why, "Its first picture alone is a JPEG that fits."),
            steps=("cut out the first picture without decoding it",),
            outputs=(PlannedOutput(span=None, media_bytes=facts.picture_bytes),),
        )
    if _fits(facts.bare_bytes, facts, "PNG" if facts.format == "PNG" else "JPEG", limits, is_wanted=unwanted):
        return _stripped(report, facts, why)
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
    return Plan(
        source=report.source,
        input_type="image",
        fidelity=Fidelity.TRANSCODED,
        recipe=recipe,
        why=why,
        steps=_steps(facts, recipe, limits.image.max_file_bytes.value),
        outputs=(PlannedOutput(span=None, media_bytes=None),),
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


def _stripped(report: Report, facts: ImageFacts, why: tuple[str, ...]) -> Plan:
    assert facts.bare_bytes is not None
    steps = []
    if facts.frames is not None and facts.frames > 1:
        steps.append(f"take the first of {facts.frames} frames")
    steps.append(f"leave out what is not the picture, {facts.size_bytes - facts.bare_bytes:,} bytes")
    if facts.orientation != 1:
        steps.append(f"keep the orientation ({facts.orientation}) in an EXIF block of its own")
    return Plan(
        source=report.source,
        input_type="image",
        fidelity=Fidelity.LOSSLESS,
        recipe=StripPicture(),
        why=(*why, *(("What it takes to show it fits.",) if report.errors else ())),
        steps=tuple(steps),
        outputs=(PlannedOutput(span=None, media_bytes=facts.bare_bytes),),
    )


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
    is_hopeless = facts.size_bytes * _PNG_SAVING > limits.image.max_file_bytes.value
    is_packed = facts.size_bytes < _HARDLY_PACKED * facts.width * facts.height * len(facts.mode)
    return "JPEG" if facts.mode in ("L", "RGB") and is_hopeless and is_packed else "PNG"


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
