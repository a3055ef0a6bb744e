"""What is no media, or no longer: archives, bytes without a meaning, media data that were never written."""

from __future__ import annotations

import gzip
import random
import zipfile
from dataclasses import dataclass
from pathlib import Path

from preflight.testing.corrupt.structure import part
from preflight.testing.recipes.interface import Kitchen, Recipe


@dataclass(frozen=True, kw_only=True)
class Meaningless(Recipe):
    """So many bytes of nothing."""

    size_bytes: int
    seed: int | None = None
    """Random bytes, others for another seed; None: zeros."""

    def write(self, path: Path, kitchen: Kitchen) -> None:  # noqa: ARG002 (made from nothing)
        # Not `randbytes`: only `random()` is promised to stay the same from one version of Python to the next.
        source = random.Random(self.seed)  # noqa: S311 (no secret)
        data = bytes(0 if self.seed is None else int(source.random() * 256) for _ in range(self.size_bytes))
        path.write_bytes(data)


@dataclass(frozen=True, kw_only=True)
class Zipped(Recipe):
    """A ZIP archive of one file, which is stored as it is: compressed media do not get smaller."""

    of: Recipe
    name: str

    def write(self, path: Path, kitchen: Kitchen) -> None:
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr(zipfile.ZipInfo(self.name), kitchen.path(self.of).read_bytes())


@dataclass(frozen=True, kw_only=True)
class Gzipped(Recipe):
    """Compressed as web servers and backups do."""

    of: Recipe

    def write(self, path: Path, kitchen: Kitchen) -> None:
        path.write_bytes(gzip.compress(kitchen.path(self.of).read_bytes(), mtime=0))


@dataclass(frozen=True, kw_only=True)
class Zeroed(Recipe):
    """A file, one of whose parts is all zeros: room that was made on the disk, and never filled."""

    of: Recipe
    part: str
    """As `corrupt.parts` names it; its header stays."""

    def write(self, path: Path, kitchen: Kitchen) -> None:
        data = kitchen.path(self.of).read_bytes()
        found = part(data, self.part)
        path.write_bytes(data[: found.body] + bytes(found.end - found.body) + data[found.end :])


@dataclass(frozen=True, kw_only=True)
class Overwritten(Recipe):
    """A file in which other bytes stand from a mark on, as copied from a failing disk."""

    of: Recipe
    mark: bytes
    patch: bytes

    def write(self, path: Path, kitchen: Kitchen) -> None:
        data = kitchen.path(self.of).read_bytes()
        start = data.index(self.mark) + len(self.mark)
        path.write_bytes(data[:start] + self.patch + data[start + len(self.patch) :])
