"""How a bad case is written down."""

from __future__ import annotations

from preflight.testing.catalogue.interface import Case, file, says
from preflight.testing.corrupt import Corrupter
from preflight.testing.recipes.interface import Recipe
from preflight.testing.recipes.written import Corrupted
from preflight.testing.truth import Expected, Truth


def rejected(name: str, what: str, recipe: Recipe, *codes: str) -> Case:
    """Nothing can be made of it. No codes: its header and structure are fine, only decoding it shows."""
    return file(f"bad/{name}", what, recipe, None, says(*codes, gives="rejected"))


def foreign(name: str, what: str, recipe: Recipe) -> Case:
    """Neither text nor image, audio or video, whatever it is called."""
    return rejected(name, what, recipe, "unsupported_file_type")


def left(name: str, what: str, recipe: Recipe, truth: Truth, strict: Expected | None = None) -> Case:
    """Of which there is something to be sent."""
    return file(f"bad/{name}", what, recipe, truth, strict)


def corrupted(of: Recipe, by: Corrupter) -> Corrupted:
    """Under its own kind of name."""
    return Corrupted(suffix=of.suffix, of=of, by=by)
