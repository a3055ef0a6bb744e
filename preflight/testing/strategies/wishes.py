"""What one asks a strategy for (`fits`, `breaks`), as sets of codes that a medium has to break."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import combinations
from typing import TypeVar

from hypothesis import strategies as st
from hypothesis.strategies import DrawFn, SearchStrategy

from preflight.errors import UsageError
from preflight.rules import RULES

T = TypeVar("T")

Codes = frozenset[str]
Breaks = str | Collection[str] | None

NOTHING: Codes = frozenset()
ELSEWHERE = {
    "file_unreadable": "that is about a path and not about what lies there: see `preflight cases 'bad/*'`",
}


@dataclass(frozen=True, kw_only=True)
class Breakable:
    """Which errors one kind of input can have under one profile, and which of them at once."""

    kind: str
    codes: tuple[str, ...]
    """In the order in which they are tried: the first is the simplest."""
    alone: Codes = NOTHING
    """Go with no other."""
    clashes: tuple[Codes, ...] = ()
    """No file is made that breaks all of one of these."""
    unless: Mapping[Codes, str] = field(default_factory=dict)
    """Clashes, and what else must be broken for them to be none."""
    gone: Codes = NOTHING
    """What breaks these is no medium any more, and has no truth: drawn only where it is asked for by name."""
    why_not: Mapping[str, str] = field(default_factory=dict)
    """Of codes that sound as if they could be broken."""

    def wanted(self, fits: bool | None, breaks: Breaks) -> SearchStrategy[Codes]:  # noqa: FBT001 (None is the third)
        """The sets to be broken. Raises UsageError where nothing breaks what is asked for."""
        if breaks is not None:
            if fits:
                raise UsageError("what breaks a limit does not fit. Give `fits` or `breaks`, not both.")
            return st.just(self._checked(frozenset([breaks] if isinstance(breaks, str) else breaks)))
        if fits:
            return st.just(NOTHING)
        broken = st.sampled_from(list(self._sets()))
        return broken if fits is False else st.one_of(st.just(NOTHING), broken)

    def _checked(self, codes: Codes) -> Codes:
        if not codes:
            raise UsageError("`breaks` is empty. Name a code, or say `fits=True`.")
        for code in sorted(codes):
            if code not in self.codes:
                raise UsageError(f"{self._why_not(code)}. Take one of: {', '.join(self.codes)}.")
        if not self._can_be(codes):
            with_each = {code: [c for c in self.codes if c != code and self._can_be({c, code})] for code in codes}
            known = "; ".join(f"{code} with {', '.join(w) or 'no other'}" for code, w in sorted(with_each.items()))
            raise UsageError(f"no {self.kind} is made that breaks {' and '.join(sorted(codes))} at once. Take {known}.")
        return codes

    def _why_not(self, code: str) -> str:
        if code not in {rule.code for rule in RULES}:
            return f"there is no rule {code!r}"
        reason = {**ELSEWHERE, **self.why_not}.get(code)
        return f"no {self.kind} is made that breaks {code}" + (f" ({reason})" if reason else "")

    def _can_be(self, codes: Collection[str]) -> bool:
        if len(codes) > 1 and not self.alone.isdisjoint(codes):
            return False
        if any(clash <= frozenset(codes) and cure not in codes for clash, cure in self.unless.items()):
            return False
        return not any(clash <= frozenset(codes) for clash in self.clashes)

    def _sets(self) -> Iterator[Codes]:
        """One code each, and then two at once."""
        plain = [code for code in self.codes if code not in self.gone]
        for count in (1, 2):
            yield from (frozenset(some) for some in combinations(plain, count) if self._can_be(some))


def pick(options: Sequence[T]) -> SearchStrategy[T]:
    """One of them; the first is the simplest.

    Hypothesis holds what takes fewer choices for simpler. So this is always one, also where there is none to make, and
    a strategy draws the same for all of its media, whether they need it or not.
    """
    return st.sampled_from(options if len(options) > 1 else [*options] * 2)


@st.composite
def spread(draw: DrawFn, low: int, high: int) -> int:
    """A whole number of a range, every other time one of its ends or next to it; the least is the simplest.

    One choice: see `pick`. Beyond the numbers themselves come those near the upper end and then those near the lower,
    so that a smaller choice is mostly a smaller number.
    """
    span = high - low
    ends = span // 2 + 4
    drawn = draw(st.integers(0, span + 2 * ends))
    if drawn <= span:
        return low + drawn
    is_high, step = drawn <= span + ends, min(drawn % 3, span)
    return high - step if is_high else low + step
