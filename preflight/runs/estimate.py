"""What a run would take, from plans alone: nothing is made, and nothing sent."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from preflight.errors import PreflightError, RejectedError, UnreadableError
from preflight.inputs import Input, opened_once
from preflight.limits import Route
from preflight.media import InputType, Kind
from preflight.pipeline import Preflight
from preflight.planner import Plan
from preflight.planner.route import Wish
from preflight.routing import route
from preflight.submitter.estimate import Use


@dataclass(slots=True)
class RunEstimate:
    """Of all inputs so far."""

    inputs: int = 0
    refused: list[tuple[str, PreflightError]] = field(default_factory=list)
    """By name: those that cannot be sent, and why."""
    uses: dict[InputType, Use] = field(default_factory=dict)
    """What requests of each type come to."""
    untimed: int = 0
    """Recordings of which nobody knows how long they are before they are decoded: they count as one request of no
    length."""
    work_s: float = 0.0
    """About how long this machine takes to make the requests."""

    by_route: dict[Route, int] = field(default_factory=dict)
    """Requests by how they are sent."""

    def add(self, plan: Plan, route: Route) -> None:
        spans = [output.span for output in plan.outputs]
        media_s = sum(span.duration_s for span in spans if span is not None)
        use = Use(requests=len(plan.outputs), media_s=media_s)
        self.uses[plan.input_type] = self.uses.get(plan.input_type, Use()) + use
        self.untimed += plan.input_type in ("audio", "video") and None in spans
        self.by_route[route] = self.by_route.get(route, 0) + len(plan.outputs)
        self.work_s += plan.predicted_s or 0.0


def estimate_run(
    preflight: Preflight,
    inputs: Iterable[Input],
    *,
    kind: Kind | None = None,
    wish: Wish = "sync",
    found: RunEstimate | None = None,
) -> RunEstimate:
    """What `Run` would send for these inputs, as if nothing of it had been done yet; inputs that are alike are counted
    each. It is added to what was `found` before.
    """
    found = found or RunEstimate()
    for given in inputs:
        opened = opened_once(given)
        found.inputs += 1
        try:
            routed = route(preflight, opened, kind=kind, wish=wish)
            found.add(routed.plan, routed.preflight.limits.route)
        except (RejectedError, UnreadableError) as error:
            found.refused.append((opened.name, error))
    return found
