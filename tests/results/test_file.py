"""Whole or not at all, whatever happens: errors, Ctrl-C, kill -9, a full disk."""

from __future__ import annotations

import itertools
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import pytest

from preflight import write_embeddings
from preflight.errors import OutOfSpaceError, RateLimitError, UsageError
from preflight.results import embeddings_file
from preflight.submitter import Embeddings
from tests.results.made import FORMS, part, read

ROOT = Path(__file__).resolve().parents[2]
every_form = pytest.mark.parametrize("form", FORMS)


def then(error: BaseException, *parts: Embeddings) -> Iterator[Embeddings]:
    yield from parts
    raise error


@every_form
def test_it_appears_at_the_end(form: str, tmp_path: Path) -> None:
    path = tmp_path / f"e.{form}"
    with embeddings_file(path) as file:
        file.add(part(1))
        assert not path.exists()
        assert file.count == 100
    assert len(read(path).rows) == 100


@every_form
@pytest.mark.parametrize("error", [KeyboardInterrupt(), RateLimitError("wait"), ValueError("a bug"), SystemExit(3)])
class TestEndedEarly:
    def test_what_was_there_is_kept(self, form: str, error: BaseException, tmp_path: Path) -> None:
        path = tmp_path / f"e.{form}"
        path.write_text("before")
        with pytest.raises(type(error)):
            write_embeddings(path, then(error, part(1), part(2)))
        assert len(read(path).rows) == 200
        assert list(tmp_path.iterdir()) == [path]

    def test_before_the_first(self, form: str, error: BaseException, tmp_path: Path) -> None:
        path = tmp_path / f"e.{form}"
        path.write_text("before")
        with pytest.raises(type(error)):
            write_embeddings(path, then(error, Embeddings.joined([])))
        assert path.read_text() == "before"
        assert list(tmp_path.iterdir()) == [path]


# Writes parts of 100 rows until it is stopped, and says when the first of them is there.
ENDLESS = """
import itertools, sys, time
from preflight import write_embeddings
from tests.results.made import part
def parts():
    for number in itertools.count(1):
        yield part(number)
        if number == 1:
            print("begun", flush=True)
write_embeddings(sys.argv[1], parts())
"""


@pytest.fixture
def endless(tmp_path: Path):
    started: list[subprocess.Popen[str]] = []

    def start(path: Path) -> subprocess.Popen[str]:
        streams = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
        process = subprocess.Popen([sys.executable, "-c", ENDLESS, str(path)], cwd=ROOT, **streams)
        started.append(process)
        assert process.stdout.readline() == "begun\n"
        return process

    yield start
    for process in started:
        if process.poll() is None:
            process.kill()
        process.communicate()


