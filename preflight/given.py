"""What is given to preflight besides files and bytes: a text as it is, and requests of several parts."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from typing import BinaryIO, Literal

from preflight.source import Source


@dataclass(frozen=True, slots=True)
class Text:
    """A text given as it is, not as a file."""

    text: str
    name: str = "<text>"


@dataclass(frozen=True, slots=True)
class TextImage:
    """One request that embeds a text and an image together."""

    text: str
    image: str | os.PathLike[str] | bytes | BinaryIO | Source
    name: str = "<text_image>"


@dataclass(frozen=True, slots=True)
class NamedImage:
    """An image of a `MultiInput`; the text points at it with `<@name>`."""

    image: str | os.PathLike[str] | bytes | BinaryIO | Source
    name: str | None = None


@dataclass(frozen=True, slots=True)
class InvalidRequest:
    """A request file that holds none: a value and not an exception, so that a batch goes on."""

    reason: str
    """What is wrong with it, and what to do next."""
    name: str = "<request>"


MediaType = Literal["image", "audio", "video", "document"]
"""What a source of a `multi_input` request says that it is."""


@dataclass(frozen=True, slots=True)
class NamedSource:
    """A source of a `MultiInput`, of any kind; the text points at it with `<@name>`."""

    source: str | os.PathLike[str] | bytes | BinaryIO | Source
    name: str | None = None
    media_type: MediaType | None = None
    """What it is to be read as; None has it found from its bytes."""


@dataclass(frozen=True, slots=True)
class MultiInput:
    """One request of 1 to 10 images, or of sources of any kind (marengo3.5), and, if wanted, a text that names them."""

    images: Sequence[NamedImage] = ()
    text: str | None = None
    name: str = "<multi_input>"
    sources: Sequence[NamedSource] = ()
    """They come after the images."""

    @property
    def parts(self) -> tuple[NamedSource, ...]:
        """The images and the sources, in the order in which they are sent."""
        return (*(NamedSource(each.image, each.name, "image") for each in self.images), *self.sources)
