"""Requests of several parts: one request, each part fitted on its own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

from preflight.limits import Limits
from preflight.media import Fidelity, RequestFacts
from preflight.placeholders import placeholders_of
from preflight.planner.interface import FitParts, Plan, PlannedOutput
from preflight.rules import Report


class Done(Protocol):
    """What is to be done to a part, or was."""

    @property
    def fidelity(self) -> Fidelity: ...
    @property
    def steps(self) -> tuple[str, ...]: ...


def steps_of(parts: Mapping[str, Done]) -> tuple[str, ...]:
    """Of a request, each with the part that it is done to, by its name in findings."""
    changed = {name: part for name, part in parts.items() if part.fidelity is not Fidelity.IDENTICAL}
    return tuple(f"{name}: {step}" for name, part in changed.items() for step in part.steps)


def steps_of_truncating(facts: RequestFacts, kept: str) -> tuple[str, ...]:
    """Which images the text names no more where only so much of it is sent."""
    left = placeholders_of(kept).names
    lost = [f"<@{name}>" for name in facts.placeholders if name in facts.names and name not in left]
    return (f"leave out {', '.join(lost)}, which the text names no more",) if lost else ()


def plan_request(report: Report, limits: Limits, parts: Mapping[str, Plan]) -> Plan:
    """Of a report on a request that is not rejected, and a plan for each of its parts by its name in findings."""
    assert isinstance(report.facts, RequestFacts)
    changed = {name: plan for name, plan in parts.items() if plan.fidelity is not Fidelity.IDENTICAL}
    sizes = [output.media_bytes for name, plan in parts.items() if name != "text" for output in plan.outputs]
    times = [plan.predicted_s for plan in parts.values()]
    return Plan(
        source=report.source,
        input_type=limits.input_type(report.facts.kind),
        fidelity=max((plan.fidelity for plan in parts.values()), key=list(Fidelity).index),
        recipe=FitParts(parts=tuple(parts.values())),
        why=tuple(f"{name}: {why}" for name, plan in changed.items() for why in plan.why) or ("It fits every limit.",),
        steps=steps_of(parts) or ("send as it is",),
        outputs=(PlannedOutput(span=None, media_bytes=None if None in sizes else sum(filter(None, sizes))),),
        predicted_s=None if None in times else sum(filter(None, times)),
    )


def fair_share(sizes: Sequence[int], budget: int) -> int | None:
    """How many bytes of file each medium may have at most, for the base64 of all of them to fit the budget.

    As many as can be, so that the small ones stay as they are; None where all fit as they are.
    """
    left = budget
    for index, size in enumerate(sorted(sizes)):
        share = left // (len(sizes) - index) // 4 * 3
        if size > share:
            return share
        left -= -(-size // 3) * 4
    return None
