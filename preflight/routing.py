"""The route of an input: which profile of the model it is prepared by, where the caller leaves that to the planner."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from preflight.errors import RejectedError
from preflight.inputs import Input, Opened, opened_once
from preflight.media import Fidelity, Kind
from preflight.payload import Payload
from preflight.pipeline import Preflight
from preflight.planner import Plan
from preflight.planner.route import Offer, Wish, as_it_is, choose, others, routes, told
from preflight.rules import Report, check_facts
from preflight.rules.taken import INPUT_TYPE


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

    def prepare(self) -> Iterator[Payload]:
        """As `Preflight.prepare`. Where `payload.upload` is not None, that is to be uploaded as an asset first."""
        return self.preflight.prepare(self.source, kind=self.kind)


def route(preflight: Preflight, source: Input, *, kind: Kind | None = None, wish: Wish = "auto") -> Routed:
    """By the profile of `preflight`, and the other routes to its model, as `wish` says.

    Raises RejectedError where none of them takes it, with what is wrong
    for the plainest of them, and UsageError where the profile has no such route.
    """
    opened = opened_once(source)
    ways = [preflight.by(limits) for limits in routes(preflight.limits, wish)]
    if len(ways) == 1:
        plan = ways[0].plan(opened, kind=kind)
        return Routed(ways[0], plan, _alone(ways[0], plan, opened, kind), opened, kind)
    report = ways[0].check(opened, kind=kind)
    reports = [report, *(check_facts(report.source, report.facts, way.limits) for way in ways[1:])]
    taking = [(way, report) for way, report in zip(ways, reports, strict=True) if not _is_foreign(report)]
    if len(taking) <= 1:  # there is no choice, and nothing to say of one
        way = taking[0][0] if taking else ways[0]
        return Routed(way, way.plan(opened, kind=kind), None, opened, kind)
    fitting = as_it_is([(way.limits, report) for way, report in taking])
    offers, rejections = [], []
    for way, report in taking:
        planned = None
        if fitting is None or way.limits is fitting:
            try:
                planned = way.plan(opened, kind=kind)
            except RejectedError as error:
                rejections.append(error)
        offers.append(Offer(way.limits, report, planned))
    choice = choose(offers)
    if choice is None or choice.offer.plan is None:
        raise rejections[0]
    (way,) = (way for way in ways if way.limits is choice.offer.limits)
    return Routed(way, choice.offer.plan, choice.why, opened, kind)


def _is_foreign(report: Report) -> bool:
    return any(finding.code == INPUT_TYPE.code for finding in report.errors)


def _alone(way: Preflight, plan: Plan, source: Opened, kind: Kind | None) -> str | None:
    """Of the one route that was asked for; where it changes what another would not, that is said."""
    besides = others(way.limits)
    if plan.fidelity is Fidelity.IDENTICAL or plan.input_type not in ("audio", "video") or not besides:
        return None
    facts = way.check(source, kind=kind).facts
    better = as_it_is([(limits, check_facts(plan.source, facts, limits)) for limits in besides])
    if better is None:
        return None
    return f"{way.limits.route}: {told(plan)}. {better.route} would send it as it is (--route {better.route})."
