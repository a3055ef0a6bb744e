"""A picture without its baggage: what shows it stays byte for byte, everything else goes."""

from __future__ import annotations

import io
import struct
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

import preflight
from preflight.media import ImageFacts, Source
from preflight.probers.excerpt import excerpt
from preflight.probers.image import bare_picture, probe_image
from preflight.probers.image_bare import Bare
from preflight.probers.image_structure import jpeg_segments
from preflight.testing import catalogue
from preflight.testing.recipes.jpeg import segment
from preflight.testing.recipes.png import chunk
from preflight.testing.recipes.still import exif
from tests.probers.test_image import encoded, noise

JPEG, PNG = encoded(noise(40, 30), "JPEG"), encoded(noise(40, 30), "PNG")
BARE_JPEG = JPEG  # Pillow writes JFIF, tables, frame and scan
AFTER_JFIF = 20
AFTER_IHDR = 8 + 25


def bare(data: bytes) -> tuple[bytes, Bare, ImageFacts]:
    facts = probe_image(Source.of(data))
    assert isinstance(facts, ImageFacts)
    file = io.BytesIO(data)
    found = bare_picture(file, facts)
    made = found.of(file)
    assert facts.bare_bytes == found.size_bytes == len(made)
    assert facts.has_metadata is found.holds_metadata
    return made, found, facts


def jpeg_with(*parts: bytes, behind: bytes = b"") -> bytes:
    return JPEG[:AFTER_JFIF] + b"".join(parts) + JPEG[AFTER_JFIF:] + behind


def png_with(*parts: bytes, behind: bytes = b"") -> bytes:
    return PNG[:AFTER_IHDR] + b"".join(parts) + PNG[AFTER_IHDR:] + behind


@pytest.mark.parametrize(
    ("data", "dropped", "is_private"),
    [
        (JPEG, (), False),
        (jpeg_with(segment(0xFE, b"Somebody")), ("comments",), True),
        (jpeg_with(segment(0xE1, exif(1) + b"Somebody")), ("EXIF",), True),
        (jpeg_with(segment(0xE1, b"http://ns.adobe.com/xap/1.0/\0Somebody")), ("XMP",), True),
        (jpeg_with(segment(0xED, b"Photoshop 3.0\0Somebody")), ("IPTC",), True),
        (jpeg_with(segment(0xE5, b"Somebody")), ("APP5",), True),
        (jpeg_with(segment(0xE0, b"JFXX\0Somebody")), ("a thumbnail",), True),
        (jpeg_with(behind=b"Somebody"), ("what follows the picture",), True),
        (jpeg_with(b"Somebody"), ("what stands between its parts",), True),
        (JPEG[:-2] + segment(0xFE, b"Somebody") + JPEG[-2:], ("comments",), True),
        (jpeg_with(b"\xff" * 99), ("fill bytes",), False),
        (JPEG[:-2] + b"\xff" * 200_000 + JPEG[-2:], ("fill bytes",), False),
    ],
    ids=lambda value: "" if isinstance(value, bytes | bool) else " ".join(value),
)
def test_a_jpeg_is_what_it_was_before_something_was_put_in(data, dropped, is_private) -> None:
    made, found, _ = bare(data)
    assert made == JPEG
    assert found.dropped == dropped
    assert found.holds_metadata is is_private
    assert b"Somebody" not in made


def test_what_stands_between_the_scans_of_a_jpeg_goes() -> None:
    whole = encoded(noise(40, 30), "JPEG", progressive=True)
    parts = [segment(0xFE, b"Somebody"), segment(0xE1, b"Exif\0\0Somebody"), segment(0xED, b"Photoshop 3.0\0Somebody")]
    scans = [s for s in jpeg_segments(io.BytesIO(whole)) if s.marker == 0xDA]
    told = whole
    for scan, part in reversed(list(zip(scans, parts, strict=False))):
        told = told[: scan.end] + part + told[scan.end :]
    assert len(scans) >= len(parts)
    assert bare(told)[0] == whole


def test_what_hides_behind_adobes_note_goes() -> None:
    whole = encoded(noise(40, 30).convert("CMYK"), "JPEG")
    at = whole.index(b"Adobe")
    told = whole[: at - 2] + (14 + 8).to_bytes(2) + whole[at : at + 12] + b"Somebody" + whole[at + 12 :]
    made, found, facts = bare(told)
    assert made == whole
    assert found.dropped == ("what follows Adobe's note",)
    assert facts.has_metadata


