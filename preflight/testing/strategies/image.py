"""Images: PNG and JPEG on all sides of the limits, and what the service does not take."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Final

from hypothesis import strategies as st
from hypothesis.strategies import DrawFn, SearchStrategy

from preflight.limits import DEFAULT_PROFILE, ImageLimits, Limits
from preflight.testing.corrupt import Truncate
from preflight.testing.recipes.interface import Recipe
from preflight.testing.recipes.padding import Padded
from preflight.testing.recipes.png import Vast
from preflight.testing.recipes.still import Still
from preflight.testing.recipes.written import Corrupted, Written
from preflight.testing.strategies.interface import Drawn
from preflight.testing.strategies.wishes import Breakable, Breaks, Codes, pick, spread
from preflight.testing.truth import ImageTruth, foreseen

_LOW, _LARGE, _VAST = "image_resolution_too_low", "image_filesize_too_large", "image_pixels_too_many"
_FOREIGN, _BROKEN, _EMPTY = "unsupported_file_type", "image_file_broken", "file_empty"

_LARGER: Final = 400
"""Pixels that a side has more than the least, at most: what is larger only takes longer."""
_RARELY: Final = (False,) * 15 + (True,)


@dataclass(frozen=True, kw_only=True)
class _Format:
    suffix: str
    name: str
    """Pillow's."""
    modes: tuple[str, ...] = ("RGB", "L")
    may_move: bool = False
    """Or hold several pages."""
    has_exif: bool = False


_TAKEN: Final = (
    _Format(
        suffix=".png",
        name="PNG",
        modes=("RGB", "RGBA", "L", "P", "1", "LA", "I;16"),
        may_move=True,
        has_exif=True,
    ),
    _Format(suffix=".jpg", name="JPEG", modes=("RGB", "L", "CMYK"), has_exif=True),
)
_OTHERS: Final = (
    _Format(suffix=".webp", name="WEBP", modes=("RGB",), may_move=True, has_exif=True),
    _Format(suffix=".gif", name="GIF", modes=("P", "L"), may_move=True),
    _Format(suffix=".tif", name="TIFF", modes=("RGB", "L", "RGBA"), may_move=True),
    _Format(suffix=".bmp", name="BMP"),
    _Format(suffix=".avif", name="AVIF", modes=("RGB",)),
)


def images(*, fits: bool | None = None, breaks: Breaks = None, profile: str = DEFAULT_PROFILE) -> SearchStrategy[Drawn]:
    """Small images on all sides of the limits: PNG and JPEG and others, sizes, EXIF orientations, modes, frames.

        @given(images(breaks="image_resolution_too_low"))
        def test_scales_icons_up(icon):
            assert upload(icon.path).ok

    `fits`: True gives what passes `preflight.check` as it is (its verdict is "pass"; it may still be warned of), False
    what breaks a limit or two, None either. `breaks`: the codes of exactly the errors that are found. `profile` names
    the limits. What is drawn is a picture with a `truth`, even if it breaks a limit: what is none any more (an empty
    file, one without its end) comes only where its code is asked for.

    The simplest, which failing examples shrink to, is an RGB PNG of the smallest legal size; below it, the one next to
    it.

    Raises UsageError for a code that no image breaks under that profile, with those that some do, and
    MissingExtraError where the `testing` extra is not installed.
    """
    limits = foreseen(profile)
    return breakable(limits).wanted(fits, breaks).flatmap(lambda codes: of(limits, codes))


@cache
def breakable(limits: Limits) -> Breakable:  # noqa: ARG001 (all profiles have the same codes for images)
    return Breakable(
        kind="image",
        codes=(_LOW, _FOREIGN, _LARGE, _VAST, _BROKEN, _EMPTY),
        alone=frozenset({_VAST, _EMPTY}),
        clashes=(
            frozenset({_LARGE, _FOREIGN}),  # only what is taken is grown
            frozenset({_BROKEN, _FOREIGN}),  # and broken off
            frozenset({_BROKEN, _LARGE}),
        ),
        gone=frozenset({_BROKEN, _EMPTY}),
    )


