"""Any picture ends inside the limits, even, and not stretched."""

from __future__ import annotations

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from preflight.limits import load, names
from preflight.planner.geometry import fit_picture

PROFILES = [load(name).video for name in names()]

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