@every_form
def test_ctrl_c_at_any_moment_leaves_whole_parts(form: str, endless, tmp_path: Path) -> None:
    path = tmp_path / f"e.{form}"
    process = endless(path)
    time.sleep(random.uniform(0, 0.1))
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=20)
    assert err.endswith("KeyboardInterrupt\n")
    found = read(path)
    assert len(found.rows) >= 100
    assert len(found.rows) % 100 == 0
    assert [row["request"] for row in found.rows] == [n // 100 + 1 for n in range(len(found.rows))]
    assert found.vectors[-1, 0] == 1000 * (len(found.rows) // 100) + 99
    assert list(tmp_path.iterdir()) == [path]


class Interrupting(tuple):
    """Rows that have Ctrl-C pressed whenever somebody is half-way through them."""

    __slots__ = ()

    def __iter__(self):
        for number, row in enumerate(super().__iter__()):
            if number == 50:
                signal.raise_signal(signal.SIGINT)
            yield row

    def __getitem__(self, index):
        found = super().__getitem__(index)
        return Interrupting(found) if isinstance(index, slice) else found


@every_form
def test_ctrl_c_in_the_middle_of_a_write(form: str, tmp_path: Path) -> None:
    path = tmp_path / f"e.{form}"
    with pytest.raises(KeyboardInterrupt):
        write_embeddings(path, [part(1), replace(part(2), rows=Interrupting(part(2).rows)), part(3)])
    found = read(path)
    assert [row["request"] for row in found.rows] == [1] * 100 + [2] * 100
    assert found.vectors[:, 0].tolist() == [*range(1000, 1100), *range(2000, 2100)]
    assert list(tmp_path.iterdir()) == [path]


@every_form
def test_ctrl_c_in_the_middle_of_the_first_write(form: str, tmp_path: Path) -> None:
    path = tmp_path / f"e.{form}"
    with pytest.raises(KeyboardInterrupt):
        write_embeddings(path, replace(part(1), rows=Interrupting(part(1).rows)))
    assert len(read(path).rows) == 100


@every_form
def test_ctrl_c_while_it_is_made_whole(form: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / f"e.{form}"
    replaced = Path.replace

    def replace_it(part: Path, whole: Path) -> Path:
        signal.raise_signal(signal.SIGINT)
        time.sleep(0.05)  # for the main thread to hear of it
        return replaced(part, whole)

    monkeypatch.setattr(Path, "replace", replace_it)
    with pytest.raises(KeyboardInterrupt):
        write_embeddings(path, part(1))
    assert len(read(path).rows) == 100
    assert list(tmp_path.iterdir()) == [path]


@every_form
def test_kill_9_leaves_what_was_there(form: str, endless, tmp_path: Path) -> None:
    path = tmp_path / f"e.{form}"
    path.write_text("before")
    process = endless(path)
    process.kill()
    process.wait()
    assert path.read_text() == "before"
    assert {child.name for child in tmp_path.iterdir()} == {path.name, f".{path.name}.part"}
    write_embeddings(path, part(1))
    assert len(read(path).rows) == 100
    assert list(tmp_path.iterdir()) == [path]


@every_form
class TestFullDisk:
    """Of 200 KB: 97 vectors, each of 2 KB."""

    def test_half_way(self, form: str, small_disk: Path) -> None:
        (small_disk / f"e.{form}").write_text("before")
        with pytest.raises(OutOfSpaceError, match=rf"no space left for .*e\.{form}. Free some"):
            write_embeddings(small_disk / f"e.{form}", [noisy(n) for n in range(1, 200)])
        assert [child.name for child in small_disk.iterdir()] == [f"e.{form}"]
        found = read(small_disk / f"e.{form}")
        assert [row["request"] for row in found.rows] == [n // 10 + 1 for n in range(len(found.rows))]
        assert len(found.rows) % 10 == 0
        assert len(found.rows) >= {"ndjson": 20, "npz": 10, "parquet": 60}[form]

    def test_before_anything_is_asked_for(self, form: str, small_disk: Path) -> None:
        fill(small_disk)
        asked = []

        def ask() -> Iterator[Embeddings]:
            asked.append(1)
            yield noisy(1)

        with pytest.raises(OutOfSpaceError):
            write_embeddings(small_disk / f"e.{form}", ask())
        assert asked == []
        assert [child.name for child in small_disk.iterdir()] == ["rest"]

    def test_what_is_on_its_way_is_added_where_no_more_should_be_asked_for(
        self, form: str, small_disk: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("preflight.results.room._RESERVE_SHARE", 2)  # of 200 KB
        with pytest.raises(OutOfSpaceError), embeddings_file(small_disk / f"e.{form}") as file:  # noqa: PT012
            file.require_room()
            file.add(noisy(1).select(option="audio"))
            (small_disk / "rest").write_bytes(bytes(10 * 1024 if form == "npz" else 80 * 1024))
            with pytest.raises(OutOfSpaceError):
                file.require_room()
            file.add(noisy(2).select(option="visual"))
            file.require_room()
        assert len(read(small_disk / f"e.{form}").rows) == 10

    def test_whoever_says_so_is_not_told_again(self, form: str, small_disk: Path) -> None:
        with embeddings_file(small_disk / f"e.{form}") as file:
            for number in itertools.count(1):
                try:
                    file.add(noisy(number))
                except OutOfSpaceError:
                    file.cut_short()
                    break
        assert len(read(small_disk / f"e.{form}").rows) == 10 * (number - 1) > 0

    def test_at_the_very_end(self, form: str, small_disk: Path) -> None:
        """Where somebody else takes the room for the file that is made of what waits. Of lines, none is needed."""
        with pytest.raises(OutOfSpaceError), embeddings_file(small_disk / f"e.{form}") as file:  # noqa: PT012
            file.add(noisy(1))
            if form != "npz":  # for which there is no room, as it knows
                file.add(noisy(2))
            fill(small_disk)
            if form == "ndjson":  # which has all of it
                file.add(noisy(3))
        if form == "ndjson":
            assert len(read(small_disk / f"e.{form}").rows) == 20
            (small_disk / f"e.{form}").unlink()
        assert [child.name for child in small_disk.iterdir()] == ["rest"]

    def test_whoever_goes_on_after_it_is_told_again(self, form: str, small_disk: Path) -> None:
        with pytest.raises(OutOfSpaceError), embeddings_file(small_disk / f"e.{form}") as file:  # noqa: PT012
            fill(small_disk)
            for number in range(1, 5):
                with suppress(OutOfSpaceError):
                    file.add(noisy(number))
        assert [child.name for child in small_disk.iterdir()] == ["rest"]


def noisy(number: int) -> Embeddings:
    """Ten vectors that no compression makes smaller."""
    import numpy as np

    rows = part(number, 10).rows
    return Embeddings(np.random.default_rng(number).standard_normal((10, 512)).astype(np.float32), rows)


def fill(disk: Path) -> None:
    with (disk / "rest").open("wb", buffering=0) as file, suppress(OSError):
        while file.write(bytes(512)):
            pass


@every_form
def test_a_file_that_may_not_grow_further(form: str, tmp_path: Path) -> None:
    """By a limit of the process: no full disk, but it ends as cleanly, and says which limit to raise."""
    code = f"""
import resource
resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))
from preflight import write_embeddings
from preflight.errors import OutOfSpaceError
from tests.results.made import part
try:
    write_embeddings({str(tmp_path / f"e.{form}")!r}, [part(n) for n in range(1, 100)])
except OutOfSpaceError as error:
    print(error)
"""
    call = [sys.executable, "-W", "error", "-c", code]
    done = subprocess.run(call, cwd=ROOT, capture_output=True, text=True, check=False)
    assert "would be larger than a file may be here. Raise that limit (ulimit -f)" in done.stdout
    assert done.stderr == ""
    assert list(tmp_path.iterdir()) == []


@every_form
@pytest.mark.parametrize("place", ["missing/e", "file/e", "folder"])
def test_a_place_that_cannot_be_written(form: str, place: str, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    (tmp_path / f"folder.{form}").mkdir()
    with pytest.raises(UsageError, match="Name another place"):
        write_embeddings(tmp_path / f"{place}.{form}", part(1))
    assert not list(tmp_path.rglob("*.part"))


# Prints by how many bytes memory grew while the last nine tenths of argv[2] vectors were written.
GROWTH = """
import sys
from pathlib import Path
from preflight.results import embeddings_file
from tests.results.made import part
def peak():
    line = next(line for line in open("/proc/self/status") if line.startswith("VmHWM"))
    return int(line.split()[1]) * 1024
count = int(sys.argv[2]) // 100
with embeddings_file(Path(sys.argv[1])) as file:
    for number in range(1, count + 1):
        file.add(part(number))
        if number == count // 10:
            before = peak()
print(peak() - before)
"""


@pytest.mark.parametrize(("form", "count"), [("ndjson", 2_000), ("npz", 20_000), ("parquet", 90_000)])
def test_memory_does_not_grow_with_what_is_written(form: str, count: int, tmp_path: Path) -> None:
    """Of 4, 41 and 184 MB of vectors. Arrow's allocator takes a group or two more now and then."""
    call = [sys.executable, "-c", GROWTH, str(tmp_path / f"e.{form}"), str(count)]
    done = subprocess.run(call, check=True, capture_output=True, text=True, cwd=ROOT)
    assert int(done.stdout) < {"ndjson": 1_000_000, "npz": 12_000_000, "parquet": 70_000_000}[form]
