"""Requests of several parts. Their texts and images are checked by the rules for those; these are about the whole."""

from __future__ import annotations

import re
from collections.abc import Iterator

from preflight.limits import Limits
from preflight.media import Facts, RequestFacts, Unprobed
from preflight.rules import examples
from preflight.rules.interface import Example, Finding, Rule, RuleOfParts, part_name

_TEN = tuple(f"n{i}" for i in range(10))


def _named(facts: Facts) -> Iterator[tuple[str, str]]:
    """The name of each image and source that has one, and which part it is."""
    if isinstance(facts, RequestFacts):
        for index, name in enumerate(facts.names):
            if name is not None:
                yield name, part_name(facts.kind, index)


class RequestInvalid(Rule):
    """A file that is given as a request (`--as request`) is JSON or YAML of the shape that `preflight explain request`
    prints. No key stands in it twice, and what it names lies in its own folder or below it.
    """

    code = "request_invalid"
    accepted = (Example("a text and a named image", examples.multi_input()),)
    refused = (
        Example(
            "a key twice",
            Unprobed(size_bytes=None, code="request_invalid", reason="The key `text` stands there twice. Keep one."),
        ),
    )

    def check(self, facts: Facts, limits: Limits) -> Finding | None:  # noqa: ARG002
        if isinstance(facts, Unprobed) and facts.code == self.code:
            return self.finding(facts.reason, measured=None, limit=None)  # it names its next step itself
        return None


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


class NameInvalid(RuleOfParts):
    """An image's name is made of letters and digits of ASCII and underscores, and of nothing else."""

    code = "name_invalid"
    accepted = (Example("outfit_1", examples.multi_input(("outfit_1",), ("outfit_1",))),)
    refused = (Example("a blank in it", examples.multi_input(("my outfit",), ())),)

    def findings(self, facts: Facts, limits: Limits) -> Iterator[Finding]:
        pattern = limits.request.name_pattern.value
        for name, part in _named(facts):
            if not re.fullmatch(pattern, name):
                yield self.finding(
                    f"Not allowed as a name: {name!r}. Use A to Z, a to z, 0 to 9 and underscores.",
                    measured=name,
                    limit=pattern,
                    part=part,
                )


class NameNotUnique(RuleOfParts):
    """No two images of a request have the same name."""

    code = "name_not_unique"
    accepted = (Example("two names", examples.multi_input(("a", "b"), ("a", "b"))),)
    refused = (Example("the same twice", examples.multi_input(("a", "a"), ("a",))),)

    def findings(self, facts: Facts, limits: Limits) -> Iterator[Finding]:  # noqa: ARG002
        first: dict[str, str] = {}
        for name, part in _named(facts):
            if first.setdefault(name, part) != part:
                yield self.finding(
                    f"{name!r} is the name of {first[name]}, too. Rename one of them.",
                    measured=name,
                    limit=1,
                    part=part,
                )


class PlaceholderUnresolved(Rule):
    """Every `<@name>` in the text is the name of an image; the service fails the request otherwise."""

    code = "placeholder_unresolved"
    accepted = (Example("<@outfit> with an image of that name", examples.multi_input()),)
    refused = (Example("<@shoes> without one", examples.multi_input(("outfit",), ("shoes",))),)

    def check(self, facts: Facts, limits: Limits) -> Finding | None:  # noqa: ARG002
        if not isinstance(facts, RequestFacts) or facts.kind != "multi_input":
            return None
        names = [name for name, _ in _named(facts)]
        missing = [name for name in facts.placeholders if name not in names]
        if not missing:
            return None
        return self.finding(
            f"The text names {', '.join(f'<@{name}>' for name in missing)}, but no image is called so. "
            "Name an image so, or take it out of the text.",
            measured=", ".join(missing),
            limit=", ".join(names),
            part="text",
        )


class PlaceholderMalformed(Rule):
    """What begins like a `<@name>` in the text has an end and a name in it; else it is sent as any other words are."""

    code = "placeholder_malformed"
    severity = "warning"
    accepted = (Example("<@outfit>", examples.multi_input()),)
    refused = (
        Example("<@outfit without its end", examples.multi_input((None,), (), strays=("<@outfit",))),
        Example("<@>", examples.multi_input((None,), (), strays=("<@>",))),
    )

    def check(self, facts: Facts, limits: Limits) -> Finding | None:  # noqa: ARG002
        if not isinstance(facts, RequestFacts) or facts.kind != "multi_input" or not facts.stray_placeholders:
            return None
        strays = ", ".join(facts.stray_placeholders[:_MOST_TOLD])
        return self.finding(
            f"What looks like the beginning of a name in the text is none: {strays}. "
            "Write it as <@name>, if it is to name an image.",
            measured=strays,
            limit=None,
            part="text",
        )


_MOST_TOLD = 10


class NameUnreferenced(RuleOfParts):
    """The text names every image that has a name; the others still count, but probably were meant to be named.

    A request without a text names nothing and needs no names.
    """

    code = "name_unreferenced"
    severity = "warning"
    accepted = (
        Example("all are named", examples.multi_input()),
        Example("images without names", examples.multi_input((None, None), ())),
        Example("no text", examples.multi_input(("a", "b"), (), with_text=False)),
    )
    refused = (
        Example("one of two", examples.multi_input(("a", "b"), ("a",))),
        Example("none of two", examples.multi_input(("a", "b"), ())),
    )

    def findings(self, facts: Facts, limits: Limits) -> Iterator[Finding]:
        if not isinstance(facts, RequestFacts) or facts.text is None or facts.text.blank:
            return
        for name, part in _named(facts):
            # What may be no name is told as that, and not asked for in the text.
            if name not in facts.placeholders and re.fullmatch(limits.request.name_pattern.value, name):
                yield self.finding(
                    f"The text does not name it. Write <@{name}> where it is meant, if it matters to the text.",
                    measured=name,
                    limit=None,
                    part=part,
                )


RULES: tuple[Rule, ...] = (
    RequestInvalid(),
    MediaSourcesCount(),
    NameInvalid(),
    NameNotUnique(),
    PlaceholderUnresolved(),
    PlaceholderMalformed(),
    NameUnreferenced(),
)
