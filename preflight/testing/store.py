"""Made files, kept under a hash of how they are made: the second time that one is asked for costs nothing."""

from __future__ import annotations

import errno
import os
import re
import shutil
import stat
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from hashlib import sha256
from importlib import metadata, resources
from pathlib import Path

from preflight.errors import MissingExtraError, OutOfSpaceError, UsageError
from preflight.testing.recipes.encoder import EncoderError
from preflight.testing.recipes.interface import Recipe

FOLDER_VARIABLE = "PREFLIGHT_TESTING_CACHE"
_MARK = "made by preflight"
"""A file of this name lies in each generation of files, and is as old as the last use of it."""
_GENERATION = re.compile(r"[0-9a-f]{16}")
_STALE_S = 14 * 24 * 3600
"""A generation of files that nobody has asked for in this time was made by recipes of the past."""
_FULL_BYTES = 1_000_000
"""Where less is free, an encoder that fails has run out of space."""


class Store:
    """A folder of made files. Safe to be shared by processes: a file appears whole or not at all.

    The files are read-only, because every test that asks for one gets the same.
    """

    def __init__(self, folder: Path | None = None) -> None:
        """`folder`: where they are kept; the user's cache folder, or what PREFLIGHT_TESTING_CACHE names, if None."""
        self.folder = (folder or _default_folder()) / _generation()
        self.made = 0
        """How many files this store had to make, because they were not there."""
        self._is_in_use = False

    def path(self, recipe: Recipe, stem: str = "media") -> Path:
        """The file of that recipe, made now if it is not there; its name is `stem` and the recipe's suffix.

        Raises UsageError where the store's folder cannot be written, OutOfSpaceError where its disk is full.
        """
        home = self.folder / sha256(repr(recipe).encode()).hexdigest()[:24]
        path = home / f"{stem}{recipe.suffix}"
        with self._plain_errors():
            if not self._is_in_use:
                self._open()
            if not os.path.lexists(path):
                home.mkdir(exist_ok=True)
                self._make(recipe, path)
        return path

    def _open(self) -> None:
        """Whoever uses a generation of files keeps it; the first of a new one removes those that nobody does."""
        if not self.folder.is_dir():
            _remove_stale(self.folder.parent)
            self.folder.mkdir(parents=True, exist_ok=True)
        (self.folder / _MARK).touch()
        self._is_in_use = True

    def _make(self, recipe: Recipe, path: Path) -> None:
        known = next((p for p in path.parent.iterdir() if p.is_file() and not p.name.startswith(".")), None)
        # Hidden and on the same disk, so that it takes its name in one step, whoever else makes it just now.
        with tempfile.TemporaryDirectory(dir=path.parent, prefix=".making") as making:
            made = Path(making, path.name)
            if known is not None:
                _link(known, made)
            else:
                recipe.write(made, self)
                self.made += 1
                if made.is_file() and not made.is_symlink():
                    made.chmod(stat.S_IREAD | stat.S_IRGRP | stat.S_IROTH)
            try:
                os.replace(made, path)  # noqa: PTH105 (a broken link must be moved, not followed)
            except OSError:
                if not path.is_dir():  # somebody else made the same folder first
                    raise

    @contextmanager
    def _plain_errors(self) -> Iterator[None]:
        elsewhere = f"name another folder with {FOLDER_VARIABLE}"
        full = f"no space left for edge cases in {self.folder}. Free some, or {elsewhere}."
        try:
            yield
        except OSError as error:
            if error.errno in (errno.ENOSPC, errno.EDQUOT):
                raise OutOfSpaceError(full) from error
            # Not every OSError is about the folder: a program that makes the media may not start.
            about = f" ({error.filename})" if error.filename else ""
            raise UsageError(
                f"edge cases cannot be made in {self.folder}: {error.strerror}{about}. Mend that, or {elsewhere}."
            ) from error
        except EncoderError as error:
            if shutil.disk_usage(self.folder).free < _FULL_BYTES:
                raise OutOfSpaceError(full) from error
            raise


def _link(known: Path, path: Path) -> None:
    """The same content under a second name."""
    try:
        os.link(known, path)
    except OSError:  # a file system without links
        shutil.copy(known, path)


def _default_folder() -> Path:
    if named := os.environ.get(FOLDER_VARIABLE):
        return Path(named).expanduser().absolute() / "preflight-testing"
    try:
        from platformdirs import user_cache_path
    except ImportError as error:
        raise MissingExtraError("the catalogue of edge cases", "testing") from error
    return user_cache_path("preflight", appauthor=False) / "testing"


@cache
def _generation() -> str:
    """Of the makers: a file that other code, or another encoder, made is another file."""
    digest = sha256()
    home = Path(str(resources.files("preflight.testing")))
    for file in sorted([*home.glob("recipes/**/*.py"), *home.glob("corrupt/**/*.py")]):
        digest.update(file.read_bytes())
    for maker in ("imageio-ffmpeg", "pillow", "numpy"):
        try:
            digest.update(f"{maker} {metadata.version(maker)}".encode())
        except metadata.PackageNotFoundError as error:
            raise MissingExtraError("the catalogue of edge cases", "testing") from error
    return digest.hexdigest()[:16]


def _remove_stale(folder: Path) -> None:
    """Old generations, and nothing else that may lie there: the folder is the user's."""
    if not folder.is_dir():
        return
    for generation in folder.iterdir():
        mark = generation / _MARK
        is_ours = _GENERATION.fullmatch(generation.name) is not None and mark.is_file()
        if is_ours and time.time() - mark.stat().st_mtime > _STALE_S:
            shutil.rmtree(generation, ignore_errors=True)
