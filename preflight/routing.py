"""The route of an input: which profile of the model it is prepared by, where the caller leaves that to the planner."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from preflight.errors import RejectedError
from preflight.inputs import Input, Opened, opened_once
from preflight.media import Fidelity, Kind
from preflight.payload import Payload
from preflight.pipeline import Preflight, submit
from preflight.planner import Plan
from preflight.planner.route import Offer, Wish, as_it_is, choose, routes, told
from preflight.rules import Report
from preflight.rules.taken import INPUT_TYPE

if TYPE_CHECKING:
    from preflight.submitter import Embeddings, Route


@dataclass(frozen=True, slots=True)
class Routed:
    """An input with the route that was found for it."""

    preflight: Preflight
    """With the limits of that route."""
    plan: Plan
    why: str | None
    """What this route makes of it, and what the others would; None where there is no more to say than the plan does."""
    source: Opened
    kind: Kind | None
    report: Report
    """By those limits."""

    def prepare(self) -> Iterator[Payload]:
        """As `Preflight.prepare`. Where `payload.upload` is not None, that is to be uploaded as an asset first."""
        return self.preflight.prepare(self.source, kind=self.kind, report=self.report, plan=self.plan)

    def embed(self, client: Route) -> Embeddings:
        """As `Preflight.embed`."""
        self.preflight.require_taken_by(client)
        return submit(self.prepare(), client)


def require_taken_by(preflight: Preflight, client: Route, wish: Wish) -> None:
    """Raises UsageError where `client` does not take all that such a wish may come to."""
    for limits in routes(preflight.limits, wish):
        preflight.by(limits).require_taken_by(client)


def route(
    preflight: Preflight,
    source: Input,
    *,
    kind: Kind | None = None,
    wish: Wish = "auto",
    report: Report | None = None,
) -> Routed:
    """By the profile of `preflight`, and the other routes to its model, as `wish` says.

    `report`: what `preflight.check` said of it, where it was asked before. Raises RejectedError where no route takes
    it, with what is wrong for the plainest of them, and UsageError where the profile has no such route.
    """
    opened = opened_once(source)
    ways = [preflight.by(limits) for limits in routes(preflight.limits, wish)]
    report = report or ways[0].check(opened, kind=kind)
    reports = [way.judge(report.source, report.facts) for way in ways]
    taking = [(way, report) for way, report in zip(ways, reports, strict=True) if not _is_foreign(report)]
    if len(taking) <= 1:  # there is no choice
        way, report = taking[0] if taking else (ways[0], reports[0])
        plan = way.plan(opened, kind=kind, report=report)
        why = _besides(preflight, way, plan, report) if len(ways) == 1 else None
        return Routed(way, plan, why, opened, kind, report)
    fitting = as_it_is([(way.limits, report) for way, report in taking])
    offers, rejections = [], []
    for way, report in taking:
        planned = None
        if fitting is None or way.limits is fitting:
            try:
                planned = way.plan(opened, kind=kind, report=report)
            except RejectedError as error:
                rejections.append(error)
        offers.append(Offer(way.limits, report, planned))
    choice = choose(offers)
    if choice is None or choice.offer.plan is None:
        raise rejections[0]
    (way,) = (way for way in ways if way.limits is choice.offer.limits)
    return Routed(way, choice.offer.plan, choice.why, opened, kind, choice.offer.report)


def _is_foreign(report: Report) -> bool:
    return any(finding.code == INPUT_TYPE.code for finding in report.errors)


def _besides(preflight: Preflight, way: Preflight, plan: Plan, report: Report) -> str | None:
    """Of the one route that was asked for; where it changes what another would not, that is said."""
    if plan.fidelity is Fidelity.IDENTICAL:
        return None
    besides = [limits for limits in routes(preflight.limits, "auto") if limits is not way.limits]
    better = as_it_is([(limits, way.by(limits).judge(report.source, report.facts)) for limits in besides])
    if better is None:
        return None
    return f"{way.limits.route}: {told(plan)}. {better.route} would send it as it is (--route {better.route})."
