from __future__ import annotations

import base64
import copy
import json
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from preflight.emulator.schema import (
    AssetId,
    Dynamic,
    Fixed,
    ImageRequest,
    MultiInputRequest,
    NamedSource,
    TextImageRequest,
    TextRequest,
    TimedRequest,
    parse,
)
from preflight.emulator.wire import Refusal
from preflight.media import Source
from preflight.payload import Media, media_body, multi_input_body, text_body, text_image_body

MODEL = "marengo3.0"
MEDIA = b"any bytes at all"
BASE64 = base64.b64encode(MEDIA).decode()
SOURCE = {"base64_string": BASE64}
DEFAULTS = {"scopes": ("clip", "asset"), "types": ("separate_embedding",)}
GONE = object()


def request(kind: str, **inner: object) -> dict:
    return {"input_type": kind, "model_name": "marengo3.0", kind: inner}


VALID = {
    "text": request("text", input_text="man walking a dog"),
    "image": request("image", media_source=SOURCE),
    "text_image": request("text_image", media_source=SOURCE, input_text="..."),
    "audio": request(
        "audio",
        media_source=SOURCE,
        start_sec=0,
        end_sec=6,
        segmentation={"strategy": "fixed", "fixed": {"duration_sec": 6}},
        embedding_option=["audio", "transcription"],
        embedding_scope=["clip", "asset"],
        embedding_type=["separate_embedding"],
    ),
    "video": request(
        "video",
        media_source=SOURCE,
        start_sec=0.5,
        end_sec=12,
        segmentation={"strategy": "dynamic", "dynamic": {"min_duration_sec": 4}},
        embedding_option=["visual", "audio", "transcription"],
        embedding_scope=["clip", "asset"],
        embedding_type=["separate_embedding", "fused_embedding"],
    ),
    "multi_input": request(
        "multi_input",
        input_text="A person wearing <@outfit>.",
        media_sources=[{"name": "outfit", "media_type": "image", "base64_string": BASE64}],
    ),
}


def parsed(body: object):
    return parse(json.dumps(body).encode(), model_name="marengo3.0")


def refusal(body: object) -> Refusal:
    with pytest.raises(Refusal) as caught:
        parsed(body)
    assert caught.value.status == 400
    return caught.value


def changed(kind: str, path: str, value: object) -> dict:
    """A valid request with one key set, or taken out."""
    body = copy.deepcopy(VALID[kind])
    place: object = body
    *way, last = [int(key) if key.isdigit() else key for key in path.split(".")]
    for key in way:
        place = place[key]
    if value is GONE:
        del place[last]
    else:
        place[last] = value
    return body


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ("text", TextRequest("man walking a dog")),
        ("image", ImageRequest(MEDIA)),
        ("text_image", TextImageRequest("...", MEDIA)),
        ("multi_input", MultiInputRequest("A person wearing <@outfit>.", (NamedSource("outfit", MEDIA),))),
        (
            "audio",
            TimedRequest(
                kind="audio",
                media=MEDIA,
                start_s=0,
                end_s=6,
                segmentation=Fixed(6),
                options=("audio", "transcription"),
                **DEFAULTS,
            ),
        ),
        (
            "video",
            TimedRequest(
                kind="video",
                media=MEDIA,
                start_s=0.5,
                end_s=12,
                segmentation=Dynamic(4),
                options=("visual", "audio", "transcription"),
                scopes=("clip", "asset"),
                types=("separate_embedding", "fused_embedding"),
            ),
        ),
    ],
)
def test_what_the_contract_shows_is_understood(kind, expected):
    assert parsed(VALID[kind]) == expected


@pytest.mark.parametrize(
    ("kind", "segmentation", "options"),
    [
        ("audio", Fixed(6), ("audio", "transcription")),
        ("video", Dynamic(4), ("visual", "audio", "transcription")),
    ],
)
def test_defaults_are_the_contracts(kind, segmentation, options):
    assert parsed(request(kind, media_source=SOURCE)) == TimedRequest(
        kind=kind, media=MEDIA, start_s=None, end_s=None, segmentation=segmentation, options=options, **DEFAULTS
    )


def test_video_can_be_cut_in_fixed_segments():
    body = changed("video", "video.segmentation", {"strategy": "fixed", "fixed": {"duration_sec": 10}})

    assert parsed(body).segmentation == Fixed(10)


def test_embedding_type_needs_no_embedding_option_beside_it():
    body = changed("video", "video.embedding_option", GONE)

    assert parsed(body).types == ("separate_embedding", "fused_embedding")


@given(st.binary(min_size=1, max_size=200), st.text(min_size=1, max_size=50, alphabet=st.characters(codec="utf-8")))
def test_every_body_that_payloads_make_is_understood(content, text):
    media = Media(Source.of(content), len(content))
    bodies = {
        "text": (text_body("marengo3.0", text), TextRequest(text)),
        "image": (media_body("marengo3.0", "image", media), ImageRequest(content)),
        "both": (text_image_body("marengo3.0", text, media), TextImageRequest(text, content)),
        "many": (
            multi_input_body("marengo3.0", text, [("a", media), (None, media)]),
            MultiInputRequest(text, (NamedSource("a", content), NamedSource(None, content))),
        ),
    }
    for fragments, expected in bodies.values():
        body = b"".join(BASE64_OF(f) if isinstance(f, Media) else f for f in fragments)
        assert parse(body, model_name="marengo3.0") == expected


