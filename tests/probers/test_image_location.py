"""Where images say that they were taken, wherever that stands; the places are those that were put in."""

from __future__ import annotations

import hashlib
import io
import time
import zlib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import preflight
from preflight.media import ImageFacts, Source
from preflight.probers.image import probe_image
from preflight.probers.movie_location import movie_location
from preflight.testing.recipes.encoder import run
from preflight.testing.recipes.jpeg import segment
from preflight.testing.recipes.png import chunk
from preflight.testing.recipes.still import exif, located_exif
from tests.probers.test_image import encoded, noise

EIFFEL_TOWER = (48.8583, 2.2945)
WHOLE_DEGREES = (-33.0, 151.0)
JPEG, PNG = encoded(noise(160, 140), "JPEG"), encoded(noise(160, 140), "PNG")
EXIF = located_exif(-33, 151)
MARK = b"http://ns.adobe.com/xap/1.0/\0"


def xmp(attributes: str, inside: str = "") -> bytes:
    return (
        '<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
        f'<rdf:Description rdf:about="" {attributes}>{inside}</rdf:Description></rdf:RDF></x:xmpmeta>'
    ).encode()


NOWHERE = 'drone-dji:GpsLatitude="0.0" drone-dji:GpsLongitude="0.0"'
XMP = xmp('xmlns:exif="http://ns.adobe.com/exif/1.0/" exif:GPSLatitude="33,0.0S" exif:GPSLongitude="151,0.0E"')


def jpeg_with(*bodies: bytes, behind: bytes = b"") -> bytes:
    return JPEG[:2] + b"".join(segment(0xE1, body) for body in bodies) + JPEG[2:] + behind


def png_with(*parts: bytes, behind: bytes = b"") -> bytes:
    return PNG[:33] + b"".join(parts) + PNG[33:] + behind


def profile(name: bytes, body: bytes) -> bytes:
    """As ImageMagick writes what it cannot name: hexadecimal, 72 to a line, under name and length."""
    digits = body.hex().encode()
    lines = [digits[at : at + 72] for at in range(0, len(digits), 72)]
    return b"\n" + name + b"\n%8d\n" % len(body) + b"\n".join(lines) + b"\n"


def packed(kind: bytes, name: bytes, body: bytes) -> bytes:
    return chunk(b"zTXt", b"Raw profile type " + kind + b"\0\0" + zlib.compress(profile(name, body)))


def extended(data: bytes, size: int) -> tuple[bytes, ...]:
    """XMP part 3, 1.1.3.1: parts of `size` bytes under one digest."""
    digest = hashlib.md5(data, usedforsecurity=False).hexdigest().upper().encode()
    mark = b"http://ns.adobe.com/xmp/extension/\0" + digest + len(data).to_bytes(4)
    return tuple(mark + at.to_bytes(4) + data[at : at + size] for at in range(0, len(data), size))


def located(data: bytes) -> tuple[float, float] | None:
    facts = probe_image(Source.of(data))
    assert isinstance(facts, ImageFacts)
    assert facts.damage is None
    return facts.location


@pytest.mark.parametrize(
    "data",
    [
        jpeg_with(EXIF),
        jpeg_with(exif(1), EXIF),
        jpeg_with(MARK + XMP),
        jpeg_with(MARK + xmp(""), MARK + XMP),
        jpeg_with(MARK + xmp(""), *extended(XMP, 60_000)),
        jpeg_with(MARK + xmp(""), *extended(XMP, 100)),
        jpeg_with(MARK + xmp(""), *reversed(extended(XMP, 100))),
        *(jpeg_with(MARK + XMP.decode().encode(encoding)) for encoding in ("utf-16", "utf-16-be", "utf-32")),
        JPEG[:2] + segment(0xFE, XMP) + JPEG[2:],
        JPEG[:2] + segment(0xED, b"Photoshop 3.0\0" + b"8BIM\x04\x22\0\0" + len(EXIF).to_bytes(4) + EXIF) + JPEG[2:],
        JPEG + jpeg_with(EXIF),
        JPEG + bytes(2_000_000) + jpeg_with(MARK + XMP),
        JPEG + bytes((1 << 20) - 4) + jpeg_with(EXIF),
        png_with(chunk(b"eXIf", EXIF[6:])),
        png_with(chunk(b"eXIf", exif(1)[6:]), packed(b"exif", b"exif", EXIF)),
        png_with(chunk(b"tEXt", b"Raw profile type APP1\0" + profile(b"generic", EXIF))),
        png_with(packed(b"APP1", b"generic", MARK + XMP)),
        png_with(packed(b"xmp", b"xmp", XMP)),
        png_with(chunk(b"iTXt", b"XML:com.adobe.xmp\0\0\0\0\0" + XMP)),
        png_with(chunk(b"iTXt", b"XML:com.adobe.xmp\0\0\0x-default\0\0" + XMP)),
        png_with(chunk(b"iTXt", b"XML:com.adobe.xmp\0\1\0\0\0" + zlib.compress(XMP))),
        PNG[:-12] + chunk(b"iTXt", b"XML:com.adobe.xmp\0\1\0\0\0" + zlib.compress(XMP)) + PNG[-12:],
        png_with(
            chunk(b"tEXt", b"exif:GPSLatitude\x0033/1, 0/1, 0/1") + chunk(b"tEXt", b"exif:GPSLatitudeRef\0S"),
            chunk(b"tEXt", b"exif:GPSLongitude\x00151/1, 0/1, 0/1"),
        ),
        PNG + jpeg_with(EXIF),
    ],
    ids=range(26),
)  # fmt: skip
def test_a_place_is_found_wherever_it_stands_and_gone_when_stripped(data: bytes) -> None:
    assert located(data) == WHOLE_DEGREES
    policy = preflight.Policy(strip_metadata=True, max_loss="lossless")
    (payload,) = preflight.prepare(data, policy=policy)
    sent = payload.media[0].source.read()
    assert located(sent) is None
    assert b"GPSLatitude" not in sent
    assert EXIF not in sent


