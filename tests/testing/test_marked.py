"""Marked media say where each piece of them comes from, and whoever judges by them notices what is wrong."""

from __future__ import annotations

import shutil

import pytest

from preflight.media import Span
from preflight.testing.recipes.film import X264, Copy
from preflight.testing.recipes.marked import MarkedFilm, tone_hz
from preflight.testing.store import Store
from tests.marks import faults, marks

pytestmark = pytest.mark.skipif(shutil.which("ffprobe") is None, reason="ffprobe is not installed")

FILM = MarkedFilm(suffix=".mp4", seconds=6.0, sample_rate=48_000, options=X264)


@pytest.fixture(scope="module")
def film():
    return Store().path(FILM)


def test_every_second_is_marked_at_half_past(film):
    found = marks(film)
    assert [second for second, _ in found.seen] == [0, 1, 2, 3, 4, 5]
    assert [at for _, at in found.seen] == pytest.approx([0.52, 1.52, 2.52, 3.52, 4.52, 5.52], abs=0.021)
    assert [hz for hz, _ in found.heard] == pytest.approx([tone_hz(second) for second in range(6)], abs=15)
    assert [at for _, at in found.heard] == pytest.approx([0.5, 1.5, 2.5, 3.5, 4.5, 5.5], abs=0.005)


def test_the_whole_is_without_fault(film):
    assert faults(film, [(film, Span(0.0, 6.0))]) == []


def test_a_span_that_is_off_by_a_frame_and_more_is_noticed(film):
    assert any("flash 3" in fault for fault in faults(film, [(film, Span(0.06, 6.0))]))


def test_a_second_that_is_missing_or_twice_there_is_noticed(film):
    assert "flash 2 in clips [0, 1]" in faults(film, [(film, Span(0.0, 6.0)), (film, Span(0.0, 6.0))])
    last = Store().path(Copy(suffix=".mp4", of=FILM, before={"ss": 4}))
    wrong = faults(film, [(last, Span(4.0, 6.0))])
    assert "flash 2 in clips []" in wrong
    assert "tone 2 in clips []" in wrong


def test_sound_that_moved_against_its_picture_is_noticed(film):
    late = Copy(suffix=".mkv", of=FILM, options={"bsf:a": "setts=pts=PTS+0.05/TB:dts=DTS+0.05/TB"})
    wrong = faults(film, [(Store().path(late), Span(0.0, 6.0))])
    assert any("sound moved +0.05" in fault for fault in wrong)