@st.composite
def of(draw: DrawFn, limits: Limits, codes: Codes) -> Drawn:
    """That breaks these and no others."""
    look = draw(_looks(limits.image, codes))
    if _EMPTY in codes:
        recipe: Recipe = Written(suffix=".png", data=b"")
        truth, what = None, "an empty file"
    elif _VAST in codes:
        recipe, truth = draw(_vast(limits.image))
        what = _described(truth, "1")
    else:
        recipe, truth, what = look.made(codes)
    return Drawn(recipe=recipe, truth=truth, stem="image", what=what, profile=limits.profile, breaks=codes)


@st.composite
def _vast(draw: DrawFn, limits: ImageLimits) -> tuple[Recipe, ImageTruth]:
    """The simplest is square."""
    square = int(limits.max_pixels.value**0.5) + 1
    width = square - draw(spread(0, square - limits.min_side.value))
    height = limits.max_pixels.value // width + 1
    return Vast(width=width, height=height), ImageTruth(format="PNG", width=width, height=height)


@dataclass(frozen=True, kw_only=True)
class _Look:
    """All that there is to choose, for all formats: see `pick`."""

    format: _Format
    width: int
    height: int
    mode: str
    orientation: int
    frames: int
    size_bytes: int | None
    """What the file is grown to."""
    lost_bytes: int
    """At the end."""

    def made(self, codes: Codes) -> tuple[Recipe, ImageTruth | None, str]:
        """And what it is, in words."""
        made = self.format
        truth = ImageTruth(
            format=made.name,
            width=self.width,
            height=self.height,
            orientation=self.orientation if made.has_exif else 1,
            frames=self.frames if made.may_move and _BROKEN not in codes else 1,
        )
        recipe = Still(
            suffix=made.suffix,
            width=self.width,
            height=self.height,
            mode=self.mode,
            exif_orientation=truth.orientation if truth.orientation > 1 else None,
            frames=truth.frames,
        )
        what = _described(truth, self.mode)
        if _BROKEN in codes:
            cut = Corrupted(suffix=made.suffix, of=recipe, by=Truncate(keep=-self.lost_bytes))
            return cut, None, f"{what}, without its last {self.lost_bytes} bytes"
        if self.size_bytes is None:
            return recipe, truth, what
        grown = Padded(suffix=made.suffix, of=recipe, size_bytes=self.size_bytes)
        return grown, truth, f"{what}, grown to {self.size_bytes:,} bytes"


@st.composite
def _looks(draw: DrawFn, limits: ImageLimits, codes: Codes) -> _Look:
    made = draw(pick(_OTHERS if _FOREIGN in codes else _TAKEN))
    width, height = draw(_sizes(limits, is_low=_LOW in codes))
    most = limits.max_file_bytes.value
    larger, is_full = draw(spread(0, most // 10)), draw(pick(_RARELY))
    full = most if is_full and _FOREIGN not in codes else None
    return _Look(
        format=made,
        width=width,
        height=height,
        mode=draw(pick(made.modes)),
        orientation=draw(pick(range(1, 9))),
        frames=draw(pick((1, 1, 2, 3))),
        size_bytes=most + 1 + larger if _LARGE in codes else full,
        lost_bytes=draw(st.integers(1, 20)),
    )


@st.composite
def _sizes(draw: DrawFn, limits: ImageLimits, *, is_low: bool) -> tuple[int, int]:
    """Width and height. Where they are too low, one side is, or both are."""
    least = limits.min_side.value
    width, height = (least + draw(spread(0, _LARGER)) for _ in range(2))
    if not is_low:
        return width, height
    lower_width, lower_height = (least - 1 - draw(spread(0, least - 2)) for _ in range(2))
    return draw(pick(((lower_width, height), (width, lower_height), (lower_width, lower_height))))


def _described(truth: ImageTruth, mode: str) -> str:
    said = (
        f"{truth.format} {mode} {truth.width}x{truth.height}",
        f"EXIF orientation {truth.orientation}" if truth.orientation > 1 else "",
        f"{truth.frames} frames" if truth.frames > 1 else "",
    )
    return ", ".join(word for word in said if word)
