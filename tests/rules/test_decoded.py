"""What decoding found, as findings: their numbers, and that nothing is said of what was not decoded."""

from __future__ import annotations

import pytest

from preflight.rules import decoded as rules
from preflight.rules import examples
from tests.rules.asking import codes, findings


@pytest.mark.parametrize("each", rules.RULES, ids=lambda r: r.code)
def test_nothing_is_said_of_what_was_not_decoded(each):
    assert each.code not in codes(examples.video()) + codes(examples.audio())


def test_both_kinds_of_damage_are_counted():
    (found,) = findings(examples.video(decoded=examples.decoded(damaged_pictures=3, damaged_sound=2)))
    assert (found.code, found.measured, found.fixable) == ("video_frames_damaged", 5, True)
    assert "3 pictures and 2 blocks of sound" in found.message


def test_the_first_of_two_ends_is_the_end():
    both = examples.decoded(picture_truncated_at_s=40.0, sound_truncated_at_s=39.5)
    (found,) = findings(examples.video(decoded=both))
    assert (found.code, found.measured) == ("video_truncated", 39.5)


@pytest.mark.parametrize(
    ("sound_s", "found"), [(59.5, []), (59.499, ["streams_length_differ"]), (60.6, ["streams_length_differ"])]
)
def test_half_a_second_apart_is_the_most(sound_s, found):
    assert codes(examples.video(decoded=examples.decoded(sound_s=sound_s))) == found


def test_black_is_not_called_frozen_too():
    assert codes(examples.video(decoded=examples.decoded(black=True, frozen=True))) == ["video_black"]


def test_of_what_was_given_up_only_that_is_said():
    given_up = examples.decoded(silent=True, black=True, sound_s=3.0, unfinished="it takes too long")
    (found,) = findings(examples.video(decoded=given_up))
    assert (found.code, found.severity, found.fixable) == ("decode_unfinished", "error", False)


def test_what_can_be_decoded_is_what_it_lasts():
    half = examples.decoded(picture_s=30.0, sound_s=30.0)
    (found,) = findings(examples.video(decoded=half))
    assert (found.code, found.measured, found.limit) == ("video_duration_mismatch", 30.0, 60.0)
