"""Embeddings of one request as they are kept: rows as JSON without the source's name, vectors as float32."""

from __future__ import annotations

import msgspec
import numpy as np

from preflight.media import InputType
from preflight.submitter.embeddings import Embeddings, Row
from preflight.submitter.journal.origin import Origin

_LITTLE_ENDIAN = np.dtype("<f4")


class _KeptRow(msgspec.Struct, frozen=True, array_like=True):
    input_type: InputType
    embedding_option: str | None
    embedding_scope: str | None
    start_s: float | None
    end_s: float | None


class _KeptRows(msgspec.Struct, frozen=True, array_like=True):
    dimension: int
    rows: tuple[_KeptRow, ...]


def kept(embeddings: Embeddings) -> tuple[str, bytes]:
    """Rows and vectors."""
    rows = tuple(
        _KeptRow(r.input_type, r.embedding_option, r.embedding_scope, r.start_s, r.end_s) for r in embeddings.rows
    )
    vectors = np.ascontiguousarray(embeddings.vectors, dtype=_LITTLE_ENDIAN)
    return msgspec.json.encode(_KeptRows(vectors.shape[1], rows)).decode(), vectors.tobytes()


def read(rows: str, vectors: bytes, *, source: str, request: int, moved_s: float, origin: Origin) -> Embeddings:
    """What was kept, as of that input, with its own `origin`.

    `moved_s`: where the same media lie on another timeline, how much later.
    """
    found = msgspec.json.decode(rows, type=_KeptRows)
    return Embeddings(
        # A copy, in the machine's own order: what is read from bytes could not be written to.
        np.frombuffer(vectors, _LITTLE_ENDIAN).reshape(len(found.rows), found.dimension).astype(np.float32),
        tuple(
            Row(
                source=source,
                input_type=row.input_type,
                embedding_option=row.embedding_option,
                embedding_scope=row.embedding_scope,
                start_s=_moved(row.start_s, moved_s),
                end_s=_moved(row.end_s, moved_s),
                request=request,
                offset=origin.offset,
                request_span=origin.span,
                fidelity=origin.fidelity,
                model_name=origin.model_name,
                media_sha256=origin.media_sha256,
                fingerprint=origin.fingerprint,
            )
            for row in found.rows
        ),
    )


def _moved(time_s: float | None, moved_s: float) -> float | None:
    # Without a sum where there is nothing to add, so that every bit is as it was.
    return time_s if time_s is None or not moved_s else time_s + moved_s
