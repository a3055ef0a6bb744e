"""Which pictures and sounds go into the vector of a stretch of time."""

from __future__ import annotations

import numpy as np
import pytest

from preflight.emulator.answer import _Vectors
from preflight.emulator.decoding import Recording
from preflight.emulator.picture import picture_vector
from preflight.emulator.segments import Item
from preflight.media import Span


@pytest.fixture
def pictures(draw):
    return [np.asarray(draw(seed).resize((64, 64))) for seed in (1, 2, 3)]


def visual(vectors: _Vectors, start_s: float, end_s: float):
    return vectors.of(Item(option="visual", scope="clip", span=Span(start_s, end_s)), ["visual"])


def test_the_pictures_of_a_segment_are_blended(pictures):
    vectors = _Vectors(Recording(times_s=[0.0, 1.0, 2.0], pictures=pictures))

    both = visual(vectors, 0, 2)

    assert both @ picture_vector(pictures[0]) == pytest.approx(both @ picture_vector(pictures[1]))
    assert both @ picture_vector(pictures[0]) > 0.6
    assert abs(both @ picture_vector(pictures[2])) < 0.4


@pytest.mark.parametrize(("span", "nearest"), [((1, 3), 0), ((4, 6), 1), ((7.5, 9.1), 2), ((50, 60), 2)])
def test_where_none_was_seen_the_nearest_counts(pictures, span, nearest):
    vectors = _Vectors(Recording(times_s=[0.0, 6.5, 9.5], pictures=pictures))

    assert visual(vectors, *span) @ picture_vector(pictures[nearest]) == pytest.approx(1)


def test_a_change_of_scene_is_when_the_new_one_is_first_seen(pictures):
    one, two, _ = pictures
    vectors = _Vectors(Recording(times_s=[0.0, 1.0, 2.0, 3.5], pictures=[one, one, two, two]))

    assert vectors.scene_changes_s() == [2.0]


def test_a_recording_without_pictures_has_no_scenes():
    silence = np.zeros(16_000, np.float32)

    assert _Vectors(Recording(times_s=(), pictures=(), samples=silence)).scene_changes_s() == []
