"""Bodies of the routes besides the default, byte for byte; those of the default stand in test_payload."""

from __future__ import annotations

import pytest

from preflight.bodies import Fragment, Part, asset_body, body
from preflight.media import Media, Source

BEDROCK = "twelvelabs.marengo-embed-3-0-v1:0"


def media(data: bytes) -> Media:
    return Media(Source.of(data), len(data))


def part(kind, data: bytes = b"abc", name: str | None = None) -> Part:
    return Part(media_type=kind, media=media(data), name=name)


def written(fragments: tuple[Fragment, ...]) -> bytes:
    """With base64 by another library."""
    import base64

    return b"".join(
        base64.b64encode(b"".join(map(bytes, f.blocks()))) if isinstance(f, Media) else f for f in fragments
    )


LITERALS = {
    "one video of marengo3.5": (
        body("sync", "marengo3.5", "multi_input", None, [part("video")]),
        (
            b'{"input_type":"multi_input","model_name":"marengo3.5","multi_input":{"media_sources":'
            b'[{"media_type":"video","base64_string":"YWJj"}]}}'
        ),
    ),
    "a text of marengo3.5": (
        body("sync", "marengo3.5", "multi_input", "a dog"),
        b'{"input_type":"multi_input","model_name":"marengo3.5","multi_input":{"input_text":"a dog"}}',
    ),
    "sources of several kinds": (
        body("sync", "marengo3.5", "multi_input", "<@a> barks", [part("image", b"ab", "a"), part("audio", b"a")]),
        (
            b'{"input_type":"multi_input","model_name":"marengo3.5","multi_input":{"input_text":"<@a> barks",'
            b'"media_sources":[{"name":"a","media_type":"image","base64_string":"YWI="},'
            b'{"media_type":"audio","base64_string":"YQ=="}]}}'
        ),
    ),
    "a document": (
        body("sync", "marengo3.5", "multi_input", None, [part("document")]),
        (
            b'{"input_type":"multi_input","model_name":"marengo3.5","multi_input":{"media_sources":'
            b'[{"media_type":"document","base64_string":"YWJj"}]}}'
        ),
    ),
    "a task": (
        body("async", "marengo3.0", "video", None, [part("video")]),
        b'{"input_type":"video","model_name":"marengo3.0","video":{"media_source":{"base64_string":"YWJj"}}}',
    ),
    "a text at Bedrock": (
        body("invoke", BEDROCK, "text", "man walking a dog"),
        b'{"inputType":"text","text":{"inputText":"man walking a dog"}}',
    ),
    "an image at Bedrock": (
        body("invoke", BEDROCK, "image", None, [part("image")]),
        b'{"inputType":"image","image":{"mediaSource":{"base64String":"YWJj"}}}',
    ),
    "a text and an image at Bedrock": (
        body("invoke", BEDROCK, "text_image", 'a "red" dress', [part("image")]),
        (
            b'{"inputType":"text_image","text_image":{"mediaSource":{"base64String":"YWJj"},'
            b'"inputText":"a \\"red\\" dress"}}'
        ),
    ),
    "images at Bedrock, of which one is in the text": (
        body("invoke", BEDROCK, "multi_input", "<@a>", [part("image", b"ab", "a"), part("image", b"a", "b")]),
        (
            b'{"inputType":"multi_input","multi_input":{"inputText":"<@a>","mediaSources":'
            b'[{"name":"a","mediaType":"image","base64String":"YWI="},{"mediaType":"image","base64String":"YQ=="}]}}'
        ),
    ),
}


@pytest.mark.parametrize("name", LITERALS)
def test_bodies_byte_for_byte(name: str) -> None:
    fragments, expected = LITERALS[name]
    assert written(fragments) == expected


def test_a_body_of_an_asset_names_it() -> None:
    assert asset_body("marengo3.0", "audio", 'a"1') == (
        b'{"input_type":"audio","model_name":"marengo3.0","audio":{"media_source":{"asset_id":"a\\"1"}}}'
    )
