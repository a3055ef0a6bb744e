"""What audio and video have in common: how long, and how large. The code says of which kind the file is."""

from __future__ import annotations

from typing import ClassVar

from preflight.limits import Limits, TimedLimits
from preflight.media import AudioFacts, Facts, Span, VideoFacts
from preflight.rules import examples
from preflight.rules.interface import Example, Finding, Rule, told_apart

CUT_IT = "`preflight prepare` cuts it into clips."
CUT_IT_YOURSELF = "Cut it: what is a part of a request cannot become several."


class _TimedRule(Rule):
    """Applies to one of the two kinds."""

    kind: ClassVar[str]

    def of_my_kind(self, facts: Facts, limits: Limits) -> tuple[AudioFacts | VideoFacts, TimedLimits] | None:
        if isinstance(facts, VideoFacts) and self.kind == "video":
            return facts, limits.video
        if isinstance(facts, AudioFacts) and self.kind == "audio":
            return facts, limits.audio
        return None


class _DurationTooLong(_TimedRule):
    def check(self, facts: Facts, limits: Limits) -> Finding | None:
        match self.of_my_kind(facts, limits):
            case None:
                return None
            case (timed, bounds):
                longest = max(timed.duration_s or 0.0, timed.claimed_duration_s or 0.0)
                most = bounds.max_duration_s.value
                if longest <= most:
                    return None
                by = "first and last time" if timed.clock_jumps else "header"
                claimed = "" if longest == timed.duration_s else f" by its {by}"
                if claimed and _false_claim(timed) is not None:
                    claimed += ", which does not tell the truth"
                return self.finding(
                    f"The {self.kind} lasts {told_apart(longest, most, 2)} s{claimed}, the limit is {most:g} s. "
                    f"{CUT_IT}",
                    measured=float(told_apart(longest, most, 3)),
                    limit=most,
                    fixable=True,
                )


class _DurationTooShort(_TimedRule):
    severity = "warning"

    def check(self, facts: Facts, limits: Limits) -> Finding | None:
        match self.of_my_kind(facts, limits):
            case None:
                return None
            case (timed, bounds):
                least = bounds.min_duration_s.value
                if timed.duration_s is None or timed.duration_s >= least:
                    return None
                return self.finding(
                    f"The {self.kind} lasts {told_apart(timed.duration_s, least, 2)} s; "
                    f"the service asks for {least:g} s at least. "
                    "Join it with what comes before or after it.",
                    measured=float(told_apart(timed.duration_s, least, 3)),
                    limit=least,
                    severity="error" if bounds.min_duration_is_error.value else "warning",
                )


class _FilesizeTooLarge(_TimedRule):
    def check(self, facts: Facts, limits: Limits) -> Finding | None:
        match self.of_my_kind(facts, limits):
            case None:
                return None
            case (timed, bounds):
                most = bounds.max_media_bytes
                if timed.size_bytes <= most:
                    return None
                return self.finding(
                    f"The file has {timed.size_bytes:,} bytes, the limit is {most:,} "
                    f"({-(-most // 3) * 4:,} as base64). {CUT_IT}",
                    measured=timed.size_bytes,
                    limit=most,
                    fixable=True,
                )


class _PacketsDamaged(_TimedRule):
    def check(self, facts: Facts, limits: Limits) -> Finding | None:
        match self.of_my_kind(facts, limits):
            case (timed, _) if timed.damaged_packets:
                count = timed.damaged_packets
                packets = f"{count} packets are" if count > 1 else "a packet is"
                return self.finding(
                    f"The file breaks off, or has lost some of its data: {packets} damaged. "
                    "`preflight prepare` sends what can be decoded; for the rest, export or download it again.",
                    measured=count,
                    limit=0,
                    fixable=True,
                )
            case _:
                return None


