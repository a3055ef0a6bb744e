"""Bytes → Facts: what a source is, from its content, without decoding a frame unless that is asked for."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from preflight.errors import BrokenMediaError, UnreadableError
from preflight.media import (
    MAX_TEXT_BYTES,
    AudioFacts,
    ImageFacts,
    Kind,
    MediaFacts,
    Source,
    Unprobed,
    VideoFacts,
    Watch,
    unwatched,
)
from preflight.probers.sniff import HEAD_BYTES, Refusal, is_cut_off, sniff, sniff_text

if TYPE_CHECKING:
    from preflight.probers.text import Reading

__all__ = ["decode", "probe"]

_READ_AT_ONCE_BYTES = 1 << 18


def probe(
    source: Source, kind: Kind | None = None, *, reading: Reading | None = None, watch: Watch = unwatched
) -> MediaFacts:
    """What `source` is; with `kind`, as that kind and nothing else. Never raises for bad media.

    `reading` is how texts are read, if not as they are found. What cannot be probed comes back as `Unprobed`, with
    the reason. Where the packets of audio or video have to be read, `watch` is told how many seconds of them are done.
    """
    try:
        size = source.size_bytes()
        start = source.head(size if size <= _READ_AT_ONCE_BYTES else HEAD_BYTES)
        if not start:
            return Unprobed(size_bytes=size, code="file_empty", reason="it holds no bytes")
        facts = _probe(source, size, start, reading, watch) if kind is None else _probe_as(source, kind, reading, watch)
    except UnreadableError as error:
        return Unprobed(size_bytes=None, code="file_unreadable", reason=str(error))
    if kind == "video" and isinstance(facts, AudioFacts):
        return Unprobed(size_bytes=size, code="video_file_broken", reason="it holds sound but no picture")
    return facts


def decode(source: Source, facts: MediaFacts, watch: Watch = unwatched) -> MediaFacts:
    """The facts that `probe` gave, with what only decoding every frame can tell. Never raises for bad media.

    `watch` is told the seconds of audio and video that are done, about once a second of theirs.
    """
    try:
        match facts:
            case AudioFacts() | VideoFacts():
                from preflight.probers.decoded import decode_timed

                return decode_timed(source, facts, watch)
            case ImageFacts(damage=None):
                from preflight.probers.image_decoded import decode_fully

                decode_fully(source)
    except BrokenMediaError as error:
        assert isinstance(facts, ImageFacts)
        return replace(facts, damage=str(error))
    except UnreadableError as error:
        return Unprobed(size_bytes=None, code="file_unreadable", reason=str(error))
    return facts


def _probe(source: Source, size: int, start: bytes, reading: Reading | None, watch: Watch) -> MediaFacts:
    """`start` is all of a small file, and `HEAD_BYTES` of others."""
    head = start[:HEAD_BYTES]
    match sniff(head, source.name):
        case Refusal(reason, is_certain=is_certain):
            # Garbage before an MP3 can look like text in an old code page; FFmpeg finds the sound behind it.
            timed = None if is_certain else _probe_as(source, "unknown", watch=watch)
            if isinstance(timed, AudioFacts | VideoFacts):
                return timed
            return Unprobed(size_bytes=size, code="unsupported_file_type", reason=reason)
        case "image":
            # Many images are small, and to open a file takes as long as to look into it.
            facts = _probe_as(Source.of(start, name=source.name) if len(start) == size else source, "image")
            # "P3 players ..." is no portable pixmap; but what begins as a JPEG does is no old code page.
            is_text = facts.kind == "unknown" and head[:1].isascii() and sniff_text(head, source.name) == "text"
            return _probe_as(source, "text", reading) if is_text else facts
        case "timed":
            facts = _probe_as(source, "unknown", watch=watch)
            if isinstance(facts, Unprobed) and facts.code == "unsupported_file_type":
                # TGA and a few more have no magic that could be known beforehand.
                image = _probe_as(source, "image")
                if isinstance(image, ImageFacts):
                    return image
                from preflight.probers.encoding import unmarked_wide

                # Its zero bytes are such as no other text has.
                is_text = sniff_text(unmarked_wide(head).encode(), source.name) == "text"
                return _probe_as(source, "text", reading) if is_text else facts
            return facts
        case "text":
            return _probe_found_text(source, size, head, reading)
        case "document":
            return _probe_as(source, "document", reading)


def _probe_found_text(source: Source, size: int, head: bytes, reading: Reading | None) -> MediaFacts:
    if len(head) < size <= MAX_TEXT_BYTES and is_cut_off(head):
        # A drawing behind a comment of any length is one, and a text is read whole anyway.
        whole = sniff_text(source.read(), source.name)
        if isinstance(whole, Refusal):
            return Unprobed(size_bytes=size, code="unsupported_file_type", reason=whole.reason)
    return _probe_as(source, "text", reading)


def _probe_as(source: Source, kind: Kind, reading: Reading | None = None, watch: Watch = unwatched) -> MediaFacts:
    """Each prober is imported when it is first needed: an image needs no FFmpeg, a video no Pillow."""
    match kind:
        case "text":
            from preflight.probers.text import AS_FOUND, probe_text

            return probe_text(source, reading or AS_FOUND)
        case "image":
            from preflight.probers.image import probe_image

            return probe_image(source)
        case "document":
            from preflight.probers.document import probe_document

            return probe_document(source)
        case "audio" | "video" | "unknown":
            from preflight.probers.timed import probe_timed

            return probe_timed(source, sound_only=kind == "audio", watch=watch)
