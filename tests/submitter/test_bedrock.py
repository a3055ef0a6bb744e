"""The body of InvokeModel against CONTRACT 4, by a stub of boto3's client that validates as that says."""

from __future__ import annotations

import base64
import io
import json

import numpy as np
import pytest

from preflight.errors import (
    AuthenticationError,
    BadResponseError,
    RateLimitError,
    RequestRefusedError,
    ServiceUnavailableError,
    UsageError,
)
from preflight.media import Media, MultiInput, NamedImage, Source, Text, TextImage
from preflight.pipeline import Preflight
from preflight.submitter import BedrockRoute
from preflight.submitter.bedrock import MOST_BODY_BYTES, rewritten
from preflight.submitter.decision import Patience
from tests.submitter.routes import Time, payload_of

MODEL = "twelvelabs.marengo-embed-3-0-v1:0"
KEYS = {
    "text": {"inputText"},
    "image": {"mediaSource"},
    "text_image": {"inputText", "mediaSource"},
    "multi_input": {"inputText", "mediaSources"},
}


class ClientError(Exception):
    """As botocore's: what is known of it by its `response` alone."""

    def __init__(self, code, status, message="...", headers=None):
        super().__init__(code)
        self.response = {
            "Error": {"Code": code, "Message": message},
            "ResponseMetadata": {"HTTPStatusCode": status, "HTTPHeaders": headers or {}},
        }


class Runtime:
    """`boto3.client("bedrock-runtime")`, as far as it is used; refuses what Bedrock would."""

    def __init__(self, *errors):
        self.errors = list(errors)
        self.bodies = []

    def invoke_model(self, *, body, **rest):
        assert rest == {"modelId": MODEL, "contentType": "application/json", "accept": "application/json"}
        assert type(body) is bytes
        if self.errors:
            raise self.errors.pop(0)
        if len(body) > 25_000_000:
            raise ClientError("ValidationException", 413, "the body payload exceeds 25 MB")
        request = json.loads(body)
        kind = request.get("inputType")
        if set(request) != {"inputType", kind} or kind not in KEYS or not set(request[kind]) <= KEYS[kind]:
            raise ClientError("ValidationException", 400, f"extraneous key in {sorted(request)}")
        self.bodies.append(request)
        row = {"embedding": [0.5] * 512, "embeddingOption": None, "embeddingScope": None, "startSec": None}
        return {"body": io.BytesIO(json.dumps({"data": [row]}).encode()), "contentType": "application/json"}


@pytest.fixture
def time():
    return Time()


@pytest.fixture
def words():
    [payload] = Preflight().prepare(Text('a "dog" <@x> walks'))
    return payload


def test_a_text(time, words):
    runtime = Runtime()
    embeddings = BedrockRoute(runtime).embed(words, request=4)

    assert runtime.bodies == [{"inputType": "text", "text": {"inputText": 'a "dog" <@x> walks'}}]
    assert embeddings.vectors.shape == (1, 512)
    assert embeddings.vectors.dtype == np.float32
    assert (embeddings.rows[0].request, embeddings.rows[0].source) == (4, "<text>")


def test_an_image_in_camel_case(media):
    path = media("image/bare_jpeg")
    runtime = Runtime()
    Preflight().embed(path, BedrockRoute(runtime))

    encoded = base64.b64encode(path.read_bytes()).decode()
    assert runtime.bodies == [{"inputType": "image", "image": {"mediaSource": {"base64String": encoded}}}]


def test_a_text_with_an_image_keeps_the_name_of_its_input(media):
    runtime = Runtime()
    Preflight().embed(TextImage("a dog", media("image/bare_jpeg")), BedrockRoute(runtime))

    [body] = runtime.bodies
    assert body["inputType"] == "text_image"
    assert body["text_image"]["inputText"] == "a dog"
    assert set(body["text_image"]["mediaSource"]) == {"base64String"}


def test_several_images_each_in_its_place(media):
    paths = [media("image/bare_jpeg"), media("image/png_alpha")]
    runtime = Runtime()
    request = MultiInput([NamedImage(paths[0], "one"), NamedImage(paths[1], "two")], "<@one> and <@two>")
    Preflight().embed(request, BedrockRoute(runtime))

    sources = runtime.bodies[0]["multi_input"]["mediaSources"]
    assert [(source["name"], source["mediaType"]) for source in sources] == [("one", "image"), ("two", "image")]
    assert [base64.b64decode(source["base64String"]) for source in sources] == [path.read_bytes() for path in paths]


def test_the_length_of_a_body_is_known_beforehand(words, media):
    for payload in (words, payload_of(media("image/bare_jpeg"), "image")):
        made = rewritten(payload)
        assert made.content_length == len(b"".join(made.chunks()))


