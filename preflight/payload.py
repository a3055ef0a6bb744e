"""Verified media → request body: byte-exact JSON, base64 made chunk by chunk, the length known beforehand.

A body is never held whole: it is a list of JSON fragments with media between them (CONTRACT 1.3).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from hashlib import sha256
from typing import IO, Any, Literal

import pybase64

from preflight.bodies import Fragment as Fragment  # noqa: PLC0414 (what a payload is made of)
from preflight.bodies import Part, asset_body, body
from preflight.errors import UsageError
from preflight.limits import Limits, Route
from preflight.media import Fidelity, InputType, Media, MultiInput, Span, TextImage, media_type
from preflight.planner.request import steps_of
from preflight.transformers import Verified

# A multiple of 3 bytes, so that no padding falls inside; 8 bodies of 36 MB at once took 37 MB of memory.
_BLOCK_BYTES = 192 * 1024


def base64_length(media_bytes: int) -> int:
    """Characters of the padded base64 of so many bytes."""
    return (media_bytes + 2) // 3 * 4


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
    end_offset: int | None = None
    """Behind its last character."""
    fidelity: Fidelity
    steps: tuple[str, ...]
    verified: tuple[Media, ...] = ()
    """What is in it, as it was verified: its media, or its text in UTF-8."""
    route: Route = "sync"
    """How it is to be sent: which endpoint takes its body."""
    model_name: str = "marengo3.0"
    upload: Media | None = None
    """What has to be uploaded as an asset before there is a body, which `with_asset` gives; None where media are
    inline."""

    def with_asset(self, asset_id: str) -> Payload:
        """The same request, its media being an asset that is ready. Raises UsageError where there is none to upload."""
        if self.upload is None:
            raise UsageError("this request needs no asset: its media are in its body. Send it as it is.")
        return replace(self, fragments=(asset_body(self.model_name, self.input_type, asset_id),), upload=None)

    @property
    def sha256(self) -> str:
        """Of the media, or of the text in UTF-8; of several media, of their hashes joined.

        Known once the body was read to its end; before that, the media are read for it. Raises UnreadableError.
        """
        hashes = [each.sha256 for each in self.verified]
        return hashes[0] if len(hashes) == 1 else sha256("".join(hashes).encode()).hexdigest()

    @property
    def fingerprint(self) -> str:
        """SHA-256 of all that is asked of the service, whichever way it goes there: of the model, the input type and
        the medium's hash; where there is a text or are several media, of the body with a hash in place of each medium.

        Raises UnreadableError, as `sha256` does.
        """
        if self.input_type in ("image", "audio", "video"):
            return sha256(f"{self.model_name} {self.input_type} {self.sha256}".encode()).hexdigest()
        return sha256(b"".join(f.sha256.encode() if isinstance(f, Media) else f for f in self.fragments)).hexdigest()

    @property
    def media_bytes(self) -> int:
        """Bytes of all its media, before base64; 0 for a text."""
        return sum(medium.size_bytes for medium in self.media)

    @property
    def base64_bytes(self) -> int:
        """Of the media that are in the body: none where they are uploaded."""
        return sum(base64_length(f.size_bytes) for f in self.fragments if isinstance(f, Media))

    @property
    def media(self) -> tuple[Media, ...]:
        """To be sent: in the body, or to be uploaded before it."""
        inline = tuple(f for f in self.fragments if isinstance(f, Media))
        return (self.upload,) if self.upload is not None else inline

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

        Raises UnreadableError where a file changed its length since it was verified, and UsageError where its media
        have not been uploaded yet.
        """
        if self.upload is not None:
            raise UsageError(
                "this request has no body before its media are uploaded. Upload them, and ask `with_asset` for it."
            )
        for fragment in self.fragments:
            if isinstance(fragment, Media):
                yield from map(pybase64.b64encode, fragment.blocks(_BLOCK_BYTES))
            else:
                for start in range(0, len(fragment), _BLOCK_BYTES):
                    yield fragment[start : start + _BLOCK_BYTES]

    def write_to(self, file: IO[bytes]) -> None:
        for chunk in self.chunks():
            file.write(chunk)

    def sdk_kwargs(self) -> dict[str, Any]:
        """For the official client: `TwelveLabs(...).embed.v_2.create(**payload.sdk_kwargs())`.

        Holds the whole body in memory, as that client does: a string of base64 (4/3 of the media's bytes) in a dict,
        of which the client makes bytes again. `Client.embed` streams it. Values are the client's own business, so a
        type checker is told nothing of them. Raises UnreadableError as `chunks` does.
        """
        from preflight.sdk import kwargs_of

        return kwargs_of(self.fragments)


