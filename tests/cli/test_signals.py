"""Told to stop from outside: nothing half-written stays, and the exit code says why."""

from __future__ import annotations

import signal
import time
from pathlib import Path

import pytest


@pytest.mark.parametrize(("number", "code", "said"), [("SIGTERM", 143, "terminated"), ("SIGINT", 130, "interrupted")])
def test_nothing_half_written_stays(program, samples: Path, tmp_path: Path, number, code, said) -> None:
    out = tmp_path / "o"
    beside = sorted(samples.iterdir())
    process = program("prepare", samples / "icon.png", *[samples / "small_240x180.mp4"] * 8, "--out", out)
    until = time.monotonic() + 40
    while not (out / "000001.json").exists():
        assert process.poll() is None
        assert time.monotonic() < until
        time.sleep(0.01)
    process.send_signal(getattr(signal, number))
    _, err = process.communicate(timeout=40)
    assert process.returncode == code
    assert err.endswith(f"{said}\n")
    assert "Traceback" not in err
    assert not [path for path in out.iterdir() if path.name.endswith(".part")]
    listed = (out / "manifest.ndjson").read_text().count('"request": "')
    assert listed == len(list(out.glob("0*.json")))
    assert sorted(samples.iterdir()) == beside