@pytest.mark.parametrize(
    "told",
    [
        xmp('xmlns:ex="http://ns.adobe.com/exif/1.0/" ex:GPSLatitude="48,51.498N" ex:GPSLongitude="2,17.67E"'),
        xmp('drone-dji:GpsLatitude="48.858300" drone-dji:GpsLongitude="2.294500"'),
        xmp('drone-dji:GpsLatitude="48.858300" drone-dji:GpsLongtitude="2.294500"'),
        xmp('drone-dji:GPSLatitude="+48.858300" drone-dji:GPSLongitude="+2.294500"'),
        xmp(NOWHERE + ' exif:GPSLatitude="48,51,29.88N" exif:GPSLongitude="2,17,40.2E"'),
        xmp("", "<exif:GPSLongitude>\n2,17.67E\n</exif:GPSLongitude><exif:GPSLatitude>48,51.498N</exif:GPSLatitude>"),
        xmp("", '<GPSLatitude xmlns="http://ns.adobe.com/exif/1.0/">48,51.498N</GPSLatitude>'
                '<GPSLongitude xmlns="http://ns.adobe.com/exif/1.0/">2,17.67E</GPSLongitude>'),
    ],
    ids=["prefix", "drone", "misspelt", "signed", "after nowhere", "elements", "default namespace"],
)  # fmt: skip
def test_xmp_of_all_kinds(told: bytes) -> None:
    assert located(jpeg_with(MARK + told)) == pytest.approx(EIFFEL_TOWER, abs=1e-4)


@pytest.mark.parametrize(
    "told",
    [
        xmp('exif:GPSLatitudeRef="48,51.498N" exif:GPSLongitudeRef="2,17.67E"'),
        xmp('exif:GPSDestLatitude="48,51.498N" exif:GPSDestLongitude="2,17.67E"'),
        xmp(NOWHERE),
        b"GPSLatitude GPSLongitude: how cameras name it",
    ],
)
def test_xmp_that_tells_no_place(told: bytes) -> None:
    assert located(jpeg_with(MARK + told)) is None


@pytest.fixture(scope="module", params=["mp4", "mov", "3gp", "apple"])
def film(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Of a second, whose place an FFmpeg that is not ours wrote: in `loci`, in `(c)xyz`, or under Apple's name."""
    kind = request.param
    path = tmp_path_factory.mktemp("film") / f"film.{kind if kind != 'apple' else 'mov'}"
    name = "com.apple.quicktime.location.ISO6709" if kind == "apple" else "location"
    more = ("-movflags", "use_metadata_tags") if kind == "apple" else ()
    drawn = ("-f", "lavfi", "-i", "testsrc=s=64x64:d=1", "-c:v", "mpeg4")
    run(*drawn, "-metadata", f"{name}=+48.8583+002.2945/", *more, str(path))
    return path


def test_a_film_behind_a_photograph_tells_it_too(film: Path) -> None:
    whole = film.read_bytes()
    assert getattr(preflight.check(film).facts, "location", None) == pytest.approx(EIFFEL_TOWER)
    for data in (JPEG + whole, JPEG + JPEG + bytes(100) + whole, PNG + whole):
        report = preflight.check(data)
        assert isinstance(report.facts, ImageFacts)
        assert report.facts.location == pytest.approx(EIFFEL_TOWER, abs=1e-4)
        assert [finding.code for finding in report.findings] == ["image_has_location"]


@given(st.binary(max_size=200))
def test_nonsense_never_raises(nonsense: bytes) -> None:
    for behind in (nonsense, b"\0\0\0\x08ftyp" + nonsense, b"\0\0\0\x08ftyp\0\0\0\0moov\0\0\0\0udta\xa9xyz" + nonsense):
        located(JPEG + behind)
        movie_location(io.BytesIO(behind), 0, len(behind))
    located(jpeg_with(b"http://ns.adobe.com/xmp/extension/\0" + nonsense, MARK + b' GPSLatitude="' + nonsense))
    located(png_with(chunk(b"zTXt", b"Raw profile type xmp\0\0" + nonsense), chunk(b"iTXt", nonsense)))
    located(png_with(chunk(b"tEXt", b"exif:GPSLatitude\0" + nonsense), chunk(b"tEXt", b"exif:GPSLongitude\x001/0")))


@pytest.mark.parametrize(
    "behind",
    [
        bytes(20_000_000),
        b"\0\0\0\x08ftyp" * 2_000_000,
        b"\0\0\0\x08ftyp\0\0\0\0moov" + b"\0\0\0\x08udta" * 2_000_000,
        b"Exif\0\0II*\0" * 1_000_000,
        b' GPSLatitude="' * 1_000_000,
        b" GPSLatitude" + b" " * 10_000_000,
    ],
    ids=["zeros", "films", "boxes", "EXIF", "XMP", "white"],
)
def test_what_is_behind_is_looked_at_in_bounded_time(behind: bytes) -> None:
    data = JPEG + behind
    start = time.process_time()
    assert located(data) is None
    assert time.process_time() - start < 2


def test_a_text_that_unpacks_to_gigabytes_is_not_unpacked() -> None:
    bomb = zlib.compress(bytes(1 << 26))
    data = png_with(*[chunk(b"zTXt", b"Raw profile type xmp\0\0" + bomb)] * 20)
    start = time.process_time()
    assert located(data) is None
    assert time.process_time() - start < 2
