"""Arguments and options that more than one command has."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from dataclasses import fields
from typing import Annotated, Any, Literal

import typer

from preflight.limits import DEFAULT_PROFILE, names
from preflight.media import Fidelity
from preflight.planner import Policy
from preflight.planner.route import Wish

KindName = Literal["text", "image", "audio", "video", "request"]

Paths = Annotated[list[str], typer.Argument(help="Files, folders, or - for standard input.", show_default=False)]
Profile = Annotated[
    str,
    typer.Option("--profile", help="The limits to hold it against; see `preflight limits`.", autocompletion=names),
]
Route = Annotated[
    Wish,
    typer.Option(
        "--route",
        help="How it is to be sent: inline, answered at once (sync) or in a task (async), uploaded beforehand (asset), "
        "or by whichever of them changes the media least (auto).",
    ),
]
As = Annotated[
    KindName | None,
    typer.Option(
        "--as",
        help="Read every input as this kind, whatever it looks like; request: a JSON or YAML file of several parts.",
        show_default=False,
    ),
]
Decode = Annotated[
    bool,
    typer.Option("--decode", help="Decode every frame besides: finds damage that no header tells, and takes its time."),
]

Encoding = Annotated[
    str | None,
    typer.Option(
        "--encoding",
        metavar="NAME",
        help="Of texts that are neither UTF-8 nor marked, instead of detecting it.",
        autocompletion=lambda: list(ENCODINGS),
        show_default=False,
    ),
]
# fmt: off
ENCODINGS = (
    "cp1250", "cp1251", "cp1252", "cp1253", "cp1254", "cp1255", "cp1256", "cp1257", "cp1258", "cp437",
    "cp850", "cp866", "big5", "gb18030", "euc_jp", "euc_kr", "iso2022_jp", "iso8859-1", "iso8859-2",
    "iso8859-5", "iso8859-7", "iso8859-8", "iso8859-9", "iso8859-15", "koi8-r", "koi8-u", "mac-roman",
    "shift_jis", "tis-620", "utf-7", "utf-16-be", "utf-16-le",
)
# fmt: on
"""What is offered; Python knows more."""

DEFAULT = DEFAULT_PROFILE
POLICY = Policy()

# What each field of Policy is on the command line: its type and its option. Defaults are Policy's own.
_WANTED: dict[str, Any] = {
    "prefer": Annotated[
        Literal["fidelity", "requests"],
        typer.Option("--prefer", help="What counts more: the least change, or the fewest requests."),
    ],
    "max_loss": Annotated[
        Fidelity, typer.Option("--max-loss", help="The most that may be changed; what would need more is rejected.")
    ],
    "cut_at": Annotated[
        Literal["even", "quiet", "scene"],
        typer.Option("--cut-at", help="Where clips end: evenly, where it is quiet, or where the scene changes."),
    ],
    "overlap_s": Annotated[
        float,
        typer.Option("--overlap", metavar="SECONDS", help="What each clip repeats of the one before, at least."),
    ],
    "min_clip_s": Annotated[
        float,
        typer.Option(
            "--min-clip", metavar="SECONDS", help="Encode video whose copied clips would be shorter on average."
        ),
    ],
    "strip_metadata": Annotated[
        bool, typer.Option("--strip-metadata", help="Leave out who made it, where and when; not of texts.")
    ],
    "fit": Annotated[
        Literal["pad", "crop"],
        typer.Option("--fit", help="What becomes of a picture that is too wide or too high."),
    ],
    "audio": Annotated[
        Literal["auto", "wav", "flac", "mp3"], typer.Option("--audio", help="What audio is converted to.")
    ],
    "max_short_side": Annotated[
        int,
        typer.Option(
            "--max-short-side", metavar="PIXELS", help="Of video that is encoded anyway; 0 for no such bound."
        ),
    ],
    "max_frame_rate": Annotated[
        float,
        typer.Option(
            "--max-frame-rate", metavar="FRAMES", help="A second, of video that is encoded anyway; 0 for no such bound."
        ),
    ],
    "verify": Decode,
    "text": Annotated[
        Literal["split", "truncate", "reject"],
        typer.Option("--text", help="What becomes of a text that is too long."),
    ],
    "overlap_tokens": Annotated[
        int,
        typer.Option(
            "--overlap-tokens", metavar="TOKENS", help="What each chunk of a text repeats of the one before, at most."
        ),
    ],
    "encoding": Encoding,
}
_NONE_IS_ZERO = frozenset({"max_short_side", "max_frame_rate"})


def with_policy(command: Callable[..., int]) -> Callable[..., int]:
    """A command that takes a `policy`, as one that takes an option for each of its fields.

    A value that means nothing is a UsageError, of which the program makes exit code 2.
    """
    signature = inspect.signature(command, eval_str=True)
    shown = [
        inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=_default(name), annotation=wanted)
        for name, wanted in _WANTED.items()
    ]
    kept = [
        each.replace(kind=inspect.Parameter.KEYWORD_ONLY)
        for each in signature.parameters.values()
        if each.name != "policy"
    ]

    @functools.wraps(command)
    def run(**given: Any) -> int:  # noqa: ANN401 (whatever the options are of)
        return command(**{name: given.pop(name) for name in list(given) if name not in _WANTED}, policy=_policy(given))

    run.__signature__ = signature.replace(parameters=[*kept, *shown])  # type: ignore[attr-defined]  # as inspect has it
    run.__annotations__ = {each.name: each.annotation for each in (*kept, *shown)}
    return run


def _default(name: str) -> object:
    value = getattr(POLICY, name)
    if name == "verify":
        return value == "decode"
    return 0 if value is None and name in _NONE_IS_ZERO else value


def _policy(given: dict[str, Any]) -> Policy:
    values: dict[str, Any] = {
        name: None if name in _NONE_IS_ZERO and not value else value for name, value in given.items()
    }
    return Policy(**{**values, "verify": verified_by(values["verify"])})


def verified_by(decode: bool) -> Literal["metadata", "decode"]:
    """What `Policy.verify` is by that option."""
    return "decode" if decode else "metadata"


assert _WANTED.keys() == {each.name for each in fields(Policy)}, "an option for each wish, and for nothing else"
