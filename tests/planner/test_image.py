"""Images: which rung, which format, which size."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs

from preflight.limits import load
from preflight.media import Fidelity, ImageFacts
from preflight.planner.image import fit_image, plan_image
from preflight.planner.interface import ConvertImage, CutOutPicture, Plan, Policy, SendAsIs, StripPicture
from preflight.rules import check_facts

LIMITS = load("marengo3.0")
JPEG = ImageFacts(
    size_bytes=900_000, format="JPEG", width=640, height=480, orientation=1, mode="RGB", frames=1, picture_bytes=900_000
)
PNG = replace(JPEG, format="PNG", picture_bytes=None)
TINY_JPEG = replace(JPEG, width=100)


def plan_of(facts: ImageFacts) -> Plan:
    report = check_facts("picture", facts, LIMITS)
    assert report.verdict != "rejected"
    return plan_image(report, LIMITS, Policy())


def recipe_of(facts: ImageFacts) -> ConvertImage:
    recipe = plan_of(facts).recipe
    assert isinstance(recipe, ConvertImage)
    return recipe


@pytest.mark.parametrize("facts", [JPEG, PNG, replace(JPEG, orientation=6), replace(JPEG, mode="CMYK")])
def test_what_fits_is_sent_as_it_is(facts: ImageFacts) -> None:
    plan = plan_of(facts)
    assert plan.recipe == SendAsIs()
    assert plan.fidelity is Fidelity.IDENTICAL
    assert [o.media_bytes for o in plan.outputs] == [facts.size_bytes]


@pytest.mark.parametrize(
    ("facts", "wanted"),
    [
        (replace(JPEG, size_bytes=6_000_000, picture_bytes=6_000_000), "JPEG"),
        (replace(JPEG, width=100), "JPEG"),
        (replace(PNG, width=100), "PNG"),
        # 16 bits or baggage may be what makes it large; what is packed and twice too large is a photograph.
        (replace(PNG, size_bytes=6_000_000), "PNG"),
        (replace(PNG, width=4000, height=3000, size_bytes=21_000_000), "JPEG"),
        (replace(PNG, width=4000, height=3000, size_bytes=36_100_000), "PNG"),
        (replace(PNG, width=4000, height=3000, size_bytes=12_000_000, mode="RGBA"), "PNG"),
        (replace(PNG, format="HEIF"), "either"),
        (replace(PNG, format="TIFF", mode="I;16"), "either"),
        (replace(PNG, format="BMP"), "either"),
        (replace(PNG, format="WEBP", mode="RGBA"), "either"),
        (replace(PNG, format="GIF", mode="P"), "PNG"),
        (replace(PNG, format="BMP", mode="1"), "PNG"),
    ],
)
def test_the_format_is_kept_or_chosen_by_what_the_picture_is(facts: ImageFacts, wanted: str) -> None:
    assert recipe_of(facts).format == wanted
    assert plan_of(facts).fidelity is Fidelity.TRANSCODED


@pytest.mark.parametrize("only", ["JPEG", "PNG"])
@pytest.mark.parametrize("facts", [replace(PNG, format="GIF", mode="P"), replace(PNG, format="HEIF"), TINY_JPEG])
def test_a_profile_may_know_only_one_format(facts: ImageFacts, only: str) -> None:
    formats = structs.replace(LIMITS.image.formats, value=(only,))
    limits = structs.replace(LIMITS, image=structs.replace(LIMITS.image, formats=formats))
    recipe = plan_image(check_facts("picture", facts, limits), limits, Policy()).recipe
    assert isinstance(recipe, ConvertImage)
    assert recipe.format == only


@pytest.mark.parametrize(
    "facts",
    [
        replace(JPEG, format="MPO", size_bytes=9_900_000, picture_bytes=4_900_000, frames=2),
        replace(JPEG, format="MPO", size_bytes=1_900_000, picture_bytes=900_000, frames=2),
        replace(JPEG, size_bytes=8_000_000, picture_bytes=4_000_000),
    ],
    ids=["too large with its second picture", "only of the wrong format", "a film is appended"],
)
def test_a_first_picture_that_fits_alone_is_cut_out_losslessly(facts: ImageFacts) -> None:
    plan = plan_of(facts)
    assert plan.recipe == CutOutPicture()
    assert plan.fidelity is Fidelity.LOSSLESS
    assert [o.media_bytes for o in plan.outputs] == [facts.picture_bytes]


@pytest.mark.parametrize(
    "facts",
    [
        replace(JPEG, format="MPO", size_bytes=12_000_000, picture_bytes=6_000_000, frames=2),
        replace(JPEG, format="MPO", width=100, frames=2, picture_bytes=800_000),
    ],
    ids=["too large alone", "too small"],
)
def test_a_first_picture_that_does_not_fit_is_encoded(facts: ImageFacts) -> None:
    assert recipe_of(facts).format == "JPEG"


STRIP = Policy(strip_metadata=True)


@pytest.mark.parametrize(
    "facts",
    [
        replace(JPEG, size_bytes=6_000_000, picture_bytes=6_000_000, bare_bytes=4_900_000, has_metadata=True),
        replace(PNG, size_bytes=6_000_000, bare_bytes=4_900_000),
        replace(JPEG, format="MPO", size_bytes=12_000_000, picture_bytes=6_000_000, bare_bytes=5_000_000, frames=2),
    ],
    ids=["metadata", "private chunks", "metadata of the first picture"],
)
def test_what_is_too_large_only_for_what_is_not_the_picture_is_stripped(facts: ImageFacts) -> None:
    plan = plan_of(facts)
    assert plan.recipe == StripPicture()
    assert plan.fidelity is Fidelity.LOSSLESS
    assert [o.media_bytes for o in plan.outputs] == [facts.bare_bytes]


@pytest.mark.parametrize(
    "facts",
    [
        replace(JPEG, size_bytes=6_000_000, picture_bytes=6_000_000, bare_bytes=5_000_001),
        replace(PNG, width=127, bare_bytes=800_000, has_metadata=True),
    ],
    ids=["too large all the same", "too small"],
)
def test_what_stripping_does_not_mend_is_encoded(facts: ImageFacts) -> None:
    assert isinstance(plan_of(facts).recipe, ConvertImage)


def test_metadata_are_left_out_where_that_is_wished_and_there_are_any() -> None:
    for facts in (replace(JPEG, bare_bytes=800_000), replace(PNG, bare_bytes=800_000)):
        private = replace(facts, has_metadata=True)
        report = check_facts("picture", private, LIMITS)
        assert plan_image(report, LIMITS, Policy()).recipe == SendAsIs()
        assert plan_image(report, LIMITS, STRIP).recipe == StripPicture()
        assert plan_image(check_facts("picture", facts, LIMITS), LIMITS, STRIP).recipe == SendAsIs()


def test_what_is_stripped_may_be_as_long_as_before() -> None:
    facts = replace(JPEG, bare_bytes=JPEG.size_bytes, has_metadata=True)
    assert plan_image(check_facts("picture", facts, LIMITS), LIMITS, STRIP).recipe == StripPicture()


def test_a_first_picture_with_metadata_is_not_only_cut_out_where_they_are_not_wanted() -> None:
    facts = replace(JPEG, format="MPO", picture_bytes=800_000, bare_bytes=790_000, has_metadata=True, frames=2)
    report = check_facts("picture", facts, LIMITS)
    assert plan_image(report, LIMITS, Policy()).recipe == CutOutPicture()
    assert plan_image(report, LIMITS, STRIP).recipe == StripPicture()


@pytest.mark.parametrize(
    ("size", "scaled", "padded"),
    [
        ((128, 128), (128, 128), (128, 128)),
        ((4000, 3000), (4000, 3000), (4000, 3000)),
        ((64, 64), (128, 128), (128, 128)),
        ((100, 50), (256, 128), (256, 128)),
        ((50, 100), (128, 256), (128, 256)),
        ((1, 1), (128, 128), (128, 128)),
        # Scaled up so far that the long side has 4096, and then padded.
        ((100, 3900), (105, 4096), (128, 4096)),
        # Too long already: padded only.
        ((1, 5000), (1, 5000), (128, 5000)),
        ((5000, 1), (5000, 1), (5000, 128)),
        # A JPEG has at most 65,500 pixels a side.
        ((131_000, 400), (65_500, 200), (65_500, 200)),
        ((131_000, 100), (65_500, 50), (65_500, 128)),
    ],
)
def test_sizes(size: tuple[int, int], scaled: tuple[int, int], padded: tuple[int, int]) -> None:
    assert fit_image(*size, 128) == (*scaled, *padded)


@given(st.integers(1, 200_000), st.integers(1, 200_000), st.sampled_from([64, 128, 360]))
def test_never_stretched_never_too_small(width: int, height: int, min_side: int) -> None:
    new_width, new_height, canvas_width, canvas_height = fit_image(width, height, min_side)
    assert min(canvas_width, canvas_height) >= min_side
    assert max(canvas_width, canvas_height) <= max(65_500, min_side)
    assert (canvas_width, canvas_height) == (max(new_width, min_side), max(new_height, min_side))
    # The ratio is kept to within the pixel that rounding may take.
    scale = max(new_width, new_height) / max(width, height)
    assert abs(new_width - width * scale) <= 1
    assert abs(new_height - height * scale) <= 1
    if min(width, height) >= min_side and max(width, height) <= 65_500:
        assert (new_width, new_height) == (width, height)


def test_a_picture_that_lies_on_its_side_is_measured_upright() -> None:
    recipe = recipe_of(replace(JPEG, width=100, height=50, orientation=6))
    assert (recipe.width, recipe.height) == (128, 256)


def test_a_plan_says_on_what_the_format_depends() -> None:
    assert plan_of(replace(PNG, format="BMP")).steps == (
        "encode as PNG or JPEG, sRGB, of at most 5,000,000 bytes",
        "PNG where it is transparent or takes no more bytes so (line art), JPEG on white elsewhere",
    )


def test_a_plan_says_what_forced_it_and_what_it_will_do() -> None:
    facts = replace(PNG, format="GIF", mode="P", width=100, height=3900, frames=5, orientation=6)
    plan = plan_of(facts)
    assert len(plan.why) == 2  # the format and the size
    assert plan.steps == (
        "take the first of 5 frames",
        "turn upright (EXIF orientation 6)",
        "scale 3900x100 to 4096x105",
        "pad with white to 4096x128",
        "encode as PNG, sRGB, of at most 5,000,000 bytes",
        "where that is too little for a PNG: encode as JPEG on white",
    )
