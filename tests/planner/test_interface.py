"""What a policy can be: a value that means nothing is refused at once, with what to give instead."""

from __future__ import annotations

import math

import pytest

from preflight.errors import UsageError
from preflight.media import Fidelity
from preflight.planner import Policy


@pytest.mark.parametrize("value", [-1, -0.001, math.nan, math.inf, 300.5, 600, 1e9])
def test_an_overlap_is_at_most_half_of_the_longest_clip(value):
    with pytest.raises(UsageError, match=r"overlap_s is .*Give a number from 0 to 300\."):
        Policy(overlap_s=value)


@pytest.mark.parametrize("value", [-1, math.nan, math.inf, 601])
def test_no_clip_is_longer_than_ten_minutes(value):
    with pytest.raises(UsageError, match=r"min_clip_s is .*Give a number from 0 to 600\."):
        Policy(min_clip_s=value)


@pytest.mark.parametrize(
    ("field", "value"),
    [("max_short_side", 0), ("max_short_side", -2), ("max_frame_rate", 0), ("max_frame_rate", math.nan)],
)
def test_bounds_of_an_encode(field, value):
    with pytest.raises(UsageError, match=rf"{field} is .* or more\."):
        Policy(**{field: value})


@pytest.mark.parametrize("value", [1.5, 250.5, "5", None, True, math.nan])
def test_tokens_are_whole(value):
    with pytest.raises(UsageError, match=r"overlap_tokens is .*Give a whole number\."):
        Policy(overlap_tokens=value)


@pytest.mark.parametrize("name", ["cp1251x", "nonsense", "hex", "rot13", "mbcs", "", "a\0b", "undefined", 5])
def test_an_encoding_that_python_does_not_know(name):
    with pytest.raises(UsageError, match=r"encoding is .* Give a name that Python knows"):
        Policy(encoding=name)


@pytest.mark.parametrize("name", ["cp1252", "Windows-1252", "ascii", "utf-16", "utf-32-be", "iso2022_jp", "utf_8_sig"])
def test_one_that_it_knows(name):
    assert Policy(encoding=name).encoding == name


@pytest.mark.parametrize("field", ["prefer", "fit", "audio", "max_loss", "cut_at", "verify"])
def test_a_word_that_is_unknown(field):
    with pytest.raises(UsageError, match=rf"{field} is 'best'\. Choose one of: "):
        Policy(**{field: "best"})


def test_what_means_something():
    policy = Policy(max_loss="lossless", overlap_s=300, min_clip_s=0, max_short_side=None, max_frame_rate=None)
    assert policy.max_loss is Fidelity.LOSSLESS
    assert Policy() == Policy(max_loss=Fidelity.TRANSCODED, overlap_s=0)
