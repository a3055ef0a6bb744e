"""Whether what `plan` said of an input is what `prepare` then did with it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Literal, TypeVar

import pytest

from preflight.errors import RejectedError
from preflight.inputs import Input
from preflight.media import Kind
from preflight.payload import Payload
from preflight.pipeline import Preflight
from preflight.planner import Plan

Aspect = Literal["rejection", "rung", "clips", "spans", "bytes"]
T = TypeVar("T")

SPAN_S = 0.05
"""Of what is copied, each clip; of what is encoded, where the last one ends may be off by four times that."""
FACTOR, FIXED_BYTES = 1.25, 20_000
"""Of what is copied: the plan says what is coded, and each container adds its own, by the packet and by the file."""


def foreseen(preflight: Preflight, source: Input, kind: Kind | None = None) -> Plan | RejectedError:
    return _or_rejection(lambda: preflight.plan(source, kind=kind))


def prepared(preflight: Preflight, source: Input, kind: Kind | None = None) -> list[Payload] | RejectedError:
    return _or_rejection(lambda: list(preflight.prepare(source, kind=kind)))


def _or_rejection(call: Callable[[], T]) -> T | RejectedError:
    try:
        return call()
    except RejectedError as error:
        return error


def unforeseen(plan: Plan | RejectedError, made: Sequence[Payload] | RejectedError) -> set[Aspect]:
    """In what the two differ. Only the first of these that they differ in is told; spans and bytes both are.

    - one of them was a rejection
    - the rung of the ladder, of every clip
    - how many clips: exactly, also of what is encoded
    - spans: of what is copied, each; of what is encoded, where it ends
    - bytes: the very same of what is sent as it is, within `FACTOR` and `FIXED_BYTES` of what is copied
    """
    if isinstance(plan, RejectedError) or isinstance(made, RejectedError):
        return set() if isinstance(plan, RejectedError) and isinstance(made, RejectedError) else {"rejection"}
    if {payload.fidelity for payload in made} != {plan.fidelity}:
        return {"rung"}
    if len(made) != len(plan.outputs):
        return {"clips"}
    return _unlike(plan, made)


def _unlike(plan: Plan, made: Sequence[Payload]) -> set[Aspect]:
    found: set[Aspect] = set()
    last = len(made) - 1
    for number, (output, payload) in enumerate(zip(plan.outputs, made, strict=True)):
        if output.span is not None and payload.span is not None:
            starts = output.span.start_s, payload.span.start_s
            ends = output.span.end_s, payload.span.end_s
            if plan.fidelity != "transcoded" and starts[0] != pytest.approx(starts[1], abs=SPAN_S):
                found.add("spans")
            if plan.fidelity != "transcoded" or number == last:
                slack_s = SPAN_S if plan.fidelity != "transcoded" else 4 * SPAN_S
                found |= set() if ends[0] == pytest.approx(ends[1], abs=slack_s) else {"spans"}
        if plan.fidelity != "transcoded" and output.media_bytes is not None and payload.media:
            said, is_there = output.media_bytes, payload.media_bytes
            least, most = said / FACTOR - FIXED_BYTES, said * FACTOR + FIXED_BYTES
            if not (said == is_there if plan.fidelity == "identical" else least <= is_there <= most):
                found.add("bytes")
    return found
