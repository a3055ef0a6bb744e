"""What a rule is, and what checking gives: Finding, Report, Verdict."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import ClassVar, Literal

from preflight.limits import Limits
from preflight.media import Facts

Severity = Literal["error", "warning"]
Verdict = Literal["pass", "fixable", "rejected"]

DOCS_LIMITS = "https://docs.twelvelabs.io/docs/concepts/models/marengo"
DOCS_ERRORS = "https://docs.twelvelabs.io/api-reference/error-codes"


@dataclass(frozen=True, kw_only=True, slots=True)
class Finding:
    """One thing that the service would refuse (error) or that a user would want to know (warning)."""

    code: str
    """The service's own spelling where it has one, so that its refusal names our rule."""
    severity: Severity
    message: str
    """What is wrong and what to do next."""
    measured: str | int | float | None
    limit: str | int | float | None
    fixable: bool
    """True: `prepare` can mend it. Always False for a warning: nothing needs mending."""
    docs: str
    part: str | None = None
    """Which part of a `text_image` or `multi_input` request: "text", "image", "media_sources[2]"."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Report:
    """One checked input: what it is, and everything that was found (not only the first thing)."""

    source: str
    profile: str
    facts: Facts
    findings: tuple[Finding, ...]

    @property
    def kind(self) -> str:
        return self.facts.kind

    @property
    def errors(self) -> tuple[Finding, ...]:
        return tuple(f for f in self.findings if f.severity == "error")

    @property
    def verdict(self) -> Verdict:
        """`pass`: send it as it is; `fixable`: a plan exists; `rejected`: it cannot be sent."""
        if not self.errors:
            return "pass"
        return "fixable" if all(f.fixable for f in self.errors) else "rejected"


@dataclass(frozen=True, slots=True)
class Example:
    """Facts that a rule accepts or refuses; run as a test, and printed by `preflight explain`."""

    what: str
    facts: Facts
    profile: str = "marengo3.0"


class Rule(ABC):
    """One documented limit. The class docstring says what it checks and is what `explain` prints."""

    code: ClassVar[str]
    severity: ClassVar[Severity] = "error"
    docs: ClassVar[str] = DOCS_LIMITS
    accepted: ClassVar[Sequence[Example]]
    refused: ClassVar[Sequence[Example]]

    @abstractmethod
    def check(self, facts: Facts, limits: Limits) -> Finding | None:
        """None where the rule is content or does not apply to such facts."""

    def findings(self, facts: Facts, limits: Limits) -> Iterator[Finding]:
        """All that it finds: more than one only of a request, whose parts can each break the same rule."""
        if (found := self.check(facts, limits)) is not None:
            yield found

    def finding(
        self,
        message: str,
        *,
        measured: str | float | None,
        limit: str | float | None,
        fixable: bool = False,
        severity: Severity | None = None,
        part: str | None = None,
    ) -> Finding:
        return Finding(
            code=self.code,
            severity=severity or self.severity,
            message=message,
            measured=measured,
            limit=limit,
            fixable=fixable,
            docs=self.docs,
            part=part,
        )


class RuleOfParts(Rule):
    """A rule of requests that says of each part by itself what is wrong with it."""

    @abstractmethod
    def findings(self, facts: Facts, limits: Limits) -> Iterator[Finding]:
        """In the order of the parts; none where the rule is content or does not apply to such facts."""

    def check(self, facts: Facts, limits: Limits) -> Finding | None:
        return next(self.findings(facts, limits), None)


def part_name(kind: Literal["text_image", "multi_input"], index: int) -> str:
    """What an image or a source of a request is called in its findings."""
    return "image" if kind == "text_image" else f"media_sources[{index}]"


def told_apart(value: float, limit: float, decimals: int) -> str:
    """To so many decimals, or to as many more as it takes not to read as the limit (600.001, not 600.00)."""
    while value != limit and float(f"{value:.{decimals}f}") == limit:
        decimals += 1
    return f"{value:.{decimals}f}"
