"""Texts: sent whole, cut or cut off, and what is said of it."""

from __future__ import annotations

import pytest

from preflight.limits import load
from preflight.media import Fidelity
from preflight.planner.interface import Plan, Policy, SendAsIs, SplitText
from preflight.planner.text import plan_text
from preflight.probers.encoding import Decoded
from preflight.probers.text import facts_of_text
from preflight.probers.tokens import count_tokens
from preflight.rules import check_facts

LIMITS = load("marengo3.0")


def plan_of(text: str, policy: Policy | None = None, decoded: Decoded | None = None) -> Plan:
    report = check_facts("a.txt", facts_of_text(text, decoded=decoded), LIMITS)
    return plan_text(report, LIMITS, policy or Policy(), text)


def words(count: int) -> str:
    return " ".join(["word"] * count)


def test_a_text_at_the_limit_is_sent_whole() -> None:
    plan = plan_of(words(500))
    assert plan.recipe == SendAsIs()
    assert plan.fidelity is Fidelity.IDENTICAL
    assert [o.media_bytes for o in plan.outputs] == [5 * 500 - 1]


@pytest.mark.parametrize(("tokens", "requests"), [(501, 2), (900, 2), (1001, 3), (1499, 4)])
def test_a_longer_one_is_cut_and_all_of_it_is_predicted(tokens: int, requests: int) -> None:
    text = words(tokens)
    plan = plan_of(text)
    assert isinstance(plan.recipe, SplitText)
    assert plan.fidelity is Fidelity.LOSSLESS
    assert len(plan.outputs) == requests
    assert sum(o.media_bytes or 0 for o in plan.outputs) == len(text)
    assert plan.steps == ("cut where a word ends",)
    assert f"{tokens} tokens" in plan.why[0]


def test_truncated() -> None:
    plan = plan_of(words(900), Policy(text="truncate"))
    assert plan.fidelity is Fidelity.TRANSCODED
    assert isinstance(plan.recipe, SplitText)
    (chunk,) = plan.recipe.chunks
    assert plan.steps == ("cut where a word ends", f"leave out the {5 * 900 - 1 - chunk.end:,} characters behind it")


def test_overlap_is_said() -> None:
    plan = plan_of(words(900), Policy(overlap_tokens=50))
    assert plan.fidelity is Fidelity.LOSSLESS
    assert "repeat 245 characters of the chunk before" in plan.steps
    assert sum(o.media_bytes or 0 for o in plan.outputs) > 5 * 900


@pytest.mark.parametrize(
    ("decoded", "step"),
    [
        (Decoded(text="", encoding="koi8-r", source="detected", confidence=0.9), "decode koi8-r, encode as UTF-8"),
        (Decoded(text="", encoding="utf-16-le", source="mark"), "decode utf-16-le, encode as UTF-8"),
        (Decoded(text="", encoding="utf-8", source="mark"), "leave out the byte order mark"),
    ],
)
def test_what_is_sent_in_other_bytes_is_not_identical(decoded: Decoded, step: str) -> None:
    plan = plan_of("hello", decoded=decoded)
    assert (plan.fidelity, plan.steps) == (Fidelity.LOSSLESS, (step,))
    assert len(plan.why) == 1
    assert len(plan.outputs) == 1


def test_half_a_character_is_lost() -> None:
    plan = plan_of("What a day \ud83d")
    assert (plan.fidelity, plan.steps) == (Fidelity.TRANSCODED, ("replace lone surrogates by U+FFFD",))


def test_only_the_chunk_that_holds_it_is_changed() -> None:
    plan = plan_of("\ud83d " + words(900))
    assert isinstance(plan.recipe, SplitText)
    assert [chunk.fidelity for chunk in plan.recipe.chunks] == [Fidelity.TRANSCODED, Fidelity.LOSSLESS]


def test_as_few_requests_as_can_be() -> None:
    """Sentences of 260 tokens: two are too many for a chunk, and a chunk for each would be twice as many."""
    text = ("word, " * 129 + "end. ") * 40
    assert count_tokens(text) < 21 * 500
    assert len(plan_of(text, Policy(prefer="requests")).outputs) == 21


def test_white_space_that_is_left_out_is_lost() -> None:
    gap = "\n" * 400_000
    assert count_tokens(gap) > 1_000
    plan = plan_of(f"before.{gap}after")
    assert plan.fidelity is Fidelity.TRANSCODED
    assert isinstance(plan.recipe, SplitText)
    first, second = plan.recipe.chunks
    assert first.fidelity is Fidelity.LOSSLESS
    assert second.steps == ("leave out 400,000 characters of white space before it",)
    assert plan.why[1:] == ("White space that is too long for any request is left out: 400,000 characters.",)
    assert len(plan_of(f"before.{gap}").why) == 2


def test_what_truncating_leaves_out_is_no_white_space() -> None:
    assert len(plan_of(words(900), Policy(text="truncate")).why) == 1
