"""Which route changes an input least: at once and inline, in a task, or uploaded beforehand. Pure.

What a task or an upload asks of the client is more work, so they are taken for what they save the media alone: a
25-minute talk of 400 MB is cut into clips for a request that is answered at once, and goes whole as an asset.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from preflight import limits as profiles
from preflight.errors import UsageError
from preflight.limits import Limits
from preflight.media import Fidelity

if TYPE_CHECKING:  # what no command needs that only has the option
    from preflight.planner.interface import Plan
    from preflight.rules import Report

Wish = Literal["auto", "sync", "async", "asset"]
"""`auto` is the route that changes the media least, the others are that route."""

_BESIDES = ("marengo3.0-async", "marengo3.0-asset")
"""Profiles of the other routes to the same model: vectors of one can be held against those of another."""


@dataclass(frozen=True, slots=True)
class Offer:
    """What one route would make of an input."""

    limits: Limits
    report: Report
    plan: Plan | None
    """None where it cannot be sent that way, or nobody asked because another route needs no plan."""


@dataclass(frozen=True, slots=True)
class Choice:
    """The route that is taken, and why."""

    offer: Offer
    why: str


def others(limits: Limits) -> tuple[Limits, ...]:
    """The profiles of the other routes to its model, the plainest first; none where it has no other."""
    besides = tuple(profiles.load(name) for name in _BESIDES)
    return tuple(each for each in besides if limits.route == "sync" and each.model_name == limits.model_name)


def routes(limits: Limits, wish: Wish) -> tuple[Limits, ...]:
    """The profiles of a wish, the plainest route first. Raises UsageError where the profile has no such route."""
    every = (limits, *others(limits))
    if wish == "auto":
        return every
    found = tuple(each for each in every if each.route == wish)
    if not found and wish != "sync":  # the default: a profile is by its own route whatever that is
        raise UsageError(
            f"the profile {limits.profile} has no route {wish!r}. Leave --route out, or choose marengo3.0."
        )
    return found or (limits,)


def as_it_is(reports: Sequence[tuple[Limits, Report]]) -> Limits | None:
    """The plainest route that takes the input as it is; None where none does."""
    return next((limits for limits, report in reports if report.verdict == "pass"), None)


def choose(offers: Sequence[Offer]) -> Choice | None:
    """The least change, then the fewest requests, then the plainest route; None where no offer has a plan."""
    open_ = [(offer, offer.plan) for offer in offers if offer.plan is not None]
    if not open_:
        return None
    best, plan = min(open_, key=lambda pair: _change(pair[1]))  # the first of equals
    others = [_instead(offer) for offer in offers if offer is not best]
    said = f"{best.limits.route}: {told(plan)}"
    return Choice(best, ". ".join([said, *others]) + ".")


def _change(plan: Plan) -> tuple[int, int]:
    return list(Fidelity).index(plan.fidelity), len(plan.outputs)


def told(plan: Plan) -> str:
    """In a few words."""
    count = len(plan.outputs)
    return f"{plan.fidelity.value}, in {count} request{'s' if count != 1 else ''}"


def _instead(offer: Offer) -> str:
    if offer.plan is not None:
        return f"{offer.limits.route} would be {told(offer.plan)}"
    codes = ", ".join(dict.fromkeys(finding.code for finding in offer.report.errors))
    return (
        f"{offer.limits.route} does not take it as it is ({codes})" if codes else f"{offer.limits.route} would do, too"
    )
