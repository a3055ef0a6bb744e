"""Files that no encoder makes: given bytes, parts joined or corrupted, and things that are no files."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from preflight.testing.recipes.interface import Kitchen, Recipe

if TYPE_CHECKING:
    from preflight.testing.corrupt import Corrupter


@dataclass(frozen=True, kw_only=True)
class Written(Recipe):
    """Bytes as they are."""

    data: bytes

    def write(self, path: Path, kitchen: Kitchen) -> None:  # noqa: ARG002
        path.write_bytes(self.data)


@dataclass(frozen=True, kw_only=True)
class Renamed(Recipe):
    """The bytes of another file under a name that says something else."""

    of: Recipe

    def write(self, path: Path, kitchen: Kitchen) -> None:
        path.write_bytes(kitchen.path(self.of).read_bytes())


@dataclass(frozen=True, kw_only=True)
class Joined(Recipe):
    """Files one after the other, as broadcasts and careless uploads are."""

    parts: tuple[Recipe, ...]

    def write(self, path: Path, kitchen: Kitchen) -> None:
        path.write_bytes(b"".join(kitchen.path(part).read_bytes() for part in self.parts))


@dataclass(frozen=True, kw_only=True)
class Corrupted(Recipe):
    """A file that something happened to."""

    of: Recipe
    by: Corrupter

    def write(self, path: Path, kitchen: Kitchen) -> None:
        path.write_bytes(self.by(kitchen.path(self.of).read_bytes()))


@dataclass(frozen=True, kw_only=True)
class Folder(Recipe):
    """A folder where a file is expected."""

    def write(self, path: Path, kitchen: Kitchen) -> None:  # noqa: ARG002
        path.mkdir()


@dataclass(frozen=True, kw_only=True)
class BrokenLink(Recipe):
    """A link to a file that is no longer there."""

    def write(self, path: Path, kitchen: Kitchen) -> None:  # noqa: ARG002
        path.symlink_to("gone")
