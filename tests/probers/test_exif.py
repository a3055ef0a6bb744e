"""What EXIF and XMP say of a place; of orientations see `test_image`."""

from __future__ import annotations

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import ExifTags, Image

from preflight.probers.exif import bare_exif, exif_location, exif_orientation, xmp_location
from preflight.testing.recipes.still import located_exif


def gps(latitude: tuple, longitude: tuple, sides: str = "NE") -> bytes:
    """As Pillow writes it."""
    exif = Image.Exif()
    names = ExifTags.GPS
    exif[ExifTags.IFD.GPSInfo] = {
        names.GPSLatitudeRef: sides[0],
        names.GPSLatitude: latitude,
        names.GPSLongitudeRef: sides[1],
        names.GPSLongitude: longitude,
    }
    return exif.tobytes()


@pytest.mark.parametrize(
    ("exif", "place"),
    [
        (gps((48, 51, 29.88), (2, 17, 40.2)), (48.8583, 2.2945)),
        (gps((33, 51, 24), (151, 12, 54), "SE"), (-33.8567, 151.215)),
        (gps((40, 41, 21), (74, 2, 40), "NW"), (40.6892, -74.0444)),
        (gps((0, 30, 0), (0, 0, 36)), (0.5, 0.01)),
        (located_exif(-33, 151), (-33.0, 151.0)),
        (located_exif(48, 2)[:-4] + bytes(4), (48.0, 2.0)),
    ],
)
def test_a_place(exif: bytes, place: tuple[float, float]) -> None:
    assert exif_location(exif) == pytest.approx(place, abs=1e-4)
    assert exif_location(b"Exif\0\0" + exif) == pytest.approx(place, abs=1e-4)


@pytest.mark.parametrize(
    "exif",
    [
        b"",
        bare_exif(6),
        gps((0, 0, 0), (0, 0, 0)),
        gps((91, 0, 0), (2, 0, 0)),
        gps((9, 0, 0), (181, 0, 0)),
        gps((48, 51, 30), (2, 17, 40))[:-30],
        located_exif(48, 2).replace(struct.pack(">II", 48, 1), struct.pack(">II", 48, 0)),
    ],
    ids=["nothing", "no place", "no fix", "beyond the pole", "beyond the date line", "cut off", "divided by 0"],
)
def test_no_place(exif: bytes) -> None:
    assert exif_location(exif) is None


@given(st.binary(max_size=120))
def test_nonsense_says_nothing_and_never_raises(noise: bytes) -> None:
    for block in (noise, b"II*\0" + noise, b"MM\0*\0\0\0\x08\0\x01\x88\x25\0\x04\0\0\0\x01\0\0\0\x1a\0\0\0\0" + noise):
        exif_location(block)
    xmp_location(b'exif:GPSLatitude="' + noise)


@pytest.mark.parametrize("orientation", range(1, 9))
def test_the_smallest_block_says_the_orientation_to_others_too(orientation: int) -> None:
    block = bare_exif(orientation)
    assert exif_orientation(block) == orientation
    exif = Image.Exif()
    exif.load(b"Exif\0\0" + block)
    assert dict(exif) == {0x0112: orientation}


@pytest.mark.parametrize(
    ("xmp", "place"),
    [
        (b'exif:GPSLatitude="48,51.5N" exif:GPSLongitude="2,17.67E"', (48.8583, 2.2945)),
        (b"<exif:GPSLatitude>33,51,24S</exif:GPSLatitude><exif:GPSLongitude>151,12,54E<", (-33.8567, 151.215)),
        (b' ex:GPSLatitude="48.8583" ex:GPSLongitude="-2.2945"', (48.8583, -2.2945)),
        (b'exif:GPSLatitude="48,51.5N"', None),
        (b'exif:GPSLatitude="99,51.5N" exif:GPSLongitude="2,17.67E"', None),
        (b'exif:GPSLatitude="48,5..5N" exif:GPSLongitude="2,17.67E"', None),
    ],
)
def test_a_place_in_xmp(xmp: bytes, place: tuple[float, float] | None) -> None:
    assert xmp_location(xmp) == (pytest.approx(place, abs=1e-3) if place else None)
