"""Reports and plans for people: a line an input, and beneath it what was found."""

from __future__ import annotations

import unicodedata
from typing import TYPE_CHECKING

from preflight.media import AudioFacts, DocumentFacts, Facts, ImageFacts, RequestFacts, TextFacts, Unprobed, VideoFacts

if TYPE_CHECKING:
    from preflight.errors import Reason, RejectedError
    from preflight.planner import Plan
    from preflight.rules import Report


def of_report(report: Report) -> str:
    head = f"{report.verdict.upper():8} {shown(report.source)}  {shown(summary(report.facts))}".rstrip()
    return "\n".join([head, *(_finding(f) for f in report.findings)])


def of_rejection(error: RejectedError) -> str:
    """What only the work itself could find is reported like what the check found."""
    return "\n".join([f"REJECTED {shown(error.source)}", *(_finding(f) for f in error.findings)])


def of_plan(plan: Plan) -> str:
    count = len(plan.outputs)
    head = f"{plan.fidelity.value.upper():10} {shown(plan.source)}  {count} request{'s' if count != 1 else ''}"
    lines = [
        head,
        *(f"    why:  {shown(reason)}" for reason in plan.why),
        f"    how:  {shown(', then '.join(plan.steps))}",
    ]
    for number, output in enumerate(plan.outputs, start=1):
        size = f", about {output.media_bytes:,} bytes" if output.media_bytes is not None else ""
        lines.append(f"    {number:4}. {_place(plan, number - 1)}{size}")
    lines.append(f"    all:  {_totals(plan)}")
    return "\n".join(lines)


def _place(plan: Plan, index: int) -> str:
    """Where an output lies in its source: in seconds, or of a text in characters."""
    if (span := plan.outputs[index].span) is not None:
        return f"{span.start_s:.2f} to {span.end_s:.2f} s"
    from preflight.planner.interface import SplitText

    if isinstance(plan.recipe, SplitText) and len(plan.outputs) > 1:
        chunk = plan.recipe.chunks[index]
        return f"characters {chunk.start - chunk.repeats:,} to {chunk.end:,}"
    return "whole"


def _totals(plan: Plan) -> str:
    sizes = [output.media_bytes for output in plan.outputs]
    parts = [f"{len(sizes)} request{'s' if len(sizes) != 1 else ''}"]
    if known := [size for size in sizes if size is not None]:
        parts.append(f"{'' if plan.fidelity == 'identical' else 'about '}{sum(known):,} bytes")
    if plan.predicted_s is not None:
        parts.append(f"about {_clock(plan.predicted_s)} of work")
    return ", ".join(parts)


def _clock(seconds: float) -> str:
    """As precise as a prediction is."""
    if seconds < 1:
        return "a second"
    return f"{seconds:.0f} s" if seconds < 120 else f"{seconds / 60:.0f} min"  # noqa: PLR2004 (two minutes)


def summary(facts: Facts) -> str:
    """What it is, in a few words."""
    match facts:
        case TextFacts():
            return f"text, {facts.tokens} tokens"
        case ImageFacts():
            size = f"{facts.displayed_width}x{facts.displayed_height}"
            return f"{facts.format} image, {size}, {facts.size_bytes:,} bytes"
        case AudioFacts():
            rate = f", {facts.sample_rate} Hz" if facts.sample_rate else ""
            return f"{facts.codec} audio, {_seconds(facts.duration_s)}{rate}, {facts.size_bytes:,} bytes"
        case VideoFacts():
            size = f"{facts.displayed_width}x{facts.displayed_height}"
            return f"{facts.video_codec} video, {size}, {_seconds(facts.duration_s)}, {facts.size_bytes:,} bytes"
        case RequestFacts():
            count, what = len(facts.parts), "source" if facts.sources else "image"
            return f"{facts.kind} of {count} {what}{'s' if count != 1 else ''}"
        case DocumentFacts():
            pages = "" if facts.pages is None else f", {facts.pages} page{'s' if facts.pages != 1 else ''}"
            return f"PDF document{pages}, {facts.size_bytes:,} bytes"
        case Unprobed():
            return ""


def _finding(finding: Reason) -> str:
    part = f" ({finding.part})" if finding.part else ""
    return f"    {finding.severity}: {finding.code}{part}: {shown(finding.message)}"


def _seconds(value: float | None) -> str:
    return "of unknown length" if value is None else f"{value:.2f} s"


def shown(text: str) -> str:
    """`text` in one line. Names come from strangers: control characters in them must not reach the terminal."""
    # macOS writes a narrow no-break space into the names of its screenshots, which Python calls unprintable.
    return "".join(
        c if c.isprintable() or unicodedata.category(c) == "Zs" else "\N{REPLACEMENT CHARACTER}" for c in text
    )
