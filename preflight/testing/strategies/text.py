"""Texts on both sides of the number of tokens, and blank ones."""

from __future__ import annotations

from functools import cache
from typing import Final

from hypothesis import strategies as st
from hypothesis.strategies import DrawFn, SearchStrategy

from preflight.limits import DEFAULT_PROFILE, Limits
from preflight.testing.strategies.wishes import Breakable, Breaks, Codes, pick, spread
from preflight.testing.truth import foreseen

TOO_LONG, BLANK = "token_limit_exceeded", "text_empty"
_BLANKS: Final = " \t\n\r\N{NO-BREAK SPACE}\N{EM SPACE}\N{IDEOGRAPHIC SPACE}\N{LINE SEPARATOR}"
_MOST_BYTES_OF_A_CHARACTER: Final = 4
_MOST_CHARACTERS: Final = 100
_BEYOND: Final = 200
"""Tokens."""


def texts(*, fits: bool | None = None, breaks: Breaks = None, profile: str = DEFAULT_PROFILE) -> SearchStrategy[str]:
    """Texts on all sides of the limits: blank, in any script, next to the most tokens and beyond.

        @given(texts(breaks="token_limit_exceeded"))
        def test_cuts_what_is_too_long(text):
            assert len(summarise(text)) < len(text)

    `fits`: True gives what passes `preflight.check` as it is, False what breaks a limit, None either. `breaks`:
    "token_limit_exceeded" or "text_empty". `profile` names the limits.

    The simplest, which failing examples shrink to, is "a", and where it is too long, one token more than is allowed.

    Raises UsageError for a code that no text breaks, and MissingExtraError where the `testing` extra is not installed.
    """
    limits = foreseen(profile)
    return breakable(limits).wanted(fits, breaks).flatmap(lambda codes: of(limits, codes))


@cache
def breakable(limits: Limits) -> Breakable:  # noqa: ARG001 (all profiles have the same codes for texts)
    return Breakable(
        kind="text",
        codes=(TOO_LONG, BLANK),
        clashes=(frozenset({TOO_LONG, BLANK}),),
        why_not={
            "text_encoding_unknown": "a str has no encoding: see `preflight cases`",
            "file_empty": f"a str that is empty is {BLANK}",
        },
    )


@st.composite
def of(draw: DrawFn, limits: Limits, codes: Codes) -> str:
    """That breaks these and no others. All that there is to choose is drawn for all of them: see `pick`."""
    most = limits.text.max_tokens.value
    count = draw(spread(most + 1, most + _BEYOND) if TOO_LONG in codes else spread(1, most))
    # Each is one token, with the blank before it, whatever stands before that.
    words = " ".join([draw(pick(("a", "the", "video", "of")))] * count)
    # A token has one byte at least.
    anything = draw(st.text(max_size=min(most // _MOST_BYTES_OF_A_CHARACTER, _MOST_CHARACTERS)))
    blank = draw(st.text(_BLANKS, max_size=9))
    if BLANK in codes:
        return blank
    if not any(character.isalnum() for character in anything):  # what is there to be read is for readers to say
        return words
    return f"{anything} {words}" if TOO_LONG in codes else anything