def image_of(size_bytes):
    payload = payload_of_bytes(b"\xff\xd8" + bytes(size_bytes - 2))
    return rewritten(payload)


def payload_of_bytes(content):
    from dataclasses import replace

    from preflight.payload import media_body

    media = Media(source=Source.of(content), size_bytes=len(content))
    [payload] = Preflight().prepare(Text("a"))
    return replace(payload, input_type="image", fragments=media_body("marengo3.0", "image", media))


def test_the_body_is_at_most_24_990_000_bytes():
    json_bytes = len(b'{"inputType":"image","image":{"mediaSource":{"base64String":""}}}')
    most = (MOST_BODY_BYTES - json_bytes) // 4 * 3
    assert image_of(most).content_length <= MOST_BODY_BYTES
    with pytest.raises(RequestRefusedError, match="nothing was sent") as raised:
        image_of(most + 1)
    assert raised.value.code == "content_too_large"
    assert MOST_BODY_BYTES == 24_990_000


@pytest.mark.parametrize("kind", ["audio", "video"])
def test_what_invoke_model_does_not_take(media, kind):
    path = media("audio/wav_s16" if kind == "audio" else "video/h264_aac_mp4")
    runtime = Runtime()
    with pytest.raises(UsageError, match="StartAsyncInvoke"):
        BedrockRoute(runtime).embed(payload_of(path, kind))
    assert runtime.bodies == []


@pytest.mark.parametrize(
    "error",
    [
        ClientError("ThrottlingException", 429),
        ClientError("ModelErrorException", 424),
        ClientError("InternalServerException", 500),
        ClientError("ModelTimeoutException", 408),
        ClientError("ModelNotReadyException", 429),
        ClientError("ServiceUnavailableException", 503),
        type("ReadTimeoutError", (Exception,), {"__module__": "botocore.exceptions"})("late"),
    ],
)
def test_what_passes_is_tried_again(time, words, error):
    runtime = Runtime(error, error)
    assert len(BedrockRoute(runtime, sleep=time.sleep).embed(words)) == 1
    assert len(time.slept_s) == 2


def test_a_wait_that_is_asked_for_is_kept(time, words):
    runtime = Runtime(ClientError("ThrottlingException", 429, headers={"Retry-After": "9"}))
    BedrockRoute(runtime, sleep=time.sleep).embed(words)
    assert time.slept_s == [pytest.approx(9.45, abs=0.45)]


@pytest.mark.parametrize(
    ("code", "status", "kind", "says"),
    [
        ("ValidationException", 400, RequestRefusedError, "preflight check"),
        ("AccessDeniedException", 403, AuthenticationError, "bedrock:InvokeModel"),
        ("UnrecognizedClientException", 403, AuthenticationError, "boto3 client"),
        ("ResourceNotFoundException", 404, RequestRefusedError, "region"),
    ],
)
def test_refusals_are_not_tried_again_and_speak_of_bedrock(time, words, code, status, kind, says):
    with pytest.raises(kind, match=says) as raised:
        BedrockRoute(Runtime(ClientError(code, status)), sleep=time.sleep).embed(words)
    assert (raised.value.status, raised.value.code) == (status, code)
    assert "TWELVELABS" not in str(raised.value)
    assert time.slept_s == []


def test_no_credentials_are_no_passing_trouble(time, words):
    error = type("NoCredentialsError", (Exception,), {"__module__": "botocore.exceptions"})("Unable to locate")
    with pytest.raises(ServiceUnavailableError, match="Check the credentials"):
        BedrockRoute(Runtime(error), sleep=time.sleep).embed(words)
    assert time.slept_s == []


def test_it_is_given_up_after_so_many_tries(time, words):
    route = BedrockRoute(
        Runtime(*[ClientError("ThrottlingException", 429)] * 3), sleep=time.sleep, patience=Patience(retries=2)
    )
    with pytest.raises(RateLimitError):
        route.embed(words)
    assert len(time.slept_s) == 2


def test_what_is_not_botocores_is_not_ours_to_catch(words):
    with pytest.raises(ZeroDivisionError):
        BedrockRoute(Runtime(ZeroDivisionError())).embed(words)


@pytest.mark.parametrize(
    "body", [b"", b"[]", b'{"data": 1}', b'{"data": [{"embedding": [1]}]}', b'{"data": []}', b"{}"]
)
def test_an_answer_that_is_none(words, body):
    runtime = Runtime()
    runtime.invoke_model = lambda **_: {"body": io.BytesIO(body)}
    with pytest.raises(BadResponseError):
        BedrockRoute(runtime).embed(words)
