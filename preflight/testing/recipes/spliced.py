"""Another file with some of its bytes replaced, where what is there says something else afterwards."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from preflight.testing.corrupt.splice import Edit, Splice
from preflight.testing.recipes.interface import Kitchen, Recipe


@dataclass(frozen=True, kw_only=True)
class Spliced(Recipe):
    """The bytes of another file after edits that do not overlap; an edit of nothing inserts."""

    of: Recipe
    edits: tuple[Edit, ...] = ()
    keeps: int | None = None
    """How many bytes of the result are kept; None: all."""

    def write(self, path: Path, kitchen: Kitchen) -> None:
        path.write_bytes(Splice(kitchen.path(self.of).read_bytes(), self.edits).data[: self.keeps])
