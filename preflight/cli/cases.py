"""`preflight cases`: the edge cases of `preflight.testing`, listed or made."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from preflight.cli.talk import bar, give, say, tell
from preflight.errors import ExitCode
from preflight.reports import records
from preflight.whole import new_folder, plain_errors, whole_file

if TYPE_CHECKING:
    from preflight.testing.catalogue import Case
    from preflight.testing.truth import Truth


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
        typer.Option(
            "--out",
            help="Make the files, into this new or empty folder, and a list of them, cases.ndjson. All take 900 MB.",
            file_okay=False,
        ),
    ] = None,
    form: Annotated[Literal["text", "ndjson"], typer.Option("--format", help="How to list them.")] = "text",
) -> int:
    """List the edge cases that tests can use, or make their files.

    Each line has the case's name and what it is; with --format ndjson also its file, what is true of it, what `check`
    must say of it and what `prepare` must give, by profile.
    """
    from preflight.testing import catalogue

    chosen = catalogue.cases(*(patterns or ()))
    if out is not None:
        made = _make(chosen, new_folder(out))
        with whole_file(out / "cases.ndjson") as manifest:
            manifest.write("".join(f"{records.line(_record(each))}\n" for each in chosen).encode())
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
            _ = each.path  # what goes wrong while it is made has nothing to do with the folder
            home = folder / each.name.partition("/")[0]
            with plain_errors(folder):
                home.mkdir(exist_ok=True)
                each.copy_into(home)
            progress.finish()
    return len(files)


def _record(case: Case) -> dict[str, records.Json]:
    from preflight.testing.truth import PROFILES

    expected: dict[str, records.Json] = {}
    for profile in PROFILES:
        owed = case.expected[profile]
        codes: list[records.Json] = [*sorted(owed.codes)]
        expected[profile] = {"codes": codes, "gives": str(owed.gives), "requests": owed.requests}
    return {
        "name": case.name,
        "what": case.what,
        "as": case.as_kind,
        "file": case.file_name,
        "truth": _truth(case.truth),
        "expected": expected,
    }


def _truth(truth: Truth | None) -> records.Json:
    from preflight.testing.truth import VideoTruth  # not before it is asked for: every command reads this file

    if truth is None:
        return None
    known = {key: records.plain(value) for key, value in asdict(truth).items() if key != "text"}  # it is in the file
    if isinstance(truth, VideoTruth):
        known |= {"displayed_width": truth.displayed_width, "displayed_height": truth.displayed_height}
    return {**known, "kind": truth.kind}
