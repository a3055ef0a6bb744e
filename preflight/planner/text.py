"""Texts: sent whole, cut into chunks, or cut off after the first."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from preflight.limits import Limits
from preflight.media import Fidelity, TextFacts
from preflight.planner.interface import Chunk, Plan, PlannedOutput, Policy, SendAsIs, SplitText
from preflight.probers.text import well_formed
from preflight.probers.tokens import TokenCounter, count_tokens
from preflight.rules import Report


def plan_text(
    report: Report, limits: Limits, policy: Policy, text: str, token_counter: TokenCounter = count_tokens
) -> Plan:
    """Of a report on `text` that is not rejected. The chunks are those that will be sent, to the character."""
    facts = report.facts
    assert isinstance(facts, TextFacts)
    if _is_sent_as_it_is(facts, limits):
        return Plan(
            source=report.source,
            input_type="text",
            fidelity=Fidelity.IDENTICAL,
            recipe=SendAsIs(),
            why=("It fits every limit.",),
            steps=("send as it is",),
            outputs=(PlannedOutput(span=None, media_bytes=facts.size_bytes),),
        )
    carried = well_formed(text)
    chunks = tuple(_told(text, facts, _chunks(carried, facts, limits, policy, token_counter)))
    return Plan(
        source=report.source,
        input_type="text",
        fidelity=max((chunk.fidelity for chunk in chunks), key=list(Fidelity).index),
        recipe=SplitText(chunks=chunks),
        why=(*(f.message for f in report.errors), *_why_else(facts), *_why_left_out(carried, chunks, policy)),
        steps=tuple(dict.fromkeys(step for chunk in chunks for step in chunk.steps)),
        outputs=tuple(
            PlannedOutput(span=None, media_bytes=len(carried[c.start - c.repeats : c.end].encode())) for c in chunks
        ),
    )


def _is_sent_as_it_is(facts: TextFacts, limits: Limits) -> bool:
    is_plain = facts.encoding_source == "content" and not facts.lone_surrogates
    return is_plain and facts.tokens <= limits.text.max_tokens.value


def _chunks(
    text: str, facts: TextFacts, limits: Limits, policy: Policy, token_counter: TokenCounter
) -> tuple[Chunk, ...]:
    most = limits.text.max_tokens.value
    if facts.tokens <= most:
        return (Chunk(start=0, end=len(text)),)
    from preflight.planner.chunks import split, truncated  # which load numpy

    if policy.text == "truncate":
        return (truncated(text, most, token_counter),)
    return split(text, most, token_counter, policy.overlap_tokens, fewest=policy.prefer == "requests")


def _told(text: str, facts: TextFacts, chunks: tuple[Chunk, ...]) -> Iterator[Chunk]:
    """With what is done to each, and what that makes of it."""
    reached = 0
    for chunk in chunks:
        is_last = chunk is chunks[-1]
        lost = [
            f"leave out {chunk.start - reached:,} characters of white space before it" * (chunk.start > reached),
            f"leave out the {len(text) - chunk.end:,} characters behind it" * (is_last and chunk.end < len(text)),
            "replace lone surrogates by U+FFFD" * (well_formed(part := text[chunk.start : chunk.end]) != part),
        ]
        kept = [
            _decoding(facts),
            f"cut where a {chunk.ends_with} ends" * (chunk.ends_with != "text"),
            f"repeat {chunk.repeats:,} characters of the chunk before" * bool(chunk.repeats),
        ]
        yield replace(
            chunk,
            steps=tuple(step for step in (*kept, *lost) if step),
            fidelity=Fidelity.TRANSCODED if any(lost) else Fidelity.LOSSLESS,
        )
        reached = chunk.end


def _decoding(facts: TextFacts) -> str:
    if facts.encoding != "utf-8":
        return f"decode {facts.encoding}, encode as UTF-8"
    return "leave out the byte order mark" if facts.encoding_source == "mark" else ""


def _why_else(facts: TextFacts) -> Iterator[str]:
    """What is no error of the text."""
    if facts.encoding != "utf-8":
        yield f"The file is in {facts.encoding}, and a request is UTF-8."
    elif facts.encoding_source == "mark":
        yield "The file begins with a byte order mark, which is no part of its text."


def _why_left_out(text: str, chunks: tuple[Chunk, ...], policy: Policy) -> Iterator[str]:
    """White space that no two chunks can hold a half each of."""
    ends = [0, *(chunk.end for chunk in chunks)]
    starts = [*(chunk.start for chunk in chunks), ends[-1] if policy.text == "truncate" else len(text)]
    if left_out := sum(start - end for end, start in zip(ends, starts, strict=True)):
        yield f"White space that is too long for any request is left out: {left_out:,} characters."
