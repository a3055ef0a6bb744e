"""What comes back: vectors, and for each where it lies on the source's own timeline."""

from __future__ import annotations

import json
import uuid
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from preflight.media import Fidelity, InputType, Span
from preflight.submitter import overlap
from preflight.submitter.answer import DIMENSION

_IDS = uuid.UUID("6f0c9f0e-2d3e-5b36-9a51-0b6a5d1f7c43")
"""The namespace of ours."""


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
    offset: int | None = None
    """Where the text of its request starts in the source, in characters; None for media."""
    request_span: Span | None = None
    """Where the media of its request lie on the source's timeline; None for texts and images."""
    fidelity: Fidelity | None = None
    """How near the request is to its source. None, as in what is below, where nobody said so."""
    model_name: str | None = None
    """Vectors of different models cannot be compared."""
    media_sha256: str | None = None
    """Of the media or the text that was sent, as `Payload.sha256`."""
    fingerprint: str | None = None
    """Of the whole request, model and settings included, as `Payload.fingerprint`."""

    @property
    def id(self) -> str:
        """A UUID for this vector, the same whenever the same request is made of a source of this name.

        So that writing to a store again replaces what is there. Another model, other media or other text, another
        place in time (by more than a millisecond), or another name make another one.
        """
        key = [self.source, self.fingerprint, self.request, self.embedding_option, self.embedding_scope]
        times_s = [None if time_s is None else round(float(time_s), 3) for time_s in (self.start_s, self.end_s)]
        return str(uuid.uuid5(_IDS, json.dumps([*key, *times_s])))


@dataclass(frozen=True, eq=False, slots=True)
class Embeddings:
    """The embeddings of one source, in the order of its requests, and in each by time, option and scope."""

    vectors: NDArray[np.float32]
    """Shape (n, 512): one row a vector, in the order of `rows`."""
    rows: tuple[Row, ...]

    def __len__(self) -> int:
        return len(self.rows)

    def __repr__(self) -> str:
        count, size = self.vectors.shape
        parts = [f"{count} vectors of {size}"]
        if sources := list(dict.fromkeys(row.source for row in self.rows)):
            parts.append(repr(sources[0]) if len(sources) == 1 else f"{len(sources)} sources")
            requests = len({(row.source, row.request) for row in self.rows})
            parts.append(f"{requests} request" + ("s" if requests > 1 else ""))
        if times := [
            (row.start_s, row.end_s) for row in self.rows if row.start_s is not None and row.end_s is not None
        ]:
            parts.append(f"{min(start for start, _ in times):g} to {max(end for _, end in times):g} s")
        for names in ({row.embedding_option for row in self.rows}, {row.embedding_scope for row in self.rows}):
            parts += ["/".join(sorted(name for name in names if name is not None))]
        return f"<Embeddings: {', '.join(filter(None, parts))}>"

    @classmethod
    def joined(cls, parts: Sequence[Embeddings]) -> Embeddings:
        """Those of several requests of one source, in order.

        Of clips that overlap (`Policy.overlap_s`), each instant is kept once for each option: see `overlap.once`. What
        is of scope `asset` stays, one a request.
        """
        vectors = [part.vectors for part in parts if len(part)] or [np.empty((0, DIMENSION), np.float32)]
        whole = cls(np.concatenate(vectors), tuple(row for part in parts for row in part.rows))
        kept = _once(whole.rows)
        if all(left is row for left, row in zip(kept, whole.rows, strict=True)):
            return whole
        index = [number for number, row in enumerate(kept) if row is not None]
        return cls(whole.vectors[index], tuple(row for row in kept if row is not None))

    def normalized(self) -> Embeddings:
        """Each vector divided by its length (L2), so that dot products are cosines; one of zeros stays as it is."""
        # By its largest number first: the squares of a float32 may be too large for one, or vanish.
        largest = np.abs(self.vectors).max(axis=1, keepdims=True, initial=0)
        scaled = self.vectors.astype(np.float64) / np.where(largest > 0, largest, 1)
        lengths = np.linalg.norm(scaled, axis=1, keepdims=True)
        return replace(self, vectors=(scaled / np.where(lengths > 0, lengths, 1)).astype(np.float32))

    def select(self, *, option: str | None = None, scope: str | None = None) -> Embeddings:
        """Those of an option (`visual`, `audio`, `transcription`, ...) and of a scope (`clip`, `asset`), in order.

        None is any. No such vector is no error: `len()` is 0.
        """
        index = [
            number
            for number, row in enumerate(self.rows)
            if option in (None, row.embedding_option) and scope in (None, row.embedding_scope)
        ]
        return Embeddings(self.vectors[index], tuple(self.rows[number] for number in index))


def _once(rows: Sequence[Row]) -> list[Row | None]:
    """The rows, with None for those that overlap others wholly, and others for those that do in part."""
    kept: list[Row | None] = list(rows)
    pieces: dict[tuple[str, str | None], list[tuple[int, overlap.Piece]]] = defaultdict(list)
    for number, row in enumerate(rows):
        if row.embedding_scope == "clip" and row.start_s is not None and row.end_s is not None:
            piece = overlap.Piece(row.request, Span(row.start_s, row.end_s))
            pieces[row.source, row.embedding_option].append((number, piece))
    for group in pieces.values():
        for (number, piece), span in zip(group, overlap.once([piece for _, piece in group]), strict=True):
            if span is None:
                kept[number] = None
            elif span != piece.span:
                kept[number] = replace(rows[number], start_s=span.start_s, end_s=span.end_s)
    return kept
