"""InvokeModel of Amazon Bedrock: the same requests in other words, without a model and without a key (CONTRACT 4).

Requests of AWS are signed; nothing looks at the signature. What a body may hold is that of marengo3.0.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping

from preflight.emulator.intake import Medium, Spooled
from preflight.emulator.schema import (
    ImageRequest,
    MultiInputRequest,
    NamedSource,
    Object,
    Request,
    TextImageRequest,
    TextRequest,
    choice,
    json_object,
    listed,
    medium,
    string,
)
from preflight.emulator.wire import invalid, missing
from preflight.limits import Limits
from preflight.placeholders import placeholders_of

_ONE_OF = ("base64String", "s3Location")
_RENAMED = {
    "embedding_option": "embeddingOption",
    "embedding_scope": "embeddingScope",
    "start_sec": "startSec",
    "end_sec": "endSec",
}


def parse(body: bytes, limits: Limits, media: Mapping[str, Medium] | None = None) -> Request:
    """The request that a body states, its media decoded. Raises Refusal (400)."""
    value = json_object(body, media)
    input_type = choice(value.get("inputType", ...), "inputType", limits.input_types.value)
    top = Object(value, "", known=("inputType", "inferenceId", input_type))
    inner = top.required(input_type)
    match input_type:
        case "text":
            given = Object(inner, "text", known=("inputText",))
            return TextRequest(string(given.required("inputText"), given.path("inputText")))
        case "image":
            return ImageRequest(_media_source(Object(inner, "image", known=("mediaSource",))))
        case "text_image":
            both = Object(inner, "text_image", known=("mediaSource", "inputText"))
            return TextImageRequest(string(both.required("inputText"), both.path("inputText")), _media_source(both))
        case "multi_input":
            return _multi_input(Object(inner, "multi_input", known=("inputText", "mediaSources")))
    raise AssertionError(input_type)


def _multi_input(given: Object) -> MultiInputRequest:
    text = given.optional("inputText", string, None)
    path = given.path("mediaSources")
    sources = listed(given.required("mediaSources"), path)
    names = placeholders_of(text or "").names
    return MultiInputRequest(text, tuple(_named(source, f"{path}[{n}]", names) for n, source in enumerate(sources)))


def _named(value: object, path: str, named: Collection[str]) -> NamedSource:
    given = Object(value, path, known=("name", "mediaType", *_ONE_OF))
    choice(given.required("mediaType"), given.path("mediaType"), ("image",))
    name = given.optional("name", string, None)
    if name is not None and name not in named:
        raise invalid(given.path("name"), "A name must match a placeholder of `inputText`.")
    return NamedSource(name, _one_of(given))


def _media_source(given: Object) -> bytes | Spooled:
    return _one_of(Object(given.required("mediaSource"), given.path("mediaSource"), known=_ONE_OF))


def _one_of(given: Object) -> bytes | Spooled:
    present = [key for key in _ONE_OF if key in given]
    if not present:
        raise missing(given.path("base64String"))
    if len(present) > 1:
        raise invalid(given.path(present[1]), f"Only one of {', '.join(_ONE_OF)} may be given.")
    path = given.path(present[0])
    if present != ["base64String"]:
        raise invalid(path, "The emulator takes base64String only: it reads nothing from S3.")
    return medium(given.required(present[0]), path)


def in_its_words(answer: Mapping[str, object]) -> dict[str, object]:
    """An answer as Bedrock gives it: camelCase, nothing beside the data, and no keys that say nothing."""
    rows = answer["data"]
    assert isinstance(rows, list)
    return {
        "data": [{_RENAMED.get(key, key): value for key, value in row.items() if value is not None} for row in rows]
    }
