"""An input → its facts, as far as the policy has them looked into; and what was made of it → the same."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from preflight.errors import BrokenMediaError
from preflight.inputs import Opened, facts_of_request, parts_of
from preflight.media import (
    AudioFacts,
    Facts,
    InvalidRequest,
    Kind,
    MediaFacts,
    MultiInput,
    Source,
    Text,
    TextFacts,
    TextImage,
    Unprobed,
    UnprobedCode,
    VideoFacts,
)
from preflight.probers import decode, probe
from preflight.progress import Meter
from preflight.rules import Report
from preflight.setup import Setup

if TYPE_CHECKING:
    from preflight.probers.text import Reading

_BROKEN: dict[str, UnprobedCode] = {
    "text": "text_encoding_unknown",
    "image": "image_file_broken",
    "audio": "audio_file_broken",
    "video": "video_file_broken",
    "document": "document_file_broken",
}


def examine(source: Opened, kind: Kind | None, setup: Setup) -> Facts:
    """`kind` has the bytes read as that kind and nothing else."""
    match source:
        case Source():
            return _examined(source, kind, setup)
        case Text():
            return facts_of_text(source.text, setup)
        case InvalidRequest():
            return Unprobed(size_bytes=None, code="request_invalid", reason=source.reason)
        case TextImage() | MultiInput():
            text = facts_of_text(source.text, setup) if source.text is not None else None
            return facts_of_request(source, text, [_examined(part, kind, setup) for part, kind in parts_of(source)])


def facts_of_text(text: str, setup: Setup) -> TextFacts:
    from preflight.probers.text import facts_of_text

    return facts_of_text(text, token_counter=setup.token_counter)


def examine_again(report: Report, media: Source, setup: Setup) -> MediaFacts:
    """What was made of an input with that report; decoded where the policy asks for it."""
    facts = _probed(media, report.kind, setup)
    if setup.policy.verify != "decode":
        return facts
    known = report.facts
    if isinstance(known, AudioFacts | VideoFacts) and replace(known, decoded=None) == facts:
        return known  # the source's own bytes were decoded when they were checked; anything else was not
    return decode(media, facts)


def broken(kind: str, error: BrokenMediaError) -> Unprobed:
    """The facts of what turned out to be damaged."""
    return Unprobed(size_bytes=None, code=_BROKEN.get(kind, "video_file_broken"), reason=str(error))


def _examined(source: Source, kind: Kind | None, setup: Setup) -> MediaFacts:
    """Probed, and decoded where the policy asks for it."""
    watch = Meter(source.name, None, setup.on_progress, stage="probe").watch
    facts = probe(source, kind, reading=_reading(setup), watch=watch)
    if setup.policy.verify == "metadata":
        return facts
    total_s = facts.duration_s if isinstance(facts, AudioFacts | VideoFacts) else None
    return decode(source, facts, Meter(source.name, total_s, setup.on_progress, stage="decode").watch)


def _reading(setup: Setup) -> Reading:
    from preflight.probers.text import Reading

    return Reading(encoding=setup.policy.encoding, token_counter=setup.token_counter)


def _probed(media: Source, kind: str, setup: Setup) -> MediaFacts:
    if kind == "text":  # our own UTF-8: that it is text was asked before
        return facts_of_text(media.read().decode(), setup)
    match kind:
        case "image" | "audio" | "video" | "document":
            return probe(media, kind)
        case _:
            return probe(media)
