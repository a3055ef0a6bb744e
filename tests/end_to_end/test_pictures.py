"""Pictures, all the way: what is left out of them, and that they look the same to somebody else's decoder."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
import pyvips

import preflight
from preflight import Policy
from preflight.errors import RejectedError, UnverifiedOutputError
from preflight.limits import DEFAULT_PROFILE
from preflight.media import ImageFacts, MultiInput, NamedImage, TextImage
from preflight.payload import Payload
from preflight.rules.policy import STRIP_METADATA
from preflight.testing import catalogue
from preflight.transformers import image as image_transformer
from tests.looks import colour_difference, displayed, displayed_by_ffmpeg, look, ssim

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


WITHOUT_PROFILE = ("image/tiff_cmyk",)
"""Ink, which libvips prints on its own paper; of JPEG the same file is sent."""
LARGE = ("pixels_", "of_31999999", "of_32000000", "of_32000001", "of_4999999", "of_5000000", "strip")
"""Whose like is here in another size."""
OTHERWISE_SCALED = ("image/tiff_32_bit", "image/tiff_float", "image/tiff_32_bit_colours")
"""libvips takes them for so many 255ths. What they look like is known, and asked by the transformer's own tests."""
UNDER_OTHER_LIGHT = ("image/tiff_16_bit_lab", "image/tiff_float_lab", "image/tiff_icc_lab")
"""libvips reads the same numbers of Lab and shows them under D65, where ICC has D50; the last it takes for colours."""
MISREAD_BY_VIPS = ("image/tiff_luma",)
"""It takes luma and colour differences that are not compressed for red, green and blue."""
SHOWN = [
    case
    for case in catalogue.cases("image/*")
    if case.is_file
    and case.name not in (*WITHOUT_PROFILE, *OTHERWISE_SCALED, *UNDER_OTHER_LIGHT)
    and case.expected[DEFAULT_PROFILE].gives != "rejected"
    and not any(part in case.name for part in LARGE)
]


def looks_the_same(before: bytes, after: bytes) -> None:
    """Nothing is turned, mirrored, stretched, cropped, or shifted in colour."""
    compare(displayed(before), displayed(after))


def compare(source: pyvips.Image, made: pyvips.Image) -> None:
    # An icon of 12 pixels is blown up tenfold: how, is a matter of taste.
    is_blown_up = made.width > source.width or made.height > source.height
    least_ssim, most_shift = (0.85, 15.0) if is_blown_up else (0.95, 3.0)
    if min(source.width, source.height) < 8 or source.width / source.height > 40:
        return  # it is padded, of which see the transformer's own tests
    assert made.width / made.height == pytest.approx(source.width / source.height, rel=0.02)
    scale = min(1.0, 512 / max(made.width, made.height))
    width, height = round(made.width * scale), round(made.height * scale)
    one, other = look(source, width, height), look(made, width, height)
    assert ssim(one, other) > least_ssim
    assert colour_difference(one, other) < most_shift


@pytest.mark.parametrize("case", SHOWN, ids=str)
def test_it_looks_the_same_to_another_decoder(case) -> None:
    before = case.path.read_bytes()
    (payload,) = preflight.prepare(case.path)
    try:
        source = displayed(before) if case.name not in MISREAD_BY_VIPS else displayed_by_ffmpeg(case.path)
    except pyvips.Error:
        source = displayed_by_ffmpeg(case.path)
    if source is None:
        pytest.skip("neither libvips nor FFmpeg 5 reads it; the transformer's own tests ask its corners")
    compare(source, displayed(bytes_of(payload)))


@pytest.mark.parametrize("name", ["image/exif_orientation_6", "image/display_p3", "image/full_colour_jpeg"])
def test_the_judge_sees_what_is_wrong(name: str) -> None:
    from PIL import Image, ImageOps

    before = catalogue.case(name).path.read_bytes()
    with Image.open(io.BytesIO(before)) as image:
        upright = ImageOps.exif_transpose(image).convert("RGB")
    duller = upright.point(lambda value: value * 0.95)
    wrong = (upright.rotate(180), ImageOps.mirror(upright), ImageOps.crop(upright, 40), duller)
    for picture in wrong:
        file = io.BytesIO()
        picture.resize(upright.size).save(file, "PNG")
        with pytest.raises(AssertionError):
            looks_the_same(before, file.getvalue())


OTHERWISE_READ = {
    # Of floating point, or 8 bits in 16, from its own black to its own white, which libvips does not look for.
    "commons-imaging__USGS_13_n38w077_dir5.tiff",
    "imageio-binaries__calcium_imaging.tif",
    "scikit_image__chessboard_GRAY_U16B.tif",
    "scikit_image__chessboard_GRAY_U16.tif",
    # FFmpeg sees in it what Pillow sees.
    "image__ycbcr_lzw_broken.tif",
    # Its transparency is turned otherwise than its colours are; all agree on the colours.
    "libavif__clop_irot_imor.avif",
    # Grey in the range of video, which libheif does not widen.
    "libavif__fox.profile2.12bpc.yuv420.monochrome.avif",
    # Ink without a profile, which libvips prints on its own paper.
    "image__cmyk_u8_trunc_case.tif",
}


@pytest.mark.corpus
def test_the_corpus_looks_the_same_to_another_decoder(corpus: Path) -> None:
    compared = 0
    for path in sorted((corpus / "image").iterdir()):
        before = path.read_bytes()
        try:
            (payload,) = preflight.prepare(path)
            displayed(before)
        except (RejectedError, pyvips.Error):
            continue
        if path.name in OTHERWISE_READ:
            continue
        try:
            looks_the_same(before, bytes_of(payload))
        except AssertionError as error:
            pytest.fail(f"{path.name}: {error}")
        compared += 1
    assert compared > 100
