"""What a picture says of its colours → sRGB, held against the formulas of the standards."""

from __future__ import annotations

import io
import struct
import time
from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image, ImageCms

from preflight.probers.image_decoded import load_whole, opened
from preflight.probers.png_structure import chunk
from preflight.testing.recipes.icc import display_p3
from preflight.transformers.image_colour import to_srgb
from preflight.transformers.image_profile import conversion_of

Floats = NDArray[np.float64]

END_OF_HEADER = 33
SRGB_PRIMARIES = (31270, 32900, 64000, 33000, 30000, 60000, 15000, 6000)
P3_PRIMARIES = (31270, 32900, 68000, 32000, 26500, 69000, 15000, 6000)
# Linear light of Display P3 to that of sRGB (both D65), as CSS Color 4 prints it.
P3_TO_SRGB = np.array(
    [
        [1.2249401763, -0.2249401763, 0.0],
        [-0.0420569547, 1.0420569547, 0.0],
        [-0.0196375546, -0.0786360456, 1.0982736000],
    ]
)


def pixels(channels: int = 3) -> NDArray[np.uint8]:
    """All greys, and colours at random."""
    greys = np.repeat(np.arange(256, dtype=np.uint8)[None, :, None], channels, axis=2)
    colours = np.random.default_rng(3).integers(0, 256, (40, 256, channels), dtype=np.uint8)
    return np.vstack([greys, colours])


def light_of(coded: Floats) -> Floats:
    return np.where(coded <= 0.04045, coded / 12.92, ((coded + 0.055) / 1.055) ** 2.4)


def coded_of(light: Floats) -> Floats:
    light = np.clip(light, 0, 1)
    return np.where(light <= 0.0031308, 12.92 * light, 1.055 * light ** (1 / 2.4) - 0.055) * 255


def png(samples: NDArray[np.uint8], *chunks: tuple[bytes, bytes]) -> bytes:
    file = io.BytesIO()
    Image.fromarray(samples.squeeze()).save(file, "PNG")
    data = file.getvalue()
    return data[:END_OF_HEADER] + b"".join(chunk(*each) for each in chunks) + data[END_OF_HEADER:]


def shown(data: bytes) -> tuple[Floats, tuple[str, ...]]:
    file = io.BytesIO(data)
    image = opened(file, "picture")
    load_whole(image, file, "picture")
    picture, steps = to_srgb(image)
    return np.asarray(picture, np.float64).reshape(picture.height, picture.width, -1), steps


def gamma(value: int) -> tuple[bytes, bytes]:
    return b"gAMA", struct.pack(">I", value)


def primaries(*values: int) -> tuple[bytes, bytes]:
    return b"cHRM", struct.pack(">8I", *values)


def cicp(*values: int) -> tuple[bytes, bytes]:
    return b"cICP", bytes(values)


def linear_profile() -> bytes:
    """Pillow's sRGB with another curve: light as it is. Its name stays."""
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    at = profile.index(b"para")
    curve = b"para" + struct.pack(">IHHi", 0, 0, 0, 1 << 16)
    linear = profile[:at] + curve + profile[at + len(curve) :]
    assert "sRGB" in ImageCms.ImageCmsProfile(io.BytesIO(linear)).profile.profile_description
    return linear


def iccp(profile: bytes) -> tuple[bytes, bytes]:
    import zlib

    return b"iCCP", b"x\0\0" + zlib.compress(profile)


PLAIN = {
    "nothing": (),
    "gamma": (gamma(45455),),
    "gamma of 2.3": (gamma(43478),),
    "gamma and primaries": (gamma(45455), primaries(*SRGB_PRIMARIES)),
    "primaries alone": (primaries(*P3_PRIMARIES),),
    "a rounded white": (gamma(45000), primaries(31000, 33000, *SRGB_PRIMARIES[2:])),
    "sRGB before gamma": ((b"sRGB", b"\0"), gamma(100_000), primaries(*P3_PRIMARIES)),
    "a profile before gamma": (
        iccp(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()),
        gamma(100_000),
    ),
    "cICP before gamma": (cicp(1, 13, 0, 1), gamma(100_000)),
    "cICP before a profile": (cicp(1, 13, 0, 1), iccp(linear_profile())),
    "BT.709": (cicp(1, 1, 0, 1),),
    "cICP of no known colours": (cicp(2, 2, 0, 1),),
    "cICP of limited range": (cicp(12, 13, 0, 0),),
    "cICP with a matrix": (cicp(12, 13, 1, 1),),
    "cICP too short": (cicp(12, 13),),
    "PQ of other primaries": (cicp(12, 16, 0, 1),),
    "no gamma": (gamma(0),),
    "an absurd gamma": (gamma(4_000_000_000),),
    "primaries on a line": (gamma(100_000), primaries(31270, 32900, 10000, 10000, 20000, 20000, 30000, 30000)),
    "no primaries": (gamma(100_000), primaries(*(0,) * 8)),
    "absurd primaries": (gamma(100_000), primaries(*(4_000_000_000,) * 8)),
}


