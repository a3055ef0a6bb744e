"""NDJSON: a line a vector, as `preflight embed` prints it. What a full disk cuts off is taken back as a whole."""

from __future__ import annotations

from pathlib import Path

from preflight.reports import records
from preflight.submitter import Embeddings


class Ndjson:
    """Whole lines, whoever reads it meanwhile."""

    def __init__(self, path: Path) -> None:
        self._file = path.open("wb", buffering=0)  # what is in no buffer cannot fail later
        self._end = 0
        self.is_intact = True

    room_bytes = 0

    def add(self, embeddings: Embeddings) -> None:
        self.is_intact = False
        try:
            for row, vector in zip(embeddings.rows, embeddings.vectors, strict=True):
                self._write(f"{records.line(records.of_embedding(row, vector))}\n".encode())
        except BaseException:
            self._file.truncate(self._end)
            self.is_intact = True
            raise
        self._end, self.is_intact = self._file.tell(), True

    def _write(self, line: bytes) -> None:
        left = memoryview(line)
        while left:  # a disk that is all but full takes a part of it
            left = left[self._file.write(left) :]

    def finish(self) -> None:
        self._file.close()

    def close(self) -> None:
        self._file.close()