class _DurationMismatch(_TimedRule):
    def check(self, facts: Facts, limits: Limits) -> Finding | None:
        match self.of_my_kind(facts, limits):
            case (timed, _) if self._applies_to(timed) and (false := _false_claim(timed)) is not None:
                claimed, real = false
                if timed.clock_jumps:
                    return self.finding(
                        f"From its first time to its last are {claimed:.2f} s, but the file holds {real:.2f} s: its "
                        "clock jumps ahead. `preflight prepare` sends all of it with a clock that goes on.",
                        measured=round(real, 3),
                        limit=round(claimed, 3),
                        fixable=True,
                    )
                return self.finding(
                    f"The header claims {claimed:.2f} s, the file holds {real:.2f} s: it breaks off, or its header is "
                    "false. `preflight prepare` sends what is there under a true header; if some is "
                    "missing, export or download it again.",
                    measured=round(real, 3),
                    limit=round(claimed, 3),
                    fixable=True,
                )
            case _:
                return None

    def _applies_to(self, timed: AudioFacts | VideoFacts) -> bool:
        # An MP3 has no length in its header: what FFmpeg says instead is a guess from the bit rate.
        return isinstance(timed, VideoFacts) or timed.container in ("wav", "flac")


# Containers round, and sound may end a little after the picture.
_SLACK_S, _SLACK_SHARE = 1.0, 0.02


def _false_claim(timed: AudioFacts | VideoFacts) -> tuple[float, float] | None:
    """(what the header says of the duration, what the packets do), where those differ however the header counts:
    some count from their clock's zero on.
    """
    decoded, real, claimed = timed.decoded, timed.duration_s, timed.claimed_duration_s
    if decoded is not None and decoded.unfinished is None and decoded.duration_s is not None:
        real = decoded.duration_s  # what came out knows better than what packets say of themselves
    if real is None or claimed is None:
        return None
    slack = max(_SLACK_S, _SLACK_SHARE * claimed) if claimed else 0.0  # no rounding makes nothing of something
    off = min(abs(claimed - real), abs(claimed - (timed.start_s + real)))
    return (claimed, real) if off > slack else None


class VideoDurationTooLong(_DurationTooLong):
    """A video lasts at most 10 minutes: by its packets and by its header, as the service may believe either.

    In a task (marengo3.0-async, marengo3.0-asset) it lasts at most 4 hours, in marengo3.5 30 seconds.
    """

    code = "video_duration_too_long"
    kind = "video"
    accepted = (
        Example("600 s", examples.video(duration_s=600.0, claimed_duration_s=600.0)),
        Example("4 hours in a task", examples.video(duration_s=14_400, claimed_duration_s=14_400), "marengo3.0-async"),
        Example("30 s in marengo3.5", examples.video(duration_s=30.0, claimed_duration_s=30.0), "marengo3.5"),
    )
    refused = (
        Example("14,401 s in a task", examples.video(duration_s=14_401, claimed_duration_s=14_401), "marengo3.0-async"),
        Example("30.1 s in marengo3.5", examples.video(duration_s=30.1, claimed_duration_s=30.1), "marengo3.5"),
        Example("600.1 s", examples.video(duration_s=600.1, claimed_duration_s=600.1)),
        Example("a header that claims an hour", examples.video(claimed_duration_s=3600.0)),
        Example("a header that hides an hour", examples.video(duration_s=3600.0)),
    )


class AudioDurationTooLong(_DurationTooLong):
    """Audio lasts at most 10 minutes: by its packets and by its header, as the service may believe either.

    In a task (marengo3.0-async, marengo3.0-asset) it lasts at most 4 hours, in marengo3.5 30 seconds.
    """

    code = "audio_duration_too_long"
    kind = "audio"
    accepted = (
        Example("600 s", examples.audio(duration_s=600.0, claimed_duration_s=600.0)),
        Example("4 hours in a task", examples.audio(duration_s=14_400, claimed_duration_s=14_400), "marengo3.0-async"),
        Example("30 s in marengo3.5", examples.audio(duration_s=30.0, claimed_duration_s=30.0), "marengo3.5"),
    )
    refused = (
        Example("600.1 s", examples.audio(duration_s=600.1, claimed_duration_s=600.1)),
        Example("14,401 s in a task", examples.audio(duration_s=14_401, claimed_duration_s=14_401), "marengo3.0-async"),
        Example("30.1 s in marengo3.5", examples.audio(duration_s=30.1, claimed_duration_s=30.1), "marengo3.5"),
    )


