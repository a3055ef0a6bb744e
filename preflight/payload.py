"""Verified media → request body: byte-exact JSON, base64 made chunk by chunk, the length known beforehand.

A body is never held whole: it is a list of JSON fragments with media between them (CONTRACT 1.3).
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import IO

import pybase64

from preflight.media import Fidelity, InputType, Media, MultiInput, Span, TextImage
from preflight.transformers import Verified

# A multiple of 3 bytes, so that no padding falls inside; 8 bodies of 36 MB at once took 37 MB of memory.
_BLOCK_BYTES = 192 * 1024


def base64_length(media_bytes: int) -> int:
    """Characters of the padded base64 of so many bytes."""
    return (media_bytes + 2) // 3 * 4


Fragment = bytes | Media


@dataclass(frozen=True, kw_only=True, slots=True)
class Payload:
    """One request, ready to be posted: `chunks()` is its body, `content_length` its exact size."""

    source: str
    """Name of the input that it was made from."""
    input_type: InputType
    fragments: tuple[Fragment, ...]
    span: Span | None
    """Where its media lie on the source's timeline, in seconds; None for texts and images."""
    offset: int | None
    """Where its text starts in the source, in characters; None for media."""
    fidelity: Fidelity
    steps: tuple[str, ...]
    verified: tuple[Media, ...] = ()
    """What is in it, as it was verified: its media, or its text in UTF-8."""

    @property
    def sha256(self) -> str:
        """Of the media, or of the text in UTF-8; of several media, of their hashes joined.

        Known once the body was read to its end; before that, the media are read for it. Raises UnreadableError.
        """
        hashes = [each.sha256 for each in self.verified]
        return hashes[0] if len(hashes) == 1 else sha256("".join(hashes).encode()).hexdigest()

    @property
    def media_bytes(self) -> int:
        """Bytes of all its media, before base64; 0 for a text."""
        return sum(f.size_bytes for f in self.fragments if isinstance(f, Media))

    @property
    def base64_bytes(self) -> int:
        return sum(base64_length(f.size_bytes) for f in self.fragments if isinstance(f, Media))

    @property
    def media(self) -> tuple[Media, ...]:
        return tuple(f for f in self.fragments if isinstance(f, Media))

    @property
    def may_be_read_beside(self) -> bool:
        """Whether its media can be read while the next request of the same source is made."""
        return all(medium.source.opens_anew for medium in self.media)

    @property
    def content_length(self) -> int:
        """Bytes of the whole body."""
        return sum(base64_length(f.size_bytes) if isinstance(f, Media) else len(f) for f in self.fragments)

    def chunks(self) -> Iterator[bytes]:
        """The body in pieces of at most 256 KiB; can be called again for a retry.

        Raises UnreadableError where a file changed its length since it was verified.
        """
        for fragment in self.fragments:
            if isinstance(fragment, Media):
                yield from map(pybase64.b64encode, fragment.blocks(_BLOCK_BYTES))
            else:
                for start in range(0, len(fragment), _BLOCK_BYTES):
                    yield fragment[start : start + _BLOCK_BYTES]

    def write_to(self, file: IO[bytes]) -> None:
        for chunk in self.chunks():
            file.write(chunk)


def text_body(model: str, text: str) -> tuple[Fragment, ...]:
    return (_open(model, "text") + b'{"input_text":' + _string(text) + b"}}",)


def media_body(model: str, input_type: InputType, media: Media) -> tuple[Fragment, ...]:
    """Of `image`, `audio` or `video`."""
    return (_open(model, input_type) + b'{"media_source":{"base64_string":"', media, b'"}}}')


def text_image_body(model: str, text: str, image: Media) -> tuple[Fragment, ...]:
    head = _open(model, "text_image") + b'{"media_source":{"base64_string":"'
    return (head, image, b'"},"input_text":' + _string(text) + b"}}")


def multi_input_body(model: str, text: str | None, images: Sequence[tuple[str | None, Media]]) -> tuple[Fragment, ...]:
    """The keys of a source are flat here, not nested in `media_source` (CONTRACT 1.3)."""
    head = _open(model, "multi_input") + b"{"
    if text is not None:
        head += b'"input_text":' + _string(text) + b","
    head += b'"media_sources":['
    fragments: list[Fragment] = []
    for index, (name, media) in enumerate(images):
        head += b"," if index else b""
        named = b'"name":' + _string(name) + b"," if name is not None else b""
        fragments += [head + b"{" + named + b'"media_type":"image","base64_string":"', media]
        head = b'"}'
    return (*fragments, head + b"]}}")


def payload_of_parts(
    request: TextImage | MultiInput, model: str, text: Verified | None, images: Sequence[Verified]
) -> Payload:
    """Of a request whose parts were fitted, the images in order; as near to its source as the part that is farthest."""
    media = [image.media for image in images]
    words = text.output.media.read().decode() if text is not None else None
    if isinstance(request, TextImage):
        assert words is not None
        fragments = text_image_body(model, words, media[0])
    else:
        names = [image.name for image in request.images]
        fragments = multi_input_body(model, words, list(zip(names, media, strict=True)))
    outputs = [part.output for part in (*((text,) if text is not None else ()), *images)]
    return Payload(
        source=request.name,
        input_type="text_image" if isinstance(request, TextImage) else "multi_input",
        fragments=fragments,
        span=None,
        offset=None,
        fidelity=max((output.fidelity for output in outputs), key=list(Fidelity).index),
        steps=tuple(step for output in outputs for step in output.steps),
        verified=tuple(media),
    )


def _open(model: str, input_type: InputType) -> bytes:
    kind = _string(input_type)
    return b'{"input_type":' + kind + b',"model_name":' + _string(model) + b"," + kind + b":"


def _string(text: str) -> bytes:
    # Lone surrogates have no UTF-8; JSON can carry them only escaped.
    try:
        return json.dumps(text, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        return json.dumps(text).encode()
