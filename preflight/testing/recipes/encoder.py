"""The FFmpeg that makes media: the program of `imageio-ffmpeg`, which is not the one that preflight reads with."""

from __future__ import annotations

import subprocess
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from preflight.errors import MissingExtraError, PreflightError

if TYPE_CHECKING:
    import ffmpeg

Options = dict[str, str | int | float | None]
"""FFmpeg's options by their names without the dash; None for those without a value."""


class EncoderError(PreflightError):
    """FFmpeg could not make a medium: its disk is full, or this build of it lacks an encoder."""


@cache
def program() -> str:
    """Raises MissingExtraError where the `testing` extra is not installed."""
    try:
        import imageio_ffmpeg
    except ImportError as error:
        raise MissingExtraError("the catalogue of edge cases", "testing") from error
    return str(imageio_ffmpeg.get_ffmpeg_exe())


def run(*arguments: str, data: bytes | None = None) -> bytes:
    """What the program prints. Whatever it complains of is an error: a made file has no excuse."""
    done = subprocess.run([program(), "-v", "error", *arguments], input=data, capture_output=True, check=False)  # noqa: S603
    if done.returncode:
        raise EncoderError(f"an edge case could not be made: {done.stderr.decode(errors='replace').strip()}")
    return done.stdout


def write(path: Path, *streams: ffmpeg.nodes.Stream, **options: str | float | None) -> None:
    """Run one graph of streams into `path`. The same graph gives the same bytes: no dates, no version, one thread."""
    import ffmpeg

    fixed: Options = {"fflags": "+bitexact", "flags": "+bitexact", "threads": 1}
    node = ffmpeg.output(*streams, str(path), **{**fixed, **options})
    run(*ffmpeg.compile(node, cmd=program(), overwrite_output=True)[1:])
