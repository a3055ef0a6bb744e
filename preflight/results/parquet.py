"""Parquet: a row a vector, `embedding` a fixed-size list of float, compressed with zstd; None is null."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import TYPE_CHECKING

from preflight.errors import MissingExtraError
from preflight.results.columns import COLUMNS, Column
from preflight.results.room import require_room
from preflight.submitter import DIMENSION, Embeddings

if TYPE_CHECKING:
    import pyarrow as pa

_GROUP_ROWS = 8192
"""Rows that are written together: 16 MiB of vectors, which is what is held of them."""
_FOOTER_BYTES, _GROUP_BYTES = 16 * 1024, 4 * 1024
_ROW_BYTES = 1024
"""Of a row besides its vector, and more only with names of files that are longer than any."""
_TYPES = {"text": "string", "seconds": "float64", "count": "int64"}


def require() -> None:
    """Raises MissingExtraError where pyarrow is not installed."""
    if importlib.util.find_spec("pyarrow") is None:
        raise MissingExtraError("a Parquet file", "parquet")


class Parquet:
    def __init__(self, path: Path) -> None:
        import pyarrow as pa

        # Opened by Arrow itself, which then needs no Python in the middle of a group.
        self._file = pa.OSFile(str(path), "wb")
        self._writer: pa.parquet.ParquetWriter | None = None
        self._schema: pa.Schema | None = None
        self._waiting: list[pa.RecordBatch] = []
        self._rows = self._waiting_bytes = self._groups = 0
        self._folder = path.parent
        self.is_intact = True

    @property
    def room_bytes(self) -> int:
        """What waits, uncompressed, and what stands at the end: of every column of every group a few bytes."""
        return self._waiting_bytes + _FOOTER_BYTES + _GROUP_BYTES * (self._groups + 1)

    def add(self, embeddings: Embeddings) -> None:
        each = embeddings.vectors.nbytes + len(embeddings) * _ROW_BYTES
        require_room(self._folder, self.room_bytes + each)
        self.is_intact = False
        self._add(embeddings)
        self.is_intact = True

    def _add(self, embeddings: Embeddings) -> None:
        for start in range(0, len(embeddings), _GROUP_ROWS):
            rows = slice(start, start + _GROUP_ROWS)
            part = Embeddings(embeddings.vectors[rows], embeddings.rows[rows])
            if self._rows + len(part) > _GROUP_ROWS:
                self._write()
            self._waiting.append(self._batch(part))
            self._rows += len(part)
            self._waiting_bytes += self._waiting[-1].nbytes

    def finish(self) -> None:
        self._write()
        assert self._writer is not None
        self._writer.close()
        self._file.close()

    def close(self) -> None:
        if self._writer is not None:
            self._writer.is_open = False  # it would end a file that is given up, when it is collected as garbage
        self._file.close()

    def _write(self) -> None:
        import pyarrow as pa
        from pyarrow import parquet

        if self._writer is None:
            self._schema = self._schema or _schema(DIMENSION)
            self._writer = parquet.ParquetWriter(
                self._file,
                self._schema,
                compression="zstd",
                use_dictionary=[column.name for column in COLUMNS if column.holds == "text" and column.name != "id"],
            )
        if self._rows:
            self._writer.write_table(pa.Table.from_batches(self._waiting, self._schema), row_group_size=_GROUP_ROWS)
            self._groups += 1
        self._waiting, self._rows, self._waiting_bytes = [], 0, 0

    def _batch(self, embeddings: Embeddings) -> pa.RecordBatch:
        import numpy as np
        import pyarrow as pa

        size = embeddings.vectors.shape[1]
        self._schema = self._schema or _schema(size)
        columns = [pa.array([column.of(row) for row in embeddings.rows], _type(column)) for column in COLUMNS]
        numbers = pa.array(np.ascontiguousarray(embeddings.vectors, np.float32).ravel())
        vectors = pa.FixedSizeListArray.from_arrays(numbers, type=self._schema.field("embedding").type)
        return pa.RecordBatch.from_arrays([*columns, vectors], schema=self._schema)


def _schema(size: int) -> pa.Schema:
    import pyarrow as pa

    element = pa.field("element", pa.float32(), nullable=False)
    fields = [pa.field(column.name, _type(column)) for column in COLUMNS]
    return pa.schema([*fields, pa.field("embedding", pa.list_(element, size), nullable=False)])


def _type(column: Column) -> pa.DataType:
    import pyarrow as pa

    return pa.type_for_alias(_TYPES[column.holds])
