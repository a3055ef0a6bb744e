"""`preflight prepare`: request bodies on disk, and a manifest of what each is."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import IO, Annotated, Literal

import typer

from preflight import routing
from preflight.cli import options
from preflight.cli.inputs import opened
from preflight.cli.signals import raise_if_stopped
from preflight.cli.talk import bar, say
from preflight.errors import (
    ExitCode,
    PreflightError,
    Reason,
    RejectedError,
    UnreadableError,
    UnverifiedOutputError,
    UsageError,
)
from preflight.inputs import Opened
from preflight.media import Kind
from preflight.payload import Payload
from preflight.pipeline import Preflight
from preflight.planner import Policy
from preflight.planner.route import Wish
from preflight.probers.sniff import HEAD_BYTES, suffix_of
from preflight.reports import records, text
from preflight.rules import rule
from preflight.whole import new_folder, whole_file

_MANIFEST = "manifest.ndjson"
_WRITERS = 2
"""Of one source's requests. A copied one is made in less time than it is hashed and written; more gain nothing that
memory, in which what was encoded waits, would not pay for.
"""


@options.with_policy
def prepare(
    paths: options.Paths,
    out: Annotated[str, typer.Option("--out", metavar="<directory>", help="A new or empty folder for the requests.")],
    media: Annotated[bool, typer.Option("--media", help="Write the media files instead of request bodies.")] = False,
    profile: options.Profile = options.DEFAULT,
    kind: options.As = None,
    route: options.Route = "sync",
    *,
    policy: Policy,
) -> int:
    """Write requests that the service accepts, exactly as they would be posted, and a manifest of them.

    What has to be uploaded beforehand (--route asset) has no body yet: its media file is written instead.
    Inputs that cannot be prepared get a line in the manifest with their findings, and exit code 1.
    """
    if media and kind == "request":
        raise UsageError("--media writes one file a request, and a request of several parts has several. Leave it out.")
    sources, as_kind = opened(paths, kind)
    folder = new_folder(Path(out))
    with bar(len(sources), prints=False) as progress:
        preflight = Preflight(limits=profile, policy=policy, on_progress=progress.advance)
        stop: KeyboardInterrupt | PreflightError | None = None
        with whole_file(folder / _MANIFEST) as manifest:
            writer = _Writer(folder, manifest, form="media" if media else "body", route=route)
            try:
                for source in sources:
                    progress.start(source.name)
                    writer.write(preflight, source, as_kind)
                    progress.finish()
            except (KeyboardInterrupt, PreflightError) as error:
                stop = error  # the manifest then lists what was finished until now
    say(f"{writer.requests} requests from {writer.prepared} of {len(sources)} inputs in {folder}")
    if stop is not None:
        raise stop
    return ExitCode.OK if writer.prepared == len(sources) else ExitCode.REFUSED


class _Writer:
    """Numbers the requests across all inputs. A source's files stay only if all of them were made."""

    def __init__(self, folder: Path, manifest: IO[bytes], *, form: Literal["body", "media"], route: Wish) -> None:
        self._folder, self._manifest, self._form, self._route = folder, manifest, form, route
        self.requests = 0
        self.prepared = 0

    def write(self, preflight: Preflight, source: Opened, kind: Kind | None) -> None:
        written: list[Path] = []
        lines: list[str] = []
        try:
            with ThreadPoolExecutor(_WRITERS) as beside:  # waits at its end: nothing is written after it
                writing: deque[Future[str]] = deque()
                for number, payload in enumerate(self._payloads(preflight, source, kind), start=self.requests + 1):
                    while len(writing) == _WRITERS:
                        lines.append(writing.popleft().result())
                    path = self._path_of(payload, number)
                    written.append(path)
                    writing.append(beside.submit(self._write_one, payload, path))
                    if not payload.may_be_read_beside:
                        lines.append(writing.popleft().result())
                lines += [each.result() for each in writing]
            self._add(lines)
        except (RejectedError, UnverifiedOutputError, UnreadableError) as error:
            _remove(written)
            raise_if_stopped()  # an interruption that a callback lost looks like damage
            say(text.of_rejection(error) if isinstance(error, RejectedError) else f"{source.name}: {error}")
            self._add([records.line(records.of_refusal(source.name, _findings(error)))])
        except BaseException:
            _remove(written)
            raise
        else:
            self.requests += len(written)
            self.prepared += 1

    def _payloads(self, preflight: Preflight, source: Opened, kind: Kind | None) -> Iterator[Payload]:
        if self._route == "sync":
            return preflight.prepare(source, kind=kind)
        return routing.route(preflight, source, kind=kind, wish=self._route).prepare()

    def _path_of(self, payload: Payload, number: int) -> Path:
        if self._form == "body" and payload.upload is None:
            return self._folder / f"{number:06}.json"
        if not payload.media:
            return self._folder / f"{number:06}.txt"
        suffix = suffix_of(payload.media[0].source.head(HEAD_BYTES)) or Path(payload.source).suffix.lower()
        return self._folder / f"{number:06}{suffix}"

    def _write_one(self, payload: Payload, path: Path) -> str:
        """Its line in the manifest. In a thread of its own: while it hashes and writes, the next request is made."""
        with whole_file(path) as file:
            if self._form == "body" and payload.upload is None:
                payload.write_to(file)
            elif payload.media:
                (medium,) = payload.media
                file.writelines(medium.blocks())
            else:
                file.writelines(payload.verified[0].blocks())
        return records.line(records.of_payload(payload, path.name))

    def _add(self, lines: list[str]) -> None:
        self._manifest.write("".join(f"{each}\n" for each in lines).encode())


def _findings(error: RejectedError | UnverifiedOutputError | UnreadableError) -> Sequence[Reason]:
    if isinstance(error, UnreadableError):  # it was there when it was checked
        return [rule("file_unreadable").finding(str(error), measured=None, limit=None)]
    return error.findings


def _remove(paths: list[Path]) -> None:
    for path in paths:
        path.unlink(missing_ok=True)
