"""What is said of progress."""

from __future__ import annotations

import pytest

from preflight.cli.talk import note
from preflight.progress import Progress


@pytest.mark.parametrize(
    ("progress", "said"),
    [
        (Progress("a", 0, 12.4, 600.0, 3.44, 171.0), "12 of 600 s, 3.4x, 2:51 left"),
        (Progress("a", 2, 300.0, 600.0, 812.3, 0.4), "request 2, 300 of 600 s, 812x, 0:00 left"),
        (Progress("a", 0, 5.0, None, 1.0, None), "5 s, 1.0x"),
        (Progress("a", 1, None, None), "request 1"),
        (Progress("a", 0, 0.0, 10.0), "0 of 10 s"),
    ],
)
def test_beside_the_bar(progress, said):
    assert note(progress) == said
