"""The JSON shapes: one object a line, keys in this order, nothing but JSON's own types."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Sequence
from dataclasses import asdict
from fractions import Fraction
from typing import TYPE_CHECKING

from preflight.media import Facts, ImageFacts, VideoFacts

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from preflight.errors import Reason
    from preflight.payload import Payload
    from preflight.planner import Plan
    from preflight.rules import Report
    from preflight.submitter import Embeddings, Row

Json = None | bool | int | float | str | list["Json"] | dict[str, "Json"]

# A file's name that is not UTF-8 has them.
_SURROGATES = re.compile("[\ud800-\udfff]")


def line(record: dict[str, Json]) -> str:
    """One line of NDJSON, without its end. No NaN, which is no JSON, and no lone surrogates, which are no UTF-8."""
    return _SURROGATES.sub("\N{REPLACEMENT CHARACTER}", json.dumps(record, ensure_ascii=False, allow_nan=False))


def of_report(report: Report) -> dict[str, Json]:
    """`{"source","kind","verdict","findings":[...],"facts":{...}}`."""
    return {
        "source": report.source,
        "kind": report.kind,
        "verdict": report.verdict,
        "findings": [of_finding(f) for f in report.findings],
        "facts": of_facts(report.facts),
    }


def of_finding(finding: Reason) -> dict[str, Json]:
    record: dict[str, Json] = {
        "code": finding.code,
        "severity": finding.severity,
        "message": finding.message,
        "measured": finding.measured,
        "limit": finding.limit,
        "fixable": finding.fixable,
        "docs": finding.docs,
    }
    return record if finding.part is None else {**record, "part": finding.part}


def of_facts(facts: Facts) -> dict[str, Json]:
    record = {key: plain(value) for key, value in asdict(facts).items()}
    if isinstance(facts, ImageFacts | VideoFacts):
        record["displayed_width"] = facts.displayed_width
        record["displayed_height"] = facts.displayed_height
    return record


def of_payload(payload: Payload, request: str) -> dict[str, Json]:
    """A line of `prepare`'s manifest; `request` is the name of the file that holds the body."""
    record: dict[str, Json] = {
        "source": payload.source,
        "request": request,
        "input_type": payload.input_type,
        "start_s": payload.span.start_s if payload.span else None,
        "end_s": payload.span.end_s if payload.span else None,
        "fidelity": payload.fidelity.value,
        "media_bytes": payload.media_bytes,
        "base64_bytes": payload.base64_bytes,
        "sha256": payload.sha256,
        "steps": list(payload.steps),
        # Where a text lies in its source, as times say it of media.
        **({"start_char": payload.offset, "end_char": payload.end_offset} if payload.input_type == "text" else {}),
    }
    return record if payload.route == "sync" else {**record, "route": payload.route}


def of_plan(plan: Plan) -> dict[str, Json]:
    """A line of `plan`: what would be made of an input, and why. Sizes and times are predictions."""
    sizes = [output.media_bytes for output in plan.outputs]
    return {
        "source": plan.source,
        "input_type": plan.input_type,
        "fidelity": plan.fidelity.value,
        "requests": len(plan.outputs),
        "media_bytes": sum(size for size in sizes if size is not None) if None not in sizes else None,
        "predicted_s": round(plan.predicted_s, 2) if plan.predicted_s is not None else None,
        "why": list(plan.why),
        "steps": list(plan.steps),
        "outputs": [
            {
                "start_s": output.span.start_s if output.span else None,
                "end_s": output.span.end_s if output.span else None,
                "media_bytes": output.media_bytes,
            }
            for output in plan.outputs
        ],
    }


def of_unplanned(source: str, findings: Sequence[Reason]) -> dict[str, Json]:
    """The line of `plan` of an input for which there is no plan."""
    return {"source": source, "fidelity": None, "requests": 0, "findings": [of_finding(f) for f in findings]}


def of_refusal(source: str, findings: Sequence[Reason]) -> dict[str, Json]:
    """The manifest's line of an input that cannot be prepared."""
    return {"source": source, "request": None, "findings": [of_finding(f) for f in findings]}


def of_embeddings(embeddings: Embeddings) -> list[dict[str, Json]]:
    """One record a vector, in order."""
    return list(map(of_embedding, embeddings.rows, embeddings.vectors))


def of_embedding(row: Row, vector: NDArray[np.float32]) -> dict[str, Json]:
    """`vector`: shape (512,)."""
    return {
        "source": row.source,
        "input_type": row.input_type,
        # Nine digits are all that a float32 holds; without the rest a file is half the size.
        "embedding": [float(f"{x:.9g}") for x in vector.tolist()],
        "embedding_option": row.embedding_option,
        "embedding_scope": row.embedding_scope,
        "start_s": row.start_s,
        "end_s": row.end_s,
        "request": row.request,
        # As in the forms that have columns: what a store of vectors keys by, and where a text lies in its source.
        "id": row.id,
        "offset": row.offset,
    }


def plain(value: object) -> Json:
    match value:
        case float() if not math.isfinite(value):
            return None  # unknown
        case None | bool() | int() | float() | str():
            return value
        case Fraction():
            return round(float(value), 6)
        case list() | tuple():
            return [plain(each) for each in value]
        case dict():
            return {str(key): plain(each) for key, each in value.items()}
        case _:
            raise TypeError(f"{type(value).__name__} has no place in a report")
