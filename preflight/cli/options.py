"""Arguments and options that more than one command has."""

from __future__ import annotations

from typing import Annotated, Literal

import typer

from preflight.limits import DEFAULT_PROFILE, names
from preflight.planner import Policy

KindName = Literal["text", "image", "audio", "video"]

Paths = Annotated[list[str], typer.Argument(help="Files, folders, or - for standard input.", show_default=False)]
Profile = Annotated[
    str,
    typer.Option("--profile", help="The limits to hold it against; see `preflight limits`.", autocompletion=names),
]
As = Annotated[
    KindName | None,
    typer.Option("--as", help="Read every input as this kind, whatever it looks like.", show_default=False),
]
Prefer = Annotated[
    Literal["fidelity", "requests"],
    typer.Option(help="What counts more: the least change, or the fewest requests."),
]
Fit = Annotated[Literal["pad", "crop"], typer.Option(help="What becomes of a picture that is too wide or too high.")]
Audio = Annotated[Literal["auto", "wav", "flac", "mp3"], typer.Option(help="What audio is converted to.")]
Decode = Annotated[
    bool,
    typer.Option("--decode", help="Decode every frame besides: finds damage that no header tells, and takes its time."),
]

DEFAULT = DEFAULT_PROFILE
POLICY = Policy()


def verified_by(decode: bool) -> Literal["metadata", "decode"]:
    """What `Policy.verify` is by that option."""
    return "decode" if decode else "metadata"
