"""How the tests of the rules ask: about facts, under a profile, and how they say what they expect."""

from __future__ import annotations

from functools import partial

from preflight.limits import load
from preflight.media import Facts
from preflight.rules import Finding, check_facts

STRICT, NEWEST = "marengo3.0", "marengo3.0-2026-08"
BOTH = (STRICT, NEWEST)

ERRORS_PAGE = "https://docs.twelvelabs.io/api-reference/error-codes"
LIMITS_PAGE = "https://docs.twelvelabs.io/docs/concepts/models/marengo"


def findings(facts: Facts, profile: str = STRICT) -> tuple[Finding, ...]:
    return check_facts("a source", facts, load(profile)).findings


def codes(facts: Facts, profile: str = STRICT) -> list[str]:
    return [finding.code for finding in findings(facts, profile)]


def finding(severity, code, message, *, measured=None, limit=None, fixable=False, docs=LIMITS_PAGE, part=None):
    return Finding(
        code=code,
        severity=severity,
        message=message,
        measured=measured,
        limit=limit,
        fixable=fixable,
        docs=docs,
        part=part,
    )


error = partial(finding, "error")
mendable = partial(finding, "error", fixable=True)
warning = partial(finding, "warning")
