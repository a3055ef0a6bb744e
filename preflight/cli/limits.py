"""`preflight limits`: the documented numbers, where they stand, and when that was read."""

from __future__ import annotations

from typing import Annotated, TypeVar

import msgspec
import typer

from preflight.cli import options
from preflight.cli.talk import tell
from preflight.errors import ExitCode
from preflight.limits import Limit, load, names
from preflight.media import InputType, Kind

T = TypeVar("T")

_GROUPS: dict[str, Kind | InputType] = {
    "text": "text",
    "image": "image",
    "audio": "audio",
    "video": "video",
    "document": "document",
    "request": "multi_input",
}


def limits(
    profile: Annotated[
        str, typer.Argument(help="Which profile; see the list at the end.", autocompletion=names)
    ] = options.DEFAULT,
) -> int:
    """Print every limit of a profile with its source and the day that the source was read."""
    chosen = load(profile)
    tell(f"{chosen.profile}: {chosen.summary}\n{chosen.endpoint}, model_name {chosen.model_name}")
    tell(f"\n  {'input_types':24} {_shown(chosen.input_types.value):>28}  {_where(chosen.input_types)}")
    for group, kind in _GROUPS.items():
        if not chosen.takes(kind):
            continue
        tell(f"\n{group}")
        limits_of_group = getattr(chosen, group)
        for field in msgspec.structs.fields(limits_of_group):
            limit = getattr(limits_of_group, field.name)
            if isinstance(limit, Limit):
                tell(f"  {field.name:24} {_shown(limit.value):>28}  {_where(limit)}")
    tell(f"\nprofiles: {', '.join(names())}")
    return ExitCode.OK


def _where(limit: Limit[T]) -> str:
    return f"{limit.source} (read {limit.read_on})"


def _shown(value: object) -> str:
    match value:
        case bool():
            return "yes" if value else "no"
        case int():
            return f"{value:,}"
        case tuple():
            return " ".join(map(str, value))
        case _:
            return str(value)
