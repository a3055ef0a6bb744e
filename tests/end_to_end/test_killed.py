"""A run that is killed, and killed again, over a service with bad days: nothing is lost, and nothing paid for twice
but what was on its way.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from preflight.emulator import LocalServer
from preflight.submitter.journal import read_status
from tests.flaky import Flaky

PROGRAM = [sys.executable, "-c", "from preflight.cli import main; main()"]
WORKERS = 8
KILLS = (0.2, 0.5, 0.8)
"""Where, as shares of all requests."""


def inputs_made(folder: Path, count: int) -> Path:
    """Texts, and an image in ten; all different."""
    folder.mkdir()
    for number in range(count):
        if number % 10:
            (folder / f"{number:05}.txt").write_text(f"This is text {number}, and nothing else is like it.\n")
        else:
            pixels = np.random.default_rng(number).integers(0, 256, (128, 128, 3), np.uint8)
            Image.fromarray(pixels).save(folder / f"{number:05}.png")
    return folder


def started(url: str, folder: Path, *arguments: object) -> subprocess.Popen[str]:
    command = [*PROGRAM, "embed", folder, "--base-url", url, "--workers", WORKERS, *arguments]
    environment = {**os.environ, "TWELVELABS_API_KEY": "any"}
    return subprocess.Popen(list(map(str, command)), env=environment, stderr=subprocess.PIPE, text=True)


def disturbed(tmp_path: Path, count: int) -> None:
    folder, out, journal = inputs_made(tmp_path / "inputs", count), tmp_path / "out.ndjson", tmp_path / "run.db"
    with LocalServer(Flaky()) as server:
        undisturbed = started(server.url, folder, "--out", tmp_path / "undisturbed.ndjson")
        assert undisturbed.wait(300) == 0, undisturbed.communicate()
        undisturbed.communicate()
    flaky = Flaky(seed=7, share=0.05)
    with LocalServer(flaky) as server:
        for share in KILLS:
            process = started(server.url, folder, "--journal", journal, "--out", out)
            until = time.monotonic() + 120
            while flaky.answered.total() < share * count:
                assert process.poll() is None, process.communicate()
                assert time.monotonic() < until
                time.sleep(0.005)
            process.send_signal(signal.SIGKILL)
            process.communicate()
            assert not out.exists()
        for _ in range(3):  # an answer that was cut off is asked for again by the next run
            process = started(server.url, folder, "--journal", journal, "--out", out)
            _, said = process.communicate(timeout=300)
            if process.returncode == 0:
                break
        assert process.returncode == 0, said
    assert out.read_bytes() == (tmp_path / "undisturbed.ndjson").read_bytes()
    assert len(out.read_text().splitlines()) == len(flaky.answered) == count
    assert sum(flaky.failed.values()) > 0.03 * count
    assert len(flaky.failed) >= 3
    assert flaky.answered.total() - count <= WORKERS * len(KILLS)
    status = read_status(journal)
    assert (status.inputs.done, status.requests.done) == (count, count)
    assert sum(use.requests for use in status.billed.values()) == count
    assert status.requests.lost <= WORKERS * len(KILLS)
    assert flaky.answered.total() - count <= status.requests.lost


def test_killed_three_times(tmp_path: Path) -> None:
    disturbed(tmp_path, 150)


@pytest.mark.corpus
def test_killed_three_times_over_many_inputs(tmp_path: Path) -> None:
    disturbed(tmp_path, 2_000)


def test_a_terminated_run_ends_cleanly_and_goes_on(tmp_path: Path) -> None:
    folder, journal = inputs_made(tmp_path / "inputs", 60), tmp_path / "run.db"
    flaky = Flaky(delay_s=0.3)
    with LocalServer(flaky) as server:
        process = started(server.url, folder, "--journal", journal)
        until = time.monotonic() + 60
        while flaky.answered.total() < 12:
            assert time.monotonic() < until
            time.sleep(0.005)
        process.send_signal(signal.SIGTERM)
        _, said = process.communicate(timeout=20)
        assert process.returncode == 143
        assert "Traceback" not in said
        assert f"{journal}: run the same command again" in said
        # What was on its way was awaited, and kept.
        assert read_status(journal).requests.done == flaky.answered.total()
        assert read_status(journal).requests.in_flight == 0
        process = started(server.url, folder, "--journal", journal, "--out", tmp_path / "out.ndjson")
        assert process.wait(60) == 0
        process.communicate()
    assert flaky.answered.total() == 60
    found = [json.loads(line)["source"] for line in (tmp_path / "out.ndjson").read_text().splitlines()]
    assert found == sorted(map(str, folder.iterdir()))
