"""Made files are made once, whole, and for everybody."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace

import pytest

from preflight.errors import MissingExtraError, OutOfSpaceError, UsageError
from preflight.testing import store as stores
from preflight.testing.recipes.encoder import EncoderError
from preflight.testing.recipes.film import Film, Tone
from preflight.testing.recipes.interface import Kitchen, Recipe
from preflight.testing.recipes.written import BrokenLink, Folder, Joined, Renamed, Written
from preflight.testing.store import FOLDER_VARIABLE, Store


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "cache")


@dataclass(frozen=True, kw_only=True)
class Counted(Recipe):
    """Says in a file beside the cache that it was made."""

    log: str
    fails: bool = False

    def write(self, path: Path, kitchen: Kitchen) -> None:
        with Path(self.log).open("a") as log:
            log.write("made\n")
        path.write_bytes(b"half")
        if self.fails:
            raise RuntimeError("the encoder fell over")
        path.write_bytes(b"whole")


def test_a_file_is_made_once(store, tmp_path):
    recipe = Counted(suffix=".bin", log=str(tmp_path / "log"))
    first = store.path(recipe)
    assert first.read_bytes() == b"whole"
    assert store.path(recipe) == first
    assert Store(tmp_path / "cache").path(recipe) == first
    assert (tmp_path / "log").read_text() == "made\n"
    assert store.made == 1


def test_under_a_second_name_it_is_the_same_file(store, tmp_path):
    recipe = Counted(suffix=".bin", log=str(tmp_path / "log"))
    first, second = store.path(recipe, "first"), store.path(recipe, "second")
    assert (first.name, second.name) == ("first.bin", "second.bin")
    assert first.samefile(second)
    assert (tmp_path / "log").read_text() == "made\n"


def test_another_recipe_is_another_file(store):
    paths = {store.path(Written(suffix=suffix, data=data)) for suffix in (".a", ".b") for data in (b"1", b"2")}
    assert len(paths) == 4


def test_they_cannot_be_changed_by_mistake(store):
    path = store.path(Written(suffix=".txt", data=b"mine"))
    assert not path.stat().st_mode & (stat.S_IWUSR | stat.S_IWGRP | stat.S_IWOTH)


def test_what_fails_half_way_leaves_nothing(store, tmp_path):
    recipe = Counted(suffix=".bin", log=str(tmp_path / "log"), fails=True)
    with pytest.raises(RuntimeError, match="fell over"):
        store.path(recipe)
    assert [p.name for p in store.folder.rglob("*") if p.is_file()] == [stores._MARK]
    assert list(store.folder.rglob(".*")) == []


def test_threads_that_want_the_same_all_get_it_whole(store):
    recipe = Film(suffix=".wav", scene=None, tones=(Tone(seconds=0.5),), options={})
    found: list[bytes] = []
    threads = [threading.Thread(target=lambda: found.append(store.path(recipe).read_bytes())) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 8
    assert len(set(found)) == 1
    assert len(found[0]) > 96_000


def test_the_same_recipe_gives_the_same_bytes(tmp_path):
    recipe = Film(suffix=".mp4", options={"c:v": "libx264", "c:a": "aac"})
    one, other = (Store(tmp_path / name).path(recipe).read_bytes() for name in ("one", "other"))
    assert one == other


def test_recipes_are_made_of_recipes(store):
    part = Written(suffix=".txt", data=b"ab")
    whole = store.path(Joined(suffix=".txt", parts=(part, Renamed(suffix=".md", of=part))))
    assert whole.read_bytes() == b"abab"


def test_folders_and_links_that_lead_nowhere(store):
    for _ in range(2):
        assert store.path(Folder(suffix=".mp4")).is_dir()
        link = store.path(BrokenLink(suffix=".jpg"))
        assert link.is_symlink()
        assert not link.exists()


def test_the_user_can_say_where(monkeypatch, tmp_path):
    monkeypatch.setenv(FOLDER_VARIABLE, str(tmp_path / "elsewhere"))
    assert Store().folder.parent == tmp_path / "elsewhere" / "preflight-testing"
    monkeypatch.setenv(FOLDER_VARIABLE, "~/cache")
    assert Store().folder.is_relative_to(Path.home() / "cache")


def aged(folder: Path, days: float) -> None:
    then = time.time() - days * 24 * 3600
    for path in (*folder.iterdir(), folder):
        os.utime(path, (then, then))


NOTHING = Written(suffix=".txt", data=b"")


def test_what_the_makers_of_the_past_left_is_removed(tmp_path, monkeypatch):
    for number, days in enumerate([13, 15]):
        monkeypatch.setattr(stores, "_generation", lambda number=number: f"{number:016x}")
        past = Store(tmp_path)
        past.path(NOTHING)
        aged(past.folder, days)
    monkeypatch.undo()
    Store(tmp_path).path(NOTHING)
    assert (tmp_path / f"{0:016x}").exists()
    assert not (tmp_path / f"{1:016x}").exists()


def test_what_is_asked_for_stays_young(tmp_path):
    store = Store(tmp_path)
    store.path(NOTHING)
    aged(store.folder, 100)
    Store(tmp_path).path(NOTHING)
    assert time.time() - (store.folder / stores._MARK).stat().st_mtime < 60


@pytest.mark.parametrize("name", ["thesis", "0123456789abcdef"])
def test_what_is_not_ours_is_never_removed(tmp_path, name):
    (tmp_path / name).mkdir()
    (tmp_path / name / "chapter 1").write_text("precious")
    aged(tmp_path / name, 100)
    Store(tmp_path).path(NOTHING)
    assert (tmp_path / name / "chapter 1").read_text() == "precious"


def test_a_folder_that_cannot_be_written_is_said_to_be(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(UsageError, match=f"cannot be made in .*{FOLDER_VARIABLE}"):
        Store(tmp_path / "file").path(NOTHING)


def test_an_encoder_that_fails_on_a_full_disk_is_a_full_disk(store, monkeypatch):
    bad = Film(suffix=".mp4", options={"c:v": "no_such_encoder"})
    with pytest.raises(EncoderError, match="no_such_encoder"):
        store.path(bad)
    monkeypatch.setattr(stores.shutil, "disk_usage", lambda _: SimpleNamespace(free=0))
    with pytest.raises(OutOfSpaceError, match="no space left for edge cases"):
        store.path(bad)


def test_without_the_extra_it_says_what_to_install(monkeypatch):
    stores._generation.cache_clear()
    monkeypatch.setattr(stores.metadata, "version", lambda name: (_ for _ in ()).throw(_not_found(name)))
    with pytest.raises(MissingExtraError, match=r"embed-preflight\[testing\]"):
        Store(Path("x"))
    stores._generation.cache_clear()


def _not_found(name: str) -> Exception:
    return stores.metadata.PackageNotFoundError(name)


def test_importing_it_loads_nothing_heavy():
    code = "import sys, preflight.testing, preflight.testing.plugin; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    heavy = {"av", "numpy", "PIL", "ffmpeg", "imageio_ffmpeg", "hypothesis", "starlette", "msgspec"}
    assert not heavy & set(done.stdout.split())
