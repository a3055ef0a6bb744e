"""Texts and images by Amazon Bedrock's InvokeModel (CONTRACT 4): the body built and checked here, sent by the caller's
own boto3 client. boto3 is no dependency: whatever has its `invoke_model` will do.
"""

from __future__ import annotations

import random
import re
import secrets
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Protocol

import msgspec

from preflight.errors import (
    AuthenticationError,
    BadResponseError,
    RateLimitError,
    RequestRefusedError,
    ServiceUnavailableError,
    SubmitError,
    UsageError,
)
from preflight.limits import Route as Means
from preflight.media import Media
from preflight.payload import Fragment, Payload
from preflight.submitter import answer, refusal, timeline, waits
from preflight.submitter.decision import GiveUp, Patience, Retry, decide
from preflight.submitter.doubt import leaves_open
from preflight.submitter.embeddings import Embeddings
from preflight.submitter.outcome import Answered, Outcome, Unreachable, why
from preflight.submitter.refusal import Said

MODEL_ID = "twelvelabs.marengo-embed-3-0-v1:0"
MOST_BODY_BYTES = 24_990_000
"""Of the whole body, JSON included: AWS documents 25 MB; this is what is known to pass (CONTRACT 1.6, 4)."""
INPUT_TYPES = ("text", "image", "text_image", "multi_input")
"""Of InvokeModel. Audio and video need StartAsyncInvoke, and a bucket."""

# ModelErrorException is 424 and passes, in practice; ThrottlingException is 429 and the others 5xx already.
_PASSING = {"ModelErrorException": 503, "ModelTimeoutException": 408, "ModelNotReadyException": 503}
_NEXT_BY_CODE = {
    "AccessDeniedException": "Allow bedrock:InvokeModel on the model, and request access to it in the console.",
    "ResourceNotFoundException": "Check the model's id and that the region has it.",
    "ValidationException": "Run `preflight check`; if it passes there, report that together with this message.",
    "ThrottlingException": "Run it again later, or raise the account's quota.",
}
_UNPLACED = re.compile(r'"(\w+) <medium (\d+)>"')


class BedrockRuntime(Protocol):
    """What is needed of `boto3.client("bedrock-runtime")`."""

    def invoke_model(self, **arguments: object) -> Mapping[str, object]:
        """`modelId`, `body`, `contentType`, `accept` in; a mapping with a readable `body` out."""


def rewritten(payload: Payload) -> Payload:
    """The same payload with its body in Bedrock's own spelling: keys in camelCase, and no model.

    Of multi_input the contract shows no example; it is spelt as the others are. Raises UsageError for audio and video,
    RequestRefusedError for a body of more than `MOST_BODY_BYTES`.
    """
    if payload.input_type not in INPUT_TYPES:
        raise UsageError(
            f"InvokeModel of Bedrock takes no {payload.input_type}. Send it by another route, or by StartAsyncInvoke."
        )
    mark, media = secrets.token_hex(8), payload.media
    numbers = iter(range(len(media)))
    whole = b"".join(
        f"{mark} <medium {next(numbers)}>".encode() if isinstance(fragment, Media) else fragment
        for fragment in payload.fragments
    )
    request = msgspec.json.decode(whole, type=dict[str, object])
    request.pop("model_name", None)  # Bedrock has it in the address
    spelt = msgspec.json.encode(_camel(request, keep=(payload.input_type,))).decode()
    fragments: list[Fragment] = []
    at = 0
    for found in _UNPLACED.finditer(spelt):
        if found[1] == mark:
            fragments += [(spelt[at : found.start()] + '"').encode(), media[int(found[2])]]
            at = found.end() - 1
    made = replace(payload, fragments=(*fragments, spelt[at:].encode()))
    if (length := made.content_length) > MOST_BODY_BYTES:
        raise RequestRefusedError(
            f"{payload.source} makes a body of {length:,} bytes; Bedrock takes {MOST_BODY_BYTES:,}. "
            "Make its media smaller, or send it by another route; nothing was sent.",
            code="content_too_large",
            permanent=True,
        )
    return made


