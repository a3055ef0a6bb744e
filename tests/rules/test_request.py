"""Requests of several parts: 1 to 10 images, names of `[A-Za-z0-9_]+`, unique, and resolved (CONTRACT 1.3 and 11)."""

from __future__ import annotations

from dataclasses import replace

import pytest

from preflight.media import RequestFacts, Unprobed
from preflight.rules import examples
from tests.rules.asking import BOTH, NEWEST, codes, error, findings, mendable, warning

multi = examples.multi_input


def text_image(text=None, image=None):
    return RequestFacts(
        kind="text_image",
        text=text or examples.text(),
        placeholders=(),
        names=(None,),
        images=(image or examples.image(),),
    )


@pytest.mark.parametrize("profile", BOTH)
@pytest.mark.parametrize(
    ("count", "expected"),
    [(0, ["media_sources_count"]), (1, []), (2, []), (10, []), (11, ["media_sources_count"])],
)
def test_images(count, expected, profile):
    names = [f"n{i}" for i in range(count)]
    assert codes(multi(names, names), profile) == expected
    assert codes(multi([None] * count, (), with_text=False), profile) == expected


def test_the_one_image_of_a_text_and_image_request_is_not_counted_nor_its_placeholders_resolved():
    assert codes(text_image()) == []
    assert codes(replace(text_image(), names=(), images=())) == []
    assert codes(replace(text_image(), placeholders=("outfit",))) == []


@pytest.mark.parametrize(
    ("names", "placeholders", "expected"),
    [
        (("outfit_1",), ("outfit_1",), []),
        (("0",), ("0",), []),
        (("_",), ("_",), []),
        (("A" * 500,), ("A" * 500,), []),
        ((None, None), (), []),
        (("",), (), ["name_invalid"]),
        (("my outfit",), (), ["name_invalid"]),
        (("out-fit",), (), ["name_invalid"]),
        (("tenue_été",), (), ["name_invalid"]),
        (("٣",), (), ["name_invalid"]),  # a digit, but not one of 0 to 9
        (("outfit\n",), (), ["name_invalid"]),
        (("a", "a"), ("a",), ["name_not_unique"]),
        (("a", "A"), ("a", "A"), []),
        (("a", "A"), (), ["name_unreferenced"] * 2),
        (("a b", "a b"), (), ["name_invalid", "name_invalid", "name_not_unique"]),
        (("a", "b"), ("a", "b"), []),
        (("a", "b"), ("b", "a"), []),
        (("a", "b"), ("a",), ["name_unreferenced"]),
        (("a", None), ("a",), []),
        (("a",), ("b",), ["placeholder_unresolved", "name_unreferenced"]),
        ((None,), ("None",), ["placeholder_unresolved"]),
        (("a",), ("a", "b"), ["placeholder_unresolved"]),
        (("a",), ("A",), ["placeholder_unresolved", "name_unreferenced"]),
    ],
)
def test_names(names, placeholders, expected):
    assert codes(multi(names, placeholders)) == expected


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        (
            multi([None] * 11, ()),
            error(
                "media_sources_count",
                "The request has 11 images; 1 to 10 are allowed. Make several requests of it.",
                measured=11,
                limit=10,
            ),
        ),
        (
            multi((), ()),
            error(
                "media_sources_count",
                "The request has 0 images; 1 to 10 are allowed. Give it one, or send its text alone.",
                measured=0,
                limit=1,
            ),
        ),
        (
            multi(("my outfit",), ()),
            error(
                "name_invalid",
                "Not allowed as a name: 'my outfit'. Use A to Z, a to z, 0 to 9 and underscores.",
                measured="my outfit",
                limit="[A-Za-z0-9_]+",
                part="media_sources[0]",
            ),
        ),
        (
            multi(("a", "b", "a"), ("a", "b")),
            error(
                "name_not_unique",
                "'a' is the name of media_sources[0], too. Rename one of them.",
                measured="a",
                limit=1,
                part="media_sources[2]",
            ),
        ),
        (
            multi(("outfit", "hat", None), ("hat", "shoes", "outfit", "bag")),
            error(
                "placeholder_unresolved",
                "The text names <@shoes>, <@bag>, but no image is called so. "
                "Name an image so, or take it out of the text.",
                measured="shoes, bag",
                limit="outfit, hat",
                part="text",
            ),
        ),
        (
            multi(("b", None, "c"), ("b",)),
            warning(
                "name_unreferenced",
                "The text does not name it. Write <@c> where it is meant, if it matters to the text.",
                measured="c",
                part="media_sources[2]",
            ),
        ),
        (
            multi((None,), (), strays=("<@>", "<@hat")),
            warning(
                "placeholder_malformed",
                "What looks like the beginning of a name in the text is none: <@>, <@hat. "
                "Write it as <@name>, if it is to name an image.",
                measured="<@>, <@hat",
                part="text",
            ),
        ),
        (
            Unprobed(size_bytes=None, code="request_invalid", reason="The key `text` stands there twice. Keep one."),
            error("request_invalid", "The key `text` stands there twice. Keep one."),
        ),
    ],
    ids=lambda value: getattr(value, "code", ""),
)
def test_what_is_said(facts, expected):
    assert findings(facts) == (expected,)


