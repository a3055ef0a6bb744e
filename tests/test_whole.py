"""Files that appear when they are whole, or not at all."""

from __future__ import annotations

import errno
from contextlib import suppress
from pathlib import Path

import pytest

from preflight.errors import OutOfSpaceError, UsageError
from preflight.whole import plain_errors, whole_file


def test_it_appears_at_the_end(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    with whole_file(path) as file:
        file.write(b"all of it")
        assert not path.exists()
    assert path.read_bytes() == b"all of it"
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt, SystemExit])
def test_whatever_interrupts_nothing_stays_and_what_was_there_does(tmp_path: Path, error: type[BaseException]) -> None:
    path = tmp_path / "a.json"
    path.write_bytes(b"before")
    with pytest.raises(error), whole_file(path) as file:  # noqa: PT012 (what is tested is a context)
        file.write(b"half of i" * 10_000)
        raise error
    assert path.read_bytes() == b"before"
    assert list(tmp_path.iterdir()) == [path]


def test_a_failure_that_the_writer_overlooks_is_none_the_less_one(small_disk: Path) -> None:
    with (
        pytest.raises(OutOfSpaceError, match=r"a\.json. Free some"),
        whole_file(small_disk / "a.json") as file,
        suppress(OutOfSpaceError),
    ):
        file.write(bytes(300_000))
    assert list(small_disk.iterdir()) == []


def test_what_fits_only_until_the_buffer_is_emptied(small_disk: Path) -> None:
    (small_disk / "most").write_bytes(bytes(200 * 1024))
    with pytest.raises(OutOfSpaceError), whole_file(small_disk / "a.json") as file:
        file.write(b"a few bytes")
    assert [path.name for path in small_disk.iterdir()] == ["most"]


def test_a_file_that_may_not_become_so_large(tmp_path: Path) -> None:
    resource = pytest.importorskip("resource")
    kept = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (10_000, kept[1]))
    try:
        with pytest.raises(OutOfSpaceError, match="Raise that limit"), whole_file(tmp_path / "a.json") as file:
            file.write(bytes(300_000))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, kept)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("place", ["missing/a.json", "file/a.json", "folder"])
def test_a_place_that_cannot_be_written(tmp_path: Path, place: str) -> None:
    (tmp_path / "file").touch()
    (tmp_path / "folder").mkdir()
    with pytest.raises(UsageError, match=r"cannot be written .* Name another place"), whole_file(tmp_path / place):
        pass
    assert not list(tmp_path.rglob("*.part"))


def test_which_error_is_which() -> None:
    for code in (errno.ENOSPC, errno.EDQUOT):
        with pytest.raises(OutOfSpaceError), plain_errors("there"):
            raise OSError(code, "full")
    with pytest.raises(UsageError, match=r"there cannot be written \(Input/output error\)"), plain_errors("there"):
        raise OSError(errno.EIO, "Input/output error")