def BASE64_OF(media: Media) -> bytes:  # noqa: N802
    return base64.b64encode(media.source.read())


INVALID = [
    ("text", "input_type", "movie", "input_type"),
    ("text", "input_type", None, "input_type"),
    ("text", "model_name", "marengo3.5", "model_name"),
    ("text", "model_name", "Marengo-retrieval-2.7", "model_name"),
    ("text", "text", "man walking a dog", "text"),
    ("text", "text", None, "text"),
    ("text", "text.input_text", "", "text.input_text"),
    ("text", "text.input_text", 5, "text.input_text"),
    ("text", "text.input_text", ["a"], "text.input_text"),
    ("text", "embedding_dimension", 512, "embedding_dimension"),
    ("text", "auto_truncate", True, "auto_truncate"),
    ("text", "embedding_uncertainty", True, "embedding_uncertainty"),
    ("image", "image.media_source", BASE64, "image.media_source"),
    ("image", "image.media_source.base64_string", "", "image.media_source.base64_string"),
    ("image", "image.media_source.base64_string", None, "image.media_source.base64_string"),
    ("image", "image.media_source.url", "https://example.com/a.jpg", "image.media_source.url"),
    ("image", "image.media_source", {"url": "https://example.com/a.jpg"}, "image.media_source.url"),
    ("image", "image.media_source", {"asset_id": ""}, "image.media_source.asset_id"),
    ("image", "image.media_source", {"asset_id": 6298}, "image.media_source.asset_id"),
    ("image", "image.media_source.asset_id", "6298d673f1090f1100476d4c", "image.media_source.asset_id"),
    ("audio", "audio.start_sec", -1, "audio.start_sec"),
    ("audio", "audio.start_sec", "0", "audio.start_sec"),
    ("audio", "audio.start_sec", True, "audio.start_sec"),
    ("audio", "audio.end_sec", None, "audio.end_sec"),
    ("audio", "audio.start_sec", 6, "audio.end_sec"),
    ("audio", "audio.end_sec", 0, "audio.end_sec"),
    ("audio", "audio.segmentation", "fixed", "audio.segmentation"),
    ("audio", "audio.segmentation.strategy", "dynamic", "audio.segmentation.strategy"),
    ("audio", "audio.segmentation.fixed", 6, "audio.segmentation.fixed"),
    ("audio", "audio.segmentation.fixed.duration_sec", 1, "audio.segmentation.fixed.duration_sec"),
    ("audio", "audio.segmentation.fixed.duration_sec", 11, "audio.segmentation.fixed.duration_sec"),
    ("audio", "audio.segmentation.fixed.duration_sec", 6.0, "audio.segmentation.fixed.duration_sec"),
    ("audio", "audio.segmentation.fixed.duration_sec", True, "audio.segmentation.fixed.duration_sec"),
    ("video", "video.segmentation.dynamic.min_duration_sec", 1, "video.segmentation.dynamic.min_duration_sec"),
    ("video", "video.segmentation.dynamic.min_duration_sec", 6, "video.segmentation.dynamic.min_duration_sec"),
    ("video", "video.segmentation.fixed", {"duration_sec": 6}, "video.segmentation.fixed"),
    ("audio", "audio.embedding_option", ["visual", "audio"], "audio.embedding_option[0]"),
    ("audio", "audio.embedding_option", "audio", "audio.embedding_option"),
    ("video", "video.embedding_option", [], "video.embedding_option"),
    ("video", "video.embedding_option", ["audio", "audio"], "video.embedding_option"),
    ("video", "video.embedding_option", [["audio"]], "video.embedding_option[0]"),
    ("video", "video.embedding_option", ["audio"], "video.embedding_type"),
    ("video", "video.embedding_scope", ["clip", "clip"], "video.embedding_scope"),
    ("video", "video.embedding_scope", ["video"], "video.embedding_scope[0]"),
    ("video", "video.embedding_type", ["fused"], "video.embedding_type[0]"),
    ("multi_input", "multi_input.input_text", "", "multi_input.input_text"),
    ("multi_input", "multi_input.media_sources", {}, "multi_input.media_sources"),
    ("multi_input", "multi_input.media_sources.0", "outfit", "multi_input.media_sources[0]"),
    ("multi_input", "multi_input.media_sources.0.name", 1, "multi_input.media_sources[0].name"),
    ("multi_input", "multi_input.media_sources.0.media_type", "video", "multi_input.media_sources[0].media_type"),
    ("multi_input", "multi_input.media_sources.0.url", "https://a.b", "multi_input.media_sources[0].url"),
]


