"""`preflight embed`: files in, embeddings out."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import IO, TYPE_CHECKING, Annotated

import typer

from preflight.cli import options
from preflight.cli.inputs import collect
from preflight.cli.talk import bar, say
from preflight.cli.whole import whole_file
from preflight.errors import (
    AuthenticationError,
    ExitCode,
    PreflightError,
    RateLimitError,
    RejectedError,
    UsageError,
)
from preflight.media import Kind, Source
from preflight.pipeline import Preflight
from preflight.planner import Policy
from preflight.reports import records, text

if TYPE_CHECKING:
    from preflight.submitter import Client

_EMULATOR_KEY = "emulator"


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
        typer.Option("--out", help="An .ndjson file; standard output without it.", dir_okay=False),
    ] = None,
    profile: options.Profile = options.DEFAULT,
    kind: options.As = None,
    prefer: options.Prefer = options.POLICY.prefer,
    fit: options.Fit = options.POLICY.fit,
    audio: options.Audio = options.POLICY.audio,
) -> int:
    """Prepare, submit, and write a line of JSON for each vector, placed on its source's own timeline.

    One input that fails does not stop the others; the exit code is then 1.
    """
    if out is not None and out.suffix != ".ndjson":
        raise UsageError(f"{out} does not end in .ndjson, the only form that is written. Rename it.")
    sources = collect(paths, kind)
    failed, vectors = 0, 0
    interruption: KeyboardInterrupt | None = None
    with ExitStack() as stack:
        client = stack.enter_context(_client(emulator, base_url, api_key_file, profile))
        progress = stack.enter_context(bar(len(sources)))
        file = stack.enter_context(whole_file(out)) if out is not None else sys.stdout.buffer
        policy = Policy(prefer=prefer, fit=fit, audio=audio)
        preflight = Preflight(limits=profile, policy=policy, on_progress=progress.advance)
        try:
            for source in sources:
                progress.start(source.name)
                written = _embed_one(preflight, client, source, kind, file)
                progress.finish()
                failed += written is None
                vectors += written or 0
        except KeyboardInterrupt as error:
            interruption = error  # the vectors that are there were paid for: they are kept
    if interruption is not None:
        raise interruption
    done = len(sources) - failed
    say(f"{vectors} vectors from {done} of {len(sources)} inputs" + (f" in {out}" if out is not None else ""))
    return ExitCode.REFUSED if failed else ExitCode.OK


def _embed_one(preflight: Preflight, client: Client, source: Source, kind: Kind | None, file: IO[bytes]) -> int | None:
    """How many vectors were written; None where the input failed, which was said."""
    try:
        rows = records.of_embeddings(preflight.embed(source, client, kind=kind))
    except RejectedError as error:
        say(text.of_rejection(error))
    except (AuthenticationError, RateLimitError, UsageError):
        raise  # the next input would fare no better
    except PreflightError as error:
        say(f"{source.name}: {error}")
    else:
        file.write("".join(f"{records.line(row)}\n" for row in rows).encode())
        file.flush()
        return len(rows)
    return None


@contextmanager
def _client(emulator: bool, base_url: str | None, api_key_file: Path | None, profile: str) -> Iterator[Client]:  # noqa: FBT001
    from preflight.submitter import BASE_URL, Client

    if not emulator:
        with Client(_key(api_key_file), base_url=base_url or BASE_URL) as client:
            yield client
        return
    if base_url is not None:
        raise UsageError("--emulator and --base-url exclude each other. Give one of them.")
    from preflight.emulator import LocalServer

    with LocalServer(profile=profile) as server, Client(_EMULATOR_KEY, base_url=server.url) as client:
        yield client


def _key(file: Path | None) -> str | None:
    if file is None:
        return os.environ.get("TWELVELABS_API_KEY")
    try:
        return file.read_text().strip()
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"{file} cannot be read as a key ({error}). Check the path.") from error