class VideoDurationTooShort(_DurationTooShort):
    """A video should last at least 4 seconds.

    The pages of the synchronous route are silent about a minimum, so this is a warning in the default profile;
    the newest reading makes it an error.
    """

    code = "video_duration_too_short"
    kind = "video"
    accepted = (Example("4 s", examples.video(duration_s=4.0, claimed_duration_s=4.0)),)
    refused = (
        Example("3.9 s", examples.video(duration_s=3.9)),
        Example("3.9 s, an error in the newest reading", examples.video(duration_s=3.9), "marengo3.0-2026-08"),
    )


class AudioDurationTooShort(_DurationTooShort):
    """Audio should last at least 4 seconds.

    The pages of the synchronous route are silent about a minimum, so this is a warning in the default profile;
    the newest reading makes it an error.
    """

    code = "audio_duration_too_short"
    kind = "audio"
    accepted = (Example("4 s", examples.audio(duration_s=4.0, claimed_duration_s=4.0)),)
    refused = (Example("3.9 s", examples.audio(duration_s=3.9)),)


class VideoFilesizeTooLarge(_FilesizeTooLarge):
    """A video has at most 36 MB of base64, 27,000,000 bytes of file (36,000,000 in the newest reading and in a task).

    In marengo3.5 a source has at most 32,000,000 bytes of file, and one that was uploaded beforehand 4 GB
    (marengo3.0-asset).
    """

    code = "video_filesize_too_large"
    kind = "video"
    accepted = (
        Example("27,000,000 bytes", examples.video(size_bytes=27_000_000)),
        Example("30 MB in the newest reading", examples.video(size_bytes=30_000_000), "marengo3.0-2026-08"),
        Example("36 MB in a task", examples.video(size_bytes=36_000_000), "marengo3.0-async"),
        Example("400 MB, uploaded beforehand", examples.video(size_bytes=400_000_000), "marengo3.0-asset"),
    )
    refused = (
        Example("27,000,001 bytes", examples.video(size_bytes=27_000_001)),
        Example("36,000,001 bytes in a task", examples.video(size_bytes=36_000_001), "marengo3.0-async"),
        Example("32,000,001 bytes in marengo3.5", examples.video(size_bytes=32_000_001, duration_s=9), "marengo3.5"),
        Example("over 4 GB, uploaded", examples.video(size_bytes=4_000_000_001), "marengo3.0-asset"),
    )


class AudioFilesizeTooLarge(_FilesizeTooLarge):
    """Audio has at most 36 MB of base64, 27,000,000 bytes of file (36,000,000 in the newest reading and in a task).

    In marengo3.5 a source has at most 32,000,000 bytes of file, and one that was uploaded beforehand 4 GB
    (marengo3.0-asset).
    """

    code = "audio_filesize_too_large"
    kind = "audio"
    accepted = (
        Example("27,000,000 bytes", examples.audio(size_bytes=27_000_000)),
        Example("36 MB in a task", examples.audio(size_bytes=36_000_000), "marengo3.0-async"),
        Example("400 MB, uploaded beforehand", examples.audio(size_bytes=400_000_000), "marengo3.0-asset"),
    )
    refused = (
        Example("27,000,001 bytes", examples.audio(size_bytes=27_000_001)),
        Example("36,000,001 bytes in a task", examples.audio(size_bytes=36_000_001), "marengo3.0-async"),
        Example("32,000,001 bytes in marengo3.5", examples.audio(size_bytes=32_000_001, duration_s=9), "marengo3.5"),
        Example("over 4 GB, uploaded", examples.audio(size_bytes=4_000_000_001), "marengo3.0-asset"),
    )


