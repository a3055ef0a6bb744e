"""Facts x Limits → Findings: one small class a rule, all of them asked, every finding reported."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from preflight.errors import UsageError
from preflight.limits import Limits
from preflight.media import Facts, RequestFacts
from preflight.rules import (
    decoded,
    document,
    files,
    image,
    junk,
    location,
    mixed,
    policy,
    request,
    taken,
    text,
    timed,
    video,
)
from preflight.rules.interface import Example, Finding, Report, Rule, Severity, Verdict, part_name

__all__ = [
    "PLAN_RULES",
    "RULES",
    "Example",
    "Finding",
    "Report",
    "Rule",
    "Severity",
    "Verdict",
    "check_facts",
    "part_name",
    "rule",
]

RULES: tuple[Rule, ...] = (
    *taken.RULES,
    *files.RULES,
    *text.RULES,
    *image.RULES,
    *timed.RULES,
    *junk.RULES,
    *video.RULES,
    *location.RULES,
    *decoded.RULES,
    *document.RULES,
    *request.RULES,
    *mixed.RULES,
)


_OTHERS = tuple(each for each in RULES if each is not taken.INPUT_TYPE)

PLAN_RULES = policy.PLAN_RULES
"""What the policy does not allow: asked of plans and outputs, not of facts."""


def check_facts(source: str, facts: Facts, limits: Limits) -> Report:
    """Hold the facts of one input against every rule. Pure."""
    findings = tuple(_findings(facts, limits))
    return Report(source=source, profile=limits.profile, facts=facts, findings=findings)


def rule(code: str) -> Rule:
    """The rule of that code. Raises UsageError where there is none."""
    known = (*RULES, *PLAN_RULES)
    for candidate in known:
        if candidate.code == code:
            return candidate
    raise UsageError(f"there is no rule {code!r}. The rules are: {', '.join(r.code for r in known)}.")


def _findings(facts: Facts, limits: Limits) -> Iterator[Finding]:
    if (foreign := taken.INPUT_TYPE.check(facts, limits)) is not None:
        yield foreign  # of what is not taken there are no limits to be asked
        return
    for each in _OTHERS:
        yield from each.findings(facts, limits)
    if isinstance(facts, RequestFacts):
        yield from _findings_in_parts(facts, limits)


def _findings_in_parts(facts: RequestFacts, limits: Limits) -> Iterator[Finding]:
    if facts.text is not None:
        # One request with its image: nothing here may promise to cut it.
        for finding in _findings(facts.text, limits):
            message = finding.message.replace(text.CUT_IT, text.SHORTEN_IT)
            is_fixable = finding.fixable and finding.code != text.TOO_LONG
            yield replace(finding, part="text", fixable=is_fixable, message=message)
    for index, medium in enumerate(facts.parts):
        # What a source may be is the request's to say: `media_type_unsupported`.
        for finding in _findings(medium, limits) if limits.takes(medium.kind) else ():
            yield replace(mixed.as_part(finding, facts, index, limits), part=part_name(facts.kind, index))
