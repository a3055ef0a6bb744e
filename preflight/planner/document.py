"""Documents: sent as they are, or not at all."""

from __future__ import annotations

from preflight.media import DocumentFacts, Fidelity
from preflight.planner.interface import Plan, PlannedOutput, SendAsIs
from preflight.rules import Report


def plan_document(report: Report, facts: DocumentFacts) -> Plan:
    """Of a report on a document that is not rejected: nothing of a document is ever changed."""
    return Plan(
        source=report.source,
        input_type="multi_input",
        fidelity=Fidelity.IDENTICAL,
        recipe=SendAsIs(),
        why=("It fits every limit.",),
        steps=("send as it is",),
        outputs=(PlannedOutput(span=None, media_bytes=facts.size_bytes),),
    )
