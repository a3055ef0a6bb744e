"""Any picture ends inside the limits, even, and not stretched."""

from __future__ import annotations

from dataclasses import astuple, replace
from fractions import Fraction

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from preflight.limits import load, profiles_taking
from preflight.planner import Policy
from preflight.planner.geometry import fit_picture
from preflight.planner.timed import plan_encoding
from preflight.rules import check_facts, examples

TAKING_VIDEO = profiles_taking("video")
PROFILES = [load(name).video for name in TAKING_VIDEO]

FACTS = replace(examples.video(), container="avi", video_codec="mpeg4", audio_codec=None, duration_s=10.0)
sides = st.one_of(st.integers(1, 16_384), st.integers(1, 400), st.sampled_from([360, 864, 2_160, 5_184, 16_384]))


def stretch(width: int, height: int, fitted_width: int, fitted_height: int) -> float:
    """By how much the picture's ratio has changed: 0.01 is one percent."""
    ratio = (fitted_width / fitted_height) / (width / height)
    return max(ratio, 1 / ratio) - 1


@settings(max_examples=1_500, deadline=None)
@given(width=sides, height=sides, limits=st.sampled_from(PROFILES), fit=st.sampled_from(["pad", "crop"]))
@example(width=1, height=16_384, limits=PROFILES[0], fit="pad")
@example(width=16_384, height=1, limits=PROFILES[0], fit="crop")
@example(width=16_384, height=100, limits=PROFILES[0], fit="pad")
@example(width=5_184, height=2_159, limits=PROFILES[0], fit="pad")
@example(width=361, height=866, limits=PROFILES[0], fit="crop")
def test_every_picture_ends_inside_the_limits_and_is_not_stretched(width, height, limits, fit):
    made = fit_picture(width, height, limits, fit)
    sizes = (made.scale_width, made.scale_height, made.crop_width, made.crop_height, made.width, made.height)
    assert all(size > 0 and size % 2 == 0 for size in sizes)
    most = limits.max_size(made.width, made.height)
    assert limits.min_side.value <= made.width <= most[0]
    assert limits.min_side.value <= made.height <= most[1]
    assert max(made.width / made.height, made.height / made.width) <= limits.max_aspect_ratio.value
    assert made.crop_width <= min(made.scale_width, made.width)
    assert made.crop_height <= min(made.scale_height, made.height)
    assert stretch(width, height, made.scale_width, made.scale_height) <= 0.01
    # A frame in the making must fit in memory.
    assert made.scale_width * made.scale_height <= 40_000_000
    if max(width, height) <= 400 * min(width, height) and fit == "pad":
        # Nothing is cut off but what rounding to even sizes takes.
        assert made.scale_width - made.crop_width <= 2
        assert made.scale_height - made.crop_height <= 2


@pytest.mark.parametrize(
    ("size", "fit", "scaled", "out"),
    [
        ((1280, 720), "pad", (1280, 720), (1280, 720)),
        ((240, 180), "pad", (480, 360), (480, 360)),
        ((1536, 480), "pad", (1536, 480), (1536, 640)),
        ((1536, 480), "crop", (1536, 480), (1152, 480)),
        ((480, 1536), "pad", (480, 1536), (640, 1536)),
        ((7680, 4320), "pad", (3840, 2160), (3840, 2160)),
        ((640, 360), "pad", (640, 360), (640, 360)),
        ((481, 363), "pad", (480, 364), (480, 364)),
        ((1, 1), "pad", (360, 360), (360, 360)),
    ],
)
def test_known_pictures(size, fit, scaled, out):
    made = fit_picture(*size, PROFILES[0], fit)
    assert (made.scale_width, made.scale_height) == scaled
    assert (made.width, made.height) == out


def test_a_portrait_maximum_turns_where_the_profile_says_so():
    strict, newest = (load(name).video for name in ("marengo3.0", "marengo3.0-2026-08"))
    assert fit_picture(2160, 3840, strict, "pad").height == 2160
    assert fit_picture(2160, 3840, newest, "pad").height == 3840


