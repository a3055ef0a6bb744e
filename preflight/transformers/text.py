"""A text → the chunks of a plan, in UTF-8."""

from __future__ import annotations

from collections.abc import Iterator

from preflight.errors import BrokenMediaError
from preflight.media import Source, TextFacts
from preflight.planner.interface import SplitText
from preflight.probers.text import well_formed
from preflight.transformers.interface import Output


def split_text(text: str, facts: TextFacts, recipe: SplitText) -> Iterator[Output]:
    """The chunks of `recipe`, in order. `Output.offset` counts characters of `text`, and is where what is repeated
    begins where something is. Raises BrokenMediaError where `text` is not what was probed.
    """
    if len(text) != facts.characters:
        raise BrokenMediaError("it changed since it was probed")
    for chunk in recipe.chunks:
        begin = chunk.start - chunk.repeats
        yield Output(
            media=Source.of(well_formed(text[begin : chunk.end]).encode(), name="<text>"),
            span=None,
            fidelity=chunk.fidelity,
            steps=chunk.steps,
            offset=begin,
        )
