"""What the paths on the command line stand for: files, whole folders, or standard input."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Literal

from preflight.errors import UnreadableError, UsageError
from preflight.media import InvalidRequest, Kind, MultiInput, Source, TextImage
from preflight.source import not_there

# In a folder, text is taken where its name says that it is meant to be read: a source file or a settings file
# lies beside media by chance. A file that is named on the command line is always taken.
_PROSE = frozenset({"", ".txt", ".text", ".md", ".markdown", ".rst"})


def opened(
    paths: Sequence[str], kind: Kind | Literal["request"] | None
) -> tuple[list[Source] | list[TextImage | MultiInput | InvalidRequest], Kind | None]:
    """What the paths stand for, and what kind each of it is to be read as.

    Raises UsageError where a path is not there, or a folder where a request is meant.
    """
    if kind != "request":
        return collect(paths, kind), kind
    from preflight.cli.request_file import read_request

    if folders := [path for path in paths if os.path.isdir(path)]:  # noqa: PTH112 (as below)
        raise UsageError(f"{folders[0]} is a folder. Name the request files in it.")
    _require_once(paths)
    for path in paths:
        _require(path)
    return [read_request(path) for path in paths], None


def collect(paths: Sequence[str], kind: Kind | None = None) -> list[Source]:
    """The sources behind `paths`, folders walked in order of their names, hidden files left out.

    With `kind`, every file of a folder is taken. Links to folders are not followed. Raises UsageError where a path
    is not there, or a folder cannot be listed or holds nothing that could be embedded.
    """
    _require_once(paths)
    sources: list[Source] = []
    for path in paths:
        if path == "-":
            if sys.stdin is None:
                raise UsageError("standard input is closed. Name a file, or open it.")
            sources.append(Source.of(sys.stdin.buffer, name="<stdin>"))
        elif os.path.isdir(path):  # noqa: PTH112 (a NUL byte in it is False here and an error in pathlib)
            found = [source for source in _walk(Path(path)) if kind is not None or _is_wanted(source)]
            if not found:
                raise UsageError(f"{path} holds no text, image, audio or video. Name a folder that does, or a file.")
            sources += found
        else:
            _require(path)
            sources.append(Source.of(path))
    return sources


def _require_once(paths: Sequence[str]) -> None:
    if paths.count("-") > 1:
        raise UsageError("standard input can be read only once. Name - only once.")


def _require(path: str) -> None:
    if path != "-" and not _may_be_there(path):
        raise UsageError(not_there(path))


def _may_be_there(path: str) -> bool:
    try:
        os.lstat(path)
    except (FileNotFoundError, NotADirectoryError, ValueError):  # ValueError: a NUL byte in it
        return False
    except OSError:
        return True  # in a folder that is closed to us: to be reported
    return True


def _walk(folder: Path) -> Iterator[Source]:
    for parent, folders, files in os.walk(folder, onerror=_refuse):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in sorted(files):
            if not name.startswith("."):
                yield Source.of(Path(parent, name))


def _refuse(error: OSError) -> None:
    # To pass over it would be to say that all is well with what was never seen.
    raise UsageError(f"{error.filename} cannot be listed ({error.strerror}). Check its permissions.") from error


def _is_wanted(source: Source) -> bool:
    from preflight.probers.sniff import HEAD_BYTES, sniff

    assert source.path is not None
    try:
        head = source.head(HEAD_BYTES)
    except UnreadableError:
        return True  # to be reported, not passed over
    return sniff(head, source.name) != "text" or source.path.suffix.lower() in _PROSE
