"""NDJSON: a line a vector, as `preflight embed` prints it."""

from __future__ import annotations

from pathlib import Path

from preflight.reports import records
from preflight.submitter import Embeddings


class Ndjson:
    """Whole lines, whoever reads it meanwhile."""

    def __init__(self, path: Path) -> None:
        self._file = path.open("wb")

    def add(self, embeddings: Embeddings) -> None:
        for row, vector in zip(embeddings.rows, embeddings.vectors, strict=True):
            self._file.write(f"{records.line(records.of_embedding(row, vector))}\n".encode())
        self._file.flush()

    def finish(self) -> None:
        self._file.close()

    def close(self) -> None:
        self._file.close()
