"""Where it is good to cut, in media made so that it is known."""

from __future__ import annotations

from pathlib import Path

import pytest

from preflight.media import Source
from preflight.probers import probe
from preflight.probers.moments import find_moments
from tests.probers.moments_made import change_of_scene, spoken


@pytest.fixture
def talk(tmp_path: Path) -> Path:
    return spoken(tmp_path / "talk.wav", seconds=30.0, pauses=[(4.0, 5.0), (17.25, 18.0), (29.0, 30.0)])


def moments(path: Path, what, **as_kind):
    source = Source.of(path)
    return find_moments(source, probe(source, **as_kind), what)


def test_quiet(talk):
    found = moments(talk, "quiet")
    for score in (1.0, 2.0, 3.0):
        stretches = [(m.start_s, m.end_s) for m in found if m.score == score]
        assert stretches == [pytest.approx(p, abs=0.05) for p in [(4.0, 5.0), (17.25, 18.0), (29.0, 30.0)]]


def test_a_noisy_room_is_quiet_to_a_degree(tmp_path):
    path = spoken(tmp_path / "room.wav", seconds=12.0, pauses=[(4.0, 6.0)], noise=0.02)  # -34 dBFS
    assert {m.score for m in moments(path, "quiet")} == {1.0}


def test_sound_has_no_scenes_and_a_silent_film_nothing_to_hear(talk, media):
    assert moments(talk, "scene") == ()
    assert moments(media("video/silent_mp4"), "quiet") == ()


def test_scene(tmp_path):
    path = change_of_scene(tmp_path / "two.mp4", first_s=3.0, second_s=2.0)
    (change,) = moments(path, "scene")
    assert change.start_s == change.end_s == pytest.approx(3.0, abs=0.05)
    assert change.score >= 1


def test_what_cannot_be_decoded_has_no_moments(tmp_path, talk):
    source = Source.of(talk)
    facts = probe(source)
    talk.write_bytes(bytes(1000))
    assert find_moments(source, facts, "quiet") == ()


def test_it_says_how_far_it_is(talk):
    source = Source.of(talk)
    seen: list[float] = []
    find_moments(source, probe(source), "quiet", seen.append)
    assert seen == sorted(seen)
    assert seen[-1] == pytest.approx(30.0, abs=0.5)
