"""Texts: sent whole or cut."""

from __future__ import annotations

import pytest

from preflight.limits import load
from preflight.media import Fidelity, TextFacts
from preflight.planner.interface import Plan, SendAsIs, SplitText
from preflight.planner.text import plan_text
from preflight.rules import check_facts

LIMITS = load("marengo3.0")


def plan_of(tokens: int) -> Plan:
    facts = TextFacts(size_bytes=9000, encoding="utf-8", characters=9000, tokens=tokens, blank=False)
    return plan_text(check_facts("a.txt", facts, LIMITS), LIMITS)


def test_a_text_at_the_limit_is_sent_whole() -> None:
    plan = plan_of(500)
    assert plan.recipe == SendAsIs()
    assert plan.fidelity is Fidelity.IDENTICAL
    assert [o.media_bytes for o in plan.outputs] == [9000]


@pytest.mark.parametrize(("tokens", "requests"), [(501, 2), (1000, 2), (1001, 3), (250_000, 500)])
def test_a_longer_one_is_cut_into_as_few_as_its_tokens_allow(tokens: int, requests: int) -> None:
    plan = plan_of(tokens)
    assert plan.recipe == SplitText(max_tokens=500)
    assert plan.fidelity is Fidelity.LOSSLESS
    assert len(plan.outputs) == requests
    assert f"{tokens} tokens" in plan.why[0]
