"""A request of several parts: each is fitted on its own, and made smaller where all of them are too much."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Protocol

from msgspec.structs import replace as replace_struct

from preflight.errors import RejectedError
from preflight.inputs import parts_of
from preflight.limits import Limits
from preflight.media import Kind, MultiInput, RequestFacts, Source, Text, TextImage
from preflight.payload import Payload, payload_of_parts
from preflight.planner import Plan, SplitText
from preflight.planner.request import fair_share, plan_request, steps_of_truncating
from preflight.rules import Finding, Report, part_name
from preflight.rules.mixed import bytes_for_media
from preflight.transformers import Verified


class Fitter(Protocol):
    """What fits one part."""

    def check(self, source: Source | Text, *, kind: Kind | None = None) -> Report: ...
    def plan(self, source: Source | Text, *, kind: Kind | None = None) -> Plan: ...
    def verified(self, source: Source | Text, report: Report) -> Iterator[Verified]: ...


FitterBy = Callable[[Limits], Fitter]


def plan_parts(request: TextImage | MultiInput, report: Report, limits: Limits, fitter_by: FitterBy) -> Plan:
    """Raises RejectedError, also where a part would have to become several."""
    facts = _facts(report)
    fitter = fitter_by(_narrowed(limits, facts, [part.size_bytes or 0 for part in facts.parts]) or limits)
    parts: dict[str, Plan] = {}
    for name, source, kind in _named(request, facts):
        with _said_of(report, name):
            parts[name] = plan = fitter.plan(source, kind=kind)
            if len(plan.outputs) > 1:
                raise RejectedError(source.name, fitter.check(source, kind=kind).errors)
    if (text := parts.get("text")) is not None and request.text is not None and isinstance(text.recipe, SplitText):
        lost = steps_of_truncating(facts, request.text[: text.recipe.chunks[0].end])
        parts["text"] = replace(text, steps=(*text.steps, *lost))
    return plan_request(report, limits, parts)


def payload_of_request(request: TextImage | MultiInput, report: Report, limits: Limits, fitter_by: FitterBy) -> Payload:
    """One body. Raises RejectedError."""
    facts = _facts(report)
    fitted = _fitted(request, report, fitter_by(limits))
    sizes = [part.media.size_bytes for name, part in fitted.items() if name != "text"]
    if (narrowed := _narrowed(limits, facts, sizes)) is not None:
        fitted = _fitted(request, report, fitter_by(narrowed))
    if (text := fitted.get("text")) is not None:
        lost = steps_of_truncating(facts, text.output.media.read().decode())
        fitted["text"] = replace(text, output=replace(text.output, steps=(*text.output.steps, *lost)))
    return payload_of_parts(request, limits, fitted)


def _facts(report: Report) -> RequestFacts:
    if report.verdict == "rejected":
        raise RejectedError(report.source, report.errors)
    assert isinstance(report.facts, RequestFacts)
    return report.facts


def _fitted(request: TextImage | MultiInput, report: Report, fitter: Fitter) -> dict[str, Verified]:
    fitted: dict[str, Verified] = {}
    for name, source, kind in _named(request, _facts(report)):
        with _said_of(report, name):
            checked = fitter.check(source, kind=kind)
            made = fitter.verified(source, checked)
            fitted[name] = next(made)
            if next(made, None) is not None:
                raise RejectedError(source.name, checked.errors)
    return fitted


def _narrowed(limits: Limits, facts: RequestFacts, sizes: list[int]) -> Limits | None:
    """With images of at most so many bytes that all of those sizes fit together; None where they do."""
    budget = bytes_for_media(facts, limits)
    share = fair_share(sizes, budget) if budget is not None else None
    if share is None:
        return None
    most = replace_struct(limits.image.max_file_bytes, value=min(share, limits.image.max_file_bytes.value))
    return replace_struct(limits, image=replace_struct(limits.image, max_file_bytes=most))


def _named(request: TextImage | MultiInput, facts: RequestFacts) -> Iterator[tuple[str, Source | Text, Kind | None]]:
    """What is to be fitted, by its name in findings, and what it is to be read as."""
    for index, (source, kind) in enumerate(parts_of(request)):
        yield part_name(facts.kind, index), source, kind
    if request.text is not None:
        yield "text", Text(request.text), None


@contextmanager
def _said_of(report: Report, name: str) -> Iterator[None]:
    """What is wrong with a part is said of the request."""
    try:
        yield
    except RejectedError as error:
        findings = [replace(f, part=name) for f in error.findings if isinstance(f, Finding)]
        raise RejectedError(report.source, findings) from error
