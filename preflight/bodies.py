"""What a request body looks like, in the words of each route: JSON with media between it (CONTRACT 1.3, 4).

Pure: which keys, in which order. How a body is streamed, and how long it is, is the business of `payload`.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace

from preflight.limits import Route
from preflight.media import InputType, Media, MediaType

Fragment = bytes | Media


@dataclass(frozen=True, kw_only=True, slots=True)
class Part:
    """A medium of a request."""

    media_type: MediaType
    media: Media
    name: str | None = None


@dataclass(frozen=True, slots=True)
class _Words:
    """The same things are called otherwise at TwelveLabs' own API and at Amazon Bedrock."""

    input_type: str
    input_text: str
    media_source: str
    base64_string: str
    media_sources: str
    media_type: str


_DIRECT = _Words("input_type", "input_text", "media_source", "base64_string", "media_sources", "media_type")
_BEDROCK = _Words("inputType", "inputText", "mediaSource", "base64String", "mediaSources", "mediaType")


def body(
    route: Route, model: str, input_type: InputType, text: str | None, parts: Sequence[Part] = ()
) -> tuple[Fragment, ...]:
    """Of a request of that type: a text, a medium, or what the type puts together.

    Media are inline: each of the fragments that is no bytes stands for its base64.
    """
    words = _BEDROCK if route == "invoke" else _DIRECT
    head = _open(words, model, input_type)
    match input_type:
        case "text":
            assert text is not None
            return (head + b"{" + _key(words.input_text) + _string(text) + b"}}",)
        case "multi_input":
            return _of_many(head, words, text, _named(text, parts) if words is _BEDROCK else parts)
        case _:
            (part,) = parts
            said = b"," + _key(words.input_text) + _string(text) if text is not None else b""
            source = _key(words.media_source) + b"{" + _key(words.base64_string) + b'"'
            return (head + b"{" + source, part.media, b'"}' + said + b"}}")


def asset_body(model: str, input_type: InputType, asset_id: str) -> bytes:
    """Of `audio` or `video` that was uploaded beforehand (CONTRACT 1.2, 6)."""
    head = _open(_DIRECT, model, input_type)
    return head + b"{" + _key("media_source") + b"{" + _key("asset_id") + _string(asset_id) + b"}}}"


def _of_many(head: bytes, words: _Words, text: str | None, parts: Sequence[Part]) -> tuple[Fragment, ...]:
    """The keys of a source are flat here, not nested in a media source."""
    head += b"{"
    if text is not None:
        head += _key(words.input_text) + _string(text) + (b"," if parts else b"")
    if not parts:
        return (head + b"}}",)
    head += _key(words.media_sources) + b"["
    fragments: list[Fragment] = []
    for index, part in enumerate(parts):
        head += b"," if index else b""
        named = _key("name") + _string(part.name) + b"," if part.name is not None else b""
        kind = _key(words.media_type) + _string(part.media_type) + b","
        fragments += [head + b"{" + named + kind + _key(words.base64_string) + b'"', part.media]
        head = b'"}'
    return (*fragments, head + b"]}}")


def _named(text: str | None, parts: Sequence[Part]) -> Sequence[Part]:
    """Bedrock's guide: a name, where there is one, must be in the text; elsewhere it may stand unused."""
    return [replace(part, name=part.name if f"<@{part.name}>" in (text or "") else None) for part in parts]


def _open(words: _Words, model: str, input_type: InputType) -> bytes:
    """At Bedrock the model stands in the address, not in the body."""
    kind = _string(input_type)
    named = b"" if words is _BEDROCK else _key("model_name") + _string(model) + b","
    return b"{" + _key(words.input_type) + kind + b"," + named + kind + b":"


def _key(name: str) -> bytes:
    return b'"' + name.encode() + b'":'


def _string(text: str) -> bytes:
    # Lone surrogates have no UTF-8; JSON can carry them only escaped.
    try:
        return json.dumps(text, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        return json.dumps(text).encode()
