"""`preflight status`: how far a run is, or was when it ended, from its journal."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from preflight.cli import options
from preflight.cli.talk import give, tell
from preflight.errors import ExitCode
from preflight.limits import rates
from preflight.reports import records, runs
from preflight.submitter.journal import read_status


def status(
    journal: Annotated[Path, typer.Argument(help="The file that `embed --journal` was given.", show_default=False)],
    rate_plan: options.RatePlan = None,
    form: Annotated[Literal["text", "ndjson"], typer.Option("--format", help="How to print it.")] = "text",
) -> int:
    """Say how far a run is: inputs and requests by state, failures by code, what was spent, what is left.

    While it runs, or after it ended, by itself or killed. Exit code 0 where every input has its embeddings.
    """
    name = rate_plan or rates.DEFAULT_PLAN
    plan = name, rates.load(name)
    found = read_status(journal)
    if form == "ndjson":
        give(records.line(runs.of_status(str(journal), found, plan, rates.prices())))
    else:
        tell(runs.status_text(str(journal), found, plan, rates.prices()))
    inputs = found.inputs
    missing = inputs.pending + inputs.in_flight + inputs.failed + inputs.failed_for_now + (inputs.not_reached or 0)
    return ExitCode.REFUSED if missing else ExitCode.OK