@settings(max_examples=1_500, deadline=None)
@given(
    width=sides,
    height=sides,
    limits=st.sampled_from(PROFILES),
    fit=st.sampled_from(["pad", "crop"]),
    bound=st.sampled_from([1, 240, 360, 480, 720, 1_080]),
)
@example(width=3_840, height=1_600, limits=PROFILES[0], fit="pad", bound=720)
@example(width=2_401, height=1_000, limits=PROFILES[0], fit="crop", bound=360)
def test_the_shorter_side_is_bounded_but_never_below_what_the_limits_ask_for(width, height, limits, fit, bound):
    made = fit_picture(width, height, limits, fit, max_short_side=bound)
    assert min(made.width, made.height) <= max(bound, limits.min_side.value) + 2
    most = limits.max_size(made.width, made.height)
    assert limits.min_side.value <= made.width <= most[0]
    assert limits.min_side.value <= made.height <= most[1]
    assert max(made.width / made.height, made.height / made.width) <= limits.max_aspect_ratio.value
    assert stretch(width, height, made.scale_width, made.scale_height) <= 0.01


# What an encoder writes (broadcast, anamorphic, halves), and what nobody does.
pixel_ratios = st.one_of(
    st.sampled_from([Fraction(*r) for r in ((1, 1), (4, 3), (16, 11), (12, 11), (8, 9), (32, 27), (1, 2), (2, 1))]),
    st.fractions(min_value=Fraction(1, 8), max_value=8, max_denominator=255),
    st.fractions(min_value=Fraction(1, 65_535), max_value=65_535, max_denominator=65_535),
)


@settings(max_examples=3_000, deadline=None)
@given(
    width=sides,
    height=sides,
    rotation=st.sampled_from([0, 90, 180, 270]),
    pixels=pixel_ratios,
    limits=st.sampled_from([load(name) for name in TAKING_VIDEO]),
    fit=st.sampled_from(["pad", "crop"]),
    bound=st.sampled_from([None, 2, 360, 720, 1_080]),
)
@example(width=101, height=100, rotation=0, pixels=Fraction(254, 255), limits=load(), fit="pad", bound=None)
@example(width=3, height=1, rotation=90, pixels=Fraction(1, 8), limits=load(), fit="pad", bound=720)
@example(width=1, height=16_384, rotation=0, pixels=Fraction(1, 8), limits=load(), fit="crop", bound=720)
@example(width=16_384, height=1, rotation=0, pixels=Fraction(65_535), limits=load(), fit="pad", bound=720)
@example(width=361, height=361, rotation=0, pixels=Fraction(868, 361), limits=load(), fit="crop", bound=360)
def test_any_rotation_and_pixel_aspect_is_fitted_as_displayed(width, height, rotation, pixels, limits, fit, bound):
    """Inside the limits and stretched by at most a hundredth, or rejected; without a floor under the size."""
    facts = replace(FACTS, width=width, height=height, rotation=rotation, sample_aspect_ratio=pixels)
    report = check_facts("a", facts, limits)
    shown = (width * pixels, Fraction(height))
    if rotation in (90, 270):
        shown = shown[::-1]
    if report.verdict == "rejected":
        assert max(shown) > 100_000 * min(shown)
        assert [f.code for f in report.errors if not f.fixable] == ["video_resolution_invalid_aspect_ratio"]
        return
    made = plan_encoding(report, facts, limits, Policy(fit=fit, max_short_side=bound)).recipe.geometry
    assert stretch(*map(float, shown), made.scale_width, made.scale_height) <= 0.01
    assert all(size > 0 and size % 2 == 0 for size in astuple(made))
    most = limits.video.max_size(made.width, made.height)
    assert limits.video.min_side.value <= made.width <= most[0]
    assert limits.video.min_side.value <= made.height <= most[1]
    assert max(made.width / made.height, made.height / made.width) <= limits.video.max_aspect_ratio.value
    assert made.crop_width <= min(made.scale_width, made.width)
    assert made.crop_height <= min(made.scale_height, made.height)
    # Cropped of wide pixels and without a bound, 24 times 2,160 rows; the frame in the making must fit in memory.
    assert made.scale_width * made.scale_height <= (112_000_000 if bound is None else 40_000_000)
