"""What the official client is called with. That it can be is asked of the client itself, in `end_to_end`."""

from __future__ import annotations

import base64
import json
import tracemalloc
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from preflight.errors import UnreadableError, UsageError
from preflight.media import Media, Source
from preflight.payload import media_body, multi_input_body, text_body, text_image_body
from tests.test_payload import payload


def media(data: bytes) -> Media:
    return Media(Source.of(data), len(data))


# Written out by hand after the client's own signature: "abc" is YWJj in base64, "ab" is YWI=.
@pytest.mark.parametrize(
    ("fragments", "expected"),
    [
        (
            text_body("marengo3.0", "a dog"),
            {"input_type": "text", "model_name": "marengo3.0", "text": {"input_text": "a dog"}},
        ),
        (
            media_body("marengo3.5", "video", media(b"abc")),
            {
                "input_type": "video",
                "model_name": "marengo3.5",
                "video": {"media_source": {"base64_string": "YWJj"}},
            },
        ),
        (
            text_image_body("marengo3.0", '{"base64_string":"0"}', media(b"ab")),
            {
                "input_type": "text_image",
                "model_name": "marengo3.0",
                "text_image": {"media_source": {"base64_string": "YWI="}, "input_text": '{"base64_string":"0"}'},
            },
        ),
        (
            multi_input_body("marengo3.0", "<@a>", [("a", media(b"ab")), (None, media(b"abc"))]),
            {
                "input_type": "multi_input",
                "model_name": "marengo3.0",
                "multi_input": {
                    "input_text": "<@a>",
                    "media_sources": [
                        {"name": "a", "media_type": "image", "base64_string": "YWI="},
                        {"media_type": "image", "base64_string": "YWJj"},
                    ],
                },
            },
        ),
    ],
)
def test_the_parameters_of_the_call(fragments, expected) -> None:
    assert payload(*fragments).sdk_kwargs() == expected


@given(st.binary(max_size=600_000), st.text(st.characters(exclude_categories=["Cs"])))
def test_they_are_the_body_parsed(data: bytes, text: str) -> None:
    made = payload(*text_image_body("marengo3.0", text, media(data)))
    kwargs = made.sdk_kwargs()
    assert kwargs == json.loads(b"".join(made.chunks()))
    assert base64.b64decode(kwargs["text_image"]["media_source"]["base64_string"]) == data


def test_a_file_that_changed_is_not_sent(tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    path.write_bytes(b"longer than it was")
    with pytest.raises(UnreadableError, match="Prepare it again"):
        payload(*media_body("marengo3.0", "image", Media(Source.of(path), 4))).sdk_kwargs()


def test_the_body_of_another_interface_is_refused() -> None:
    body = (b'{"inputType":"image","image":{"mediaSource":{"base64String":"', media(b"abc"), b'"}}}')
    with pytest.raises(UsageError, match="not one that the official client sends"):
        payload(*body).sdk_kwargs()


def test_where_there_is_no_body_yet_that_is_said() -> None:
    with pytest.raises(UsageError, match="no body before its media are uploaded"):
        payload().sdk_kwargs()


def test_a_body_that_names_an_asset_is_passed_on_as_it_is() -> None:
    body = b'{"input_type":"video","model_name":"marengo3.0","video":{"media_source":{"asset_id":"6a"}}}'
    assert payload(body).sdk_kwargs()["video"] == {"media_source": {"asset_id": "6a"}}


def test_it_holds_the_base64_and_no_more_than_once_more_while_it_is_made() -> None:
    data = bytes(9_000_000)
    made = payload(*media_body("marengo3.0", "video", media(data)))
    tracemalloc.start()
    try:
        kwargs = made.sdk_kwargs()
        now, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert len(kwargs["video"]["media_source"]["base64_string"]) == 12_000_000
    assert now < 13_000_000
    assert peak < 25_000_000