def text_body(model: str, text: str) -> tuple[Fragment, ...]:
    return body("sync", model, "text", text)


def media_body(model: str, input_type: Literal["image", "audio", "video"], media: Media) -> tuple[Fragment, ...]:
    return body("sync", model, input_type, None, [Part(media_type=input_type, media=media)])


def text_image_body(model: str, text: str, image: Media) -> tuple[Fragment, ...]:
    return body("sync", model, "text_image", text, [Part(media_type="image", media=image)])


def multi_input_body(model: str, text: str | None, images: Sequence[tuple[str | None, Media]]) -> tuple[Fragment, ...]:
    parts = [Part(media_type="image", media=media, name=name) for name, media in images]
    return body("sync", model, "multi_input", text, parts)


def payload_of_one(source: str, kind: str, limits: Limits, verified: Verified) -> Payload:
    """Of a text or a medium, as the profile's route wants it: by its own input type, or as a `multi_input` of one."""
    output = verified.output
    upload = end_offset = None
    fragments: tuple[Fragment, ...]
    match kind:
        case "text":
            input_type = limits.input_type(kind)
            text = output.media.read().decode()
            fragments = body(limits.route, limits.model_name, input_type, text)
            end_offset = (output.offset or 0) + len(text)
        case "image" | "audio" | "video" | "document":
            input_type = limits.input_type(kind)
            if limits.route == "asset":
                fragments, upload = (), verified.media
            else:
                part = Part(media_type=kind, media=verified.media)
                fragments = body(limits.route, limits.model_name, input_type, None, [part])
        case other:
            raise TypeError(f"{other} has no body of its own")
    return Payload(
        source=source,
        input_type=input_type,
        fragments=fragments,
        span=output.span,
        offset=output.offset,
        end_offset=end_offset,
        fidelity=output.fidelity,
        steps=output.steps,
        verified=(verified.media,),
        route=limits.route,
        model_name=limits.model_name,
        upload=upload,
    )


def payload_of_parts(request: TextImage | MultiInput, limits: Limits, fitted: Mapping[str, Verified]) -> Payload:
    """Of a request whose parts were fitted, by their names in findings, media in order; as near to its source as the
    part that is farthest.
    """
    text = fitted.get("text")
    media = [part for name, part in fitted.items() if name != "text"]
    names = [None] if isinstance(request, TextImage) else [each.name for each in request.parts]
    parts = [
        Part(media_type=media_type(each.facts), media=each.media, name=name)
        for name, each in zip(names, media, strict=True)
    ]
    words = text.output.media.read().decode() if text is not None else None
    input_type = limits.input_type("text_image" if isinstance(request, TextImage) else "multi_input")
    outputs = {name: part.output for name, part in fitted.items()}
    return Payload(
        source=request.name,
        input_type=input_type,
        fragments=body(limits.route, limits.model_name, input_type, words, parts),
        span=None,
        offset=None,
        fidelity=max((output.fidelity for output in outputs.values()), key=list(Fidelity).index),
        steps=steps_of(outputs),
        verified=tuple(each.media for each in media),
        route=limits.route,
        model_name=limits.model_name,
    )
