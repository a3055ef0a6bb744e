"""Embeddings whose every number is known, and readers that are not ours."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet

from preflight.media import Fidelity, Span
from preflight.submitter import Embeddings, Row

FORMS = ("ndjson", "npz", "parquet")
IN_ALL = ("source", "input_type", "embedding_option", "embedding_scope", "start_s", "end_s", "request", "id", "offset")


def part(number: int, count: int = 100, source: str = "films/talk.mp4") -> Embeddings:
    """Of request `number`: vector n is all `1000 * number + n`."""
    span = Span(100.0 * number, 100.0 * (number + 1))
    rows = tuple(
        Row(
            source=source,
            input_type="video",
            embedding_option=("visual", "audio")[n % 2],
            embedding_scope="clip",
            start_s=span.start_s + n / 2,
            end_s=span.start_s + n / 2 + 0.5,
            request=number,
            request_span=span,
            fidelity=Fidelity.LOSSLESS,
            model_name="marengo3.0",
            media_sha256=f"{number:064x}",
            fingerprint=f"{number:064X}",
        )
        for n in range(count)
    )
    values = np.arange(count, dtype=np.float32) + 1000 * number
    return Embeddings(np.repeat(values[:, None], 512, axis=1), rows)


def of_text(source: str = "<text>") -> Embeddings:
    row = Row(
        source=source,
        input_type="text",
        embedding_option=None,
        embedding_scope=None,
        start_s=None,
        end_s=None,
        request=1,
        offset=0,
    )
    return Embeddings(np.full((1, 512), -0.0, np.float32), (row,))


@dataclass(frozen=True)
class Read:
    vectors: np.ndarray
    rows: list[dict[str, Any]]
    """None where something is not known, whatever the form says instead."""


def read(path: Path) -> Read:
    return {"ndjson": _ndjson, "npz": _npz, "parquet": _parquet}[path.suffix[1:]](path)


def _ndjson(path: Path) -> Read:
    lines = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    vectors = np.array([line.pop("embedding") for line in lines], np.float32).reshape(-1, 512)
    return Read(vectors, lines)


def _npz(path: Path) -> Read:
    with np.load(path, allow_pickle=False) as file:
        columns = {name: file[name] for name in file.files}
    vectors = columns.pop("vectors")
    assert vectors.dtype == np.float32
    unknown = {"U": "", "f": "nan", "i": -1}
    plain = {name: _known(column.tolist(), unknown[column.dtype.kind]) for name, column in columns.items()}
    return Read(vectors, [dict(zip(plain, values, strict=True)) for values in zip(*plain.values(), strict=True)])


def _known(values: list[Any], unknown: object) -> Iterator[Any]:
    return (None if value == unknown or (unknown == "nan" and value != value) else value for value in values)  # noqa: PLR0124


def _parquet(path: Path) -> Read:
    table = pyarrow.parquet.read_table(path)
    column = table.column("embedding").combine_chunks()
    vectors = column.flatten().to_numpy().reshape(-1, column.type.list_size)
    assert vectors.dtype == np.float32
    return Read(vectors, table.drop_columns(["embedding"]).to_pylist())
