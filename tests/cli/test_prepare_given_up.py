"""`preflight prepare` of clips that is stopped, killed or runs out of space half-way: whole files, or none."""

from __future__ import annotations

import os
import resource
import shutil
import signal
import sys
import threading
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

from preflight.cli import prepare as command
from preflight.errors import OutOfSpaceError
from preflight.testing.recipes.film import X264
from preflight.testing.recipes.marked import MarkedFilm
from preflight.testing.store import Store
from tests.cli.test_prepare import is_whole, manifest

CAP_S = 9.0
FILM = MarkedFilm(suffix=".mp4", seconds=42.0, options={**X264, "preset": "ultrafast", "g": 50, "pix_fmt": "yuv420p"})
# The program, but that clips are at most 9 s long.
LOWERED = f"""
from preflight.cli import main, prepare
from preflight.pipeline import Preflight
from tests.lowered import lowered
prepare.Preflight = lambda *, limits, **known: Preflight(limits=lowered(max_s={CAP_S}), **known)
main()
"""
ENCODED, COPIED = ("--min-clip", "600"), ("--min-clip", "0")
ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def film(tmp_path: Path) -> Path:
    """In a folder of its own, so that what is left beside it is seen."""
    home = tmp_path / "source"
    home.mkdir()
    return Path(shutil.copyfile(Store().path(FILM), home / "film.mp4"))


@pytest.fixture
def lowered_program(program, monkeypatch) -> Callable:
    monkeypatch.setitem(program.__globals__, "PROGRAM", [sys.executable, "-c", LOWERED])
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")]))
    return program


def until_written(process, path: Path) -> None:
    end = time.monotonic() + 40
    while not path.exists():
        assert process.poll() is None, process.communicate()[1]
        assert time.monotonic() < end
        time.sleep(0.005)


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGHUP, 143)])
def test_stopped_while_the_second_clip_is_encoded(lowered_program, samples, film, tmp_path, number, code):
    out, beside = tmp_path / "out", sorted(film.parent.iterdir())
    process = lowered_program("prepare", samples / "icon.png", film, *ENCODED, "--out", out)
    until_written(process, out / "000002.json")
    process.send_signal(number)
    _, err = process.communicate(timeout=20)
    assert process.returncode == code, err
    assert "Traceback" not in err
    assert [line["request"] for line in manifest(out)] == ["000001.json"]
    assert is_whole(out)
    assert sorted(film.parent.iterdir()) == beside


def test_killed_it_leaves_whole_bodies_and_no_manifest(lowered_program, film, tmp_path):
    """Nobody can clean up then: what is not whole is hidden, and a folder without a manifest is not finished."""
    out = tmp_path / "out"
    process = lowered_program("prepare", film, *ENCODED, "--out", out)
    until_written(process, out / "000001.json")
    process.kill()
    process.communicate(timeout=20)
    seen = [path for path in out.iterdir() if not path.name.startswith(".")]
    assert {path.suffix for path in seen} == {".json"}
    assert all(path.read_bytes().endswith(b'"}}}') for path in seen)
    again = lowered_program("prepare", film, *ENCODED, "--out", out)
    _, err = again.communicate(timeout=20)
    assert (again.returncode, "is not empty" in err) == (2, True), "so that two runs are never taken for one"


@pytest.mark.parametrize("how", [ENCODED, COPIED], ids=["encoded", "copied"])
@pytest.mark.parametrize("form", [(), ("--media",)], ids=["bodies", "media"])
def test_a_limit_on_the_size_of_files(lowered_program, samples, film, tmp_path, how, form):
    out = tmp_path / "out"
    # The icon fits below it, and no clip does.
    limit = partial(resource.setrlimit, resource.RLIMIT_FSIZE, (12_000, 12_000))
    process = lowered_program("prepare", samples / "icon.png", film, *how, *form, "--out", out, preexec_fn=limit)
    _, err = process.communicate(timeout=40)
    assert process.returncode == 2, err
    assert "would be larger than a file may be here. Raise that limit (ulimit -f), or name another disk." in err
    assert "Traceback" not in err
    written = {path.name for path in out.iterdir()} - {"manifest.ndjson"}
    assert written == {line["request"] for line in manifest(out)}
    assert len(written) <= 1


@pytest.mark.parametrize("how", [ENCODED, COPIED], ids=["encoded", "copied"])
def test_a_disk_that_is_full(lowered_program, film, small_disk, how):
    (small_disk / "others").write_bytes(bytes(150_000))
    process = lowered_program("prepare", film, *how, "--out", small_disk / "out")
    _, err = process.communicate(timeout=40)
    assert process.returncode == 2, err
    assert "no space left for" in err
    assert "Free some and run again." in err
    assert "Traceback" not in err
    assert [path.name for path in (small_disk / "out").iterdir()] == ["manifest.ndjson"]


@pytest.mark.parametrize("failing", [1, 2, 3], ids=["first", "middle", "last"])
def test_what_fails_in_the_thread_that_writes_reaches_whoever_called(
    preflight, samples, tmp_path, monkeypatch, failing
):
    original = command._Writer._write_one

    def fail(self, payload, path):
        if path.name == f"{failing:06}.json":
            raise OutOfSpaceError(f"no space left for {path}. Free some and run again.")
        original(self, payload, path)

    monkeypatch.setattr(command._Writer, "_write_one", fail)
    before = set(threading.enumerate())
    ended = preflight("prepare", samples / "talk.mp4", samples / "icon.png", "--out", tmp_path / "out")
    assert ended.code == 2
    assert f"{failing:06}.json. Free some and run again." in ended.err
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["manifest.ndjson"]
    assert manifest(tmp_path / "out") == []
    assert set(threading.enumerate()) == before


def test_a_defect_in_that_thread_is_no_success(preflight, samples, tmp_path, monkeypatch):
    def fail(self, payload, path):
        raise ZeroDivisionError

    monkeypatch.setattr(command._Writer, "_write_one", fail)
    with pytest.raises(ZeroDivisionError):
        preflight("prepare", samples / "talk.mp4", "--out", tmp_path / "out")
    assert list((tmp_path / "out").glob("*")) == []
