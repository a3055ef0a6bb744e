"""A piece of media that a recipe makes, together with what is known to be true of it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path

from preflight.testing.recipes.interface import Recipe
from preflight.testing.store import Store
from preflight.testing.truth import Truth


@dataclass(frozen=True, kw_only=True)
class Medium:
    """Made when its bytes are first asked for, and kept: see `Store`.

    It is path-like: `open(medium)`, `pathlib.Path(medium)` and `preflight.check(medium)` take it as it is.
    """

    recipe: Recipe
    truth: Truth | None
    """None for what is nothing that can be embedded, or no longer."""
    stem: str = "media"
    """Of its file's name."""

    @property
    def path(self) -> Path:
        """Where it lies, read-only: every test that asks for it gets the same file.

        Raises MissingExtraError where the `testing` extra is not installed.
        """
        return store().path(self.recipe, self.stem)

    @property
    def data(self) -> bytes:
        """Its bytes."""
        return self.path.read_bytes()

    def __fspath__(self) -> str:
        return str(self.path)


@cache
def store() -> Store:
    """The cache that all of them share."""
    return Store()
