"""`preflight explain CODE`: what a rule checks, with examples of what passes and what does not."""

from __future__ import annotations

import inspect
import json
from typing import Annotated

import typer

from preflight.cli.talk import tell
from preflight.errors import ExitCode
from preflight.rules import PLAN_RULES, RULES, rule

_REQUEST = "request"


def _codes() -> list[str]:
    return [*(each.code for each in (*RULES, *PLAN_RULES)), _REQUEST]


def explain(
    code: Annotated[
        str | None,
        typer.Argument(
            help="A finding's code; all of them are listed without one. `request`: the JSON Schema of such a file.",
            autocompletion=_codes,
        ),
    ] = None,
) -> int:
    """Explain a finding: what the rule checks, what passes, what does not, and where it is documented."""
    if code is None:
        for each in (*RULES, *PLAN_RULES):
            tell(f"{each.code:40} {_first_line(each)}")
        return ExitCode.OK
    if code == _REQUEST:
        from preflight.cli.request_file import schema

        tell(json.dumps(schema(), indent=2))
        return ExitCode.OK
    chosen = rule(code)
    tell(f"{chosen.code} ({chosen.severity})\n\n{inspect.getdoc(chosen)}\n")
    for heading, examples in (("passes", chosen.accepted), ("does not", chosen.refused)):
        for example in examples:
            tell(f"  {heading + ':':10} {example.what}")
    tell(f"\n{chosen.docs}")
    return ExitCode.OK


def _first_line(each: object) -> str:
    return (inspect.getdoc(each) or "").partition("\n")[0]