class BedrockRoute:
    """Texts and images through `runtime`, a `boto3.client("bedrock-runtime")` of the caller's.

    Retries are decided here, as for the other routes: give it `Config(retries={"total_max_attempts": 1})`, or each of
    them is several of botocore's own. `model_id`: or an inference profile, `us.` + MODEL_ID. `sleep` is called with the
    seconds to wait before a retry. boto3's clients may be shared by threads, and so may this.
    """

    def __init__(
        self,
        runtime: BedrockRuntime,
        *,
        model_id: str = MODEL_ID,
        patience: Patience | None = None,
        sleep: Callable[[float], None] = waits.sleep,
    ) -> None:
        self._runtime = runtime
        self._model_id = model_id
        self._patience = patience or Patience()
        self._sleep = sleep

    @property
    def takes(self) -> frozenset[Means]:
        return frozenset({"sync", "invoke"})

    def embed(self, payload: Payload, *, request: int = 1) -> Embeddings:
        """As `Client.embed`. Raises what that does, and what `rewritten` does before anything is sent."""
        # In one piece: the signature of AWS is of the whole body. At most 24.99 MB.
        body = b"".join(rewritten(payload).chunks())
        began, retried = time.monotonic(), 0
        while True:
            outcome, received = self._try(body)
            if received is not None:
                return timeline.place_answer(
                    answer.read(_snake_body(received, retried), retried=retried), payload, request=request
                )
            decision = decide(
                self._patience,
                outcome,
                retried=retried,
                elapsed_s=time.monotonic() - began,
                now=time.time(),
                jitter=random.random(),  # noqa: S311 (spreads retries, guards nothing)
            )
            match decision:
                case Retry(after_s=after_s):
                    with waits.waiting(why(outcome), seconds=after_s, is_open=leaves_open(outcome)):
                        self._sleep(after_s)
                    retried += 1
                case GiveUp(error=error):
                    raise _worded(outcome, error) from None
                case _:
                    raise AssertionError(decision)

    def _try(self, body: bytes) -> tuple[Outcome, bytes | None]:
        """How one call ended, and what it answered."""
        try:
            answered = self._runtime.invoke_model(
                modelId=self._model_id, body=body, contentType="application/json", accept="application/json"
            )
            stream = answered["body"]
            received = stream if isinstance(stream, bytes) else _read(stream)
        except Exception as error:
            outcome = _outcome(error)
            if outcome is None:
                raise
            return outcome, None
        return Answered(status=200, headers={}, said=Said()), received


def _read(stream: object) -> bytes:
    read: Callable[[], bytes] = stream.read  # type: ignore[attr-defined]  # botocore's StreamingBody has no type here
    return read()


def _outcome(error: Exception) -> Outcome | None:
    """The errors of botocore without botocore: ClientError has a `response`, the others are its own module's. None for
    what is not botocore's.
    """
    response = getattr(error, "response", None)
    if isinstance(response, Mapping) and isinstance(response.get("Error"), Mapping):
        metadata = response.get("ResponseMetadata")
        metadata = metadata if isinstance(metadata, Mapping) else {}
        code, message = str(response["Error"].get("Code", "")), str(response["Error"].get("Message", ""))
        status = metadata.get("HTTPStatusCode")
        status = _PASSING.get(code) or (status if isinstance(status, int) else 500)
        headers = metadata.get("HTTPHeaders")
        headers = headers if isinstance(headers, Mapping) else {}
        return Answered(
            status=status,
            headers={str(name).lower(): str(value) for name, value in headers.items()},
            said=Said(code=refusal.shown(code) or None, message=refusal.shown(message)),
        )
    if type(error).__module__.partition(".")[0] in ("botocore", "urllib3"):
        # Without credentials or a region, there is nothing to be tried again.
        passing = not re.search(r"Credential|Region|ParamValidation|Token", type(error).__name__)
        next_step = "Check the network, and the region of the client, then run it again."
        if not passing:
            next_step = "Check the credentials and the region of the boto3 client."
        return Unreachable(reason=refusal.shown(str(error)), next_step=next_step, passing=passing)
    return None


def _worded(outcome: Outcome, error: SubmitError) -> SubmitError:
    """Where the usual next step is about TwelveLabs' own service, Bedrock's."""
    if not isinstance(outcome, Answered) or isinstance(error, RateLimitError | ServiceUnavailableError):
        return error
    told = refusal.quoted(outcome.status, outcome.said)
    next_step = _NEXT_BY_CODE.get(outcome.said.code or "", "Check the boto3 client and the model's id.")
    kind = type(error) if isinstance(error, AuthenticationError | RequestRefusedError) else BadResponseError
    return kind(
        f"Bedrock refused the request ({told}). {next_step}",
        status=error.status,
        code=error.code,
        retried=error.retried,
        permanent=error.permanent,
    )


def _camel(value: object, *, keep: tuple[str, ...] = ()) -> object:
    """Keys in camelCase. Those in `keep` name inputs, and stay: {"inputType": "text_image", "text_image": ...}."""
    match value:
        case dict():
            return {key if key in keep else _camel_word(key): _camel(each) for key, each in value.items()}
        case list():
            return [_camel(each) for each in value]
        case _:
            return value


def _camel_word(word: str) -> str:
    first, *others = word.split("_")
    return first + "".join(other.capitalize() for other in others)


def _snake_body(body: bytes, retried: int) -> bytes:
    """The answer as the direct API spells it: `embeddingOption` becomes `embedding_option`."""
    try:
        whole = msgspec.json.decode(body)
        items = whole["data"]
        # One vector of one input may come as an object of its own; the contract shows a list.
        items = [items] if isinstance(items, dict) else items
        spelt = [{re.sub(r"(?<=[a-z])[A-Z]", lambda m: "_" + m[0].lower(), k): v for k, v in i.items()} for i in items]
    except (msgspec.MsgspecError, ValueError, RecursionError, TypeError, KeyError, AttributeError) as error:
        raise BadResponseError(
            f"Bedrock answered, but not as documented ({type(error).__name__}: {error}). "
            "Check the model's id; if it is right, report this message.",
            status=200,
            retried=retried,
        ) from error
    return msgspec.json.encode({"data": spelt})
