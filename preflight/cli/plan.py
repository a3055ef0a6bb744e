"""`preflight plan`: what would be done, and why, without doing it."""

from __future__ import annotations

from typing import Annotated, Literal

import typer

from preflight.cli import options
from preflight.cli.inputs import opened
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
                made = preflight.plan(source, kind=as_kind)
            except RejectedError as error:
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
                    give(records.line(records.of_plan(made)))
                else:
                    tell(text.of_plan(made))
            progress.finish()
    return code
