"""Embeddings and keys for a journal, made by numbers."""

from __future__ import annotations

import hashlib

import numpy as np

from preflight.submitter import Embeddings, Row
from preflight.submitter.journal import Expected


def key(what: object) -> bytes:
    return hashlib.sha256(str(what).encode()).digest()


def expected(what: object, *, start_s: float | None = None, media_s: float | None = None) -> Expected:
    kind = "text" if media_s is None else "video"
    return Expected(key=key(what), input_type=kind, media_s=media_s, start_s=start_s)


def embeddings(seed: int, *, source: str = "a", rows: int = 1, request: int = 1, start_s: float | None = None):
    vectors = np.random.default_rng(seed).standard_normal((rows, 512)).astype(np.float32)
    times = [(None, None) if start_s is None else (start_s + 6 * n, start_s + 6 * n + 5.3) for n in range(rows)]
    kind = "text" if start_s is None else "video"
    found = tuple(
        Row(
            source=source,
            input_type=kind,
            embedding_option=None if start_s is None else "visual",
            embedding_scope=None if start_s is None else "clip",
            start_s=begin,
            end_s=end,
            request=request,
        )
        for begin, end in times
    )
    return Embeddings(vectors, found)


def same(one: Embeddings, other: Embeddings) -> bool:
    """To the last bit."""
    return one.rows == other.rows and one.vectors.tobytes() == other.vectors.tobytes()
