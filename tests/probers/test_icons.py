"""Icons are judged by the picture inside, which is decoded only where that is asked for."""

from __future__ import annotations

import io
import struct
import zlib

import pytest
from PIL import BmpImagePlugin, IcnsImagePlugin, IcoImagePlugin, Image, PngImagePlugin

import preflight
from preflight.media import ImageFacts, Source
from preflight.probers.image import probe_image
from preflight.probers.image_decoded import load_whole, opened
from preflight.probers.png_structure import SIGNATURE, chunk
from tests.probers.test_image import encoded, noise


def png_claiming(side: int) -> bytes:
    header = chunk(b"IHDR", struct.pack(">IIBBBBB", side, side, 8, 6, 0, 0, 0))
    return SIGNATURE + header + chunk(b"IDAT", zlib.compress(bytes(100))) + chunk(b"IEND", b"")


def dib_claiming(side: int) -> bytes:
    return struct.pack("<IiiHHIIiiII", 40, side, side * 2, 1, 32, 0, 0, 0, 0, 0, 0) + bytes(100)


def ico(*pictures: bytes, kind: int = 1, nominal: int = 0) -> bytes:
    at = 6 + 16 * len(pictures)
    entries, data = b"", b""
    for picture in pictures:
        entries += struct.pack("<BBBBHHII", nominal, nominal, 0, 0, 1, 32, len(picture), at + len(data))
        data += picture
    return struct.pack("<HHH", 0, kind, len(pictures)) + entries + data


def icns(code: bytes, picture: bytes) -> bytes:
    part = code + struct.pack(">I", len(picture) + 8) + picture
    return b"icns" + struct.pack(">I", len(part) + 8) + part


def jpeg_2000_claiming(side: int) -> bytes:
    whole = encoded(noise(64, 64), "JPEG2000", no_jp2=True)
    at = whole.index(b"\xff\x51") + 6  # marker, length, capabilities
    return whole[:at] + struct.pack(">8I", side, side, 0, 0, side, side, 0, 0) + whole[at + 32 :]


BOMBS = {
    "PNG in ICO": lambda side: ico(png_claiming(side)),
    "bitmap in ICO": lambda side: ico(dib_claiming(side)),
    "bitmap in CUR": lambda side: ico(dib_claiming(side), kind=2),
    "PNG in ICNS": lambda side: icns(b"ic10", png_claiming(side)),
    "JPEG 2000 in ICNS": lambda side: icns(b"ic10", jpeg_2000_claiming(side)),
}


@pytest.mark.parametrize("kind", BOMBS)
@pytest.mark.parametrize("side", [13_300, 60_000])
def test_the_size_is_that_of_the_picture_inside(kind: str, side: int, monkeypatch: pytest.MonkeyPatch) -> None:
    data = BOMBS[kind](side)
    for each in (PngImagePlugin.PngImageFile, BmpImagePlugin.DibImageFile, Image.Image):
        monkeypatch.setattr(each, "load", lambda *_: pytest.fail("it was decoded"))
    report = preflight.check(data)
    assert isinstance(report.facts, ImageFacts)
    assert (report.facts.width, report.facts.height) == (side, side)
    assert ("image_pixels_too_many" in [finding.code for finding in report.errors]) == (side == 60_000)


@pytest.mark.parametrize(
    ("data", "plugin"),
    [
        (encoded(noise(64, 48, 4), "ICO", sizes=[(64, 48), (32, 24)]), IcoImagePlugin.IcoImageFile),
        (encoded(noise(64, 48, 4), "ICO", sizes=[(64, 48)], bitmap_format="bmp"), IcoImagePlugin.IcoImageFile),
        (
            encoded(noise(64, 48).convert("P"), "ICO", sizes=[(64, 48)], bitmap_format="bmp"),
            IcoImagePlugin.IcoImageFile,
        ),
        (ico(encoded(noise(40, 40), "PNG"), nominal=64), IcoImagePlugin.IcoImageFile),
        (encoded(noise(512, 512, 4), "ICNS"), IcnsImagePlugin.IcnsImageFile),
    ],
    ids=range(5),
)
@pytest.mark.filterwarnings("ignore:Image was not the expected size")
def test_it_decodes_to_what_pillow_makes_of_it(data: bytes, plugin: type[Image.Image]) -> None:
    facts = probe_image(Source.of(data))
    assert isinstance(facts, ImageFacts)
    image = opened(io.BytesIO(data), "icon")
    load_whole(image, io.BytesIO(data), "icon")
    with plugin(io.BytesIO(data)) as theirs:
        theirs.load()
        assert (facts.width, facts.height) == image.size == theirs.size
        assert image.mode == theirs.mode
        assert image.tobytes() == theirs.tobytes()


def test_a_picture_of_another_size_than_its_part_is_decoded_too() -> None:
    inside = noise(300, 200, 4)
    data = icns(b"ic10", encoded(inside, "PNG"))
    facts = probe_image(Source.of(data))
    assert isinstance(facts, ImageFacts)
    assert (facts.width, facts.height) == (300, 200)
    image = opened(io.BytesIO(data), "icon")
    load_whole(image, io.BytesIO(data), "icon")
    assert image.tobytes() == inside.tobytes()
