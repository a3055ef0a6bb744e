"""InvokeModel at the emulator: Bedrock's own words, and what it refuses."""

from __future__ import annotations

import base64
import json

import httpx2
import pytest

from preflight.emulator import LocalServer
from preflight.emulator.invoke import in_its_words, parse
from preflight.emulator.schema import ImageRequest, MultiInputRequest, NamedSource, TextImageRequest, TextRequest
from preflight.emulator.wire import Refusal
from preflight.limits import load

LIMITS = load("bedrock-marengo3.0")
ABC = {"base64String": base64.b64encode(b"abc").decode()}


def body(input_type: str, inner: object, **more: object) -> bytes:
    return json.dumps({"inputType": input_type, input_type: inner, **more}).encode()


@pytest.mark.parametrize(
    ("sent", "expected"),
    [
        (body("text", {"inputText": "a dog"}), TextRequest("a dog")),
        (body("text", {"inputText": "a dog"}, inferenceId="1"), TextRequest("a dog")),
        (body("image", {"mediaSource": ABC}), ImageRequest(b"abc")),
        (body("text_image", {"inputText": "a", "mediaSource": ABC}), TextImageRequest("a", b"abc")),
        (
            body("multi_input", {"inputText": "<@a>", "mediaSources": [{"name": "a", "mediaType": "image", **ABC}]}),
            MultiInputRequest("<@a>", (NamedSource("a", b"abc"),)),
        ),
    ],
)
def test_what_is_understood(sent: bytes, expected: object) -> None:
    assert parse(sent, LIMITS) == expected


@pytest.mark.parametrize(
    ("sent", "code", "said"),
    [
        (body("video", {"mediaSource": ABC}), "parameter_invalid", "`inputType`"),
        (b'{"input_type":"text","text":{"input_text":"a"}}', "parameter_not_provided", "`inputType`"),
        (body("text", {"inputText": "a"}, model_name="marengo3.0"), "parameter_unknown", "`model_name`"),
        (body("text", {"input_text": "a"}), "parameter_unknown", "`text.input_text`"),
        (body("image", {"mediaSource": {"s3Location": "s3://a"}}), "parameter_invalid", "nothing from S3"),
        (body("image", {"mediaSource": {**ABC, "s3Location": "s3://a"}}), "parameter_invalid", "Only one of"),
        (body("image", {"mediaSource": {}}), "parameter_not_provided", "base64String"),
        (
            body("multi_input", {"mediaSources": [{"name": "a", "mediaType": "image", **ABC}]}),
            "parameter_invalid",
            "must match a placeholder",
        ),
        (body("multi_input", {"mediaSources": [{"mediaType": "video", **ABC}]}), "parameter_invalid", "mediaType"),
    ],
)
def test_what_is_refused(sent: bytes, code: str, said: str) -> None:
    with pytest.raises(Refusal) as refused:
        parse(sent, LIMITS)
    assert refused.value.code == code
    assert said in refused.value.message


def test_an_answer_in_its_words() -> None:
    row = {"embedding": [0.5], "embedding_option": None, "embedding_scope": "clip", "start_sec": 0.0, "end_sec": 4.2}
    answer = {"data": [row], "metadata": {"input_type": "video"}}
    expected = {"embedding": [0.5], "embeddingScope": "clip", "startSec": 0.0, "endSec": 4.2}
    assert in_its_words(answer) == {"data": [expected]}


def test_a_body_over_the_quota_is_refused_whatever_it_holds() -> None:
    with LocalServer(profile="bedrock-marengo3.0") as server:
        url = f"{server.url}/model/any/invoke"
        headers = {"content-type": "application/json"}
        sent = body("text", {"inputText": "a"})
        for size, status in ((24_990_000, 200), (24_990_001, 413)):
            padded = sent + b" " * (size - len(sent))
            assert httpx2.post(url, content=padded, headers=headers, trust_env=False).status_code == status
