"""What may be given to the pipeline, and how each of it is opened once."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from dataclasses import replace
from typing import BinaryIO

from preflight.media import (
    ImageFacts,
    MediaFacts,
    MultiInput,
    RequestFacts,
    Source,
    Text,
    TextFacts,
    TextImage,
    Unprobed,
)

Input = str | os.PathLike[str] | bytes | BinaryIO | Source | Text | TextImage | MultiInput
Opened = Source | Text | TextImage | MultiInput


_PLACEHOLDER = re.compile(r"<@([^>]+)>")


def opened_once(source: Input) -> Opened:
    """Each file object becomes a Source once: a second one would find what cannot seek at its end."""
    match source:
        case Text():
            return source
        case TextImage():
            return replace(source, image=Source.of(source.image))
        case MultiInput():
            return replace(source, images=[replace(each, image=Source.of(each.image)) for each in source.images])
        case _:
            return Source.of(source)


def source_of(source: Source | Text) -> Source:
    """Its bytes: of a text, UTF-8."""
    if isinstance(source, Source):
        return source
    from preflight.probers.text import well_formed

    return Source.of(well_formed(source.text).encode(), name=source.name)


def images_of(request: TextImage | MultiInput) -> list[Source]:
    """Of a request of several parts, in order."""
    images = [request.image] if isinstance(request, TextImage) else [named.image for named in request.images]
    return [Source.of(image) for image in images]


def facts_of_request(
    request: TextImage | MultiInput, text: TextFacts | None, images: Sequence[MediaFacts]
) -> RequestFacts:
    """Of a request of several parts, of which the parts are known."""
    return RequestFacts(
        kind="text_image" if isinstance(request, TextImage) else "multi_input",
        text=text,
        placeholders=tuple(dict.fromkeys(_PLACEHOLDER.findall(request.text or ""))),
        names=(None,) if isinstance(request, TextImage) else tuple(image.name for image in request.images),
        images=tuple(each for each in images if isinstance(each, ImageFacts | Unprobed)),
    )
