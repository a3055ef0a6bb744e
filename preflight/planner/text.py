"""Texts: sent whole, or cut at sentence ends."""

from __future__ import annotations

from preflight.limits import Limits
from preflight.media import Fidelity, TextFacts
from preflight.planner.interface import Plan, PlannedOutput, SendAsIs, SplitText
from preflight.rules import Report


def plan_text(report: Report, limits: Limits) -> Plan:
    """Of a report on a text that is not rejected."""
    facts = report.facts
    assert isinstance(facts, TextFacts)
    if report.verdict == "pass":
        return Plan(
            source=report.source,
            input_type="text",
            fidelity=Fidelity.IDENTICAL,
            recipe=SendAsIs(),
            why=("It fits every limit.",),
            steps=("send as it is",),
            outputs=(PlannedOutput(span=None, media_bytes=facts.size_bytes),),
        )
    most = limits.text.max_tokens.value
    return Plan(
        source=report.source,
        input_type="text",
        fidelity=Fidelity.LOSSLESS,
        recipe=SplitText(max_tokens=most),
        why=tuple(f.message for f in report.errors),
        steps=(f"cut at sentence ends into chunks of at most {most} tokens",),
        # As few as the tokens allow; that sentences end where they do may take one more.
        outputs=(PlannedOutput(span=None, media_bytes=None),) * -(-facts.tokens // most),
    )
