"""NumPy's NPZ: `vectors` and an array a column, readable with `np.load(path, allow_pickle=False)`.

The header of an array says how long it is, which is known at the end: until then each column waits in a nameless
temporary file beside the one that is made, so memory does not grow. No array of NumPy's holds None: a text that is not
known is "", seconds are NaN, a count is -1. Texts take as many characters as the longest of their column.
"""

from __future__ import annotations

import json
import shutil
import tempfile
import zipfile
from collections.abc import Iterator
from contextlib import ExitStack
from itertools import islice
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.lib import format as npy

from preflight.results.columns import COLUMNS, Column
from preflight.results.room import require_room
from preflight.submitter import DIMENSION, Embeddings, Row

_BLOCK_BYTES = 1024 * 1024
_NUMBERS = {"seconds": np.dtype("<f8"), "count": np.dtype("<i8")}
_UNKNOWN = {"seconds": float("nan"), "count": -1}
_VECTORS = np.dtype("<f4")
_HEADERS_BYTES, _BLOCK_OF_DISK_BYTES = 8 * 1024, 4 * 1024
_LONG_AGO = (1980, 1, 1, 0, 0, 0)
"""The earliest time that ZIP knows: the same embeddings make the same file."""


class Npz:
    def __init__(self, path: Path) -> None:
        self._open = ExitStack()
        """All that is to be closed, whichever of them fails at it."""
        self._file = self._open.enter_context(path.open("wb"))
        self._folder = path.parent
        self._count, self._size = 0, DIMENSION
        self._vectors = self._waiting()
        self._columns = [(column, self._waiting()) for column in COLUMNS]
        self._widths = dict.fromkeys((column.name for column in COLUMNS), 1)
        self._waiting_bytes = 0
        self.is_intact = True

    @property
    def room_bytes(self) -> int:
        """All that waits is written again; compressed, texts take no more in the end than they do as they wait."""
        return self._waiting_bytes + _HEADERS_BYTES

    def add(self, embeddings: Embeddings) -> None:
        if not len(embeddings):
            return
        vectors = np.ascontiguousarray(embeddings.vectors, _VECTORS)
        columns = [self._encoded(column, embeddings.rows) for column, _ in self._columns]
        added_bytes = vectors.nbytes + sum(map(len, columns))
        # Each column may begin another block of the disk.
        require_room(self._folder, self.room_bytes + 2 * added_bytes + (1 + len(columns)) * _BLOCK_OF_DISK_BYTES)
        self.is_intact = False
        self._size = vectors.shape[1]
        self._vectors.write(vectors.data)
        self._vectors.flush()
        for (_, waiting), values in zip(self._columns, columns, strict=True):
            waiting.write(values)
            waiting.flush()
        self._count += len(embeddings)
        self._waiting_bytes += added_bytes
        self.is_intact = True

    def finish(self) -> None:
        with zipfile.ZipFile(self._file, "w") as archive:
            with _member(archive, "vectors", _VECTORS) as member:
                _begin(member, _VECTORS, (self._count, self._size))
                _copy(self._vectors, member)
            for column, waiting in self._columns:
                dtype = _NUMBERS.get(column.holds) or np.dtype(f"<U{self._widths[column.name]}")
                with _member(archive, column.name, dtype) as member:
                    _begin(member, dtype, (self._count,))
                    if column.holds == "text":
                        member.writelines(_texts(waiting, dtype))
                    else:
                        _copy(waiting, member)
        self._file.close()

    def close(self) -> None:
        self._open.close()

    def _waiting(self) -> IO[bytes]:
        return self._open.enter_context(tempfile.TemporaryFile(dir=self._folder))

    def _encoded(self, column: Column, rows: tuple[Row, ...]) -> bytes:
        """Numbers as they will be; texts a line each, as how wide they will be is not known yet."""
        values = [column.of(row) for row in rows]
        if column.holds != "text":
            unknown = _UNKNOWN[column.holds]
            numbers = [unknown if value is None else value for value in values]
            return np.array(numbers, _NUMBERS[column.holds]).tobytes()
        texts = [str(value or "") for value in values]
        self._widths[column.name] = max(self._widths[column.name], *map(len, texts))
        return "".join(f"{json.dumps(text)}\n" for text in texts).encode()


def _member(archive: zipfile.ZipFile, name: str, dtype: np.dtype[Any]) -> IO[bytes]:
    info = zipfile.ZipInfo(f"{name}.npy", _LONG_AGO)
    # Numbers barely get smaller; texts, with four bytes a character and mostly the same, all but vanish.
    info.compress_type = zipfile.ZIP_DEFLATED if dtype.kind == "U" else zipfile.ZIP_STORED
    return archive.open(info, "w", force_zip64=True)


def _begin(member: IO[bytes], dtype: np.dtype[Any], shape: tuple[int, ...]) -> None:
    npy.write_array_header_1_0(member, {"descr": npy.dtype_to_descr(dtype), "fortran_order": False, "shape": shape})


def _copy(waiting: IO[bytes], member: IO[bytes]) -> None:
    waiting.seek(0)
    shutil.copyfileobj(waiting, member, _BLOCK_BYTES)


def _texts(waiting: IO[bytes], dtype: np.dtype[Any]) -> Iterator[bytes]:
    waiting.seek(0)
    while lines := list(islice(waiting, max(1, _BLOCK_BYTES // dtype.itemsize))):
        yield np.array([json.loads(line) for line in lines], dtype).tobytes()
