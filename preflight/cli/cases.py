"""`preflight cases`: the edge cases of `preflight.testing`, listed or made."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from preflight.cli.talk import bar, give, say, tell
from preflight.cli.whole import new_folder, plain_errors
from preflight.errors import ExitCode
from preflight.reports import records

if TYPE_CHECKING:
    from preflight.testing.catalogue import Case


def _names() -> list[str]:
    from preflight.testing import catalogue

    return [each.name for each in catalogue.cases()]


def cases(
    patterns: Annotated[
        list[str] | None,
        typer.Argument(
            help="Names, or patterns such as 'video/*'; all of them without one.",
            autocompletion=_names,
            show_default=False,
        ),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option("--out", help="Make the files, into this new or empty folder.", file_okay=False),
    ] = None,
    form: Annotated[Literal["text", "ndjson"], typer.Option("--format", help="How to list them.")] = "text",
) -> int:
    """List the edge cases that tests can use, or make their files.

    Each line has the case's name and what it is; with --format ndjson also what `check` must say of it and what
    `prepare` must give, by profile.
    """
    from preflight.testing import catalogue

    chosen = catalogue.cases(*(patterns or ()))
    if out is not None:
        made = _make(chosen, new_folder(out))
        others = len(chosen) - made
        say(f"{made} files in {out}" + (f"; {others} cases are requests and no files" if others else ""))
    for each in chosen:
        if form == "ndjson":
            give(records.line(_record(each)))
        elif out is None:
            tell(f"{each.name:44} {each.what}")
    return ExitCode.OK


def _make(chosen: tuple[Case, ...], folder: Path) -> int:
    """How many files were made; each lies in a folder named after its kind."""
    files = [each for each in chosen if each.is_file]
    with bar(len(files), prints=False) as progress:
        for each in files:
            progress.start(each.name)
            home = folder / each.name.partition("/")[0]
            with plain_errors(folder):
                home.mkdir(exist_ok=True)
                each.copy_into(home)
            progress.finish()
    return len(files)


def _record(case: Case) -> dict[str, records.Json]:
    expected: dict[str, records.Json] = {}
    for profile in case.expected.profiles:
        owed = case.expected[profile]
        codes: list[records.Json] = [*sorted(owed.codes)]
        expected[profile] = {"codes": codes, "gives": str(owed.gives), "requests": owed.requests}
    return {"name": case.name, "what": case.what, "as": case.as_kind, "expected": expected}
