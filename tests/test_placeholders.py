"""`<@name>` in a text: what is one, what only looks like one, and that no text takes long."""

from __future__ import annotations

import re
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from preflight.placeholders import Placeholders, placeholders_of


@pytest.mark.parametrize(
    ("text", "names", "strays"),
    [
        ("", (), ()),
        ("a > b < c @d", (), ()),
        ("<@a> and <@b>, or <@a>", ("a", "b"), ()),
        ("<@a b>", ("a b",), ()),
        ("<@a\n>", ("a\n",), ()),
        ("<@<@a>>", ("<@a",), ()),
        ("<@>", (), ("<@>",)),
        ("<@>a>", (), ("<@>",)),
        ("wearing <@outfit and @hat", (), ("<@outfit",)),
        ("<@a> then <@b and <@c <@b", ("a",), ("<@b", "<@c")),
        ("<@", (), ("<@",)),
    ],
)
def test_found(text: str, names: tuple[str, ...], strays: tuple[str, ...]) -> None:
    assert placeholders_of(text) == Placeholders(names, strays)


@given(st.text(alphabet="<@>a b", max_size=40))
def test_names_are_those_of_the_pattern_that_the_service_describes(text: str) -> None:
    assert placeholders_of(text).names == tuple(dict.fromkeys(re.findall(r"<@([^>]+)>", text)))


@pytest.mark.parametrize("piece", ["<@", "<@>", "<@a", "<@a>", "<@ "])
def test_no_text_takes_long(piece: str) -> None:
    begun = time.process_time()
    placeholders_of(piece * 1_000_000)
    assert time.process_time() - begun < 10  # a pattern that looks for each end anew takes an hour
