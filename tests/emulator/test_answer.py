"""Which pictures and sounds go into the vector of a stretch of time, and that it is the same every time."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import numpy as np
import pytest

from preflight.emulator.answer import _Vectors
from preflight.emulator.decoding import Recording
from preflight.emulator.picture import picture_vector
from preflight.emulator.schema import INPUT_TYPES
from preflight.emulator.segments import Item
from preflight.emulator.sound import loudness
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

    assert _Vectors(Recording(times_s=(), pictures=(), loudness=loudness(silence))).scene_changes_s() == []


IN_A_PROCESS_OF_ITS_OWN = """
import json, sys
from preflight.emulator.answer import answer
from preflight.emulator.schema import parse
from preflight.pipeline import Preflight

with open(sys.argv[1], "rb") as file:
    for body in file:
        print(json.dumps(answer(parse(body, model_name="marengo3.0"), Preflight())))
"""


@pytest.fixture
def one_of_each(media_body, draw, encode, sound, film, convert):
    """A request body of every input type, and of every codec family that timed media may have."""
    image, other = (media_body("image", encode(draw(seed)))["image"]["media_source"] for seed in (1, 2))
    two_images = [{"media_type": "image", "name": "one"} | image, {"media_type": "image"} | other]
    inner = {
        "text": {"input_text": "man wälking a dog 犬"},
        "image": {"media_source": image},
        "text_image": {"media_source": image, "input_text": "a dog"},
        "multi_input": {"media_sources": two_images, "input_text": "<@one> alone"},
    }
    bodies = [{"input_type": kind, "model_name": "marengo3.0", kind: request} for kind, request in inner.items()]
    both = {"embedding_type": ["separate_embedding", "fused_embedding"]}
    bodies += [media_body("audio", sound(1, 14.0), **both)]
    bodies += [media_body("audio", convert(sound(1, 14.0), "same.mp3"))]
    bodies += [media_body("video", film((1, 2), (5.0, 5.0), name="two.mp4"), **both)]
    return bodies


def test_the_same_media_have_the_same_vectors_in_every_process(post, one_of_each, folder):
    assert {body["input_type"] for body in one_of_each} == set(INPUT_TYPES)
    requests = folder / "one_of_each.ndjson"
    requests.write_text("".join(f"{json.dumps(body)}\n" for body in one_of_each))
    command = [sys.executable, "-c", IN_A_PROCESS_OF_ITS_OWN, str(requests)]

    printed = [
        subprocess.run(
            command, env=os.environ | {"PYTHONHASHSEED": seed}, capture_output=True, check=True, text=True
        ).stdout.splitlines()
        for seed in ("1", "2")
    ]

    assert printed[0] == printed[1]
    for body, line in zip(one_of_each, printed[0], strict=True):
        assert post(body).json == json.loads(line)
