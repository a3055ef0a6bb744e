"""Properties that every vector has, whatever it is of."""

from __future__ import annotations

import os
import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from preflight.emulator.vectors import blend, bounded, cosines, spread, unit
from preflight.emulator.wording import wording_vector

features = hnp.arrays(np.float64, st.integers(1, 512), elements=st.floats(-1, 1)).filter(
    lambda values: np.linalg.norm(values) > 1e-3
)


@given(features)
def test_spread_makes_512_numbers_of_unit_length(values):
    vector = spread(values, "any")

    assert vector.shape == (512,)
    assert np.linalg.norm(vector) == pytest.approx(1)


@given(st.integers(1, 512).flatmap(lambda n: st.tuples(*[hnp.arrays(np.float64, n, elements=st.floats(0.1, 1))] * 2)))
def test_spread_keeps_the_cosine(pair):
    first, second = pair

    expected = first @ second / np.linalg.norm(first) / np.linalg.norm(second)
    assert spread(first, "any") @ spread(second, "any") == pytest.approx(expected)


def test_kinds_lie_at_right_angles():
    values = np.linspace(-1, 1, 300)

    assert abs(spread(values, "picture") @ spread(values, "sound")) < 0.2


def test_a_vector_of_nothing_still_has_unit_length():
    assert np.linalg.norm(unit(np.zeros(512))) == 1
    assert np.linalg.norm(spread(np.zeros(3), "any")) == 1


def test_a_blend_lies_between_its_parts():
    first, second = spread(np.array([1.0]), "one"), spread(np.array([1.0]), "two")

    middle = blend([first, second])

    assert middle @ first == pytest.approx(middle @ second)
    assert middle @ first > 0.6


def test_faint_values_stay_faint():
    assert np.linalg.norm(bounded(np.array([3.0, 4.0]), 1.0)) == pytest.approx(1)
    assert np.linalg.norm(bounded(np.array([0.03, 0.04]), 1.0)) == pytest.approx(0.05)


def test_cosines_are_orthonormal():
    waves = cosines(10, 32)

    np.testing.assert_allclose(waves @ waves.T, np.eye(10), atol=1e-12)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("man walking a dog", "A man is walking his dog"),
        ("man walking a dog", "  MAN  walking a dog!"),
        ("犬が公園を歩いている", "犬が公園を走っている"),
        ("ﬁne café", "fine cafe\u0301"),
    ],
)
def test_similar_texts_are_close(one, other):
    unrelated = wording_vector("stocks fell sharply on Monday")

    assert wording_vector(one) @ wording_vector(other) > 0.35
    assert abs(wording_vector(one) @ unrelated) < 0.2


@pytest.mark.parametrize("text", ["🎉", "?!", " ", "\ud800", "a"])
def test_texts_without_words_have_vectors_too(text):
    assert np.linalg.norm(wording_vector(text)) == pytest.approx(1)


def test_signs_are_told_apart():
    assert wording_vector("🎉") @ wording_vector("?!") < 0.5


def test_a_text_has_the_same_vector_in_every_process():
    code = "from preflight.emulator.wording import wording_vector as w; print(w('man walking a dog').tolist())"
    printed = {
        subprocess.run(
            [sys.executable, "-c", code],
            env=os.environ | {"PYTHONHASHSEED": seed},
            capture_output=True,
            check=True,
            text=True,
        ).stdout
        for seed in ("1", "2")
    }

    assert printed == {f"{wording_vector('man walking a dog').tolist()}\n"}
