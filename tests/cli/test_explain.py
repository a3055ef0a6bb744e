"""`preflight explain CODE`."""

from __future__ import annotations

import inspect

import pytest

from preflight.rules import PLAN_RULES, RULES


def test_without_a_code_all_are_listed(preflight) -> None:
    ended = preflight("explain")
    assert ended.code == 0
    assert [line.split()[0] for line in ended.out.splitlines()] == [rule.code for rule in (*RULES, *PLAN_RULES)]
    assert all(len(line.split()) > 3 for line in ended.out.splitlines())


@pytest.mark.parametrize("rule", [*RULES, *PLAN_RULES], ids=lambda rule: rule.code)
def test_every_rule(preflight, rule) -> None:
    ended = preflight("explain", rule.code)
    assert (ended.code, ended.err) == (0, "")
    assert ended.out.startswith(f"{rule.code} ({rule.severity})\n")
    assert inspect.getdoc(rule) in ended.out
    for example in rule.accepted:
        assert f"  passes:    {example.what}\n" in ended.out
    for example in rule.refused:
        assert f"  does not:  {example.what}\n" in ended.out
    assert ended.out.endswith(f"\n{rule.docs}\n")


def test_an_unknown_code(preflight) -> None:
    ended = preflight("explain", "video_too_boring")
    assert (ended.code, ended.out) == (2, "")
    assert "video_resolution_too_low" in ended.err
