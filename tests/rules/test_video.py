"""Video: 360x360 to 5184x2160, at most 2.4 times as long as short (CONTRACT 1.5 and 11), as coded and as displayed."""

from __future__ import annotations

from fractions import Fraction

import pytest

from preflight.rules import examples
from tests.rules.asking import BOTH, NEWEST, STRICT, codes, findings, mendable

LOW, HIGH, RATIO = "video_resolution_too_low", "video_resolution_too_high", "video_resolution_invalid_aspect_ratio"


@pytest.mark.parametrize("profile", BOTH)
@pytest.mark.parametrize(
    ("width", "height", "expected"),
    [
        (360, 360, []),
        (361, 361, []),
        (359, 360, [LOW]),
        (360, 359, [LOW]),
        (320, 180, [LOW]),  # seen refused by the service
        (854, 480, []),  # seen accepted
        (5183, 2160, []),
        (5184, 2160, []),
        (5185, 2161, [HIGH]),
        (5185, 2160, [HIGH, RATIO]),
        (5184, 2161, [HIGH]),
        (2161, 2161, [HIGH]),
        (2160, 2160, []),
        # 2.4:1 and the nearest ratio beyond it that a legal picture can have.
        (1440, 600, []),
        (1441, 600, [RATIO]),
        (5177, 2157, [RATIO]),
        (600, 1440, []),
        (600, 1441, [RATIO]),
        (0, 720, [LOW, RATIO]),
        (1280, 0, [LOW, RATIO]),
        (0, 0, [LOW]),
    ],
)
def test_sides(width, height, expected, profile):
    assert codes(examples.video(width=width, height=height), profile) == expected


@pytest.mark.parametrize(
    ("width", "height", "strict", "newest"),
    [
        (2160, 2160, [], []),
        (2160, 2161, [HIGH], []),
        (2160, 3840, [HIGH], []),  # a phone's
        (2160, 5184, [HIGH], []),
        (2160, 5185, [HIGH, RATIO], [HIGH, RATIO]),
        (2161, 3840, [HIGH], [HIGH]),
        (900, 2160, [], []),
    ],
)
def test_the_box_turns_with_a_portrait_in_the_newest_reading_alone(width, height, strict, newest):
    facts = examples.video(width=width, height=height)
    assert codes(facts, STRICT) == strict
    assert codes(facts, NEWEST) == newest


@pytest.mark.parametrize(
    ("facts", "strict", "newest"),
    [
        # Turned by its rotation: what is displayed is a portrait.
        (examples.video(width=1280, height=720, rotation=90), [], []),
        (examples.video(width=3840, height=2160, rotation=90), [HIGH], []),
        (examples.video(width=3840, height=2160, rotation=270), [HIGH], []),
        (examples.video(width=3840, height=2160, rotation=180), [], []),
        # Coded as a portrait, displayed as a landscape: the coded picture counts, too.
        (examples.video(width=2160, height=3840, rotation=90), [HIGH], []),
        # Pixels that are not square: the displayed picture breaks what the coded one keeps.
        (examples.video(width=718, height=576, sample_aspect_ratio=Fraction(1, 2)), [LOW], [LOW]),
        (examples.video(width=720, height=576, sample_aspect_ratio=Fraction(1, 2)), [], []),
        (examples.video(width=4000, height=2160, sample_aspect_ratio=Fraction(162, 125)), [], []),
        (examples.video(width=4000, height=2161, sample_aspect_ratio=Fraction(162, 125)), [HIGH], [HIGH]),
        (examples.video(width=4001, height=2160, sample_aspect_ratio=Fraction(162, 125)), [HIGH, RATIO], [HIGH, RATIO]),
        (examples.video(width=720, height=600, sample_aspect_ratio=Fraction(2)), [], []),
        (examples.video(width=721, height=600, sample_aspect_ratio=Fraction(2)), [RATIO], [RATIO]),
        # Or the other way round: the coded picture breaks what the displayed one keeps.
        (examples.video(width=352, height=576, sample_aspect_ratio=Fraction(2)), [LOW], [LOW]),
        (examples.video(width=2000, height=800, sample_aspect_ratio=Fraction(1, 2)), [RATIO], [RATIO]),
    ],
)
def test_both_the_coded_and_the_displayed_picture_are_held_against_the_box(facts, strict, newest):
    assert codes(facts, STRICT) == strict
    assert codes(facts, NEWEST) == newest


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        (examples.video(starts_with_keyframe=True), []),
        (examples.video(starts_with_keyframe=None), []),
        (examples.video(starts_with_keyframe=False), ["video_starts_without_keyframe"]),
        (examples.video(has_timestamps=False), ["video_without_timestamps"]),
        (examples.video(duration_s=None, claimed_duration_s=None), ["video_without_timestamps"]),
        (examples.video(has_timestamps=False, duration_s=None), ["video_without_timestamps"]),
        (examples.video(claimed_duration_s=None), []),
    ],
)
def test_whether_it_can_be_decoded_and_timed(facts, expected):
    assert codes(facts) == expected


