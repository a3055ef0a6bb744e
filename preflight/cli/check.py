"""`preflight check`: what would be refused, and why."""

from __future__ import annotations

from typing import Annotated, Literal

import typer

from preflight.cli import options
from preflight.cli.inputs import opened
from preflight.cli.talk import bar, give, tell
from preflight.errors import ExitCode
from preflight.limits import load
from preflight.pipeline import Preflight
from preflight.planner import Policy
from preflight.reports import records, text


def check(
    paths: options.Paths,
    profile: options.Profile = options.DEFAULT,
    kind: options.As = None,
    decode: options.Decode = False,
    encoding: options.Encoding = None,
    form: Annotated[Literal["text", "ndjson"], typer.Option("--format", help="How to print it.")] = "text",
) -> int:
    """Say what the service would refuse, and why, from metadata alone, or with --decode from all that there is.

    Exit code 0 where everything passes as it is, 1 where something does not.
    """
    bounds = load(profile)  # before the paths: a wrong name is said first
    sources, as_kind = opened(paths, kind)
    policy = Policy(verify=options.verified_by(decode), encoding=encoding)
    everything_passes = True
    with bar(len(sources), prints=True) as progress:
        preflight = Preflight(limits=bounds, policy=policy, on_progress=progress.advance)
        for source in sources:
            progress.start(source.name)
            report = preflight.check(source, kind=as_kind)
            progress.finish()
            everything_passes = everything_passes and report.verdict == "pass"
            if form == "ndjson":
                give(records.line(records.of_report(report)))
            else:
                tell(text.of_report(report))
    return ExitCode.OK if everything_passes else ExitCode.REFUSED