@pytest.mark.parametrize("name", PLAIN)
def test_what_is_srgb_or_makes_no_sense_stays(name: str) -> None:
    found, steps = shown(png(pixels(), *PLAIN[name]))
    assert steps == ()
    assert np.array_equal(found, pixels())


CHANGED: dict[str, tuple[tuple[tuple[bytes, bytes], ...], Callable[[Floats], Floats]]] = {
    "linear": ((gamma(100_000),), lambda coded: coded),
    "an old Macintosh": ((gamma(55_556),), lambda coded: coded**1.8),
    "P3 by gamma": ((gamma(45_455), primaries(*P3_PRIMARIES)), lambda coded: coded**2.2 @ P3_TO_SRGB.T),
    "Display P3": ((cicp(12, 13, 0, 1), (b"sRGB", b"\0")), lambda coded: light_of(coded) @ P3_TO_SRGB.T),
    "a linear profile": ((iccp(linear_profile()),), lambda coded: coded),
    "a profile of P3": ((iccp(display_p3()), (b"sRGB", b"\0")), lambda coded: light_of(coded) @ P3_TO_SRGB.T),
    "a broken profile": ((iccp(b"nothing"), gamma(100_000)), lambda coded: coded),
    "a cICP unknown here": ((cicp(2, 2, 0, 1), gamma(100_000)), lambda coded: coded),
}


@pytest.mark.parametrize("name", CHANGED)
def test_other_colours_become_srgb(name: str) -> None:
    chunks, light = CHANGED[name]
    found, steps = shown(png(pixels(), *chunks))
    assert len(steps) == 1
    assert np.abs(found - coded_of(light(pixels() / 255))).max() < 1.5


@pytest.mark.parametrize("channels", [1, 2])
def test_grey_too(channels: int) -> None:
    samples = pixels(channels)
    found, steps = shown(png(samples, gamma(100_000), primaries(*P3_PRIMARIES)))
    assert len(steps) == 1
    assert np.abs(found[..., 0] - coded_of(samples[..., 0] / 255)).max() < 1
    assert np.array_equal(found[..., 1:], samples[..., 1:])


def test_alpha_stays() -> None:
    samples = pixels(4)
    found, _ = shown(png(samples, cicp(12, 13, 0, 1)))
    assert np.abs(found[..., :3] - coded_of(light_of(samples[..., :3] / 255) @ P3_TO_SRGB.T)).max() < 1.5
    assert np.array_equal(found[..., 3], samples[..., 3])


def nits_of_pq(coded: Floats) -> Floats:
    power = coded ** (32 / 2523)
    return 10_000 * (np.maximum(power - 0.8359375, 0) / (18.8515625 - 18.6875 * power)) ** (16_384 / 2_610)


def nits_of_hlg(coded: Floats) -> Floats:
    """Of grey up to the half, on a display of 1,000 nits."""
    return 1_000 * (coded**2 / 3) ** 1.2


@pytest.mark.parametrize(("curve", "nits_of"), [(16, nits_of_pq), (18, nits_of_hlg)])
@pytest.mark.parametrize("channels", [1, 3])
def test_hdr_is_as_light_as_on_a_standard_display(
    curve: int, nits_of: Callable[[Floats], Floats], channels: int
) -> None:
    """Up to 94 nits, where nothing is rolled off, white being 203; and all that is brighter still rises."""
    ramp = np.repeat(np.arange(256, dtype=np.uint8)[None, :, None], channels, axis=2)
    found, steps = shown(png(np.repeat(ramp, 4, axis=0), cicp(9, curve, 0, 1)))
    assert steps == ("bring its HDR to sRGB",)
    dark = np.arange(256)[nits_of(np.arange(256) / 255) < 94][:128]
    assert len(dark) > 100
    assert found[0, dark, 0] == pytest.approx(coded_of(nits_of(dark / 255) / 203), abs=1.5)
    assert np.all(np.diff(found[0, :, 0]) >= 0)
    assert found[0, -1, 0] == 255
    assert np.ptp(found, axis=2).max() <= 1


def test_a_phones_profile_costs_nothing_after_the_first() -> None:
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    conversion_of("RGB", {"icc_profile": profile})
    begun = time.perf_counter()
    for _ in range(100):
        assert conversion_of("RGB", {"icc_profile": bytes(bytearray(profile))}) is None
    assert time.perf_counter() - begun < 0.2  # it takes 6 ms to look into each
