"""Files of embeddings in the hands of what people load them with, as the README shows it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from preflight import write_embeddings
from tests.results.made import of_text, part, read

NUMPY = """
import numpy as np

with np.load("embeddings.npz") as file:
    vectors, options, sources = file["vectors"], file["embedding_option"], file["source"]
seen = vectors[options == "visual"]  # (n, 512) float32
"""
PANDAS = """
import pandas as pd

table = pd.read_parquet("embeddings.parquet")
talk = table[(table.source == "films/talk.mp4") & (table.start_s >= 110)]
vectors = np.stack(talk.embedding)  # (n, 512) float32
"""
DUCKDB = """
import duckdb

query = np.full(512, 0.5, np.float32)
nearest = duckdb.execute(
    '''
    SELECT source, start_s, end_s, list_cosine_similarity(embedding::FLOAT[], $query::FLOAT[]) AS likeness
    FROM 'embeddings.parquet' WHERE embedding_option = 'visual' ORDER BY likeness DESC, start_s LIMIT 3
    ''',
    {"query": query.tolist()},
).fetchall()
"""


@pytest.fixture(autouse=True)
def _files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for form in ("npz", "parquet"):
        write_embeddings(f"embeddings.{form}", [part(1), part(2, 50, source="b.mp4"), of_text("c.txt")])


def run(code: str) -> dict:
    names = {"np": np}
    exec(code, names)
    return names


def test_numpy() -> None:
    names = run(NUMPY)
    assert (names["seen"].shape, names["seen"].dtype) == ((75, 512), np.float32)
    assert names["seen"][:, 0].tolist() == [*range(1000, 1100, 2), *range(2000, 2050, 2)]
    assert names["sources"][-1] == "c.txt"


def test_pandas() -> None:
    pytest.importorskip("pandas")
    names = run(PANDAS)
    assert (names["vectors"].shape, names["vectors"].dtype) == ((80, 512), np.float32)
    assert names["vectors"][:, 0].tolist() == list(range(1020, 1100))
    assert names["table"].start_s.isna().sum() == 1


def test_duckdb() -> None:
    """A reader of Parquet that shares no line with the one that wrote it."""
    duckdb = pytest.importorskip("duckdb")
    nearest = run(DUCKDB)["nearest"]
    assert [row[:3] for row in nearest] == [("films/talk.mp4", start, start + 0.5) for start in (100.0, 101.0, 102.0)]
    assert [row[3] for row in nearest] == pytest.approx([1, 1, 1])
    columns = duckdb.execute("SELECT * EXCLUDE (embedding) FROM 'embeddings.parquet'")
    names = [column[0] for column in columns.description]
    rows = [dict(zip(names, row, strict=True)) for row in columns.fetchall()]
    assert rows == read(Path("embeddings.parquet")).rows
    vectors = duckdb.execute("SELECT embedding FROM 'embeddings.parquet'").fetchnumpy()["embedding"]
    assert np.array_equal(np.stack(vectors), read(Path("embeddings.npz")).vectors)
