"""The service's clock starts anew with each request; here its answers go back onto the source's timeline."""

from __future__ import annotations

from dataclasses import replace

from preflight.errors import BadResponseError
from preflight.media import InputType, Span
from preflight.payload import Payload
from preflight.submitter.answer import Answer, Segment
from preflight.submitter.embeddings import Embeddings, Row


def place_answer(answer: Answer, payload: Payload, *, request: int) -> Embeddings:
    """`place`, with all that is known of the request. Where its body was not read to the end, its media are read."""
    placed = place(answer, source=payload.source, input_type=payload.input_type, span=payload.span, request=request)
    sha256, fingerprint = payload.sha256, payload.fingerprint
    rows = (
        replace(
            row,
            offset=payload.offset,
            request_span=payload.span,
            fidelity=payload.fidelity,
            model_name=payload.model_name,
            media_sha256=sha256,
            fingerprint=fingerprint,
        )
        for row in placed.rows
    )
    return replace(placed, rows=tuple(rows))


def place(answer: Answer, *, source: str, input_type: InputType, span: Span | None, request: int) -> Embeddings:
    """The answer to one request as rows, ordered by start, option, scope and end (the service has no order).

    `span`: where the request's media lie on the source's timeline, in seconds; None for texts and images,
    whose rows get no times. A segment at 4 to 8 s of a clip that starts at 500 s becomes 504 to 508 s.
    What reaches over an edge of the span ends there: the service rounds, and counts an encoder's padding.

    Raises BadResponseError for a segment of timed media that cannot be placed.
    """
    rows = [
        Row(
            source=source,
            input_type=input_type,
            embedding_option=segment.option,
            embedding_scope=segment.scope,
            start_s=start_s,
            end_s=end_s,
            request=request,
        )
        for segment in answer.segments
        for start_s, end_s in [_times(segment, span)]
    ]
    order = sorted(range(len(rows)), key=lambda index: _key(rows[index]))
    return Embeddings(answer.vectors[order], tuple(rows[index] for index in order))


def _times(segment: Segment, span: Span | None) -> tuple[float | None, float | None]:
    if span is None:
        return None, None
    # A start that is left out is 0: serialisers drop zeros. With no end either, it is the request as a whole,
    # unless the segment claims to be a part of it.
    start_s, end_s = segment.start_s or 0.0, segment.end_s
    if end_s is None and not start_s and segment.scope != "clip":
        return span.start_s, span.end_s
    if end_s is None or end_s < start_s:
        raise BadResponseError(
            f"The service said 200, but one of its segments lies from {start_s} to {end_s} s. "
            "Run it again, and report it if that goes on.",
            status=200,
        )
    return _within(span, span.start_s + start_s), _within(span, span.start_s + end_s)


def _within(span: Span, time_s: float) -> float:
    return min(max(time_s, span.start_s), span.end_s)


def _key(row: Row) -> tuple[float, str, str, float]:
    return (row.start_s or 0.0, row.embedding_option or "", row.embedding_scope or "", row.end_s or 0.0)
