"""What a recipe is: a value that says how a file is made, so that the same file is never made twice."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol


class Kitchen(Protocol):
    """Where recipes get the files that they are made from: what `Store` is, seen from here."""

    def path(self, recipe: Recipe) -> Path: ...


@dataclass(frozen=True, kw_only=True)
class Recipe(ABC):
    """How one file is made.

    Its `repr` is its identity: the cache finds a file by it. So fields hold plain values (numbers, text, tuples,
    dictionaries, other recipes) and nothing whose `repr` differs from run to run.
    """

    suffix: str
    """What the file's name ends in, with the dot; it may lie about the content, if that is the point."""

    @abstractmethod
    def write(self, path: Path, kitchen: Kitchen) -> None:
        """Make the file at `path`, which is not there yet; `kitchen` makes what goes into it."""
