"""What a video that is encoded anyway is made into: how large, how many frames, with which repairs."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import pytest

from preflight.limits import load
from preflight.planner import EncodeVideo, Plan, Policy
from preflight.planner.timed import plan_encoding
from preflight.rules import check_facts
from tests.planner.test_geometry import FACTS

LIMITS = load("marengo3.0")


def planned(policy: Policy | None = None, **facts: object) -> Plan:
    known = replace(FACTS, **facts)
    return plan_encoding(check_facts("a", known, LIMITS), known, LIMITS, policy or Policy())


def recipe(policy: Policy | None = None, **facts: object) -> EncodeVideo:
    made = planned(policy, **facts).recipe
    assert isinstance(made, EncodeVideo)
    return made


@pytest.mark.parametrize(
    ("size", "policy", "out"),
    [
        ((1920, 1080), Policy(), (1280, 720)),
        ((1080, 1920), Policy(), (720, 1280)),
        ((3840, 1600), Policy(), (1728, 720)),
        ((1920, 1080), Policy(max_short_side=None), (1920, 1080)),
        ((1920, 1080), Policy(max_short_side=100), (640, 360)),
        ((640, 480), Policy(), (640, 480)),
    ],
)
def test_the_shorter_side_is_at_most_what_the_policy_says(size, policy, out):
    made = recipe(policy, width=size[0], height=size[1]).geometry
    assert (made.width, made.height) == out


@pytest.mark.parametrize(
    ("rate", "most", "kept"),
    [
        (Fraction(25), 30.0, None),
        (Fraction(30_000, 1_001), 30.0, None),
        (Fraction(301, 10), 30.0, None),
        (Fraction(60), 30.0, Fraction(30)),
        (Fraction(60_000, 1_001), 30.0, Fraction(30_000, 1_001)),
        (Fraction(50), 30.0, Fraction(25)),
        (Fraction(120), 30.0, Fraction(30)),
        (Fraction(40), 30.0, Fraction(30)),
        (Fraction(60), None, None),
        (None, 30.0, None),
    ],
)
def test_every_nth_frame_is_kept_where_that_is_nearly_as_many_as_allowed(rate, most, kept):
    assert recipe(Policy(max_frame_rate=most), frame_rate=rate).frame_rate == kept


def test_steps_say_what_is_done():
    plan = planned(
        width=3840, height=2160, frame_rate=Fraction(60), color_transfer="arib-std-b67", interlaced=True, rotation=90
    )
    assert plan.steps == (
        "decode",
        "keep 30 of 60 frames a second",
        "deinterlace",
        "turn 90 degrees clockwise",
        "scale 2160x3840 to 720x1280",
        "tone-map HLG to BT.709",
        "encode H.264 in mp4",
    )


@pytest.mark.parametrize(
    ("interlaced", "codec", "how"),
    [(True, "mpeg2video", "all"), (False, "h264", None), (None, "h264", "marked"), (None, "vp9", None)],
)
def test_what_no_header_says_each_frame_is_asked(interlaced, codec, how):
    assert recipe(interlaced=interlaced, video_codec=codec).deinterlace == how
