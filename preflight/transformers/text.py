"""A text over the token limit → chunks that end where sentences do."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

from semantic_text_splitter import TextSplitter

from preflight.errors import UsageError
from preflight.media import Fidelity, Source
from preflight.planner.interface import SplitText
from preflight.probers.text import is_blank, well_formed
from preflight.probers.tokens import LONGEST_TOKEN_BYTES, count_tokens
from preflight.transformers.interface import Output

# How full chunks are meant to be: the rest is room for ending at a sentence and not before one.
_FILL = 0.94

_Range = tuple[int, int]
"""First character and the one behind the last, as indices of the whole text."""


def split_text(text: str, recipe: SplitText) -> Iterator[Output]:
    """Chunks of at most `recipe.max_tokens`, in order, as even as sentences allow, none of them blank.

    Joined they are the text again, but for two things that no request can carry: lone surrogates, which become
    U+FFFD, and what nobody sees and alone fills half a chunk, of which there is nothing to embed. `Output.offset`
    counts characters of `text`. Raises UsageError where a single character has more tokens than the limit.
    """
    cutter = _Cutter(well_formed(text), recipe.max_tokens)
    reached = 0
    for start, end in cutter.chunks():
        chunk = cutter.text[start:end]
        lossless = chunk == text[start:end]
        steps = ["cut at sentence ends"]
        if start > reached:
            steps.append(f"leave out {start - reached:,} characters of white space before it")
        if not lossless:
            steps.append("replace lone surrogates by U+FFFD")
        yield Output(
            media=Source.of(chunk.encode(), name="<text>"),
            span=None,
            fidelity=Fidelity.LOSSLESS if lossless else Fidelity.TRANSCODED,
            steps=tuple(steps),
            offset=start,
        )
        reached = end


@dataclass(frozen=True, slots=True)
class _Cutter:
    text: str
    max_tokens: int

    def chunks(self) -> list[_Range]:
        whole = (0, len(self.text))
        tokens = count_tokens(self.text)
        chunks = max(1, -(-tokens // max(1, int(self.max_tokens * _FILL))))
        ranges = self._split(whole, -(-tokens // chunks), self.max_tokens)
        small_enough = [part for r in self._with_even_tail(ranges) for part in self._within_limit(r)]
        return self._without_blanks(small_enough)

    def _split(self, part: _Range, target: int, most: int) -> list[_Range]:
        """At the largest units that fit: paragraphs, sentences, words, graphemes. Full is from `target` to `most`."""
        capacity = max(1, min(target, most)), max(1, most)
        splitter = TextSplitter.from_callback(self._count_up_to_limit, capacity, trim=False)
        start, end = part
        starts = [start + index for index, _ in splitter.chunk_indices(self.text[start:end])]
        return list(pairwise([*starts, end]))

    def _count_up_to_limit(self, text: str) -> int:
        # The splitter asks for whole paragraphs again and again: these need no counting to be too long.
        least = len(text) // LONGEST_TOKEN_BYTES
        return least if least > self.max_tokens else count_tokens(text)

    def _fits(self, start: int, end: int) -> bool:
        return self._count_up_to_limit(self.text[start:end]) <= self.max_tokens

    def _is_blank(self, start: int, end: int) -> bool:
        return is_blank(self.text[start:end])

    def _with_even_tail(self, ranges: list[_Range]) -> list[_Range]:
        """The last chunk is what is left over: share with the one before it where it is small."""
        if len(ranges) < 2:  # noqa: PLR2004
            return ranges
        *others, (start, middle), (_, end) = ranges
        if self._fits(start, end):
            return [*others, (start, end)]
        before, after = count_tokens(self.text[start:middle]), count_tokens(self.text[middle:end])
        if after * 2 > before:
            return ranges
        shared = self._split((start, end), -(-(before + after) // 2), self.max_tokens)
        return [*others, *shared] if len(shared) == 2 else ranges  # noqa: PLR2004

    def _within_limit(self, part: _Range) -> Iterator[_Range]:
        """The splitter lets pass what it cannot cut: a grapheme of very many characters."""
        start, end = part
        if self._fits(start, end):
            yield part
        elif end - start == 1:
            raise UsageError(
                f"{self.max_tokens} tokens cannot hold the one character {self.text[start]!r}. Allow more tokens."
            )
        else:
            middle = (start + end) // 2
            yield from self._within_limit((start, middle))
            yield from self._within_limit((middle, end))

    def _without_blanks(self, ranges: list[_Range]) -> list[_Range]:
        """White space joins the chunk before it or the one after it, or a part of either."""
        kept: list[_Range] = []
        blank: int | None = None  # where the white space begins that is still to be placed
        for start, end in ranges:
            if self._is_blank(start, end):
                blank = start if blank is None else blank
                continue
            if blank is None:
                kept.append((start, end))
                continue
            if not self._joined_to_last(kept, start):
                kept += self._joined_to_next(blank, start, end)
            else:
                kept.append((start, end))
            blank = None
        if blank is not None:
            self._joined_to_last(kept, len(self.text))
        return kept

    def _joined_to_last(self, kept: list[_Range], end: int) -> bool:
        """Let the last chunk, or the last part of it, reach to `end`."""
        if not kept:
            return False
        start, last = kept[-1]
        if self._fits(start, end):
            kept[-1] = (start, end)
            return True
        for cut, _ in reversed(self._thirds(start, last)[1:]):
            if not self._is_blank(cut, last) and not self._is_blank(start, cut) and self._fits(cut, end):
                kept[-1:] = [(start, cut), (cut, end)]
                return True
        return False

    def _joined_to_next(self, blank: int, start: int, end: int) -> list[_Range]:
        """Let a chunk, or the first part of it, begin at `blank`; where it cannot, the white space is left out."""
        if self._fits(blank, end):
            return [(blank, end)]
        for _, cut in self._thirds(start, end)[:-1]:
            if not self._is_blank(start, cut) and not self._is_blank(cut, end) and self._fits(blank, cut):
                return [(blank, cut), (cut, end)]
        return [(start, end)]

    def _thirds(self, start: int, end: int) -> list[_Range]:
        """Parts of a chunk that leave room for white space beside them."""
        third = self.max_tokens // 3
        return self._split((start, end), third, third)
