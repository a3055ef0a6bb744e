"""Requests of several parts: a text and an image, or several named images that a text may point at."""

from __future__ import annotations

from functools import cache
from string import ascii_lowercase
from typing import Final

from hypothesis import strategies as st
from hypothesis.strategies import DrawFn, SearchStrategy

from preflight.limits import DEFAULT_PROFILE, Limits
from preflight.media import MultiInput, NamedImage, TextImage
from preflight.testing.strategies import image, text
from preflight.testing.strategies.wishes import NOTHING, Breakable, Breaks, Codes, pick, spread
from preflight.testing.truth import foreseen

_COUNT, _NAME, _TWICE, _UNRESOLVED = "media_sources_count", "name_invalid", "name_not_unique", "placeholder_unresolved"
_WHOLE: Final[Codes] = frozenset({_COUNT, _NAME, _TWICE, _UNRESOLVED})
_TEXT: Final[Codes] = frozenset({text.TOO_LONG, text.BLANK})
_BAD_NAMES: Final = ("my outfit", "a-b", "", "é", "a.jpg", "<@a>")


def requests(
    *, fits: bool | None = None, breaks: Breaks = None, profile: str = DEFAULT_PROFILE
) -> SearchStrategy[TextImage | MultiInput]:
    """Requests of several parts on all sides of the limits; their images are media as `images` draws them.

        @given(requests(breaks="placeholder_unresolved"))
        def test_names_what_is_missing(request):
            with pytest.raises(UnknownName):
                send(request)

    `fits`: True gives what passes `preflight.check` as it is (its verdict is "pass"; it may still be warned of), False
    what breaks a limit or two, None either. `breaks`: the codes of exactly the errors that are found, in the request or
    one of its parts. `profile` names the limits.

    The simplest, which failing examples shrink to, is a `TextImage` of "a" and the simplest image, or a `MultiInput`
    of that image alone.

    Raises UsageError for a code that no request breaks, with those that some do, and MissingExtraError where the
    `testing` extra is not installed.
    """
    limits = foreseen(profile)
    return breakable(limits).wanted(fits, breaks).flatmap(lambda codes: _requests(limits, codes))


@cache
def breakable(limits: Limits) -> Breakable:
    pictures, words = image.breakable(limits), text.breakable(limits)
    return Breakable(
        kind="request",
        codes=(_COUNT, _NAME, _TWICE, _UNRESOLVED, *words.codes, *pictures.codes),
        clashes=(
            *words.clashes,
            *pictures.clashes,
            # One of its images is what breaks limits of images.
            *(frozenset({alone, other}) for alone in pictures.alone for other in pictures.codes if alone != other),
            frozenset({text.BLANK, _UNRESOLVED}),
        ),
        why_not={"text_encoding_unknown": words.why_not["text_encoding_unknown"]},
    )


@st.composite
def _requests(draw: DrawFn, limits: Limits, codes: Codes) -> TextImage | MultiInput:
    picture = draw(image.of(limits, codes - _WHOLE - _TEXT))
    words = draw(text.of(limits, codes & _TEXT)).replace("<@", "<")
    is_pair = draw(pick((False,) if codes & _WHOLE else (True, False)))
    if is_pair:
        return TextImage(words, picture)
    names = draw(_names(limits, codes, is_needed=picture.breaks != NOTHING))
    other = draw(image.of(limits, NOTHING))
    sources = [NamedImage(other if number else picture, name) for number, name in enumerate(names)]
    return MultiInput(sources, draw(_pointing(words, names, codes)))


@st.composite
def _names(draw: DrawFn, limits: Limits, codes: Codes, *, is_needed: bool) -> list[str | None]:
    """Of the images, in order. `is_needed`: one of them breaks a limit, so there must be some."""
    least, most = limits.request.min_sources.value, limits.request.max_sources.value
    # Two of the same name are the last ones, and a bad name is the first.
    fewest = max(least, 1 + 1 * (_TWICE in codes) + 1 * ({_NAME, _TWICE} <= codes))
    count = draw(spread(fewest, most))
    if _COUNT in codes:
        may_be_none = least > 0 and not is_needed and not codes & {_NAME, _TWICE}
        count = draw(pick((most + 1, 0) if may_be_none else (most + 1,)))
    named: list[str | None] = list(ascii_lowercase[:count])
    is_named, bad = draw(st.booleans()), draw(pick(_BAD_NAMES))
    if _NAME in codes:
        named[0] = bad
    if _TWICE in codes:
        named[-1] = named[-2]
    return named if is_named or codes & {_NAME, _TWICE} else [None] * count


@st.composite
def _pointing(draw: DrawFn, words: str, names: list[str | None], codes: Codes) -> str | None:
    """The text, as it is, or a short one that names the images, or none."""
    how = draw(st.sampled_from(("words", "names", "nothing")))
    named = [f"<@{name}>" for name in names if name and name not in _BAD_NAMES]
    if _UNRESOLVED in codes:
        return " ".join([words if text.TOO_LONG in codes else "a", *named, "<@nobody>"])
    if codes & _TEXT or how == "words" or not names:
        return words
    return " ".join(["a", *named]) if how == "names" else None
