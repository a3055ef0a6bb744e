"""Images: 128x128 pixels or more, 5 MB of file or (newest reading) 32 MB (CONTRACT 1.5 and 11)."""

from __future__ import annotations

from dataclasses import replace

import pytest

from preflight.rules import examples
from tests.rules.asking import BOTH, NEWEST, STRICT, codes, error, findings, mendable, warning


@pytest.mark.parametrize("profile", BOTH)
@pytest.mark.parametrize(
    ("width", "height", "expected"),
    [
        (128, 128, []),
        (127, 128, ["image_resolution_too_low"]),
        (128, 127, ["image_resolution_too_low"]),
        (127, 127, ["image_resolution_too_low"]),
        (1_000_000, 128, []),  # no aspect ratio is documented
        (1_000_000, 127, ["image_resolution_too_low"]),
        (0, 0, ["image_resolution_too_low"]),
        (140_911, 1_270, []),  # as many as are decoded here, twice Pillow's MAX_IMAGE_PIXELS
        (140_912, 1_270, ["image_pixels_too_many"]),
    ],
)
def test_sides(width, height, expected, profile):
    assert codes(examples.image(width=width, height=height), profile) == expected


@pytest.mark.parametrize(
    ("size_bytes", "profile", "expected"),
    [
        (5_000_000, STRICT, []),
        (5_000_001, STRICT, ["image_filesize_too_large"]),
        (5_000_001, NEWEST, []),
        (32_000_000, NEWEST, []),
        (32_000_001, NEWEST, ["image_filesize_too_large"]),
    ],
)
def test_bytes(size_bytes, profile, expected):
    assert codes(examples.image(size_bytes=size_bytes), profile) == expected


@pytest.mark.parametrize(
    ("frames", "expected"),
    [(None, []), (0, []), (1, []), (2, ["image_animated"]), (300, ["image_animated"])],
)
def test_frames(frames, expected):
    assert codes(examples.image(frames=frames)) == expected


@pytest.mark.parametrize(
    ("facts", "profile", "expected"),
    [
        (
            examples.image(width=127, height=2000),
            STRICT,
            mendable(
                "image_resolution_too_low",
                "The image is 127x2000 pixels, both sides need 128. `preflight prepare` scales it up.",
                measured="127x2000",
                limit="128x128",
            ),
        ),
        (
            replace(examples.image(width=127, height=2000), orientation=6),  # EXIF: lies on its side
            STRICT,
            mendable(
                "image_resolution_too_low",
                "The image is 2000x127 pixels, both sides need 128. `preflight prepare` scales it up.",
                measured="2000x127",
                limit="128x128",
            ),
        ),
        (
            examples.image(size_bytes=5_000_001),
            STRICT,
            mendable(
                "image_filesize_too_large",
                "The file has 5,000,001 bytes, the limit is 5,000,000. `preflight prepare` makes it smaller.",
                measured=5_000_001,
                limit=5_000_000,
            ),
        ),
        (
            examples.image(size_bytes=32_000_001),
            NEWEST,
            mendable(
                "image_filesize_too_large",
                "The file has 32,000,001 bytes, the limit is 32,000,000. `preflight prepare` makes it smaller.",
                measured=32_000_001,
                limit=32_000_000,
            ),
        ),
        (
            examples.image(width=60_000, height=50_000),
            STRICT,
            error(
                "image_pixels_too_many",
                "The image claims 60000x50000 pixels, more than is decoded here (178,956,970 in all). "
                "Scale it down with a program that you trust with it.",
                measured=3_000_000_000,
                limit=178_956_970,
            ),
        ),
        (
            examples.image(format="PNG", frames=20),
            STRICT,
            warning(
                "image_animated",
                "The image has 20 frames or pages; only the first is embedded. "
                "Give the others as files of their own, or a film as video.",
                measured=20,
                limit=1,
            ),
        ),
    ],
    ids=lambda value: getattr(value, "code", ""),
)
def test_what_is_said(facts, profile, expected):
    assert findings(facts, profile) == (expected,)
