"""`preflight embed`: files in, embeddings out."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from preflight.cli import options
from preflight.cli.inputs import opened
from preflight.cli.talk import bar, give, require_output, say
from preflight.errors import (
    AuthenticationError,
    ExitCode,
    OutOfSpaceError,
    PreflightError,
    RateLimitError,
    RejectedError,
    UsageError,
)
from preflight.media import Kind, MultiInput, Source, TextImage
from preflight.pipeline import Preflight
from preflight.planner import Policy
from preflight.reports import records, text
from preflight.results import embeddings_file

if TYPE_CHECKING:
    from preflight.submitter import Client, Embeddings

_EMULATOR_KEY = "emulator"


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
    profile: options.Profile = options.DEFAULT,
    kind: options.As = None,
    *,
    policy: Policy,
) -> int:
    """Prepare, submit, and write each vector, placed on its source's own timeline, as a line of JSON or a row.

    One input that fails does not stop the others; the exit code is then 1.
    """
    if out is None:
        require_output()
    done, vectors = 0, 0
    stop: KeyboardInterrupt | PreflightError | None = None
    with ExitStack() as stack:
        add = stack.enter_context(embeddings_file(out)).add if out is not None else _print
        sources, as_kind = opened(paths, kind)
        client = stack.enter_context(_client(emulator, base_url, api_key_file, profile))
        progress = stack.enter_context(bar(len(sources), prints=out is None))
        preflight = Preflight(limits=profile, policy=policy, on_progress=progress.advance)
        try:
            for source in sources:
                progress.start(source.name)
                found = _embed_one(preflight, client, source, as_kind)
                if found is not None:
                    add(found.normalized() if normalize else found)
                    done, vectors = done + 1, vectors + len(found)
                progress.finish()
        except (KeyboardInterrupt, PreflightError) as error:
            if not vectors:
                raise
            stop = error  # the vectors that are there were paid for: they are kept
    say(f"{vectors} vectors from {done} of {len(sources)} inputs" + (f" in {out}" if out is not None else ""))
    if stop is not None:
        raise stop
    return ExitCode.OK if done == len(sources) else ExitCode.REFUSED


def _print(embeddings: Embeddings) -> None:
    if len(embeddings):  # at one go: Ctrl-C between two of them would leave half a source
        give("\n".join(map(records.line, records.of_embeddings(embeddings))))


def _embed_one(
    preflight: Preflight, client: Client, source: Source | TextImage | MultiInput, kind: Kind | None
) -> Embeddings | None:
    """None where the input failed, which was said."""
    try:
        return preflight.embed(source, client, kind=kind)
    except RejectedError as error:
        say(text.of_rejection(error))
    except (AuthenticationError, RateLimitError, OutOfSpaceError, UsageError):
        raise  # the next input would fare no better
    except PreflightError as error:
        say(f"{source.name}: {error}")
    return None


@contextmanager
def _client(emulator: bool, base_url: str | None, api_key_file: Path | None, profile: str) -> Iterator[Client]:
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
