"""embed-v2 of marengo3.5: a `multi_input` of sources of any kind, answered with one vector (CONTRACT 3)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from preflight.emulator.answer import Stored, accepted, described, nothing_stored, seen, single, taken, unreadable
from preflight.emulator.decoding import decode_timed
from preflight.emulator.intake import Medium
from preflight.emulator.picture import picture_vector
from preflight.emulator.schema import Given, Object, choice, json_object, listed, one_of, string
from preflight.emulator.sound import loudness, sound_vector
from preflight.emulator.vectors import DIMENSIONS, Vector, blend
from preflight.emulator.wire import invalid, missing
from preflight.emulator.wording import wording_vector
from preflight.errors import BrokenMediaError
from preflight.media import (
    AudioFacts,
    DocumentFacts,
    ImageFacts,
    MediaFacts,
    MediaType,
    MultiInput,
    NamedSource,
    RequestFacts,
    Source,
    TextFacts,
    VideoFacts,
)

if TYPE_CHECKING:
    from preflight.pipeline import Preflight

MODEL = "marengo3.5"
_MEDIA_TYPES: tuple[MediaType, ...] = ("image", "audio", "video", "document")
_DIMENSIONS = (128, 256, 512)
_TOO_LONG = "token_limit_exceeded"


@dataclass(frozen=True, slots=True)
class Part:
    """One of the `media_sources`."""

    name: str | None
    media_type: MediaType
    media: Given


@dataclass(frozen=True, kw_only=True, slots=True)
class AnyKindRequest:
    """A `multi_input` of marengo3.5, and how it is to be embedded."""

    text: str | None
    parts: tuple[Part, ...]
    auto_truncate: bool
    uncertainty: bool
    dimension: int


def parse(body: bytes, media: Mapping[str, Medium] | None = None) -> AnyKindRequest:
    """The request that a body states, its media decoded. Raises Refusal (400)."""
    known = ("input_type", "model_name", "multi_input", "auto_truncate", "embedding_uncertainty", "embedding_dimension")
    value = json_object(body, media)
    # Before the other keys: what is of marengo3.0 has keys that are not known here.
    choice(value.get("input_type", ...), "input_type", ("multi_input",))
    choice(value.get("model_name", ...), "model_name", (MODEL,))
    top = Object(value, "", known=known)
    given = Object(top.required("multi_input"), "multi_input", known=("input_text", "media_sources"))
    text = given.optional("input_text", string, None)
    sources: Sequence[object] = given.optional("media_sources", listed, [])
    if text is None and not sources:
        raise missing(given.path("media_sources"))
    parts = tuple(_part(source, f"multi_input.media_sources[{n}]") for n, source in enumerate(sources))
    request = AnyKindRequest(
        text=text,
        parts=parts,
        auto_truncate=top.optional("auto_truncate", _boolean, default=False),
        uncertainty=top.optional("embedding_uncertainty", _boolean, default=False),
        dimension=top.optional("embedding_dimension", _dimension, DIMENSIONS),
    )
    if request.uncertainty and ((text is not None and parts) or any(p.media_type == "document" for p in parts)):
        raise invalid("embedding_uncertainty", "It needs a text alone, or media alone, and no documents.")
    return request


def _part(value: object, path: str) -> Part:
    given = Object(value, path, known=("name", "media_type", "base64_string", "url", "asset_id"))
    found = choice(given.required("media_type"), given.path("media_type"), _MEDIA_TYPES)
    (kind,) = (kind for kind in _MEDIA_TYPES if kind == found)
    return Part(given.optional("name", string, None), kind, one_of(given))


def _boolean(value: object, path: str) -> bool:
    if not isinstance(value, bool):
        raise invalid(path, "It must be a boolean.")
    return value


def _dimension(value: object, path: str) -> int:
    if isinstance(value, bool) or value not in _DIMENSIONS:
        raise invalid(path, f"It must be one of: {', '.join(map(str, _DIMENSIONS))}.")
    assert isinstance(value, int)
    return value


def answer(request: AnyKindRequest, preflight: Preflight, *, stored: Stored = nothing_stored) -> dict[str, object]:
    """One vector of all sources and the text together. Raises Refusal (400)."""
    sources = [taken(part.media, f"media_sources[{n}]", stored) for n, part in enumerate(request.parts)]
    named = [
        # A document may be a PDF or a text: which of them, only its bytes say.
        NamedSource(source, part.name, None if part.media_type == "document" else part.media_type)
        for source, part in zip(sources, request.parts, strict=True)
    ]
    report = preflight.check(MultiInput(text=request.text, sources=named))
    long = [f for f in report.findings if f.code == _TOO_LONG and f.part == "text"]
    if request.auto_truncate:
        report = replace(report, findings=tuple(f for f in report.findings if f not in long))
    facts = accepted(report).facts
    assert isinstance(facts, RequestFacts)
    for part, found in zip(request.parts, facts.sources, strict=True):
        if part.media_type == "document" and not isinstance(found, DocumentFacts | TextFacts):
            raise invalid("multi_input.media_sources", f"A document is a PDF or a text, and not {found.kind}.")
    vectors = [_vector(source, each) for source, each in zip(sources, facts.sources, strict=True)]
    vectors += [wording_vector(request.text)] if request.text is not None else []
    row = single(_shortened(blend(vectors), request.dimension))
    row |= {"embedding_uncertainty": 0.0} if request.uncertainty else {}
    truncated = bool(request.auto_truncate and long)
    usage: dict[str, object] = {"input_tokens": _tokens(facts), "truncated": truncated}
    usage |= {"truncation_reason": "model_context_window"} if truncated else {}
    body = described("multi_input", [row], embedding_dimension=request.dimension)
    return body | {"usage": usage}


def _vector(source: Source, facts: MediaFacts) -> Vector:
    match facts:
        case ImageFacts():
            return seen(source, facts)
        case AudioFacts() | VideoFacts():
            return _recorded(source, facts)
        case _:
            # What a document says is not looked at: the same bytes give the same vector.
            return wording_vector(source.read().decode("latin-1")[:100_000])


def _recorded(source: Source, facts: AudioFacts | VideoFacts) -> Vector:
    """Of all that is seen and heard."""
    if not facts.duration_s:
        raise unreadable(facts.kind, source, "it has no length")
    try:
        recording = decode_timed(source, facts, facts.duration_s)
    except BrokenMediaError as error:
        raise unreadable(facts.kind, source, str(error)) from error
    vectors = [picture_vector(picture) for picture in recording.pictures]
    if recording.samples is not None:
        vectors.append(sound_vector(loudness(recording.samples)))
    return blend(vectors)


def _shortened(vector: Vector, dimension: int) -> Vector:
    prefix = vector[:dimension]
    length = float(np.linalg.norm(prefix))
    return prefix / length if length else prefix


def _tokens(facts: RequestFacts) -> dict[str, int]:
    """What the service counts for media is not documented: one for each."""
    counts = dict.fromkeys(("video", "audio", "image", "document", "text"), 0)
    for part in facts.sources:
        kind = "document" if isinstance(part, TextFacts) else part.kind
        counts[kind] += 1
    counts["text"] = facts.text.tokens if facts.text is not None else 0
    return counts
