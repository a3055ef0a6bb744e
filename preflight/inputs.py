"""What may be given to the pipeline, and how each of it is opened once."""

from __future__ import annotations

import os
from dataclasses import replace
from typing import BinaryIO

from preflight.media import MultiInput, Source, Text, TextImage

Input = str | os.PathLike[str] | bytes | BinaryIO | Source | Text | TextImage | MultiInput
Opened = Source | Text | TextImage | MultiInput


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
