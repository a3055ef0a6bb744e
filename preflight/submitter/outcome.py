"""How one try of a request ended: what decisions are made of."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from preflight.submitter import refusal
from preflight.submitter.refusal import Said

RATE_LIMITED = 429


@dataclass(frozen=True, kw_only=True, slots=True)
class Answered:
    """The service, or something before it, answered."""

    status: int
    headers: Mapping[str, str]
    """Names in lower case."""
    said: Said
    """What its body says; empty for 200."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Unreachable:
    """No answer came, or it broke off."""

    reason: str
    next_step: str
    passing: bool = True
    """False where asking again cannot help: a certificate that is not trusted."""


Outcome = Answered | Unreachable


def why(outcome: Outcome) -> str:
    """The reason for a wait, or an end, as a clause: "the service limits the rate (429 too_many_requests: ...)"."""
    match outcome:
        case Unreachable(reason=reason):
            return f"the service could not be reached ({reason})"
        case Answered(status=status, said=said):
            what = "limits the rate" if status == RATE_LIMITED else "failed"
            return f"the service {what} ({refusal.quoted(status, said)})"
