"""What is written is what is read, by readers that are not ours."""

from __future__ import annotations

import sys
import zipfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from preflight import write_embeddings
from preflight.errors import MissingExtraError, UsageError
from preflight.submitter import Embeddings
from tests.results.made import FORMS, IN_ALL, of_text, part, read

NONE = Embeddings.joined([])
every_form = pytest.mark.parametrize("form", FORMS)


def columns(embeddings: Embeddings, *names: str) -> list[dict]:
    return [{name: getattr(row, name) for name in names} for row in embeddings.rows]


@every_form
def test_all_of_several_sources_in_order(form: str, tmp_path: Path) -> None:
    results = [part(1), NONE, of_text("b.txt"), part(2, 3, source="c.mp4")]
    path = tmp_path / f"e.{form}"
    assert write_embeddings(path, iter(results)) == 104
    found = read(path)
    assert np.array_equal(found.vectors, np.concatenate([each.vectors for each in results]))
    assert [{name: row[name] for name in IN_ALL} for row in found.rows] == [
        row for each in results for row in columns(each, *IN_ALL)
    ]
    assert [child.name for child in tmp_path.iterdir()] == [path.name]


@pytest.mark.parametrize("form", ["npz", "parquet"])
def test_columns_say_where_each_is_from(form: str, tmp_path: Path) -> None:
    results = [part(1, 2), replace(of_text(), rows=(replace(of_text().rows[0], offset=7),))]
    write_embeddings(tmp_path / f"e.{form}", results)
    film, _, text = read(tmp_path / f"e.{form}").rows
    assert film == {
        **columns(part(1), *IN_ALL)[0],
        "id": part(1).rows[0].id,
        "request_start_s": 100.0,
        "request_end_s": 200.0,
        "offset": None,
        "model_name": "marengo3.0",
        "fidelity": "lossless",
        "media_sha256": f"{1:064x}",
        "fingerprint": f"{1:064X}",
    }
    assert {name for name, value in text.items() if value is not None} == {
        "id",
        "source",
        "input_type",
        "request",
        "offset",
    }
    assert text["offset"] == 7


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(vectors=arrays.arrays(np.float32, (2, 512), elements=st.floats(width=32, allow_nan=False, allow_infinity=False)))
@every_form
def test_every_bit_of_a_float32(form: str, tmp_path: Path, vectors: np.ndarray) -> None:
    write_embeddings(tmp_path / f"e.{form}", replace(part(1, 2), vectors=vectors))
    assert read(tmp_path / f"e.{form}").vectors.tobytes() == vectors.tobytes()


@every_form
def test_vectors_that_are_a_view_of_others(form: str, tmp_path: Path) -> None:
    wide = np.arange(4 * 1024, dtype=np.float32).reshape(4, 1024)
    for view in (wide[:, ::2], wide[::2, 512:], wide[:, :512].astype(">f4")):
        write_embeddings(tmp_path / f"e.{form}", Embeddings(view, part(1, len(view)).rows))
        assert np.array_equal(read(tmp_path / f"e.{form}").vectors, view)


@every_form
@pytest.mark.parametrize("name", ["犬の散歩 🐕.mp4", "tab\tand\nline\r.mp4", 'quo"te\\.mp4', "n\0l.mp4", "é" * 4000])
def test_any_name(form: str, name: str, tmp_path: Path) -> None:
    path = tmp_path / f"犬 {form}.{form}"
    write_embeddings(path, [part(1, 1, source=name), part(2, 1, source="short")])
    assert [row["source"] for row in read(path).rows] == [name, "short"]


@every_form
def test_a_name_that_is_not_utf8(form: str, tmp_path: Path) -> None:
    write_embeddings(tmp_path / f"e.{form}", part(1, 1, source="a\udcff.mp4"))
    assert read(tmp_path / f"e.{form}").rows[0]["source"] == "a\N{REPLACEMENT CHARACTER}.mp4"


