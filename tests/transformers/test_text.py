"""The chunks of a plan → outputs in UTF-8."""

from __future__ import annotations

import pytest

from preflight.errors import BrokenMediaError
from preflight.media import Fidelity
from preflight.planner.interface import Chunk, SplitText
from preflight.probers.text import facts_of_text
from preflight.transformers.text import split_text

TEXT = "Der Käse. \ud800 Und mehr."


def test_each_chunk_is_an_output_with_what_it_repeats() -> None:
    recipe = SplitText(
        chunks=(
            Chunk(start=0, end=10, steps=("cut",)),
            Chunk(start=10, end=len(TEXT), repeats=6, fidelity=Fidelity.TRANSCODED, steps=("cut", "mend")),
        )
    )
    first, second = split_text(TEXT, facts_of_text(TEXT), recipe)
    assert (first.media.read().decode(), first.offset) == ("Der Käse. ", 0)
    assert (first.fidelity, first.steps, first.span) == (Fidelity.LOSSLESS, ("cut",), None)
    assert (second.media.read().decode(), second.offset) == ("Käse. \ufffd Und mehr.", 4)
    assert (second.fidelity, second.steps) == (Fidelity.TRANSCODED, ("cut", "mend"))


def test_a_text_that_changed_is_not_sent() -> None:
    recipe = SplitText(chunks=(Chunk(start=0, end=3),))
    with pytest.raises(BrokenMediaError, match="it changed"):
        list(split_text(TEXT + "!", facts_of_text(TEXT), recipe))
