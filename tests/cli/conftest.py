"""Commands run in this process, or as the program that a shell would start."""

from __future__ import annotations

import errno
import os
import pty
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from preflight.cli.app import run

SAMPLES = Path(__file__).resolve().parents[2] / "sample_media"
PROGRAM = [sys.executable, "-c", "from preflight.cli import main; main()"]


@dataclass(frozen=True)
class Ended:
    code: int
    out: str
    err: str


@pytest.fixture
def samples() -> Path:
    return SAMPLES


@pytest.fixture
def preflight(capfd: pytest.CaptureFixture[str]) -> Callable[..., Ended]:
    """Run one command in this process."""

    def call(*arguments: object) -> Ended:
        code = run([str(a) for a in arguments])
        out, err = capfd.readouterr()
        assert "Traceback" not in err
        return Ended(code, out, err)

    return call


@pytest.fixture
def program(tmp_path: Path) -> Iterator[Callable[..., subprocess.Popen[str]]]:
    """Start the program as a process of its own."""
    started: list[subprocess.Popen[str]] = []

    def start(*arguments: object, **options: object) -> subprocess.Popen[str]:
        streams = dict.fromkeys(("stdin", "stdout", "stderr"), subprocess.PIPE) | options
        process = subprocess.Popen([*PROGRAM, *map(str, arguments)], text=True, cwd=tmp_path, **streams)
        started.append(process)
        return process

    yield start
    for process in started:
        if process.poll() is None:
            process.kill()
        process.communicate()


@pytest.fixture
def terminal(tmp_path: Path) -> Callable[..., tuple[int, str, str]]:
    """Run the program with standard error, and if wanted standard output, on a terminal.

    What comes back: exit code, what the terminal saw, what went to standard output elsewhere.
    """

    def call(*arguments: object, out_too: bool = False) -> tuple[int, str, str]:
        ours, theirs = pty.openpty()
        with (tmp_path / "stdout").open("w+b") as file:
            process = subprocess.Popen(
                [*PROGRAM, *map(str, arguments)],
                stdin=subprocess.DEVNULL,
                stdout=theirs if out_too else file,
                stderr=theirs,
                env={**os.environ, "TERM": "xterm", "COLUMNS": "120"},
            )
            os.close(theirs)
            seen = b""
            try:
                while piece := os.read(ours, 65536):
                    seen += piece
            except OSError as error:
                if error.errno != errno.EIO:  # how Linux says that the other end was closed
                    raise
            os.close(ours)
            return process.wait(), seen.decode(), (tmp_path / "stdout").read_text()

    return call
