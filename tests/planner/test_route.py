"""Of all routes the one that changes an input least, then asks least."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from preflight.errors import UsageError
from preflight.limits import load, names
from preflight.media import Fidelity
from preflight.planner import Plan, PlannedOutput, SendAsIs
from preflight.planner.route import Offer, as_it_is, choose, others, routes
from preflight.rules import check_facts, examples

SYNC, TASK, ASSET = (load(name) for name in ("marengo3.0", "marengo3.0-async", "marengo3.0-asset"))
EVERY = (SYNC, TASK, ASSET)
LADDER = list(Fidelity)


def plan(fidelity: Fidelity, requests: int) -> Plan:
    return Plan(
        source="a",
        input_type="video",
        fidelity=fidelity,
        recipe=SendAsIs(),
        why=(),
        steps=(),
        outputs=(PlannedOutput(span=None, media_bytes=None),) * requests,
    )


def offer(limits, made: Plan | None, facts=None) -> Offer:
    return Offer(limits, check_facts("a", facts or examples.video(), limits), made)


plans = st.none() | st.builds(plan, st.sampled_from(LADDER), st.integers(1, 20))


@given(made=st.tuples(plans, plans, plans))
def test_no_other_route_changes_less(made: tuple[Plan | None, ...]) -> None:
    choice = choose([offer(limits, each) for limits, each in zip(EVERY, made, strict=True)])
    there = [each for each in made if each is not None]
    if not there:
        assert choice is None
        return
    chosen = choice.offer.plan
    assert all(LADDER.index(chosen.fidelity) <= LADDER.index(each.fidelity) for each in there)
    equals = [each for each in there if each.fidelity is chosen.fidelity]
    assert all(len(chosen.outputs) <= len(each.outputs) for each in equals)
    # Of those that are no worse in anything, the plainest.
    as_good = [
        limits
        for limits, each in zip(EVERY, made, strict=True)
        if each is not None and (each.fidelity, len(each.outputs)) == (chosen.fidelity, len(chosen.outputs))
    ]
    assert choice.offer.limits is as_good[0]
    assert choice.why.startswith(f"{choice.offer.limits.route}: {chosen.fidelity.value}, in ")
    assert all(each.route in choice.why for each in EVERY)


@given(
    duration_s=st.floats(0.1, 20_000),
    size_bytes=st.integers(1, 5_000_000_000),
    make=st.sampled_from([examples.video, examples.audio]),
)
def test_what_a_plainer_route_takes_as_it_is_goes_that_way(duration_s: float, size_bytes: int, make) -> None:
    facts = make(duration_s=duration_s, claimed_duration_s=duration_s, size_bytes=size_bytes)
    found = as_it_is([(limits, check_facts("a", facts, limits)) for limits in EVERY])
    inline = 27_000_000 if duration_s <= 600 else 0
    task = 36_000_000 if 4 <= duration_s <= 14_400 else 0
    asset = 4_000_000_000 if 4 <= duration_s <= 14_400 else 0
    routes_that_do = [limits for limits, most in zip(EVERY, (inline, task, asset), strict=True) if size_bytes <= most]
    assert found is (routes_that_do[0] if routes_that_do else None)


@pytest.mark.parametrize(
    ("duration_s", "size_bytes", "route"),
    [
        (60, 5_000_000, "sync"),
        (1_500, 5_000_000, "async"),  # a talk of few bits: inline, but longer than ten minutes
        (1_500, 400_000_000, "asset"),
        (60, 30_000_000, "async"),
        (60, 40_000_000, "asset"),
    ],
)
def test_where_known_media_go(duration_s: float, size_bytes: int, route: str) -> None:
    facts = examples.video(duration_s=duration_s, claimed_duration_s=duration_s, size_bytes=size_bytes)
    assert as_it_is([(limits, check_facts("a", facts, limits)) for limits in EVERY]).route == route


def test_routes_of_a_wish() -> None:
    assert routes(SYNC, "auto") == EVERY
    assert routes(SYNC, "sync") == (SYNC,)
    assert routes(SYNC, "async") == (TASK,)
    assert routes(SYNC, "asset") == (ASSET,)
    newest = load("marengo3.0-2026-08")
    assert routes(newest, "auto") == (newest, TASK, ASSET)


@pytest.mark.parametrize("profile", ["marengo3.5", "bedrock-marengo3.0", "marengo3.0-async", "marengo3.0-asset"])
def test_a_profile_without_another_route(profile: str) -> None:
    limits = load(profile)
    assert others(limits) == ()
    assert routes(limits, "sync") == routes(limits, "auto") == (limits,)
    wish = "asset" if limits.route == "async" else "async"
    with pytest.raises(UsageError, match=f"the profile {profile} has no route '{wish}'"):
        routes(limits, wish)


def test_every_other_route_is_to_the_same_model() -> None:
    for name in names():
        assert all(each.model_name == load(name).model_name for each in others(load(name)))