class VideoPacketsDamaged(_PacketsDamaged):
    """The file ends in the middle of a packet, or packets are missing from a transport stream.

    Not documented, but a decoder complains of such a file, and what is missing is not embedded.
    """

    code = "video_packets_damaged"
    kind = "video"
    accepted = (Example("all packets whole", examples.video()),)
    refused = (Example("the last packet cut off", examples.video(damaged_packets=1)),)


class AudioPacketsDamaged(_PacketsDamaged):
    """The file ends in the middle of a packet, or packets are missing from a transport stream.

    Not documented, but a decoder complains of such a file, and what is missing is not embedded.
    """

    code = "audio_packets_damaged"
    kind = "audio"
    accepted = (Example("all packets whole", examples.audio()),)
    refused = (Example("the last packet cut off", examples.audio(damaged_packets=1)),)


class AudioFramesMissing(Rule):
    """Frames of a FLAC file are missing between others, by the numbers that each of them bears.

    Decoders play on without the hole: what follows would be embedded earlier than it is, and nobody told.
    """

    code = "audio_frames_missing"
    accepted = (Example("every number once", examples.audio(container="flac", codec="flac")),)
    refused = (Example("a third of a second lost", examples.audio(container="flac", codec="flac", missing_s=0.37)),)

    def check(self, facts: Facts, limits: Limits) -> Finding | None:  # noqa: ARG002
        if not isinstance(facts, AudioFacts) or not facts.missing_s:
            return None
        return self.finding(
            f"Frames are missing or torn, of {facts.missing_s:.3f} s at most: decoders play what follows too early. "
            "`preflight prepare` puts silence in their place; to have them, export or download it again.",
            measured=round(facts.missing_s, 3),
            limit=0,
            fixable=True,
        )


class VideoDurationMismatch(_DurationMismatch):
    """What the header says of the duration and what the packets add up to differ by more than a second (and 2 %).

    The file was cut off, or its header was written by something that did not know better; or it is a transport stream
    of several recordings, between which its clock jumps ahead. The service may believe either.
    """

    code = "video_duration_mismatch"
    kind = "video"
    accepted = (Example("0.9 s off", examples.video(duration_s=60.9)),)
    refused = (
        Example("half of it missing", examples.video(duration_s=30.0)),
        Example("half of it cannot be decoded", examples.video(decoded=examples.decoded(picture_s=30, sound_s=30))),
        Example("a header that says 5 s", examples.video(claimed_duration_s=5.0)),
        Example("a clock that jumps", examples.video(claimed_duration_s=90.0, clock_jumps=(Span(20.0, 50.0),))),
    )


class AudioDurationMismatch(_DurationMismatch):
    """What the header of a WAV or FLAC says of the duration and what it holds differ by more than a second (and 2 %).

    The file was cut off, or its header was written by something that did not know better. The service may believe
    either.
    """

    code = "audio_duration_mismatch"
    kind = "audio"
    accepted = (
        Example("0.9 s off", examples.audio(duration_s=60.9)),
        Example("an MP3, whose header has no length", examples.audio(container="mp3", codec="mp3", duration_s=30.0)),
    )
    refused = (Example("half of it missing", examples.audio(duration_s=30.0)),)


RULES: tuple[Rule, ...] = (
    VideoPacketsDamaged(),
    VideoDurationMismatch(),
    AudioPacketsDamaged(),
    AudioFramesMissing(),
    AudioDurationMismatch(),
    VideoDurationTooLong(),
    VideoDurationTooShort(),
    VideoFilesizeTooLarge(),
    AudioDurationTooLong(),
    AudioDurationTooShort(),
    AudioFilesizeTooLarge(),
)
