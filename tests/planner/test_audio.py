"""Which container sound is encoded into, and at what rate."""

from __future__ import annotations

from dataclasses import replace

import pytest

from preflight.limits import load
from preflight.media import Fidelity
from preflight.planner import EncodeAudio, Policy, StripTags
from preflight.planner.timed import plan_timed
from preflight.probers.units import Unit
from preflight.rules import check_facts, examples

LIMITS = load("marengo3.0")


def plan(policy: Policy | None = None, **facts: object):
    audio = replace(examples.audio(container="ogg", codec="vorbis"), **facts)
    report = check_facts("a", audio, LIMITS)
    return plan_timed(report, audio, None, LIMITS, policy or Policy())


CD = {"sample_rate": 44_100, "channels": 2}


@pytest.mark.parametrize(
    ("prefer", "seconds", "container", "requests"),
    [
        ("fidelity", 100.0, "wav", 1),
        ("fidelity", 550.0, "flac", 3),  # as WAV four
        ("requests", 100.0, "wav", 1),
        ("requests", 160.0, "flac", 1),  # as WAV two
        ("requests", 550.0, "mp3", 1),
    ],
)
def test_auto_saves_requests(prefer, seconds, container, requests):
    made = plan(Policy(prefer=prefer), duration_s=seconds, **CD)
    assert isinstance(made.recipe, EncodeAudio)
    assert (made.recipe.container, len(made.outputs)) == (container, requests)


@pytest.mark.parametrize(
    ("rate", "channels", "made_rate", "bit_rate"),
    [
        (44_100, 2, 44_100, 192_000),
        (96_000, 6, 48_000, 192_000),
        (37_800, 1, 44_100, 128_000),
        (16_000, 1, 16_000, 96_000),
        (8_000, 2, 8_000, 64_000),
        (10, 1, 8_000, 48_000),
    ],
)
def test_mp3_has_a_rate_that_mp3_knows(rate, channels, made_rate, bit_rate):
    recipe = plan(Policy(audio="mp3"), sample_rate=rate, channels=channels).recipe
    assert recipe == EncodeAudio(container="mp3", sample_rate=made_rate, channels=min(channels, 2), bit_rate=bit_rate)


@pytest.mark.parametrize(("rate", "made"), [(384_000, 384_000), (705_600, 352_800), (2_822_400, 352_800)])
def test_a_rate_beyond_sound_is_divided(rate, made):
    assert plan(sample_rate=rate, channels=1).recipe.sample_rate == made


class TestTags:
    def plan(self, policy: Policy, *, size: int, tags: int | None, container: str = "mp3"):
        audio = replace(examples.audio(container=container, codec=container), size_bytes=size, tag_bytes=tags)
        return plan_timed(check_facts("a", audio, LIMITS), audio, None, LIMITS, policy)

    def test_that_alone_are_too_large_are_removed(self):
        made = self.plan(Policy(), size=30_000_000, tags=3_000_000)
        assert (made.recipe, made.fidelity) == (StripTags(), Fidelity.LOSSLESS)
        assert made.outputs[0].media_bytes == 27_000_000

    def test_that_are_not_enough_are_not(self):
        assert not isinstance(self.plan(Policy(), size=30_000_000, tags=2_999_999).recipe, StripTags)

    @pytest.mark.parametrize(("strip", "tags", "stripped"), [(True, 1, True), (True, 0, False), (False, 1, False)])
    def test_of_what_fits_only_on_request(self, strip, tags, stripped):
        made = self.plan(Policy(strip_metadata=strip), size=1_000_000, tags=tags)
        assert isinstance(made.recipe, StripTags) == stripped
        assert made.fidelity is (Fidelity.LOSSLESS if stripped else Fidelity.IDENTICAL)


@pytest.mark.parametrize(("prefer", "fidelity"), [("fidelity", Fidelity.LOSSLESS), ("requests", Fidelity.TRANSCODED)])
def test_fewer_requests_are_worth_a_loss_to_who_says_so(prefer, fidelity):
    """Ten minutes of CD sound: four clips of WAV, one of MP3."""
    size = 590 * 44_100 * 4
    audio = replace(examples.audio(), duration_s=590.0, claimed_duration_s=590.0, size_bytes=size, **CD)
    units = [Unit(i * 1.0, 1.0, 44_100 * 4, 1) for i in range(590)]
    made = plan_timed(check_facts("a", audio, LIMITS), audio, units, LIMITS, Policy(prefer=prefer))
    assert made.fidelity is fidelity
    assert len(made.outputs) == (4 if prefer == "fidelity" else 1)
