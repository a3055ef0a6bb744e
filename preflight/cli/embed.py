"""`preflight embed`: files in, embeddings out."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from preflight.cli import options
from preflight.cli.inputs import opened
from preflight.cli.run_bar import run_bar
from preflight.cli.service import address, connected
from preflight.cli.talk import give, require_output, say
from preflight.errors import ExitCode, OutOfSpaceError, PreflightError, RejectedError
from preflight.limits import rates
from preflight.pipeline import Preflight
from preflight.planner import Policy
from preflight.reports import records, text
from preflight.results import embeddings_file
from preflight.runs import Result, Run
from preflight.runs.fate import fate_of
from preflight.runs.run import WORKERS
from preflight.submitter.journal import Journal

if TYPE_CHECKING:
    from preflight.submitter import Embeddings

_MOST_WORKERS = 64


@options.with_policy
def embed(
    paths: options.Paths,
    emulator: Annotated[
        bool, typer.Option("--emulator", help="Use a local stand-in for the service; its vectors are not Marengo's.")
    ] = False,
    base_url: Annotated[
        str | None, typer.Option(help="Where the service is, if not at TwelveLabs.", show_default=False)
    ] = None,
    api_key_file: Annotated[
        Path | None,
        typer.Option(help="A file that holds the key, instead of TWELVELABS_API_KEY.", dir_okay=False),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(
            "--out", help="An .ndjson, .npz or .parquet file; NDJSON on standard output without it.", dir_okay=False
        ),
    ] = None,
    normalize: Annotated[bool, typer.Option("--normalize", help="Give each vector the length 1 (L2).")] = False,
    journal: Annotated[
        Path | None,
        typer.Option(
            "--journal",
            help="A file that keeps what was answered: the same command again goes on where it ended.",
            dir_okay=False,
        ),
    ] = None,
    workers: Annotated[int, typer.Option("--workers", help="Uploads at once.", min=1, max=_MOST_WORKERS)] = WORKERS,
    estimate: Annotated[
        bool,
        typer.Option(
            "--estimate",
            help="Send nothing: say how many requests, minutes and dollars it takes; with --journal, what is left.",
        ),
    ] = False,
    rate_plan: options.RatePlan = None,
    form: Annotated[Literal["text", "ndjson"], typer.Option("--format", help="How to print an estimate.")] = "text",
    profile: options.Profile = options.DEFAULT,
    kind: options.As = None,
    route: options.Route = "sync",
    *,
    policy: Policy,
) -> int:
    """Prepare, submit, and write each vector, placed on its source's own timeline, as a line of JSON or a row.

    One input that fails does not stop the others; the exit code is then 1.
    """
    plan = rates.load(rate_plan or rates.DEFAULT_PLAN)  # before the paths: a wrong name is said first
    if out is None or estimate:
        require_output()
    if estimate:
        from preflight.cli.estimate import print_estimate

        sources, as_kind = opened(paths, kind)
        named, where = (rate_plan or rates.DEFAULT_PLAN, plan), address(emulator, base_url)
        return print_estimate(policy, profile, sources, as_kind, route, named, form, journal, where)
    with ExitStack() as stack:
        file = stack.enter_context(embeddings_file(out)) if out is not None else None
        write = file.add if file is not None else _print
        sources, as_kind = opened(paths, kind)
        kept_to = plan if rate_plan is not None else None
        service = connected(emulator, base_url, api_key_file, profile, kept_to, workers)
        client, where = stack.enter_context(service)
        kept = stack.enter_context(Journal(journal)) if journal is not None else None
        if kept is not None:
            client = client.remembering(kept.memory(where))
        on_progress = stack.enter_context(run_bar(prints=out is None))
        run = Run(
            Preflight(limits=profile, policy=policy),
            client,
            sources,
            kind=as_kind,
            journal=kept,
            route=where,
            wish=route,
            workers=workers,
            on_progress=on_progress,
        )
        tally = _Tally((lambda found: write(found.normalized())) if normalize else write)
        stop: KeyboardInterrupt | PreflightError | None = None
        with run:
            try:
                for result in run:
                    tally.add(result)
                    if file is not None:
                        file.require_room()
            except (KeyboardInterrupt, PreflightError) as error:
                stop = error
                for result in run.rest():  # paid for
                    with suppress(OutOfSpaceError):
                        tally.add(result)
                if file is not None:
                    file.cut_short()
        if stop is not None and not tally.vectors:
            if kept is not None:
                say(_RESUME.format(journal))
            raise stop  # what was in the file stays
    say(
        f"{tally.vectors} vectors from {tally.done} of {len(sources)} inputs"
        + (f" in {out}" if out is not None else "")
    )
    if tally.unwritten and kept is None:
        say(f"{tally.unwritten} more were embedded, and there was no room for their vectors: they are lost. {_KEEP}")
    if client.left:
        count = len(client.left)
        assets, stay = ("asset", "stays") if count == 1 else ("assets", "stay")
        say(f"{count} {assets} could not be deleted and {stay} in the account: {', '.join(client.left)}")
    if kept is not None and (stop is not None or tally.for_now):
        say(_RESUME.format(journal))
    if stop is not None:
        raise stop
    return ExitCode.OK if tally.done == len(sources) else ExitCode.REFUSED


_RESUME = "What was answered is kept in {}: run the same command again to go on."
_KEEP = "With --journal they would be kept, and not be paid for again."


class _Tally:
    """What was embedded so far; each input's vectors are written at one go."""

    def __init__(self, write: Callable[[Embeddings], None]) -> None:
        self._write = write
        self.done = self.vectors = 0
        self.for_now = 0
        """Inputs that may fare better next time."""
        self.unwritten = 0
        """Inputs whose vectors there was no room for."""

    def add(self, result: Result) -> None:
        match result.outcome:
            case RejectedError() as error:
                say(text.of_rejection(error))
            case PreflightError() as error:
                say(f"{result.source}: {error}")
            case embeddings:
                try:
                    self._write(embeddings)
                except OutOfSpaceError:
                    self.unwritten += 1
                    raise
                self.done += 1
                self.vectors += len(embeddings)
                return
        self.for_now += fate_of(result.outcome) == "for now"


def _print(embeddings: Embeddings) -> None:
    if len(embeddings):  # at one go: Ctrl-C between two of them would leave half a source
        give("\n".join(map(records.line, records.of_embeddings(embeddings))))