TOO_LOW = "The video is {} pixels, both sides need 360. `preflight prepare` scales it up."
TOO_HIGH = "The video is {} pixels, the limit is {}. `preflight prepare` scales it down."
TOO_LONG = "The video is {} pixels, a ratio of {}; the limit is 2.4. `preflight prepare` pads it."


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        (
            examples.video(width=640, height=359),
            mendable(LOW, TOO_LOW.format("640x359"), measured="640x359", limit="360x360"),
        ),
        (
            examples.video(width=352, height=576, sample_aspect_ratio=Fraction(12, 11), rotation=90),
            mendable(
                LOW,
                TOO_LOW.format("576x384 (coded 352x576)"),
                measured="576x384 (coded 352x576)",
                limit="360x360",
            ),
        ),
        (
            examples.video(width=7680, height=4320),
            mendable(HIGH, TOO_HIGH.format("7680x4320", "5184x2160"), measured="7680x4320", limit="5184x2160"),
        ),
        (
            examples.video(width=3840, height=2160, rotation=90),
            mendable(
                HIGH,
                TOO_HIGH.format("2160x3840 (coded 3840x2160)", "5184x2160"),
                measured="2160x3840 (coded 3840x2160)",
                limit="5184x2160",
            ),
        ),
        (
            examples.video(width=1536, height=480),
            mendable(RATIO, TOO_LONG.format("1536x480", "3.200"), measured=3.2, limit=2.4),
        ),
        (
            examples.video(width=600, height=1441),
            mendable(RATIO, TOO_LONG.format("600x1441", "2.402"), measured=2.4017, limit=2.4),
        ),
        (  # with three decimals, the ratio would read as the limit
            examples.video(width=977, height=407),
            mendable(RATIO, TOO_LONG.format("977x407", "2.4005"), measured=2.4005, limit=2.4),
        ),
        (
            examples.video(width=5177, height=2157),
            mendable(RATIO, TOO_LONG.format("5177x2157", "2.4001"), measured=2.4001, limit=2.4),
        ),
        (  # of the coded and the displayed ratio, the worse is said
            examples.video(width=5177, height=1000, sample_aspect_ratio=Fraction(1, 2)),
            mendable(
                RATIO,
                TOO_LONG.format("2588x1000 (coded 5177x1000)", "5.177"),
                measured=5.177,
                limit=2.4,
            ),
        ),
        (
            examples.video(starts_with_keyframe=False),
            mendable(
                "video_starts_without_keyframe",
                "The video's first packet is no keyframe: nobody can decode what stands before the first one. "
                "`preflight prepare` leaves that out.",
            ),
        ),
        (
            examples.video(has_timestamps=False),
            mendable(
                "video_without_timestamps",
                "The video has no timestamps. `preflight prepare` gives it some, at its nominal frame rate.",
            ),
        ),
    ],
    ids=lambda value: getattr(value, "code", ""),
)
def test_what_is_said(facts, expected):
    assert findings(facts) == (expected,)


def test_the_box_that_is_named_is_the_one_that_the_picture_is_held_against():
    portrait = examples.video(width=4320, height=7680)
    assert [(f.code, f.limit) for f in findings(portrait, STRICT)] == [(HIGH, "5184x2160")]
    assert [(f.code, f.limit) for f in findings(portrait, NEWEST)] == [(HIGH, "2160x5184")]
    assert "the limit is 2160x5184." in findings(portrait, NEWEST)[0].message


def test_a_ratio_that_breaks_the_limit_never_reads_as_the_limit():
    too_high, ratio = findings(examples.video(width=19205, height=8002))
    assert (too_high.code, ratio.code) == (HIGH, RATIO)
    assert ratio.measured == 2.40002
    assert "a ratio of 2.40002; the limit is 2.4." in ratio.message


def test_of_a_side_without_a_pixel_the_ratio_is_that_of_one():
    assert [(f.code, f.measured) for f in findings(examples.video(width=1280, height=0))] == [
        (LOW, "1280x0"),
        (RATIO, 1280),
    ]
