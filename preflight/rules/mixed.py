"""What a `multi_input` may be made of: which kinds, which of them together, and how large all of it is."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import replace

from preflight.limits import Limits
from preflight.media import DocumentFacts, Facts, RequestFacts, TextFacts, Unprobed, media_type
from preflight.rules import examples, files, text, timed
from preflight.rules.interface import Example, Finding, Rule, RuleOfParts, part_name

_IN_3_5, _AT_BEDROCK = "marengo3.5", "bedrock-marengo3.0"
_CLIP = examples.video(duration_s=20.0, claimed_duration_s=20.0)
_JSON_BYTES = 200
"""Of a source: its keys, its brackets, and a name."""


class MediaTypeUnsupported(RuleOfParts):
    """The sources of a `multi_input` are images; in marengo3.5 they may also be audio, video and documents."""

    code = "media_type_unsupported"
    accepted = (
        Example("an image", examples.multi_input()),
        Example("a video and a text in marengo3.5", examples.sources(_CLIP, with_text=True), _IN_3_5),
    )
    refused = (
        Example("a video in marengo3.0", examples.sources(examples.video())),
        Example("audio at Bedrock", examples.sources(examples.audio()), _AT_BEDROCK),
    )

    def findings(self, facts: Facts, limits: Limits) -> Iterator[Finding]:
        if not isinstance(facts, RequestFacts) or facts.kind != "multi_input":
            return
        allowed = limits.request.media_types.value
        for index, part in enumerate(facts.parts):
            if isinstance(part, Unprobed) or (found := media_type(part)) in allowed:
                continue
            yield self.finding(
                f"A multi_input of the profile {limits.profile} takes {_listed(allowed)}, and no {found}. "
                "Take it out, or use --profile marengo3.5.",
                measured=found,
                limit=", ".join(allowed),
                part=part_name(facts.kind, index),
            )


class TextMissing(Rule):
    """Sources of several kinds in one `multi_input` ask for a text that says what they have to do with each other."""

    code = "text_missing"
    accepted = (
        Example("two videos without one", examples.sources(_CLIP, _CLIP), _IN_3_5),
        Example("a video, an image and a text", examples.sources(_CLIP, examples.image(), with_text=True), _IN_3_5),
    )
    refused = (Example("a video and an image without one", examples.sources(_CLIP, examples.image()), _IN_3_5),)

    def check(self, facts: Facts, limits: Limits) -> Finding | None:
        if not isinstance(facts, RequestFacts) or facts.text is not None or limits.request.mixed_needs_text is None:
            return None
        kinds = {media_type(part) for part in facts.parts if not isinstance(part, Unprobed)}
        if len(kinds) < 2 or not limits.request.mixed_needs_text.value:  # noqa: PLR2004 (several)
            return None
        return self.finding(
            f"The request mixes {_listed(sorted(kinds))} and has no text. Give it one, or make a request of each kind.",
            measured=", ".join(sorted(kinds)),
            limit=None,
        )


class DocumentNotAlone(Rule):
    """A PDF is the only source of its request, and comes without a text."""

    code = "document_not_alone"
    accepted = (Example("a PDF alone", examples.sources(examples.document()), _IN_3_5),)
    refused = (
        Example("a PDF and a text", examples.sources(examples.document(), with_text=True), _IN_3_5),
        Example("two PDFs", examples.sources(examples.document(), examples.document()), _IN_3_5),
    )

    def check(self, facts: Facts, limits: Limits) -> Finding | None:
        if not isinstance(facts, RequestFacts) or not limits.takes("document"):
            return None
        others = len(facts.parts) - 1 + (facts.text is not None)
        if not others or not any(isinstance(part, DocumentFacts) for part in facts.parts):
            return None
        return self.finding(
            "A PDF is embedded alone, without a text or another source. Send it in a request of its own.",
            measured=others,
            limit=0,
        )


class TextsAlone(Rule):
    """A request whose sources are texts has one source that is none: several texts, or a text as a source beside the
    request's own, are refused.
    """

    code = "texts_alone"
    accepted = (
        Example("a text as a source", examples.sources(examples.text()), _IN_3_5),
        Example(
            "a text and an image as sources, and a text",
            examples.sources(examples.text(), examples.image(), with_text=True),
            _IN_3_5,
        ),
    )
    refused = (
        Example("two texts as sources", examples.sources(examples.text(), examples.text()), _IN_3_5),
        Example("a text as a source, and a text", examples.sources(examples.text(), with_text=True), _IN_3_5),
    )

    def check(self, facts: Facts, limits: Limits) -> Finding | None:  # noqa: ARG002
        if not isinstance(facts, RequestFacts) or not facts.parts:
            return None
        texts = len(facts.parts) + (facts.text is not None)
        if texts == 1 or not all(isinstance(part, TextFacts) for part in facts.parts):
            return None
        return self.finding(
            "The request is made of texts alone. Join them into one, or make a request of each.",
            measured=texts,
            limit=1,
        )


class BodyTooLarge(Rule):
    """A whole request has at most 24,990,000 bytes with its JSON at Amazon Bedrock; elsewhere no such limit is stated.

    Ten images of 5 MB are each inside their own limit and together far outside this one. The largest are made smaller
    until all of them fit.
    """

    code = "body_too_large"
    accepted = (
        Example("three images of 5 MB", examples.sources(*[examples.image(size_bytes=5_000_000)] * 3), _AT_BEDROCK),
        Example("ten images of 5 MB elsewhere", examples.sources(*[examples.image(size_bytes=5_000_000)] * 10)),
    )
    refused = (
        Example("four images of 5 MB", examples.sources(*[examples.image(size_bytes=5_000_000)] * 4), _AT_BEDROCK),
    )

    def check(self, facts: Facts, limits: Limits) -> Finding | None:
        most = limits.request.max_body_bytes
        if not isinstance(facts, RequestFacts) or most is None:
            return None
        size = sum(map(_inline_bytes, facts.parts)) + _besides_bytes(facts)
        if size <= most.value:
            return None
        return self.finding(
            f"The request would have about {size:,} bytes, the limit is {most.value:,}. "
            "`preflight prepare` makes its largest images smaller.",
            measured=size,
            limit=most.value,
            fixable=True,
        )


def bytes_for_media(facts: RequestFacts, limits: Limits) -> int | None:
    """How much of a whole request there is for base64; None where no limit of it is stated."""
    most = limits.request.max_body_bytes
    return None if most is None else most.value - _besides_bytes(facts)


def as_part(finding: Finding, facts: RequestFacts, index: int, limits: Limits) -> Finding:
    """What is said of a source as it is to be said where it is a part: no cut is offered, and nothing asked for that
    does not belong there.
    """
    if files.GIVE_ANOTHER in finding.message:
        only_images = index < len(facts.images) or limits.request.media_types.value == ("image",)
        wanted = "Give an image." if only_images else "Give an image, audio, video or a document."
        return replace(finding, message=finding.message.replace(files.GIVE_ANOTHER, wanted))
    return _uncut(finding)


def _uncut(finding: Finding) -> Finding:
    if timed.CUT_IT not in finding.message:
        if text.CUT_IT not in finding.message:
            return finding
        return replace(finding, fixable=False, message=finding.message.replace(text.CUT_IT, _SHORTEN_TEXT))
    is_long = finding.code.endswith("_duration_too_long")
    next_step = timed.CUT_IT_YOURSELF if is_long else "`preflight prepare` makes it smaller."
    return replace(
        finding, fixable=finding.fixable and not is_long, message=finding.message.replace(timed.CUT_IT, next_step)
    )


_SHORTEN_TEXT = "Shorten it: what is a part of a request cannot become several."


def _inline_bytes(part: Facts) -> int:
    size = None if isinstance(part, RequestFacts) else part.size_bytes
    return _base64_bytes(size or 0)


def _base64_bytes(size: int) -> int:
    return math.ceil(size / 3) * 4


def _besides_bytes(facts: RequestFacts) -> int:
    """JSON at most: a text escaped throughout, which makes six of one."""
    names = sum(len(name) for name in facts.names if name is not None)
    text_bytes = 6 * facts.text.size_bytes if facts.text is not None else 0
    return 1_000 + _JSON_BYTES * len(facts.parts) + names + text_bytes


def _listed(kinds: Sequence[str], joint: str = "and") -> str:
    *most, last = kinds
    return f"{', '.join(most)} {joint} {last}" if most else str(last)


RULES: tuple[Rule, ...] = (MediaTypeUnsupported(), TextMissing(), DocumentNotAlone(), TextsAlone(), BodyTooLarge())
