"""What is told of long work, as whoever asked for it hears it."""

from __future__ import annotations

import threading
from itertools import groupby, pairwise

import pytest

from preflight import progress
from preflight.pipeline import Preflight
from preflight.planner import Policy
from preflight.progress import Progress
from preflight.testing.recipes.film import X264, Copy
from preflight.testing.recipes.marked import MarkedFilm
from preflight.testing.store import Store
from tests.lowered import lowered

SECONDS = 40.0
FILM = MarkedFilm(
    seconds=SECONDS, suffix=".mp4", options={**X264, "preset": "ultrafast", "g": 50, "pix_fmt": "yuv420p"}
)
LIMITS = lowered(max_s=15.0)
STAGES = ["probe", "decode", "scan", "seek", "prepare"]


@pytest.fixture
def every_time(monkeypatch):
    """As if each step had taken as long as a person needs to read."""
    monkeypatch.setattr(progress, "EVERY_S", 0.0)


def told(source, policy: Policy) -> list[Progress]:
    heard: list[Progress] = []
    here = threading.get_ident()

    def hear(event: Progress) -> None:
        assert threading.get_ident() == here, "in the caller's own thread"
        heard.append(event)

    list(Preflight(limits=LIMITS, policy=policy, on_progress=hear, workers=2).prepare(source))
    return heard


def must_rise_to_the_end(heard: list[Progress]) -> None:
    stages = [stage for stage, _ in groupby(heard, key=lambda event: event.stage)]
    assert stages == [stage for stage in STAGES if stage in stages], "each once, and in order"
    for _, events in groupby(heard, key=lambda event: event.stage):
        done = [event.done_s for event in events]
        assert done == sorted(done)
    assert heard[-1].done_s == heard[-1].total_s == pytest.approx(SECONDS, abs=0.1)


def test_an_encode_of_several_stretches_moves_all_the_time(every_time):
    heard = told(Store().path(FILM), Policy(min_clip_s=600.0))
    must_rise_to_the_end(heard)
    encoding = [event for event in heard if event.stage == "prepare"]
    assert len(encoding) > SECONDS * 25
    done = [event.done_s for event in encoding]
    assert max(b - a for a, b in pairwise(done)) < 1.0


def test_a_copy_moves_by_units(every_time):
    heard = told(Store().path(Copy(suffix=".mkv", of=FILM)), Policy(min_clip_s=1.0))
    must_rise_to_the_end(heard)
    assert len([event for event in heard if event.stage == "prepare"]) > SECONDS / 3


def test_to_read_the_packets_is_told_too(every_time):
    heard = told(Store().path(Copy(suffix=".ts", of=FILM)), Policy(min_clip_s=1.0, cut_at="quiet"))
    must_rise_to_the_end(heard)
    for stage in ("probe", "scan", "seek"):
        done = [event.done_s for event in heard if event.stage == stage]
        assert len(done) > SECONDS
        assert max(done) == pytest.approx(SECONDS, abs=1.0)
