"""Images."""

from __future__ import annotations

from dataclasses import replace

from preflight.limits import Limits
from preflight.media import Facts, ImageFacts
from preflight.rules import examples
from preflight.rules.interface import DOCS_ERRORS, Example, Finding, Rule


class ImageResolutionTooLow(Rule):
    """Both sides of an image have at least 128 pixels."""

    code = "image_resolution_too_low"
    accepted = (Example("128x128", examples.image(width=128, height=128)),)
    refused = (
        Example("127x128", examples.image(width=127, height=128)),
        Example("2000x100", examples.image(width=2000, height=100)),
    )

    def check(self, facts: Facts, limits: Limits) -> Finding | None:
        least = limits.image.min_side.value
        if not isinstance(facts, ImageFacts) or min(facts.width, facts.height) >= least:
            return None
        size = f"{facts.displayed_width}x{facts.displayed_height}"
        return self.finding(
            f"The image is {size} pixels, both sides need {least}. `preflight prepare` scales it up.",
            measured=size,
            limit=f"{least}x{least}",
            fixable=True,
        )


class ImageFilesizeTooLarge(Rule):
    """An image file has at most 5 MB (5,000,000 bytes; 32,000,000 in the newest reading and in marengo3.5)."""

    code = "image_filesize_too_large"
    accepted = (
        Example("5,000,000 bytes", examples.image(size_bytes=5_000_000)),
        Example("6 MB in the newest reading", examples.image(size_bytes=6_000_000), "marengo3.0-2026-08"),
        Example("32 MB in marengo3.5", examples.image(size_bytes=32_000_000), "marengo3.5"),
    )
    refused = (
        Example("5,000,001 bytes", examples.image(size_bytes=5_000_001)),
        Example("32,000,001 bytes in marengo3.5", examples.image(size_bytes=32_000_001), "marengo3.5"),
        Example("5,000,001 bytes at Bedrock", examples.image(size_bytes=5_000_001), "bedrock-marengo3.0"),
    )

    def check(self, facts: Facts, limits: Limits) -> Finding | None:
        most = limits.image.max_file_bytes.value
        if not isinstance(facts, ImageFacts) or facts.size_bytes <= most:
            return None
        return self.finding(
            f"The file has {facts.size_bytes:,} bytes, the limit is {most:,}. `preflight prepare` makes it smaller.",
            measured=facts.size_bytes,
            limit=most,
            fixable=True,
        )


class ImagePixelsTooMany(Rule):
    """A small file can claim a picture that fills all memory when it is decoded (a decompression bomb).

    Each row takes memory of its own, and the pixels of a narrow picture are the least of it: a side of less than 16
    counts as one of 16. The service documents no maximum; this bound is a guard of preflight's own.
    """

    code = "image_pixels_too_many"
    accepted = (
        Example("a 108-megapixel photograph", examples.image(width=12_000, height=9_000)),
        Example("a ruler of a million rows", examples.image(width=128, height=1_000_000)),
    )
    refused = (
        Example("60,000x60,000", examples.image(width=60_000, height=60_000)),
        Example("178 million rows of one pixel", examples.image(width=1, height=178_000_000)),
    )

    def check(self, facts: Facts, limits: Limits) -> Finding | None:
        most = limits.image.max_pixels.value
        if not isinstance(facts, ImageFacts):
            return None
        pixels = counted_pixels(facts)
        if pixels <= most:
            return None
        counted = f", a side as at least {_LEAST_SIDE}" if pixels > facts.width * facts.height else ""
        return self.finding(
            f"The image claims {facts.width}x{facts.height} pixels, more than is decoded here "
            f"({most:,} in all{counted}). Scale it down with a program that you trust with it.",
            measured=pixels,
            limit=most,
        )


_LEAST_SIDE = 16


def counted_pixels(facts: ImageFacts) -> int:
    """As `ImagePixelsTooMany` counts them."""
    return max(facts.width, _LEAST_SIDE) * max(facts.height, _LEAST_SIDE)


class ImageAnimated(Rule):
    """An animation or a file of several pages: only its first frame becomes part of the embedding."""

    code = "image_animated"
    severity = "warning"
    accepted = (Example("one frame", examples.image(format="PNG")),)
    refused = (Example("a PNG of 20 frames", examples.image(format="PNG", frames=20)),)

    def check(self, facts: Facts, limits: Limits) -> Finding | None:  # noqa: ARG002
        if not isinstance(facts, ImageFacts) or facts.frames is None or facts.frames <= 1:
            return None
        return self.finding(
            f"The image has {facts.frames} frames or pages; only the first is embedded. "
            "Give the others as files of their own, or a film as video.",
            measured=facts.frames,
            limit=1,
        )


class ImageMetadataUnreadable(Rule):
    """What stands beside the picture (texts, EXIF, a colour profile) can be read by those who unpack it.

    Not a documented limit. But Pillow, the most usual reader, guards against additions that unpack to megabytes, and
    refuses the whole file; what is no EXIF fails whoever turns pictures upright with it. A service may well use it.
    """

    code = "image_metadata_unreadable"
    docs = DOCS_ERRORS
    accepted = (Example("a text of a kilobyte, or none", examples.image(format="PNG")),)
    refused = (
        Example(
            "a PNG with two megabytes of compressed text",
            examples.image(format="PNG", stumbling_block="a compressed text unpacks to more than 1,048,576 bytes"),
        ),
    )

    def check(self, facts: Facts, limits: Limits) -> Finding | None:  # noqa: ARG002
        if not isinstance(facts, ImageFacts) or facts.stumbling_block is None:
            return None
        reason = facts.stumbling_block[:1].upper() + facts.stumbling_block[1:]
        return self.finding(
            f"{reason}, at which readers such as Pillow give up. `preflight prepare` leaves it out.",
            measured=None,
            limit=None,
            fixable=True,
        )


class ImageHasLocation(Rule):
    """A photograph that says where it was taken tells it to whoever it is sent to: in EXIF or XMP, its own or that of
    another picture behind it, or in the film behind it that phones record with it.

    Not a limit of the service. It is not said where `Policy.strip_metadata` (`--strip-metadata`) is set.
    """

    code = "image_has_location"
    severity = "warning"
    accepted = (Example("no coordinates", examples.image()),)
    refused = (Example("a photograph of the Eiffel tower", replace(examples.image(), location=(48.8583, 2.2945))),)

    def check(self, facts: Facts, limits: Limits) -> Finding | None:  # noqa: ARG002
        if not isinstance(facts, ImageFacts) or facts.location is None:
            return None
        latitude, longitude = facts.location
        measured = f"{latitude:.3f}, {longitude:.3f}"
        return self.finding(
            f"The image says where it was taken (latitude and longitude {measured}), and sent as it is it takes that "
            "along. `--strip-metadata` leaves it out.",
            measured=measured,
            limit=None,
        )


LOCATION = ImageHasLocation()

RULES: tuple[Rule, ...] = (
    ImageResolutionTooLow(),
    ImageFilesizeTooLarge(),
    ImagePixelsTooMany(),
    ImageAnimated(),
    ImageMetadataUnreadable(),
    LOCATION,
)