@every_form
@pytest.mark.parametrize("results", [NONE, [], [NONE, NONE]])
def test_nothing(form: str, results, tmp_path: Path) -> None:
    assert write_embeddings(tmp_path / f"e.{form}", results) == 0
    found = read(tmp_path / f"e.{form}")
    assert (found.vectors.shape, found.rows) == ((0, 512), [])


@every_form
def test_the_same_makes_the_same_file(form: str, tmp_path: Path) -> None:
    for name in ("a", "b"):
        write_embeddings(tmp_path / f"{name}.{form}", [part(1), of_text()])
    assert (tmp_path / f"a.{form}").read_bytes() == (tmp_path / f"b.{form}").read_bytes()


@every_form
def test_vectors_of_two_lengths_do_not_go_into_one_file(form: str, tmp_path: Path) -> None:
    other = Embeddings(np.zeros((1, 256), np.float32), part(1, 1).rows)
    with pytest.raises(UsageError, match="holds vectors of 512 numbers, not 256"):
        write_embeddings(tmp_path / f"e.{form}", [part(1), other])
    assert len(read(tmp_path / f"e.{form}").rows) == 100


def test_npz_has_arrays_that_numpy_shows(tmp_path: Path) -> None:
    """As a user sees them: an index by option is one comparison; no text waits to be decoded."""
    write_embeddings(tmp_path / "e.npz", [part(1), of_text()])
    with np.load(tmp_path / "e.npz", allow_pickle=False) as file:
        assert file["vectors"][file["embedding_option"] == "audio"].shape == (50, 512)
        assert {name: file[name].dtype.kind for name in ("id", "start_s", "request", "offset")} == {
            "id": "U",
            "start_s": "f",
            "request": "i",
            "offset": "i",
        }
        assert np.isnan(file["start_s"][-1])
    assert zipfile.ZipFile(tmp_path / "e.npz").testzip() is None


class TestParquet:
    def test_its_schema(self, tmp_path: Path) -> None:
        write_embeddings(tmp_path / "e.parquet", part(1))
        file = pyarrow.parquet.ParquetFile(tmp_path / "e.parquet")
        embedding = file.schema_arrow.field("embedding").type
        assert (embedding.list_size, embedding.value_type) == (512, pa.float32())
        group = file.metadata.row_group(0)
        assert {group.column(n).compression for n in range(group.num_columns)} == {"ZSTD"}

    def test_rows_come_in_groups_whatever_they_came_in(self, tmp_path: Path) -> None:
        """16 MiB of vectors each, at most; a source larger than that is divided, small ones are put together."""
        large = Embeddings(np.zeros((20_000, 512), np.float32), part(1, 1).rows * 20_000)
        write_embeddings(tmp_path / "e.parquet", [*[part(n) for n in range(100)], large])
        metadata = pyarrow.parquet.ParquetFile(tmp_path / "e.parquet").metadata
        sizes = [metadata.row_group(n).num_rows for n in range(metadata.num_row_groups)]
        assert sum(sizes) == 30_000
        assert max(sizes) <= 8192
        assert len(sizes) <= 6

    def test_without_pyarrow_it_is_said_what_to_install(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setitem(sys.modules, "pyarrow", None)
        with pytest.raises(MissingExtraError, match=r"pip install 'embed-preflight\[parquet\]'"):
            write_embeddings(tmp_path / "e.parquet", part(1))
        assert write_embeddings(tmp_path / "e.npz", part(1)) == 100
        assert [child.name for child in tmp_path.iterdir()] == ["e.npz"]


@pytest.mark.parametrize("name", ["e.csv", "e", "ndjson", "e.parquet.gz", ".npz"])
def test_another_name_is_refused(name: str, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"does not end in \.ndjson, \.npz or \.parquet"):
        write_embeddings(tmp_path / name, part(1))
    assert list(tmp_path.iterdir()) == []


def test_capitals_are_no_other_name(tmp_path: Path) -> None:
    write_embeddings(str(tmp_path / "E.NPZ"), part(1))
    assert len(np.load(tmp_path / "E.NPZ")["vectors"]) == 100
