"""What the policy does not allow."""

from __future__ import annotations

import itertools

import pytest

from preflight.limits import load
from preflight.media import Fidelity
from preflight.rules import PLAN_RULES, RULES, rule
from preflight.rules.policy import MAX_LOSS, STRIP_METADATA

LADDER = [Fidelity.IDENTICAL, Fidelity.LOSSLESS, Fidelity.TRANSCODED]


@pytest.mark.parametrize(("needed", "allowed"), list(itertools.product(range(3), repeat=2)))
def test_no_more_than_is_allowed(needed, allowed):
    finding = MAX_LOSS.hold(LADDER[needed], LADDER[allowed], "It lasts too long.")
    assert (finding is None) == (needed <= allowed)
    if finding is not None:
        assert (finding.code, finding.severity, finding.fixable) == ("policy_max_loss", "error", False)
        assert (finding.measured, finding.limit) == (LADDER[needed].value, LADDER[allowed].value)
        assert "It lasts too long." in finding.message
        assert f"Allow max_loss={LADDER[needed].value}" in finding.message


@pytest.mark.parametrize("each", PLAN_RULES, ids=lambda r: r.code)
def test_asked_of_plans_and_not_of_facts(each):
    assert rule(each.code) is each
    assert each not in RULES
    for example in (*each.accepted, *each.refused):
        assert each.check(example.facts, load("marengo3.0")) is None


def test_metadata():
    for example in STRIP_METADATA.accepted:
        assert STRIP_METADATA.hold(example.facts) is None
    for example in STRIP_METADATA.refused:
        finding = STRIP_METADATA.hold(example.facts)
        assert finding is not None
        assert finding.code == "policy_strip_metadata"
