"""What stands beside the bar of a run."""

from __future__ import annotations

import pytest

from preflight.cli.run_bar import run_note
from preflight.progress import Progress
from preflight.runs import RunProgress

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
