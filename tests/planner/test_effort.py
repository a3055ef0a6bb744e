"""How long the work takes, as a plan says: of the right size, and more where there is more to do."""

from __future__ import annotations

from dataclasses import replace

import pytest

from preflight.limits import load
from preflight.planner import Plan, Policy
from preflight.planner.effort import predict_s
from preflight.planner.timed import plan_encoding, plan_timed
from preflight.rules import check_facts, examples

LIMITS = load("marengo3.0")


def encoded(facts) -> Plan:
    return plan_encoding(check_facts("a", facts, LIMITS), facts, LIMITS, Policy())


def test_an_encode_takes_as_long_as_its_pixels():
    short, long = (examples.video(duration_s=s, claimed_duration_s=s) for s in (60.0, 120.0))
    one, two = predict_s(encoded(short), short, 1), predict_s(encoded(long), long, 1)
    assert two == pytest.approx(2 * one, rel=0.05)
    assert predict_s(encoded(long), long, 2) < 0.6 * two
    large = replace(short, width=2560, height=1440)
    assert predict_s(encoded(large), large, 1) > one
    # 720p at 25 frames a second on one core: neither a hundred times faster than real time nor a hundred times slower.
    assert 6 < one < 600


def test_to_send_is_less_than_to_encode():
    facts = examples.video()
    sent = plan_timed(check_facts("a", facts, LIMITS), facts, None, LIMITS, Policy())
    assert predict_s(sent, facts, 1) < 1 < predict_s(encoded(facts), facts, 1)


@pytest.mark.parametrize("container", ["wav", "flac", "mp3"])
def test_sound(container):
    facts = examples.audio(container="ogg", codec="opus", duration_s=300.0)
    plan = plan_encoding(check_facts("a", facts, LIMITS), facts, LIMITS, Policy(audio=container))
    assert 0.1 < predict_s(plan, facts, 2) < 60