def found(facts: RequestFacts) -> list[tuple[str | None, str, str | float | None]]:
    return [(finding.part, finding.code, finding.measured) for finding in findings(facts)]


def test_each_image_has_a_finding_of_its_own_about_its_name():
    assert found(multi(("my outfit", "b", "it's"), ("b",))) == [
        ("media_sources[0]", "name_invalid", "my outfit"),
        ("media_sources[2]", "name_invalid", "it's"),
    ]
    assert found(multi(("a", "b", "a", "c", "b", "b"), ("a", "b", "c"))) == [
        ("media_sources[2]", "name_not_unique", "a"),
        ("media_sources[4]", "name_not_unique", "b"),
        ("media_sources[5]", "name_not_unique", "b"),
    ]
    assert found(multi(("a", "b", None, "c"), ("b",))) == [
        ("media_sources[0]", "name_unreferenced", "a"),
        ("media_sources[3]", "name_unreferenced", "c"),
    ]


def test_only_a_text_can_leave_a_name_out():
    assert found(multi(("a",), (), with_text=False)) == []
    blank = replace(multi(("a",), ()), text=examples.text(blank=True))
    assert found(blank) == [("text", "text_empty", 0)]


def test_each_source_of_a_kind_that_is_not_taken_is_named():
    facts = examples.sources(examples.video(), examples.image(), examples.audio(), examples.video())
    assert found(facts) == [
        ("media_sources[0]", "media_type_unsupported", "video"),
        ("media_sources[2]", "media_type_unsupported", "audio"),
        ("media_sources[3]", "media_type_unsupported", "video"),
    ]


NO_MEDIUM = Unprobed(size_bytes=9, code="unsupported_file_type", reason="it is an SVG drawing")


@pytest.mark.parametrize(
    ("facts", "profile", "asked"),
    [
        (text_image(image=NO_MEDIUM), "marengo3.0", "Give an image."),
        (replace(multi([None], ()), images=(NO_MEDIUM,)), "marengo3.0", "Give an image."),
        (replace(multi([None], ()), images=(NO_MEDIUM,)), "marengo3.5", "Give an image."),
        (examples.sources(NO_MEDIUM), "marengo3.0", "Give an image."),
        (examples.sources(NO_MEDIUM), "marengo3.5", "Give an image, audio, video or a document."),
    ],
)
def test_what_is_asked_for_instead_is_what_may_stand_there(facts, profile, asked):
    (finding,) = findings(facts, profile)
    assert finding.message == f"It is an SVG drawing. {asked}"


TOO_MANY_TOKENS = error(
    "token_limit_exceeded",
    "The text has 501 tokens, the limit is 500. Shorten it, or have its beginning sent alone (`--text truncate`): "
    "a text that belongs to an image cannot be cut in two.",
    measured=501,
    limit=500,
    part="text",
)
EMPTY = error(
    "text_empty", "The text holds nothing that can be seen. Give it some words.", measured=0, limit=1, part="text"
)
CONVERTED = mendable(
    "unsupported_file_type",
    "The API does not take WEBP. `preflight prepare` converts it.",
    measured="WEBP",
    limit="JPEG, PNG",
)
BROKEN = error(
    "file_empty",
    "It holds no bytes. Upload or export it again.",
    measured=0,
)
NO_BYTES = Unprobed(size_bytes=0, code="file_empty", reason="it holds no bytes")


def test_the_parts_of_a_text_and_image_request_are_checked_and_named():
    facts = text_image(examples.text(tokens=501, blank=True), examples.image(format="WEBP"))
    assert findings(facts) == (EMPTY, TOO_MANY_TOKENS, replace(CONVERTED, part="image"))


def test_the_parts_of_a_multi_input_request_are_checked_and_named():
    facts = replace(
        multi([None] * 4, ()),
        text=examples.text(tokens=501),
        images=(examples.image(format="WEBP"), examples.image(), NO_BYTES, examples.image(size_bytes=5_000_001)),
    )
    *others, too_large = findings(facts)
    assert others == [
        TOO_MANY_TOKENS,
        replace(CONVERTED, part="media_sources[0]"),
        replace(BROKEN, part="media_sources[2]"),
    ]
    assert (too_large.code, too_large.part, too_large.fixable) == ("image_filesize_too_large", "media_sources[3]", True)
    assert [f.code for f in findings(facts, NEWEST)] == ["token_limit_exceeded", "unsupported_file_type", "file_empty"]


def test_what_is_wrong_with_the_whole_comes_before_what_is_wrong_with_its_parts():
    facts = replace(multi(("a b",), ()), text=examples.text(blank=True))
    assert codes(facts) == ["name_invalid", "text_empty"]
