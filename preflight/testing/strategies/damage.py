"""Media that something happened to: bits that flipped, uploads that broke off, and all that `corrupt` knows."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from hypothesis import assume
from hypothesis import strategies as st
from hypothesis.strategies import DrawFn, SearchStrategy

from preflight.errors import UsageError
from preflight.testing.corrupt import Corrupter, Truncate, corrupters
from preflight.testing.recipes.written import Corrupted
from preflight.testing.strategies.interface import Drawn
from preflight.testing.strategies.wishes import pick

_MOST_FLIPS: Final = 16
_MOST_BYTES: Final = 100_000
"""What is larger only has bits flipped, or is cut: to find out what else could be done to it would take too long."""


@dataclass(frozen=True, kw_only=True)
class FlipAt:
    """These bits are wrong, counted from the first byte's lowest."""

    bits: tuple[int, ...]

    def __call__(self, data: bytes, /) -> bytes:
        damaged = bytearray(data)
        for bit in self.bits:
            damaged[bit // 8] ^= 1 << bit % 8
        return bytes(damaged)


def damaged(media: SearchStrategy[Drawn]) -> SearchStrategy[Drawn]:
    """Media of that strategy that something happened to. They have no truth any more, and may fit all the same.

        @given(damaged(videos()))
        def test_never_falls_over(wreck):
            assert upload(wreck.path).status in (200, 422)

    Bits are flipped, the file breaks off somewhere, or one of `corrupt.corrupters` is applied: headers that lie,
    packets that are missing or come twice, structures cut in half. The simplest, which failing examples shrink to, is
    one bit of the simplest medium; of cuts, the one that leaves out least.

    What is empty cannot be damaged: a strategy that draws nothing else is unsatisfiable. Raises UsageError for what is
    not made of files, such as `texts` and `requests`.
    """
    return _damaged(media)


@st.composite
def _damaged(draw: DrawFn, media: SearchStrategy[Drawn]) -> Drawn:
    medium = draw(media)
    if not isinstance(medium, Drawn):
        raise UsageError("only files can be damaged. Give a strategy of images, audio or videos.")
    data = medium.data
    assume(data)
    # All is drawn, whichever of it is done: see `pick`.
    what = draw(pick(("flips", "cut", "known")))
    bits = sorted(draw(st.sets(st.integers(0, 8 * len(data) - 1), min_size=1, max_size=_MOST_FLIPS)))
    number = draw(st.integers(0, 59))
    known = _corrupters(data) if what == "known" and len(data) <= _MOST_BYTES else ()
    damage: Corrupter
    if known:
        damage = known[number % len(known)]
    elif what == "cut":
        damage = Truncate(keep=-1 - bits[0] // 8)
    else:
        damage = FlipAt(bits=tuple(bits))
    return Drawn(
        recipe=Corrupted(suffix=medium.recipe.suffix, of=medium.recipe, by=damage),
        truth=None,
        stem=medium.stem,
        what=f"{medium.what}, after {damage}",
        profile=medium.profile,
        breaks=None,
    )


@lru_cache(maxsize=64)
def _corrupters(data: bytes) -> tuple[Corrupter, ...]:
    try:
        return corrupters(data)
    except UsageError:  # of no format that is known there
        return ()
