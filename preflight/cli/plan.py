"""`preflight plan`: what would be done, and why, without doing it."""

from __future__ import annotations

from typing import Annotated, Literal

import typer

from preflight import routing
from preflight.cli import options
from preflight.cli.inputs import opened
from preflight.cli.signals import raise_if_stopped
from preflight.cli.talk import bar, give, say, tell
from preflight.errors import ExitCode, RejectedError, UnreadableError
from preflight.limits import load
from preflight.pipeline import Preflight
from preflight.planner import Policy
from preflight.reports import records, text
from preflight.rules import rule


@options.with_policy
def plan(
    paths: options.Paths,
    profile: options.Profile = options.DEFAULT,
    kind: options.As = None,
    route: options.Route = "sync",
    form: Annotated[Literal["text", "ndjson"], typer.Option("--format", help="How to print it.")] = "text",
    *,
    policy: Policy,
) -> int:
    """Say what `prepare` would make of each input, and why, without making it."""
    code = ExitCode.OK
    limits = load(profile)
    sources, as_kind = opened(paths, kind)
    with bar(len(sources), prints=True) as progress:
        preflight = Preflight(limits=limits, policy=policy, on_progress=progress.advance)
        for source in sources:
            progress.start(source.name)
            try:
                found = routing.route(preflight, source, kind=as_kind, wish=route)
            except RejectedError as error:
                raise_if_stopped()  # an interruption that a callback lost looks like damage
                code = ExitCode.REFUSED
                if form == "ndjson":
                    give(records.line(records.of_unplanned(source.name, error.findings)))
                else:
                    tell(text.of_rejection(error))
            except UnreadableError as error:
                code = ExitCode.REFUSED
                say(str(error))
                if form == "ndjson":  # a line an input, whatever becomes of it
                    reason = rule("file_unreadable").finding(str(error), measured=None, limit=None)
                    give(records.line(records.of_unplanned(source.name, [reason])))
            else:
                if form == "ndjson":
                    give(records.line(records.of_plan(found.plan) | _route_of(found)))
                else:
                    tell(text.of_plan(found.plan))
                    if found.why is not None:
                        tell(f"    route: {text.shown(found.why)}")
            progress.finish()
    return code


def _route_of(found: routing.Routed) -> dict[str, records.Json]:
    limits = found.preflight.limits
    return {"route": limits.route, "profile": limits.profile, "route_why": found.why}
