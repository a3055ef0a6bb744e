"""Requests of several parts. Their texts and images are checked by the rules for those; these are about the whole."""

from __future__ import annotations

import re
from collections import Counter

from preflight.limits import Limits
from preflight.media import Facts, RequestFacts
from preflight.rules import examples
from preflight.rules.interface import Example, Finding, Rule

_TEN = tuple(f"n{i}" for i in range(10))


def _names(facts: RequestFacts) -> list[str]:
    return [name for name in facts.names if name is not None]


class MediaSourcesCount(Rule):
    """A `multi_input` request holds 1 to 10 images; without one it would be a `text`.

    In marengo3.5 it holds up to 10 sources of any kind, and may be a text alone.
    """

    code = "media_sources_count"
    accepted = (
        Example("10 images", examples.multi_input(_TEN, ())),
        Example("a text alone in marengo3.5", examples.sources(with_text=True), "marengo3.5"),
    )
    refused = (
        Example("11 videos in marengo3.5", examples.sources(*[examples.video(duration_s=9)] * 11), "marengo3.5"),
        Example("neither a source nor a text in marengo3.5", examples.sources(), "marengo3.5"),
        Example("11 images", examples.multi_input((*_TEN, "n10"), ())),
        Example("no image", examples.multi_input((), ())),
    )

    def check(self, facts: Facts, limits: Limits) -> Finding | None:
        if not isinstance(facts, RequestFacts) or facts.kind != "multi_input":
            return None
        least, most = limits.request.min_sources.value, limits.request.max_sources.value
        least = max(least, int(facts.text is None))
        count, what = len(facts.parts), "images" if limits.request.media_types.value == ("image",) else "sources"
        if least <= count <= most:
            return None
        next_step = "Make several requests of it." if count else "Give it one, or send its text alone."
        return self.finding(
            f"The request has {count} {what}; {least} to {most} are allowed. {next_step}",
            measured=count,
            limit=most if count else least,
        )


class NameInvalid(Rule):
    """An image's name is made of letters, digits and underscores, and of nothing else."""

    code = "name_invalid"
    accepted = (Example("outfit_1", examples.multi_input(("outfit_1",), ("outfit_1",))),)
    refused = (Example("a blank in it", examples.multi_input(("my outfit",), ())),)

    def check(self, facts: Facts, limits: Limits) -> Finding | None:
        if not isinstance(facts, RequestFacts):
            return None
        pattern = limits.request.name_pattern.value
        bad = [name for name in _names(facts) if not re.fullmatch(pattern, name)]
        if not bad:
            return None
        return self.finding(
            f"Not allowed as a name: {', '.join(map(repr, bad))}. Use letters, digits and underscores.",
            measured=", ".join(bad),
            limit=pattern,
        )


class NameNotUnique(Rule):
    """No two images of a request have the same name."""

    code = "name_not_unique"
    accepted = (Example("two names", examples.multi_input(("a", "b"), ("a", "b"))),)
    refused = (Example("the same twice", examples.multi_input(("a", "a"), ("a",))),)

    def check(self, facts: Facts, limits: Limits) -> Finding | None:  # noqa: ARG002
        if not isinstance(facts, RequestFacts):
            return None
        twice = [name for name, count in Counter(_names(facts)).items() if count > 1]
        if not twice:
            return None
        return self.finding(
            f"Used for more than one image: {', '.join(twice)}. Rename all but one.",
            measured=", ".join(twice),
            limit=1,
        )


class PlaceholderUnresolved(Rule):
    """Every `<@name>` in the text is the name of an image; the service fails the request otherwise."""

    code = "placeholder_unresolved"
    accepted = (Example("<@outfit> with an image of that name", examples.multi_input()),)
    refused = (Example("<@shoes> without one", examples.multi_input(("outfit",), ("shoes",))),)

    def check(self, facts: Facts, limits: Limits) -> Finding | None:  # noqa: ARG002
        if not isinstance(facts, RequestFacts) or facts.kind != "multi_input":
            return None
        missing = [name for name in facts.placeholders if name not in _names(facts)]
        if not missing:
            return None
        return self.finding(
            f"The text names {', '.join(f'<@{name}>' for name in missing)}, but no image is called so. "
            "Name an image so, or take it out of the text.",
            measured=", ".join(missing),
            limit=", ".join(_names(facts)),
        )


class NameUnreferenced(Rule):
    """The text names some of the images but not all; the others still count, but probably were meant to be named."""

    code = "name_unreferenced"
    severity = "warning"
    accepted = (
        Example("all are named", examples.multi_input()),
        Example("none is named", examples.multi_input(("a", "b"), ())),
    )
    refused = (Example("one of two", examples.multi_input(("a", "b"), ("a",))),)

    def check(self, facts: Facts, limits: Limits) -> Finding | None:  # noqa: ARG002
        if not isinstance(facts, RequestFacts) or not facts.placeholders:
            return None
        unused = [name for name in _names(facts) if name not in facts.placeholders]
        if not unused:
            return None
        return self.finding(
            f"The text does not name {', '.join(f'<@{name}>' for name in unused)}. Name them, if they matter to it.",
            measured=", ".join(unused),
            limit=None,
        )


RULES: tuple[Rule, ...] = (
    MediaSourcesCount(),
    NameInvalid(),
    NameNotUnique(),
    PlaceholderUnresolved(),
    NameUnreferenced(),
)
