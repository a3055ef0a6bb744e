"""Pictures, all the way: what is left out of them, and that they look the same to somebody else's decoder."""

from __future__ import annotations

from pathlib import Path

import pytest

import preflight
from preflight import Policy
from preflight.errors import RejectedError, UnverifiedOutputError
from preflight.media import ImageFacts, MultiInput, NamedImage, TextImage
from preflight.payload import Payload
from preflight.rules.policy import STRIP_METADATA
from preflight.testing import catalogue
from preflight.transformers import image as image_transformer

STRIP = Policy(strip_metadata=True)

TELLTALES = [
    "image/says_where_jpeg",
    "image/says_where_xmp_jpeg",
    "image/captioned_jpeg",
    "image/thumbnail_jpeg",
    "image/motion_photo",
    "image/two_pictures",
    "image/png_says_where",
    "image/png_texts",
    "image/png_huge_text",
]


def bytes_of(payload: Payload) -> bytes:
    (medium,) = payload.media
    return medium.source.read()


@pytest.mark.parametrize("name", TELLTALES)
def test_what_says_who_and_where_is_left_out_and_the_pixels_stay(name: str) -> None:
    path = catalogue.case(name).path
    facts = preflight.check(path).facts
    assert isinstance(facts, ImageFacts)
    assert facts.has_metadata
    (payload,) = preflight.prepare(path, policy=STRIP)
    assert payload.fidelity == "lossless"
    data = bytes_of(payload)
    assert any(step.startswith("leave out ") for step in payload.steps)
    for private in (b"GPS", b"Exif", b"Somebody", b"Photoshop", b"ftyp", b"MPF", b"tEXt", b"zTXt", b"eXIf"):
        assert private not in data
    again = preflight.check(data)
    assert again.verdict == "pass"
    assert STRIP_METADATA.hold(again.facts) is None
    (second,) = preflight.prepare(data, policy=STRIP)
    assert second.fidelity == "identical"


def test_coordinates_are_named_unless_they_stay_in_the_house() -> None:
    path = catalogue.case("image/says_where_jpeg").path
    (finding,) = preflight.check(path).findings
    assert (finding.code, finding.severity, finding.measured) == ("image_has_location", "warning", "48.000, 2.000")
    assert "--strip-metadata" in finding.message
    assert not preflight.check(path, policy=STRIP).findings
    assert preflight.check(path).verdict == "pass"
    (as_it_is,) = preflight.prepare(path)
    assert as_it_is.fidelity == "identical"


def test_in_a_request_of_several_parts_the_part_is_named_and_stripped() -> None:
    path = catalogue.case("image/says_where_jpeg").path
    for request, part in (
        (TextImage("a tower", path), "image"),
        (MultiInput([NamedImage(path, "tower")], "<@tower>"), "media_sources[0]"),
    ):
        assert [(f.code, f.part) for f in preflight.check(request).findings] == [("image_has_location", part)]
        assert not preflight.check(request, policy=STRIP).findings
        (payload,) = preflight.prepare(request, policy=STRIP)
        assert b"Exif" not in payload.media[0].source.read()


def test_what_may_not_be_changed_is_not_stripped() -> None:
    path = catalogue.case("image/says_where_jpeg").path
    with pytest.raises(RejectedError, match="The policy leaves out what says who made it"):
        list(preflight.prepare(path, policy=Policy(strip_metadata=True, max_loss="identical")))


def test_an_output_that_still_tells_is_withheld(monkeypatch: pytest.MonkeyPatch) -> None:
    path = catalogue.case("image/says_where_jpeg").path

    def forgetful(source, facts):
        output = strip(source, facts)
        return type(output)(media=source, span=None, fidelity=output.fidelity, steps=output.steps)

    strip = image_transformer._strip
    monkeypatch.setattr(image_transformer, "_strip", forgetful)
    with pytest.raises(UnverifiedOutputError, match="still holds EXIF"):
        list(preflight.prepare(path, policy=STRIP))


@pytest.mark.parametrize("orientation", range(1, 9))
def test_it_stands_as_it_stood(orientation: int) -> None:
    path = catalogue.case(f"image/exif_orientation_{orientation}").path
    assert preflight.plan(path, policy=STRIP).fidelity == "identical"  # it says nothing else
    facts = preflight.check(path).facts
    assert isinstance(facts, ImageFacts)
    assert facts.orientation == orientation


def test_a_picture_that_has_to_be_encoded_says_nothing_either(tmp_path: Path) -> None:
    from PIL import Image

    with Image.open(catalogue.case("image/says_where_jpeg").path) as image:
        small = image.resize((100, 100))
        small.save(tmp_path / "small.jpg", exif=image.info["exif"])
    (payload,) = preflight.prepare(tmp_path / "small.jpg", policy=STRIP)
    assert payload.fidelity == "transcoded"
    assert b"Exif" not in bytes_of(payload)
