"""What the strategies draw: a medium that says what it is, kept in a folder that cannot fill the disk."""

from __future__ import annotations

import os
import shutil
import tempfile
import weakref
from collections import OrderedDict
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final, Protocol

from preflight.testing.medium import Medium
from preflight.testing.recipes.interface import Recipe
from preflight.testing.store import Store

_MOST_BYTES: Final = 256_000_000
_KEPT: Final = 64
"""So many files that were asked for last stay, however large they are: a test may be using them."""


@dataclass(frozen=True, kw_only=True, repr=False)
class Drawn(Medium):
    """A medium that a strategy drew. It is path-like, as `Medium` is; `path`, `data` and `truth` are its own.

    Its file lies in a temporary folder that holds the last few hundred, and goes with the process. Ask for `path`
    again rather than keep it over many examples.
    """

    what: str
    """In a few words."""
    profile: str
    """Whose limits it was drawn for."""
    breaks: frozenset[str] | None
    """Exactly the codes of the errors that `preflight.check` finds in it under `profile`, by construction: none of
    what fits. None where nobody knows, because it is damaged."""

    @property
    def path(self) -> Path:
        """Where it lies, read-only, made now if it is not there.

        Raises MissingExtraError where the `testing` extra is not installed.
        """
        return shelf().path(self.recipe, self.stem)

    def __repr__(self) -> str:
        match self.breaks:
            case None:
                verdict = "damaged"
            case codes if codes:
                verdict = f"breaks {', '.join(sorted(codes))} of {self.profile}"
            case _:
                verdict = f"fits {self.profile}"
        return f"<{self.recipe.suffix} {self.what}; {verdict}>"

    def _repr_pretty_(self, printer: Printer, cycle: bool) -> None:  # noqa: FBT001, ARG002 (IPython's protocol)
        """Hypothesis prints dataclasses field by field, if it is not told otherwise."""
        printer.text(repr(self))


class Printer(Protocol):
    def text(self, text: str) -> None: ...


class Shelf(Store):
    """A store in a temporary folder, from which what was not asked for longest is thrown away."""

    def __init__(self, *, most_bytes: int = _MOST_BYTES, kept: int = _KEPT) -> None:
        folder = Path(tempfile.mkdtemp(prefix="preflight-strategies-"))
        super().__init__(folder)
        self._most_bytes, self._kept = most_bytes, kept
        self._sizes: OrderedDict[Path, int] = OrderedDict()
        self._bytes = 0
        self._remove = weakref.finalize(self, _remove, folder, os.getpid())

    def path(self, recipe: Recipe, stem: str = "media") -> Path:
        path = super().path(recipe, stem)
        if path.parent in self._sizes:
            self._sizes.move_to_end(path.parent)
        else:
            self._bytes += self._sizes.setdefault(path.parent, _room(path))
            self._tidy()
        return path

    def _tidy(self) -> None:
        while self._bytes > self._most_bytes and len(self._sizes) > self._kept:
            oldest, size = self._sizes.popitem(last=False)
            self._bytes -= size
            shutil.rmtree(oldest, ignore_errors=True)


@cache
def shelf() -> Shelf:
    """The one that all drawn media of this process share."""
    return Shelf()


def _room(path: Path) -> int:
    """What the file takes up on the disk: next to nothing where it is a hole."""
    found = path.stat()
    blocks: int | None = getattr(found, "st_blocks", None)  # not on Windows
    return found.st_size if blocks is None else blocks * 512


def _remove(folder: Path, owner: int) -> None:
    if os.getpid() == owner:  # not of a child that was forked from it
        shutil.rmtree(folder, ignore_errors=True)
