"""The official client, as it comes from its maker, posts our payloads to the emulator."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import numpy as np
import pytest
from twelvelabs import TwelveLabs
from twelvelabs.errors import BadRequestError

from preflight.emulator import LocalServer
from preflight.media import Media, MultiInput, NamedImage, Source, Text, TextImage
from preflight.payload import media_body
from preflight.pipeline import Preflight
from preflight.submitter import Client
from tests.test_payload import payload

SAMPLES = Path(__file__).resolve().parents[2] / "sample_media"
LOOK = MultiInput([NamedImage(SAMPLES / "photo.jpg", "bag"), NamedImage(SAMPLES / "icon.png")], "with <@bag> 👜")

INPUTS = {
    "text": Text("ein Mann führt seinen Hund aus, 犬の散歩 🐕"),
    "image": SAMPLES / "picture.webp",
    "text_image": TextImage('a "postcard" of\nLisbon', SAMPLES / "photo.jpg"),
    "audio": SAMPLES / "song_with_cover.mp3",
    "video": SAMPLES / "small_240x180.mp4",
    "multi_input": LOOK,
}


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.delenv("TWELVELABS_BASE_URL", raising=False)  # which that client prefers to its argument
    with LocalServer(api_key="tlk_right") as served:
        yield served


@pytest.fixture
def official(server: LocalServer) -> Iterator[Callable[..., object]]:
    with httpx.Client(timeout=60) as http:  # that client closes none of its own
        yield TwelveLabs(api_key="tlk_right", base_url=f"{server.url}/v1.3", httpx_client=http).embed.v_2.create


@pytest.mark.parametrize("input_type", INPUTS)
def test_every_input_type_gets_the_vectors_that_our_own_client_gets(input_type, server, official) -> None:
    payloads = list(Preflight().prepare(INPUTS[input_type]))
    assert {made.input_type for made in payloads} == {input_type}
    with Client("tlk_right", base_url=server.url) as client:
        for made in payloads:
            ours = client.embed(made)
            theirs = official(**made.sdk_kwargs()).data
            assert len(theirs) == len(ours) > 0
            # The service has no order; ours is by time, so both are put into one that is neither's.
            found = {
                (item.embedding_option, item.embedding_scope, item.start_sec): np.float32(item.embedding)
                for item in theirs
            }
            assert len(found) == len(ours)
            start_s = made.span.start_s if made.span else None
            for row, vector in zip(ours.rows, ours.vectors, strict=True):
                at = None if start_s is None or row.start_s is None else pytest.approx(row.start_s - start_s)
                (same,) = [
                    v for k, v in found.items() if k[:2] == (row.embedding_option, row.embedding_scope) and k[2] == at
                ]
                assert np.array_equal(same, vector)


def test_what_was_not_prepared_is_refused_in_words_that_reach_its_caller(official) -> None:
    """So that what passes above passes because it was prepared, not because nothing is looked at."""
    raw = (SAMPLES / "icon.png").read_bytes()
    with pytest.raises(BadRequestError, match="image"):
        official(**payload(*media_body("marengo3.0", "image", Media(Source.of(raw), len(raw)))).sdk_kwargs())
