"""Video only: its geometry, and whether it can be decoded from its first packet on."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction

from preflight.limits import Limits
from preflight.media import Facts, VideoFacts
from preflight.rules import examples
from preflight.rules.interface import Example, Finding, Rule, told_apart


def _shapes(facts: VideoFacts) -> Iterator[tuple[int, int]]:
    """As displayed and as coded: which of the two the service measures is not documented."""
    yield facts.displayed_width, facts.displayed_height
    yield facts.width, facts.height


def _size(facts: VideoFacts) -> str:
    displayed = f"{facts.displayed_width}x{facts.displayed_height}"
    coded = f"{facts.width}x{facts.height}"
    return displayed if displayed == coded else f"{displayed} (coded {coded})"


MOST_RATIO = 131_072
"""Of the sides of a picture that is scaled: a line of 16,384 pixels that are eight times as wide as high. To scale it
until the shorter side has two pixels takes 0.2 s and 100 MB; eight times as much takes 4.8 s and 430 MB."""


class VideoResolutionTooLow(Rule):
    """Both sides of a video have at least 360 pixels, as displayed and as coded."""

    code = "video_resolution_too_low"
    accepted = (Example("360x360", examples.video(width=360, height=360)),)
    refused = (
        Example("640x359", examples.video(width=640, height=359)),
        Example("240x180", examples.video(width=240, height=180)),
        Example(
            "640x480 with pixels half as wide as high",
            examples.video(width=640, height=480, sample_aspect_ratio=Fraction(1, 2)),
        ),
    )

    def check(self, facts: Facts, limits: Limits) -> Finding | None:
        least = limits.video.min_side.value
        if not isinstance(facts, VideoFacts) or all(min(shape) >= least for shape in _shapes(facts)):
            return None
        return self.finding(
            f"The video is {_size(facts)} pixels, both sides need {least}. `preflight prepare` scales it up.",
            measured=_size(facts),
            limit=f"{least}x{least}",
            fixable=True,
        )


class VideoResolutionTooHigh(Rule):
    """A video is at most 5184 pixels wide and 2160 high.

    The newest reading turns that box for portrait pictures; the strict one, which is the default, does not.
    """

    code = "video_resolution_too_high"
    accepted = (
        Example("5184x2160", examples.video(width=5184, height=2160)),
        Example(
            "a phone's 2160x3840 in the newest reading",
            examples.video(width=2160, height=3840),
            "marengo3.0-2026-08",
        ),
    )
    refused = (
        Example("7680x4320", examples.video(width=7680, height=4320)),
        Example("a phone's 2160x3840", examples.video(width=3840, height=2160, rotation=90)),
    )

    def check(self, facts: Facts, limits: Limits) -> Finding | None:
        if not isinstance(facts, VideoFacts):
            return None
        for width, height in _shapes(facts):
            most = limits.video.max_size(width, height)
            if width > most[0] or height > most[1]:
                box = f"{most[0]}x{most[1]}"
                return self.finding(
                    f"The video is {_size(facts)} pixels, the limit is {box}. `preflight prepare` scales it down.",
                    measured=_size(facts),
                    limit=box,
                    fixable=True,
                )
        return None


class VideoResolutionInvalidAspectRatio(Rule):
    """A video is at most 2.4 times as wide as high, or as high as wide."""

    code = "video_resolution_invalid_aspect_ratio"
    accepted = (
        Example("1440x600", examples.video(width=1440, height=600)),
        Example("portrait, 720x1280", examples.video(width=1280, height=720, rotation=90)),
    )
    refused = (
        Example("1536x480", examples.video(width=1536, height=480)),
        Example("1442x600", examples.video(width=1442, height=600)),
        Example(
            "1440x1080 with wide pixels",
            examples.video(width=1440, height=1080, sample_aspect_ratio=Fraction(2)),
        ),
        Example("a line of pixels as wide as none", examples.video(width=1, sample_aspect_ratio=Fraction(1, 65_535))),
    )

    def check(self, facts: Facts, limits: Limits) -> Finding | None:
        most = limits.video.max_aspect_ratio.value
        if not isinstance(facts, VideoFacts):
            return None
        # A side of no pixels counts as one, as it does where it is displayed.
        ratio = max(max(shape) / max(1, min(shape)) for shape in _shapes(facts))
        if ratio <= most:
            return None
        wide, high = facts.displayed_exactly
        can_be_scaled = max(wide / high, high / wide) <= MOST_RATIO
        return self.finding(
            f"The video is {_size(facts)} pixels, a ratio of {told_apart(ratio, most, 3)}; the limit is {most:g}. "
            + ("`preflight prepare` pads it." if can_be_scaled else "Encode it with square pixels."),
            measured=float(told_apart(ratio, most, 4)),
            limit=most,
            fixable=can_be_scaled,
        )


class VideoStartsWithoutKeyframe(Rule):
    """A video starts with a keyframe; before the first one nothing can be decoded.

    Recordings cut from a broadcast often do not. Not documented, but a decoder complains of such a file.
    """

    code = "video_starts_without_keyframe"
    accepted = (Example("a keyframe first", examples.video()),)
    refused = (Example("the tail of a group of pictures first", examples.video(starts_with_keyframe=False)),)

    def check(self, facts: Facts, limits: Limits) -> Finding | None:  # noqa: ARG002
        if not isinstance(facts, VideoFacts) or facts.starts_with_keyframe is not False:
            return None
        return self.finding(
            "The video's first packet is no keyframe: nobody can decode what stands before the first one. "
            "`preflight prepare` leaves that out.",
            measured=None,
            limit=None,
            fixable=True,
        )


class VideoWithoutTimestamps(Rule):
    """A raw elementary stream (.h264, .265) has no clock: no one can say how long it is or when a frame is due."""

    code = "video_without_timestamps"
    accepted = (Example("H.264 in MP4", examples.video()),)
    refused = (
        Example("raw H.264", examples.video(has_timestamps=False, duration_s=None, claimed_duration_s=None)),
        Example("no packet has a time", examples.video(duration_s=None, claimed_duration_s=None)),
    )

    def check(self, facts: Facts, limits: Limits) -> Finding | None:  # noqa: ARG002
        if not isinstance(facts, VideoFacts) or (facts.has_timestamps and facts.duration_s is not None):
            return None
        return self.finding(
            "The video has no timestamps. `preflight prepare` gives it some, at its nominal frame rate.",
            measured=None,
            limit=None,
            fixable=True,
        )


class VideoSoundBroken(Rule):
    """The sound of a video says how it is coded, in a way that a decoder understands.

    Vorbis, AAC, Opus and ALAC say it once for the whole stream. Where that is damaged not one packet can be decoded,
    and readers such as ffprobe refuse the whole file.
    """

    code = "video_sound_broken"
    accepted = (Example("sound that says how it is coded", examples.video()),)
    refused = (Example("Vorbis with wrong bits in its setup header", examples.video(sound_is_broken=True)),)

    def check(self, facts: Facts, limits: Limits) -> Finding | None:  # noqa: ARG002
        if not isinstance(facts, VideoFacts) or not (count := sum(stream.broken for stream in facts.streams)):
            return None
        return self.finding(
            "The sound cannot be decoded: what says how it is coded is damaged. "
            "`preflight prepare` sends the video without it; to have it, export or download it again.",
            measured=count,
            limit=0,
            fixable=True,
        )


RULES: tuple[Rule, ...] = (
    VideoResolutionTooLow(),
    VideoResolutionTooHigh(),
    VideoResolutionInvalidAspectRatio(),
    VideoStartsWithoutKeyframe(),
    VideoWithoutTimestamps(),
    VideoSoundBroken(),
)
