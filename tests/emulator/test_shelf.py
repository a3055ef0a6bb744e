"""Where uploaded files lie: nothing of it outlives the emulator for long."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from preflight.emulator.shelf import Shelf

HOLDS = """
import sys, time
from preflight.emulator.shelf import Shelf
shelf = Shelf()
shelf.new().write_bytes(b"a film")
print(shelf.new().parent, flush=True)
time.sleep(60)
"""


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    return tmp_path


def aged(folder: Path) -> None:
    os.utime(folder, (1_000_000, 1_000_000))


def test_what_a_killed_one_left_is_removed_by_the_next(place: Path) -> None:
    with subprocess.Popen([sys.executable, "-c", HOLDS], stdout=subprocess.PIPE, text=True) as other:
        left = Path(other.stdout.readline().strip())
        aged(left)
        shelf = Shelf()
        home = shelf.new().parent
        assert left.is_dir(), "it is still in use"
        other.send_signal(signal.SIGKILL)
    assert left.is_dir()
    aged(left)
    next_one = Shelf()
    another = next_one.new().parent
    assert set(place.iterdir()) == {home, another}
    del shelf, next_one
    assert list(place.iterdir()) == []


def test_a_young_one_is_left_alone(place: Path) -> None:
    (making := place / "preflight-emulator-new").mkdir()
    (foreign := place / "elsewhere").mkdir()
    aged(foreign)
    Shelf().new()
    assert set(place.iterdir()) == {making, foreign}
