"""Request bodies as the official `twelvelabs` client wants them: whole, as the keyword arguments of a call."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import pybase64

from preflight.errors import UsageError
from preflight.media import Media

_MEDIA = "base64_string"
"""What the service calls it. The client's own name is `base_64_string`, which it renames; this it passes on."""

# A multiple of 3 bytes, so that no padding falls inside.
_BLOCK_BYTES = 192 * 1024


def kwargs_of(fragments: Sequence[bytes | Media]) -> dict[str, Any]:
    """The body that `fragments` make up, parsed: its keys are the parameters of `embed.v_2.create`.

    Raises UsageError for the body of another interface, or where there is none yet; UnreadableError where a medium
    changed its length.
    """
    if not fragments:
        raise UsageError("this request has no body before its media are uploaded. Upload them, and ask for it then.")
    media = [fragment for fragment in fragments if isinstance(fragment, Media)]
    numbers = iter(range(len(media)))
    # Parsed with a number in place of each medium: 36 MB of base64 need not go through a JSON parser.
    body = b"".join(b"%d" % next(numbers) if isinstance(part, Media) else part for part in fragments)
    kwargs: dict[str, Any] = json.loads(body)
    if _filled(kwargs, media) != len(media):
        raise UsageError("this body is not one that the official client sends. Send it by the route it was made for.")
    return kwargs


def _filled(value: object, media: Sequence[Media]) -> int:
    """Put each medium in its place, whatever object holds the key: only media are called that. How many there were."""
    match value:
        case {"base64_string": str(number)}:
            assert isinstance(value, dict)
            value[_MEDIA] = _base64(media[int(number)])
            return 1
        case dict():
            return sum(_filled(each, media) for each in value.values())
        case list():
            return sum(_filled(each, media) for each in value)
        case _:
            return 0


def _base64(media: Media) -> str:
    return "".join(map(pybase64.b64encode_as_string, media.blocks(_BLOCK_BYTES)))