def exif_of(orientation: int, order: str, code: str) -> bytes:
    """One entry, a number of two bytes or of four, and no further directory (TIFF 6.0, section 2)."""
    head = {">": b"MM\0*", "<": b"II*\0"}[order] + struct.pack(f"{order}IHHHI", 8, 1, 0x0112, {"H": 3, "I": 4}[code], 1)
    return head + struct.pack(f"{order}{code}", orientation).ljust(4, b"\0") + bytes(4)


@pytest.mark.parametrize("behind", [b"", bytes(3), b"Somebody"])
@pytest.mark.parametrize("code", "HI")
@pytest.mark.parametrize("order", "<>")
@pytest.mark.parametrize("orientation", [1, 3, 6])
def test_exif_that_says_only_how_it_stands_is_no_metadata(orientation, order, code, behind) -> None:
    block = exif_of(orientation, order, code) + behind
    for data in (jpeg_with(segment(0xE1, b"Exif\0\0" + block)), png_with(chunk(b"eXIf", block))):
        made, _, facts = bare(data)
        assert facts.orientation == Image.open(io.BytesIO(data)).getexif()[0x0112] == orientation
        assert facts.has_metadata == bool(behind.strip(b"\0"))
        (payload,) = preflight.prepare(
            enlarged(data), policy=preflight.Policy(strip_metadata=True, max_loss="lossless")
        )
        sent = payload.media[0].source.read()
        assert payload.fidelity == ("lossless" if b"Somebody" in data else "identical")
        assert b"Somebody" not in sent
        assert Image.open(io.BytesIO(made)).tobytes() == Image.open(io.BytesIO(data)).tobytes()


def enlarged(data: bytes) -> bytes:
    """The same beside a picture that is large enough to be sent."""
    small, large = (JPEG, JPEG_160) if data.startswith(b"\xff\xd8") else (PNG, PNG_160)
    behind_head = AFTER_JFIF if small is JPEG else AFTER_IHDR
    return large[:behind_head] + data[behind_head : behind_head + len(data) - len(small)] + large[behind_head:]


JPEG_160, PNG_160 = encoded(noise(160, 140), "JPEG"), encoded(noise(160, 140), "PNG")


def test_a_stripped_file_may_be_as_long_as_it_was() -> None:
    """Its EXIF hides two bytes behind a number of two, and what else a note would need is not there."""
    block = exif_of(6, "<", "H")
    hiding = block[:-6] + b"me" + block[-4:]
    data = enlarged(jpeg_with(segment(0xE1, b"Exif\0\0" + hiding)))
    assert probe_image(Source.of(data)).bare_bytes == len(data)
    (payload,) = preflight.prepare(data, policy=preflight.Policy(strip_metadata=True, max_loss="lossless"))
    sent = payload.media[0].source.read()
    assert payload.fidelity == "lossless"
    assert hiding not in sent
    assert Image.open(io.BytesIO(sent)).getexif()[0x0112] == 6


def test_the_thumbnail_in_jfif_goes_and_its_density_stays() -> None:
    data = JPEG[:2] + segment(0xE0, JPEG[6:18] + b"\2\1Somebo") + JPEG[AFTER_JFIF:]
    assert bare(data)[0] == JPEG


@pytest.mark.parametrize("options", [{"progressive": True}, {"restart_marker_blocks": 1}, {"icc_profile": b"an icc"}])
@pytest.mark.parametrize("mode", ["L", "RGB", "CMYK"])
def test_what_shows_a_jpeg_stays(mode: str, options: dict) -> None:
    whole = encoded(noise(40, 30).convert(mode), "JPEG", **options)
    made, _, facts = bare(whole.replace(b"\xff\xdb", segment(0xFE, b"Somebody") + b"\xff\xdb", 1))
    assert made == whole
    assert facts.has_metadata


@pytest.mark.parametrize("orientation", range(2, 9))
def test_the_orientation_stays_and_nothing_else_of_exif(orientation: int) -> None:
    block = Image.Exif()
    block[0x0112], block[0x010E] = orientation, "Somebody"
    for data in (encoded(noise(40, 30), "JPEG", exif=block), encoded(noise(40, 30), "PNG", exif=block)):
        made, _, _ = bare(data)
        assert b"Somebody" not in made
        facts = probe_image(Source.of(made))
        assert isinstance(facts, ImageFacts)
        assert facts.orientation == orientation
        assert not facts.has_metadata
        image = Image.open(io.BytesIO(made))
        assert dict(image.getexif()) == {0x0112: orientation}
        assert image.tobytes() == Image.open(io.BytesIO(data)).tobytes()


