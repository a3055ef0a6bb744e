"""What may be given to the pipeline, and how each of it is opened once."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import replace
from typing import BinaryIO

from preflight.media import (
    ImageFacts,
    InvalidRequest,
    MediaFacts,
    MediaType,
    MultiInput,
    RequestFacts,
    Source,
    Text,
    TextFacts,
    TextImage,
    Unprobed,
)
from preflight.placeholders import placeholders_of

Input = str | os.PathLike[str] | bytes | BinaryIO | Source | Text | TextImage | MultiInput | InvalidRequest
Opened = Source | Text | TextImage | MultiInput | InvalidRequest


def opened_once(source: Input) -> Opened:
    """Each file object becomes a Source once: a second one would find what cannot seek at its end."""
    match source:
        case Text() | InvalidRequest():
            return source
        case TextImage():
            return replace(source, image=Source.of(source.image))
        case MultiInput():
            return replace(
                source,
                images=[replace(each, image=Source.of(each.image)) for each in source.images],
                sources=[replace(each, source=Source.of(each.source)) for each in source.sources],
            )
        case _:
            return Source.of(source)


def source_of(source: Source | Text) -> Source:
    """Its bytes: of a text, UTF-8."""
    if isinstance(source, Source):
        return source
    from preflight.probers.text import well_formed

    return Source.of(well_formed(source.text).encode(), name=source.name)


def parts_of(request: TextImage | MultiInput) -> list[tuple[Source, MediaType | None]]:
    """The media of a request of several parts, in order, and what each is to be read as."""
    if isinstance(request, TextImage):
        return [(Source.of(request.image), "image")]
    return [
        # A document is a PDF or a text: which of them, only its bytes say.
        (Source.of(part.source), None if part.media_type == "document" else part.media_type)
        for part in request.parts
    ]


def facts_of_request(
    request: TextImage | MultiInput, text: TextFacts | None, media: Sequence[MediaFacts]
) -> RequestFacts:
    """Of a request of several parts, of which the parts are known, media in order."""
    placeholders = placeholders_of(request.text or "")
    images = len(media) - (0 if isinstance(request, TextImage) else len(request.sources))
    return RequestFacts(
        kind="text_image" if isinstance(request, TextImage) else "multi_input",
        text=text,
        placeholders=placeholders.names,
        stray_placeholders=placeholders.strays,
        names=(None,) if isinstance(request, TextImage) else tuple(part.name for part in request.parts),
        images=tuple(each for each in media[:images] if isinstance(each, ImageFacts | Unprobed)),
        sources=tuple(media[images:]),
    )
