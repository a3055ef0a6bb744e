"""What a case is: an input on an edge, what is true of it, and what preflight owes it."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from preflight.errors import UsageError
from preflight.media import Fidelity, Kind, MultiInput, Text, TextImage
from preflight.testing.medium import Medium
from preflight.testing.recipes.interface import Recipe
from preflight.testing.truth import Expectations, Expected, Gives, Truth

Request = Text | TextImage | MultiInput
"""What is given as a value and not as a file."""


@dataclass(frozen=True, kw_only=True)
class Case:
    """One named edge case."""

    name: str
    """`video/rotated_90_hevc`: its kind, and what is special about it."""
    what: str
    """A sentence: what it is, and who sends such a thing."""
    made: Medium | Callable[[], Request]
    truth: Truth | None
    """None for what is nothing that can be embedded, or no longer."""
    expected: Expectations
    as_kind: Kind | None = None
    """What a caller must say that it is, where its bytes do not (`--as text`)."""

    @property
    def is_file(self) -> bool:
        """False for requests of several parts and texts that are given as values."""
        return isinstance(self.made, Medium)

    @property
    def file_name(self) -> str | None:
        """`video/rotated_90_hevc.mp4`: its name, and what its file's name ends in; None where it is no file."""
        return f"{self.name}{self.made.recipe.suffix}" if isinstance(self.made, Medium) else None

    @property
    def path(self) -> Path:
        """The file, made now if it was not before; read-only, as others use it too.

        Raises UsageError for a case that is a request of several parts and no file: take its `input`.
        """
        if isinstance(self.made, Medium):
            return self.made.path
        raise UsageError(f"{self.name} is given as a value and is no file. Take its `input`.")

    @property
    def input(self) -> Path | Request:
        """What to hand to `preflight.check`, `plan`, `prepare` or `embed`, with `kind=case.as_kind`."""
        return self.made.path if isinstance(self.made, Medium) else self.made()

    def copy_into(self, folder: Path) -> Path:
        """A copy of the file, or of what stands in its place (a folder, a broken link), that may be changed.

        Raises UsageError for a case that is no file.
        """
        made = self.path
        copy = folder / made.name
        if made.is_symlink():
            copy.symlink_to(made.readlink())
        elif made.is_dir():
            shutil.copytree(made, copy)
        else:
            part = folder / f".{made.name}.part"
            try:
                shutil.copyfile(made, part)
                part.replace(copy)
            finally:
                part.unlink(missing_ok=True)
        return copy

    def __fspath__(self) -> str:
        return str(self.path)

    def __str__(self) -> str:
        return self.name


def says(*codes: str, gives: Gives = Fidelity.IDENTICAL, requests: int | None = 1) -> Expected:
    """Exactly these findings; `gives` and `requests` are what `prepare` owes."""
    return Expected(codes=frozenset(codes), gives=gives, requests=0 if gives == "rejected" else requests)


def file(
    name: str,
    what: str,
    recipe: Recipe,
    truth: Truth | None,
    strict: Expected | None = None,
    *,
    newest: Expected | None = None,
    as_kind: Kind | None = None,
) -> Case:
    """A case that is a file. `strict` is what is expected under `marengo3.0` (to pass, if None), `newest` under
    `marengo3.0-2026-08` (the same, if None).
    """
    return Case(
        name=name,
        what=what,
        made=Medium(recipe=recipe, truth=truth, stem=name.rpartition("/")[2]),
        truth=truth,
        expected=expectations(strict, newest),
        as_kind=as_kind,
    )


def request(
    name: str,
    what: str,
    build: Callable[[], Request],
    truth: Truth,
    strict: Expected | None = None,
    *,
    newest: Expected | None = None,
) -> Case:
    """A case that is a request of several parts, or a text that is given as it is."""
    return Case(name=name, what=what, made=build, truth=truth, expected=expectations(strict, newest))


def expectations(strict: Expected | None, newest: Expected | None) -> Expectations:
    others = {} if newest is None else {NEWEST_PROFILE: newest}
    return Expectations(strict or says(), others)


NEWEST_PROFILE = "marengo3.0-2026-08"
