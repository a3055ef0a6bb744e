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
from preflight.runs import identity
from preflight.submitter.estimate import Use
from preflight.submitter.journal import JournalReader, Standing


@dataclass(slots=True)
class RunEstimate:
    """Of all inputs so far."""

    inputs: int = 0
    done: int = 0
    """For which nothing is to be sent: the journal has all their answers, or one before them has the same content."""
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

    keys: set[bytes] = field(default_factory=set)
    """Of the inputs that are counted, where there is a journal, which knows them by these."""

    def add(self, plan: Plan, route: Route, answered: frozenset[int] = frozenset()) -> None:
        """`answered`: numbers of its requests, from 1, that need not be sent any more."""
        outputs = [output for number, output in enumerate(plan.outputs, start=1) if number not in answered]
        if not outputs:
            self.done += 1
            return
        spans = [output.span for output in outputs]
        media_s = sum(span.duration_s for span in spans if span is not None)
        use = Use(requests=len(outputs), media_s=media_s)
        self.uses[plan.input_type] = self.uses.get(plan.input_type, Use()) + use
        self.untimed += plan.input_type in ("audio", "video") and None in spans
        self.by_route[route] = self.by_route.get(route, 0) + len(outputs)
        self.work_s += plan.predicted_s or 0.0


def estimate_run(
    preflight: Preflight,
    inputs: Iterable[Input],
    *,
    kind: Kind | None = None,
    wish: Wish = "sync",
    journal: JournalReader | None = None,
    where: str = "",
    found: RunEstimate | None = None,
) -> RunEstimate:
    """What `Run` would send for these inputs. It is added to what was `found` before.

    With a `journal`, what is left: without what it has from runs that sent to `where` with the same settings, and what
    has the same content once. Without, as if nothing had been done yet, and inputs that are alike counted each. Of a
    recording that was begun, all that has to be made again counts as work.
    """
    found = found or RunEstimate()
    settings = identity.settings_key(preflight.limits, preflight.policy, where, wish, kind)
    for given in inputs:
        opened = opened_once(given)
        found.inputs += 1
        try:
            standing = Standing()
            if journal is not None:
                key = identity.input_key(opened, settings, lambda: None)
                if key in found.keys:
                    found.done += 1
                    continue
                standing = journal.standing(key, made_by=identity.made_by(opened.name))
            if standing.is_done:
                found.done += 1
                continue
            if standing.failure is not None:
                found.refused.append((opened.name, standing.failure.error(opened.name)))
                continue
            routed = route(preflight, opened, kind=kind, wish=wish)
            found.add(routed.plan, routed.preflight.limits.route, standing.answered)
            if journal is not None:
                found.keys.add(key)
        except (RejectedError, UnreadableError) as error:
            found.refused.append((opened.name, error))
    return found
