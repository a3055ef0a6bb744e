"""The plan of a request is what its parts need."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from preflight.limits import load
from preflight.media import Fidelity
from preflight.planner.interface import FitParts, Plan, PlannedOutput, SendAsIs
from preflight.planner.request import fair_share, plan_request, steps_of_truncating
from preflight.rules import check_facts, examples

AS_IT_IS = Plan(
    source="a",
    input_type="image",
    fidelity=Fidelity.IDENTICAL,
    recipe=SendAsIs(),
    why=("It fits every limit.",),
    steps=("send as it is",),
    outputs=(PlannedOutput(span=None, media_bytes=100),),
    predicted_s=0.5,
)
CHANGED = replace(AS_IT_IS, fidelity=Fidelity.TRANSCODED, why=("It is too small.",), steps=("scale it",))
STRICT = load("marengo3.0")
REPORT = check_facts("look", examples.multi_input(("a", "b"), ()), STRICT)


def test_only_what_is_changed_is_told_by_the_name_of_its_part() -> None:
    plan = plan_request(REPORT, STRICT, {"media_sources[0]": AS_IT_IS, "media_sources[1]": CHANGED, "text": AS_IT_IS})
    assert (plan.source, plan.input_type, plan.fidelity) == ("look", "multi_input", Fidelity.TRANSCODED)
    assert plan.why == ("media_sources[1]: It is too small.",)
    assert plan.steps == ("media_sources[1]: scale it",)
    assert plan.recipe == FitParts(parts=(AS_IT_IS, CHANGED, AS_IT_IS))
    assert plan.outputs == (PlannedOutput(span=None, media_bytes=200),)
    assert plan.predicted_s == 1.5


def test_what_nobody_knows_is_not_added_up() -> None:
    unknown = replace(CHANGED, outputs=(PlannedOutput(span=None, media_bytes=None),), predicted_s=None)
    plan = plan_request(REPORT, STRICT, {"media_sources[0]": AS_IT_IS, "media_sources[1]": unknown})
    assert plan.outputs[0].media_bytes is None
    assert plan.predicted_s is None


def test_names_that_a_truncated_text_leaves_out_are_told_where_they_are_of_images() -> None:
    facts = examples.multi_input(("a", "b", None, "c"), ("a", "b", "nobody"))
    assert steps_of_truncating(facts, "<@a> and <@b>") == ()
    assert steps_of_truncating(facts, "<@a> and <@b") == ("leave out <@b>, which the text names no more",)
    assert steps_of_truncating(facts, "") == ("leave out <@a>, <@b>, which the text names no more",)
    assert steps_of_truncating(examples.text_image(), "") == ()


def base64_length(size: int) -> int:
    return -(-size // 3) * 4


@given(sizes=st.lists(st.integers(1, 5_000_000), min_size=1, max_size=10), budget=st.integers(1_000, 40_000_000))
def test_each_medium_has_a_fair_share(sizes: list[int], budget: int) -> None:
    share = fair_share(sizes, budget)
    if share is None:
        assert sum(map(base64_length, sizes)) <= budget
        return
    assert sum(map(base64_length, sizes)) > budget
    assert sum(base64_length(min(size, share)) for size in sizes) <= budget
    more = [min(size, share + 3) for size in sizes]  # not one group of base64 is given away, but for the rounding
    assert sum(map(base64_length, more)) + 4 * len(sizes) > budget


def test_small_ones_stay_as_they_are() -> None:
    assert fair_share([3_000, 3_000], 8_000) is None
    assert fair_share([300, 90_000, 90_000], 80_400) == 30_000  # 400 for the small one, the rest for two
