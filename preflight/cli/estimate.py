"""`preflight embed --estimate`: what it would take, without sending anything."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import nullcontext
from pathlib import Path
from typing import Literal

from preflight.cli.talk import bar, give, say, tell
from preflight.errors import ExitCode, RejectedError
from preflight.inputs import Opened
from preflight.limits.rates import Rates, prices
from preflight.media import Kind
from preflight.pipeline import Preflight
from preflight.planner import Policy
from preflight.planner.route import Wish
from preflight.reports import records, text
from preflight.reports import runs as reports
from preflight.runs.estimate import RunEstimate, estimate_run
from preflight.submitter.estimate import estimate
from preflight.submitter.journal import journal_reader


def print_estimate(
    policy: Policy,
    profile: str,
    sources: Sequence[Opened],
    kind: Kind | None,
    route: Wish,
    plan: tuple[str, Rates],
    form: Literal["text", "ndjson"],
    journal: Path | None,
    where: str,
) -> int:
    """Exit code 1 where something could not be sent at all. `plan`: its name, and what it lets one use. `journal`: of
    runs that sent to `where`, whose answers count no more.
    """
    found = RunEstimate()
    read = journal_reader(journal) if journal is not None else nullcontext()
    with read as kept, bar(len(sources), prints=True) as progress:
        preflight = Preflight(limits=profile, policy=policy, on_progress=progress.advance)
        for source in sources:
            progress.start(source.name)
            estimate_run(preflight, [source], kind=kind, wish=route, journal=kept, where=where, found=found)
            progress.finish()
    for name, error in found.refused:
        say(text.of_rejection(error) if isinstance(error, RejectedError) else f"{name}: {error}")
    reckoned = estimate(found.uses, plan[1], prices())
    if form == "ndjson":
        give(records.line(reports.of_estimate(found, reckoned, plan, prices())))
    else:
        tell(reports.estimate_text(found, reckoned, plan, prices()))
    return ExitCode.REFUSED if found.refused else ExitCode.OK
