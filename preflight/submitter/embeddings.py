"""What comes back: vectors, and for each where it lies on the source's own timeline."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from preflight.media import InputType


@dataclass(frozen=True, kw_only=True, slots=True)
class Row:
    """What one vector is of."""

    source: str
    input_type: InputType
    embedding_option: str | None
    """visual, audio, transcription, ...; None for texts and images."""
    embedding_scope: str | None
    """`clip`: one segment; `asset`: the whole request."""
    start_s: float | None
    """Seconds on the source's timeline; None for texts and images."""
    end_s: float | None
    request: int
    """Which request of this source it came from, counted from 1."""


@dataclass(frozen=True, eq=False, slots=True)
class Embeddings:
    """The embeddings of one source."""

    vectors: NDArray[np.float32]
    """Shape (n, 512): one row a vector, in the order of `rows`."""
    rows: tuple[Row, ...]

    def __len__(self) -> int:
        return len(self.rows)

    @classmethod
    def joined(cls, parts: Sequence[Embeddings]) -> Embeddings:
        """Those of several requests of one source, in order."""
        vectors = [p.vectors for p in parts if len(p)] or [np.empty((0, 0), np.float32)]
        return cls(np.concatenate(vectors), tuple(row for p in parts for row in p.rows))
