"""What may be given to the pipeline, and how each of it is opened once."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import replace
from typing import BinaryIO, TypeVar

from preflight.media import (
    ImageFacts,
    InvalidRequest,
    MediaFacts,
    MediaType,
    MultiInput,
    NamedImage,
    NamedSource,
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
    """Each file object becomes a Source once: a second one would find what cannot seek at its end.

    Raises TypeError for what is no input, nor a part of one.
    """
    match source:
        case InvalidRequest():
            return source
        case Text():
            _of(str, source.text, "the text of a Text")
            return source
        case TextImage():
            text = _of(str, source.text, "the text of a TextImage")
            return replace(source, text=text, image=Source.of(source.image))
        case MultiInput():
            images = [_of(NamedImage, each, "each image of a MultiInput") for each in source.images]
            sources = [_of(NamedSource, each, "each source of a MultiInput") for each in source.sources]
            return replace(
                source,
                text=None if source.text is None else _of(str, source.text, "the text of a MultiInput"),
                images=[replace(each, image=Source.of(each.image)) for each in images],
                sources=[replace(each, source=Source.of(each.source)) for each in sources],
            )
        case _:
            return Source.of(source)


_Given = TypeVar("_Given")


def _of(wanted: type[_Given], given: object, what: str) -> _Given:
    if not isinstance(given, wanted):
        raise TypeError(f"{what} is a {wanted.__name__}, not {type(given).__name__}")
    return given


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
