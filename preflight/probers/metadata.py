"""Whether a film says who made it, where or when: tags, chapters, and streams that are neither picture nor sound."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from av.container import InputContainer
    from av.stream import Stream

# Tags that a muxer makes of the file itself, whoever wrote it: brands, lengths, what a player needs. In lower case.
_OF_THE_FILE = frozenset(
    {
        "major_brand",
        "minor_version",
        "compatible_brands",
        "vendor_id",
        "language",
        "duration",
        "rotate",
        "variant_bitrate",
    }
)
_PLAIN = re.compile(r"(und|lav[fc]|videohandler|soundhandler|)", re.IGNORECASE)
"""What FFmpeg writes where it is told nothing."""


def has_metadata(container: InputContainer, *kept: Stream) -> bool:
    """Whether there is any besides the coded data of the streams that are kept, and what it takes to show them."""
    if len(container.streams) > len(kept) or container.chapters():
        return True
    return any(_tells(tags) for tags in (container.metadata, *(stream.metadata for stream in kept)))


def _tells(tags: Mapping[str, str]) -> bool:
    return any(
        name.lower() not in _OF_THE_FILE and not name.lower().startswith("duration-") and not _PLAIN.fullmatch(value)
        for name, value in tags.items()
    )