@pytest.mark.parametrize(
    ("part", "dropped"),
    [
        (chunk(b"tEXt", b"Author\0Somebody"), "texts"),
        (chunk(b"zTXt", b"Author\0\0" + zlib.compress(b"Somebody")), "texts"),
        (chunk(b"iTXt", b"Author\0\0\0\0\0Somebody"), "texts"),
        (chunk(b"eXIf", exif(1)[6:] + b"Somebody"), "EXIF"),
        (chunk(b"tIME", bytes(7)), "its time"),
        (chunk(b"caBX", b"Somebody"), "the chunk caBX"),
        (b"", "what follows the picture"),
    ],
)
def test_a_png_is_what_it_was_before_something_was_put_in(part: bytes, dropped: str) -> None:
    made, found, facts = bare(png_with(part, behind=b"" if part else b"Somebody"))
    assert made == PNG
    assert found.dropped == (dropped,)
    assert facts.has_metadata


def test_what_shows_a_png_stays() -> None:
    kept = (
        chunk(b"gAMA", struct.pack(">I", 45_455)),
        chunk(b"cHRM", bytes(32)),
        chunk(b"cICP", b"\1\x0d\0\1"),
        chunk(b"sBIT", b"\5\6\5"),
        chunk(b"pHYs", bytes(9)),
        chunk(b"tRNS", bytes(6)),
    )
    made, found, facts = bare(png_with(*kept))
    assert made == png_with(*kept)
    assert not found.dropped
    assert not facts.has_metadata


def test_of_an_animated_png_the_first_frame_is_left() -> None:
    frames = [noise(40, 30), noise(40, 30).rotate(180)]
    data = encoded(frames[0], "PNG", save_all=True, append_images=frames[1:])
    made, found, facts = bare(data)
    assert found.dropped == ("further frames",)
    assert not facts.has_metadata
    image = Image.open(io.BytesIO(made))
    assert getattr(image, "n_frames", 1) == 1
    assert image.tobytes() == frames[0].tobytes()


STRIPPABLE = [
    case
    for case in catalogue.cases("image/*")
    if getattr(case.truth, "format", None) in ("JPEG", "MPO", "PNG")
    and "pixels_" not in case.name
    and "huge_profile" not in case.name  # it goes with the picture
]


@pytest.mark.parametrize("case", STRIPPABLE, ids=str)
def test_what_is_bare_has_the_same_pixels_and_stays_bare(case) -> None:
    data = case.path.read_bytes()
    if len(data) > 1_000_000 and "5000001" not in case.name:
        pytest.skip("large, and of a kind with one that is not")
    made, _, facts = bare(data)
    assert bare(made)[0] == made
    again = probe_image(Source.of(made))
    assert isinstance(again, ImageFacts)
    assert (again.displayed_width, again.displayed_height) == (facts.displayed_width, facts.displayed_height)
    assert again.orientation == facts.orientation
    assert not again.has_metadata
    if facts.stumbling_block is None:  # else Pillow itself refuses the file
        assert Image.open(io.BytesIO(made)).tobytes() == Image.open(io.BytesIO(data)).tobytes()


@given(st.binary(max_size=120), st.integers(0, 500))
def test_damage_never_raises(noise: bytes, at: int) -> None:
    for whole in (JPEG, PNG):
        data = whole[:at] + noise + whole[at:]
        facts = probe_image(Source.of(data))
        if isinstance(facts, ImageFacts) and facts.bare_bytes is not None:
            assert len(bare(data)[0]) == facts.bare_bytes


def test_scans_of_a_jpeg_with_fill_in_front_of_each_are_found_whole() -> None:
    whole = encoded(noise(40, 30), "JPEG", progressive=True)
    scans = [s for s in jpeg_segments(io.BytesIO(whole)) if s.marker == 0xDA]
    filled = whole
    for scan in reversed(scans):
        filled = filled[: scan.end] + b"\xff" * 7 + filled[scan.end :]
    assert bare(filled)[0] == whole


@given(
    st.binary(max_size=60),
    st.lists(st.integers(0, 60), max_size=8),
    st.lists(st.tuples(st.integers(0, 70), st.integers(0, 20)), max_size=6),
)
def test_an_excerpt_reads_as_a_file_of_its_own(data: bytes, edges: list[int], reads: list[tuple[int, int]]) -> None:
    places = sorted(min(edge, len(data)) for edge in edges)
    ranges = list(zip(places[::2], places[1::2], strict=False))
    whole = b"".join(data[start:end] for start, end in ranges)
    base, wanted = io.BytesIO(data), io.BytesIO(whole)
    file = excerpt(base, ranges)
    for at, count in reads:
        base.seek(at)  # whoever else moves it is of no matter
        assert (file.seek(at), wanted.seek(at)) == (at, at)
        assert file.read(count) == wanted.read(count)
    assert file.seek(0, io.SEEK_END) == len(whole)
    file.close()
    assert not base.closed
