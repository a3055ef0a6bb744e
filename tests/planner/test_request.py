"""The plan of a request is what its parts need."""

from __future__ import annotations

from dataclasses import replace

from preflight.limits import load
from preflight.media import Fidelity
from preflight.planner.interface import FitParts, Plan, PlannedOutput, SendAsIs
from preflight.planner.request import plan_request
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
REPORT = check_facts("look", examples.multi_input(("a", "b"), ()), load("marengo3.0"))


def test_only_what_is_changed_is_told_by_the_name_of_its_part() -> None:
    plan = plan_request(REPORT, {"media_sources[0]": AS_IT_IS, "media_sources[1]": CHANGED, "text": AS_IT_IS})
    assert (plan.source, plan.input_type, plan.fidelity) == ("look", "multi_input", Fidelity.TRANSCODED)
    assert plan.why == ("media_sources[1]: It is too small.",)
    assert plan.steps == ("media_sources[1]: scale it",)
    assert plan.recipe == FitParts(parts=(AS_IT_IS, CHANGED, AS_IT_IS))
    assert plan.outputs == (PlannedOutput(span=None, media_bytes=200),)
    assert plan.predicted_s == 1.5


def test_what_nobody_knows_is_not_added_up() -> None:
    unknown = replace(CHANGED, outputs=(PlannedOutput(span=None, media_bytes=None),), predicted_s=None)
    plan = plan_request(REPORT, {"media_sources[0]": AS_IT_IS, "media_sources[1]": unknown})
    assert plan.outputs[0].media_bytes is None
    assert plan.predicted_s is None
