"""How many tokens lie before each place of a text."""

from __future__ import annotations

from typing import Protocol

import numpy as np
import numpy.typing as npt

from preflight.probers.tokens import TokenCounter, count_tokens, last_seam, next_seam, token_byte_ends

Indices = npt.NDArray[np.int64]
Tokens = npt.NDArray[np.float64]

_NEAR = 64
"""Characters: a word and what stands around it."""


Exactly = tuple[Tokens, Tokens, Tokens, Tokens]
"""Of each place `ended`, `begun`, `since` and `until`, as `Breaks` has them; NaN where nobody knows."""


class Ruler(Protocol):
    apart: float
    """Of how many tokens between two places it takes no more than one to count what is between them."""

    def before(self, at: Indices, *, is_counted: bool = True) -> tuple[Tokens, Tokens]:
        """How many tokens end at or before each place, and how many begin before it."""
        ...

    def exactly(self, at: Indices) -> Exactly | None:
        """None where only counting all of a stretch tells how many tokens it has."""
        ...


def ruler_of(text: str, token_counter: TokenCounter) -> Ruler:
    return Ends(text) if token_counter is count_tokens else Tally(text, token_counter)


def codes_of(text: str) -> npt.NDArray[np.uint32]:
    return np.frombuffer(text.encode("utf-32-le"), "<u4")


class Ends:
    """Counts by where the tokens of the whole text end."""

    apart = 0.0

    def __init__(self, text: str) -> None:
        codes = codes_of(text)
        sizes = 1 + (codes >= 0x80).astype(np.int64) + (codes >= 0x800) + (codes >= 0x10000)  # noqa: PLR2004 (UTF-8)
        self._text = text
        self._bytes = np.concatenate(([0], np.cumsum(sizes)))
        self._ends = token_byte_ends(text)
        self._starts = np.concatenate(([0], self._ends[:-1]))

    def before(self, at: Indices, *, is_counted: bool = True) -> tuple[Tokens, Tokens]:  # noqa: ARG002 (always is)
        places = self._bytes[at]
        ended = np.searchsorted(self._ends, places, "right").astype(np.float64)
        return ended, np.searchsorted(self._starts, places, "left").astype(np.float64)

    def exactly(self, at: Indices) -> Exactly:
        """A cut changes the tokens around it alone: up to where one ends whatever stands around it."""
        text, counts = self._text, dict[str, int]()

        def count(start: int, end: int) -> int:
            part = text[start:end]
            if part not in counts:
                counts[part] = count_tokens(part)
            return counts[part]

        found = np.full((4, len(at)), np.nan)
        behind, ahead, since, until = found
        for n, place in enumerate(at.tolist()):
            if (seam := next_seam(text, place, place + _NEAR)) is not None:
                since[n], behind[n] = seam, count(place, seam)
            if (seam := last_seam(text, max(place - _NEAR, 0), place)) is not None:
                until[n], ahead[n] = seam, count(seam, place)
        return self._ended_at(since) - behind, self._ended_at(until) + ahead, since, until

    def _ended_at(self, seams: Tokens) -> Tokens:
        ended = np.searchsorted(self._ends, self._bytes[np.nan_to_num(seams).astype(np.int64)], "right")
        return np.where(np.isnan(seams), np.nan, ended)


class Tally:
    """Adds up what a counter of the caller's says of the stretches between places.

    What it says of a longer stretch counts more: the sum of its parts, with whatever is added to each of them, is
    brought to that. Characters are not counted one by one, but are taken to have as many tokens each.
    """

    apart = 10.0

    def __init__(self, text: str, token_counter: TokenCounter) -> None:
        self._text, self._count = text, token_counter
        self._at = np.array([0, len(text)], np.int64)
        self._tokens = np.array([0.0, token_counter(text)])

    def before(self, at: Indices, *, is_counted: bool = True) -> tuple[Tokens, Tokens]:
        known = np.searchsorted(at, self._at)
        parts = self._counted(at) if is_counted else np.concatenate(([0.0], np.cumsum(np.diff(at), dtype=np.float64)))
        # A little more for each place, so that parts of no tokens have a place of their own.
        parts += np.arange(len(at)) * 1e-6
        self._tokens = np.interp(parts, parts[known], self._tokens)
        self._at = at
        return self._tokens, self._tokens

    def exactly(self, at: Indices) -> None:  # noqa: ARG002 (nothing is known of it but what it says)
        return None

    def _counted(self, at: Indices) -> Tokens:
        known = set(zip(self._at[:-1].tolist(), self._at[1:].tolist(), strict=True))
        pairs = zip(at[:-1].tolist(), at[1:].tolist(), strict=True)
        # Of what is not parted any further it does not matter: it keeps what it has.
        counts = (1 if (start, end) in known else self._count(self._text[start:end]) for start, end in pairs)
        return np.concatenate(([0.0], np.cumsum(np.fromiter(counts, np.float64, len(at) - 1))))
