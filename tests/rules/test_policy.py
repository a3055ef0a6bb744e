"""What the policy does not allow."""

from __future__ import annotations

import itertools
from dataclasses import replace

import pytest

from preflight.limits import load
from preflight.media import Fidelity
from preflight.rules import PLAN_RULES, RULES, check_facts, examples, rule
from preflight.rules.policy import MAX_LOSS, STRIP_METADATA, TEXT

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


def applied(wanted, facts):
    return list(TEXT.applied(check_facts("a source", facts, load("marengo3.0")).findings, wanted))


@pytest.mark.parametrize(
    ("wanted", "fixable", "said"),
    [
        ("split", True, "`preflight prepare` cuts it at sentence ends."),
        ("truncate", True, "`preflight prepare` sends its beginning alone."),
        ("reject", False, "The policy (text=reject) lets nothing be cut: shorten it."),
    ],
)
def test_what_becomes_of_a_text_that_is_too_long(wanted, fixable, said):
    first, *others = applied(wanted, examples.text(tokens=501))
    assert (first.code, first.fixable) == ("token_limit_exceeded", fixable)
    assert first.message == f"The text has 501 tokens, the limit is 500. {said}"
    assert [(f.code, f.severity) for f in others] == ([("text_truncated", "warning")] if wanted == "truncate" else [])
    assert applied(wanted, examples.text(tokens=500)) == []


@pytest.mark.parametrize(("wanted", "fixable"), [("split", False), ("truncate", True), ("reject", False)])
def test_in_a_request_it_can_only_be_truncated(wanted, fixable):
    facts = replace(examples.multi_input(), text=examples.text(tokens=501))
    first, *others = applied(wanted, facts)
    assert (first.code, first.part, first.fixable) == ("token_limit_exceeded", "text", fixable)
    assert {f.part for f in others} <= {"text"}
