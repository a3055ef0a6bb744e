"""What stands beside the bar of a run."""

from __future__ import annotations

import pytest

from preflight.cli.run_bar import run_bar, run_note
from preflight.progress import Progress
from preflight.runs import RunProgress
from preflight.submitter.waits import Wait

NOTHING = {"inputs": 0, "total": None, "requests": 0, "in_flight": (), "waiting": 0, "making": None}


@pytest.mark.parametrize(
    ("told", "note"),
    [
        ({}, "0"),
        ({"inputs": 3, "total": 20}, "3/20"),
        ({"in_flight": ("a/b.txt", "c.mp4", "c.mp4")}, "0, sending b.txt, c.mp4 (2)"),
        ({"in_flight": tuple("abcde")}, "0, sending a, b, c and 2 more"),
        ({"waiting": 5}, "0, 5 wait"),
        (
            {"making": Progress("x/f.mkv", 2, 30.0, 600.0, 5.1, 112.0)},
            "0, f.mkv: request 2, 30 of 600 s, 5.1x, 1:52 left",
        ),
        ({"in_flight": ("a\x1b[2J",)}, "0, sending a\N{REPLACEMENT CHARACTER}[2J"),
    ],
)
def test_note(told, note) -> None:
    assert run_note(RunProgress(**{**NOTHING, **told})) == note


NOW = 1_795_000_000.0  # 2026-11-18 11:06:40 UTC


def paused(seconds: float | None, why: str = "the service limits the rate (429)") -> RunProgress:
    until = NOW + seconds if seconds is not None else None
    return RunProgress(**{**NOTHING, "waiting": 2, "pause": Wait(why=why, until=until, is_open=False)})


@pytest.fixture
def _then(monkeypatch) -> None:
    monkeypatch.setattr("preflight.cli.run_bar.time.time", lambda: NOW)


@pytest.mark.usefixtures("_then")
@pytest.mark.parametrize(
    ("seconds", "note"),
    [(3600, "0, 2 wait until 2026-11-18 12:06:40 UTC"), (2, "0, 2 wait"), (None, "0, 2 wait")],
)
def test_note_of_a_wait(seconds, note) -> None:
    assert run_note(paused(seconds)) == note


@pytest.mark.usefixtures("_then")
def test_a_long_wait_is_said_once_for_all_who_wait_for_the_same(capsys) -> None:
    """Without a terminal, too."""
    with run_bar(prints=False) as hear:
        for seconds in (None, 5, 3600, 3604, 3600):
            hear(paused(seconds))
        hear(RunProgress(**NOTHING))
        hear(paused(7200, "the plan's limits are used up for now (texts and images)"))
    assert capsys.readouterr().err.splitlines() == [
        "waits until 2026-11-18 12:06:40 UTC (about 60 min): the service limits the rate (429)",
        "waits until 2026-11-18 13:06:40 UTC (about 120 min): the plan's limits are used up for now (texts and images)",
    ]
