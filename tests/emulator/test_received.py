"""How a test finds in a request what its client was to send."""

from __future__ import annotations

import base64
import hashlib
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from preflight.emulator.received import Recorder
from preflight.errors import UsageError
from preflight.media import Source
from preflight.payload import Media, base64_length, media_body, multi_input_body, text_body, text_image_body


def recorder(keep_bytes: int = 1000, headers: dict[str, str] | None = None, **scope) -> Recorder:
    raw = [(name.lower().encode(), value.encode()) for name, value in (headers or {}).items()]
    return Recorder(
        {"method": "POST", "path": "/v1.3/embed-v2", "headers": raw, "query_string": b""} | scope, keep_bytes=keep_bytes
    )


def received(*chunks: bytes, **kind):
    made = recorder(**kind)
    for chunk in chunks:
        made.take({"type": "http.request", "body": chunk, "more_body": True})
    made.take({"type": "http.request"})
    assert made.is_whole
    return made.received()


@given(st.lists(st.binary(max_size=40)), st.integers(0, 100), st.booleans())
def test_bodies_are_measured_and_kept_up_to_a_size(chunks, keep_bytes, stated):
    body = b"".join(chunks)

    got = received(*chunks, keep_bytes=keep_bytes, headers={"Content-Length": str(len(body))} if stated else {})

    assert got.size_bytes == len(body)
    assert got.sha256 == hashlib.sha256(body).hexdigest()
    assert got.body == (body if len(body) <= keep_bytes else None)


@pytest.mark.parametrize("stated", [True, False])
def test_a_body_that_is_too_long_is_not_held_meanwhile(stated):
    large = recorder(keep_bytes=10, headers={"Content-Length": "12"} if stated else {})

    large.take({"type": "http.request", "body": b"12345678", "more_body": True})
    assert (large._chunks is None) == stated
    large.take({"type": "http.request", "body": b"9abc", "more_body": True})
    assert large._chunks is None


def test_a_disconnection_before_the_end_breaks_it_off():
    broken = recorder()
    broken.take({"type": "http.request", "body": b"{", "more_body": True})
    broken.take({"type": "http.disconnect"})

    assert (broken.is_whole, broken.is_broken_off, broken.is_over) == (False, True, True)


def test_a_disconnection_after_the_end_is_no_matter():
    whole = recorder()
    whole.take({"type": "http.request", "body": b"{}"})
    whole.take({"type": "http.disconnect"})

    assert (whole.is_whole, whole.is_broken_off) == (True, False)


def test_headers_ignore_case():
    headers = received(headers={"X-Api-Key": "k"}).headers

    assert headers["x-api-key"] == headers["X-API-KEY"] == "k"
    assert headers.get("authorization") is None


@pytest.mark.parametrize(
    ("scope", "path"),
    [
        ({}, "/v1.3/embed-v2"),
        ({"query_string": b"a=%20b"}, "/v1.3/embed-v2?a=%20b"),
        ({"path": "/a b", "raw_path": b"/a%20b"}, "/a%20b"),
    ],
)
def test_the_path_is_as_it_was_sent(scope, path):
    assert received(**scope).path == path


IMAGES = [Source.of(b"one image"), Source.of(b"another")]
ONE, OTHER = (Media(source=source, size_bytes=len(source.read())) for source in IMAGES)
BODIES = {
    "text": (text_body("marengo3.0", "a dog"), ()),
    "image": (media_body("marengo3.0", "image", ONE), (b"one image",)),
    "audio": (media_body("marengo3.0", "audio", ONE), (b"one image",)),
    "video": (media_body("marengo3.0", "video", OTHER), (b"another",)),
    "text_image": (text_image_body("marengo3.0", "a dog", ONE), (b"one image",)),
    "multi_input": (
        multi_input_body("marengo3.0", None, [("a", ONE), (None, OTHER)]),
        (b"one image", b"another"),
    ),
}


@pytest.mark.parametrize("input_type", BODIES)
def test_media_are_found_in_what_payloads_send(input_type):
    fragments, media = BODIES[input_type]
    whole = [_base64(part) if isinstance(part, Media) else part for part in fragments]

    got = received(*whole)

    assert got.input_type == input_type
    assert got.media == media


def _base64(media: Media) -> bytes:
    encoded = base64.b64encode(media.source.read())
    assert len(encoded) == base64_length(media.size_bytes)
    return encoded


@pytest.mark.parametrize(
    ("body", "input_type"),
    [
        (b"[]", None),
        (b"null", None),
        (b'{"input_type":5}', None),
        (b'{"input_type":"video"}', "video"),
        (b'{"input_type":"video","video":[]}', "video"),
        (b'{"input_type":"video","video":{"media_source":{"url":"https://a.b"}}}', "video"),
        (b'{"input_type":"multi_input","multi_input":{"media_sources":{"a":1}}}', "multi_input"),
    ],
)
def test_requests_that_carry_no_media(body, input_type):
    got = received(body)

    assert got.json == json.loads(body)
    assert got.input_type == input_type
    assert got.media == ()


@pytest.mark.parametrize(
    ("body", "keep_bytes", "says"),
    [
        (b"{", 1000, "of 1 bytes is not JSON"),
        (b"", 1000, "not JSON"),
        (b"[" * 100_000, 200_000, "not JSON"),
        (b"{}   ", 4, r"of 5 bytes was not kept.*Double\(keep_bytes=5\)"),
        (b'{"input_type":"image","image":{"media_source":{"base64_string":"a"}}}', 1000, "is not base64"),
    ],
)
def test_what_cannot_be_read_says_where_to_look(body, keep_bytes, says):
    got = received(body, keep_bytes=keep_bytes)

    with pytest.raises(UsageError, match=says):
        got.media  # noqa: B018


def test_neither_key_nor_media_are_printed():
    got = received(b'{"secret media": 1}', headers={"x-api-key": "tlk_secret"})

    assert "secret" not in repr(got)
    assert got.sha256 in repr(got)