@pytest.mark.parametrize("kind", ["image", "text_image", "audio", "video"])
def test_an_asset_instead_of_a_medium(kind):
    given = parse(json.dumps(changed(kind, f"{kind}.media_source", {"asset_id": "6298d6"})).encode(), model_name=MODEL)

    medium = given.media if isinstance(given, TimedRequest) else given.image
    assert medium == AssetId("6298d6", f"{kind}.media_source.asset_id")


def test_the_keys_of_an_asset_are_flat_in_a_request_of_several():
    body = request("multi_input", media_sources=[{"media_type": "image", "asset_id": "6298d6"}])

    [source] = parse(json.dumps(body).encode(), model_name=MODEL).sources
    assert source.image == AssetId("6298d6", "multi_input.media_sources[0].asset_id")


@pytest.mark.parametrize(("kind", "path", "value", "parameter"), INVALID)
def test_a_wrong_value_is_invalid(kind, path, value, parameter):
    error = refusal(changed(kind, path, value))

    assert error.code == "parameter_invalid"
    assert error.message.startswith(f"The `{parameter}` parameter is invalid. ")


MISSING = [
    ("text", "input_type"),
    ("text", "model_name"),
    ("text", "text"),
    ("text", "text.input_text"),
    ("image", "image.media_source"),
    ("image", "image.media_source.base64_string"),
    ("text_image", "text_image.media_source"),
    ("text_image", "text_image.input_text"),
    ("audio", "audio.media_source"),
    ("audio", "audio.segmentation.strategy"),
    ("audio", "audio.segmentation.fixed"),
    ("audio", "audio.segmentation.fixed.duration_sec"),
    ("video", "video.segmentation.dynamic"),
    ("video", "video.segmentation.dynamic.min_duration_sec"),
    ("multi_input", "multi_input.media_sources"),
    ("multi_input", "multi_input.media_sources.0.media_type"),
    ("multi_input", "multi_input.media_sources.0.base64_string"),
]


@pytest.mark.parametrize(("kind", "path"), MISSING)
def test_a_required_key_is_missed(kind, path):
    error = refusal(changed(kind, path, GONE))

    shown = path.replace(".0", "[0]")
    assert error.code == "parameter_not_provided"
    assert error.message == f"The `{shown}` parameter is required but was not provided."


UNKNOWN = [
    ("text", "user"),
    ("text", "image"),  # beside `text`, of another input type
    ("text", "text.media_source"),
    ("image", "image.input_text"),
    ("image", "image.media_source.base_64_string"),  # the Python SDK's name of it
    ("image", "image.media_source.mime_type"),
    ("text_image", "text_image.image"),
    ("audio", "audio.clip_length"),
    ("audio", "audio.segmentation.dynamic"),
    ("audio", "audio.segmentation.fixed.min_duration_sec"),
    ("video", "video.segmentation.temporal"),  # marengo3.5's wrapper
    ("multi_input", "multi_input.media_source"),
    ("multi_input", "multi_input.media_sources.0.media_source"),  # nested, as elsewhere
]


@pytest.mark.parametrize(("kind", "path"), UNKNOWN)
def test_an_unknown_key_is_refused_everywhere(kind, path):
    error = refusal(changed(kind, path, {"any": "thing"}))

    shown = path.replace(".0", "[0]")
    assert error.code == "parameter_unknown"
    assert error.message == f"The `{shown}` parameter is unknown."


def test_several_unknown_keys_are_named_together():
    error = refusal(VALID["text"] | {"a": 1, "b": 2})

    assert error.message == "The following parameters are unknown: `a`, `b`."


@pytest.mark.parametrize(
    "text",
    [
        f"data:image/jpeg;base64,{BASE64}",
        BASE64.rstrip("="),
        BASE64 + "\n",
        BASE64[:8] + " " + BASE64[8:],
        "-_-_",
        "AA==AA==",
        "ÄÄÄÄ",
        "A",
        "====",
    ],
)
def test_base64_is_bare_standard_and_padded(text):
    assert "=" in BASE64
    error = refusal(changed("image", "image.media_source.base64_string", text))

    assert (error.code, "`image.media_source.base64_string`" in error.message) == ("parameter_invalid", True)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[" * 100_000,
        b"\xff\xfe",
        b'{"a": NaN}',
        b'{"a": 1e999}',
        b'"\xff"',
        b"[]",
        b'"text"',
        b"null",
        b"5",
    ],
)
def test_what_is_no_json_object_is_refused(body):
    with pytest.raises(Refusal) as caught:
        parse(body, model_name="marengo3.0")

    assert (caught.value.status, caught.value.code) == (400, "parameter_invalid")
    assert "request body" in caught.value.message


json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-20, 20)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)
paths = sorted({(kind, path) for kind, path, *_ in INVALID} | set(MISSING) | set(UNKNOWN))


@given(st.sampled_from(paths), json_values)
def test_whatever_stands_where_only_refusals_come_out(place, value):
    with suppress(Refusal):
        parsed(changed(*place, value))
