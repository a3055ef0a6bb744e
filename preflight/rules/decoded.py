"""What only decoding every frame can tell. Silent where only metadata were read: `check --decode` asks for it."""

from __future__ import annotations

from typing import ClassVar

from preflight.limits import Limits
from preflight.media import AudioFacts, DecodedFacts, DecodedPicture, DecodedSound, Facts, VideoFacts
from preflight.rules import examples
from preflight.rules.interface import Example, Finding, Rule


class _DecodedRule(Rule):
    """Asks about audio or video that was decoded."""

    kind: ClassVar[str | None] = None
    """The one of the two that it asks about; None for both."""

    def of_my_kind(self, facts: Facts) -> DecodedFacts | None:
        if isinstance(facts, AudioFacts | VideoFacts) and self.kind in (None, facts.kind):
            return facts.decoded
        return None


def _tracks(decoded: DecodedFacts) -> list[DecodedPicture | DecodedSound]:
    return [track for track in (decoded.picture, decoded.sound) if track is not None]


class _FramesDamaged(_DecodedRule):
    def check(self, facts: Facts, limits: Limits) -> Finding | None:  # noqa: ARG002
        decoded = self.of_my_kind(facts)
        damaged = [track for track in _tracks(decoded) if track.damaged_frames] if decoded else []
        if not damaged:
            return None
        counts = [
            f"{track.damaged_frames} {'pictures' if isinstance(track, DecodedPicture) else 'blocks of sound'}"
            for track in damaged
        ]
        return self.finding(
            f"Damage in the coded data: {' and '.join(counts)} cannot be decoded whole. "
            "`preflight prepare` encodes what can be decoded; for the rest, export or download it again.",
            measured=sum(track.damaged_frames for track in damaged),
            limit=0,
            fixable=True,
        )


class _Truncated(_DecodedRule):
    def check(self, facts: Facts, limits: Limits) -> Finding | None:  # noqa: ARG002
        decoded = self.of_my_kind(facts)
        ends = [t.truncated_at_s for t in _tracks(decoded) if t.truncated_at_s is not None] if decoded else []
        if not ends:
            return None
        return self.finding(
            f"It breaks off at {min(ends):.2f} s: what is last there is not whole. "
            "`preflight prepare` sends what can be decoded; for the rest, export or download it again.",
            measured=round(min(ends), 3),
            limit=None,
            fixable=True,
        )


class VideoFramesDamaged(_FramesDamaged):
    """Every picture and all the sound of a video can be decoded without an error, and without concealing one.

    Found by decoding (`--decode`). A service may refuse such a file, or embed what a decoder made up.
    """

    code = "video_frames_damaged"
    kind = "video"
    accepted = (Example("all frames whole", examples.video(decoded=examples.decoded())),)
    refused = (
        Example("a picture with wrong bits", examples.video(decoded=examples.decoded(damaged_pictures=1))),
        Example("sound with wrong bits", examples.video(decoded=examples.decoded(damaged_sound=2))),
    )


class AudioFramesDamaged(_FramesDamaged):
    """All of the sound can be decoded without an error.

    Found by decoding (`--decode`). A service may refuse such a file, or leave out what it cannot decode.
    """

    code = "audio_frames_damaged"
    kind = "audio"
    accepted = (Example("all frames whole", examples.audio(decoded=examples.decoded(has_picture=False))),)
    refused = (Example("wrong bits", examples.audio(decoded=examples.decoded(has_picture=False, damaged_sound=1))),)


class VideoTruncated(_Truncated):
    """A video ends with a whole picture and whole sound.

    Found by decoding (`--decode`). Where a container counts its bytes or its seconds it tells this by itself (see
    `video_packets_damaged`, `video_duration_mismatch`); a transport stream, as of a broadcast, does not.
    """

    code = "video_truncated"
    kind = "video"
    accepted = (Example("whole to the end", examples.video(decoded=examples.decoded())),)
    refused = (
        Example("half a picture last", examples.video(decoded=examples.decoded(picture_truncated_at_s=59.96))),
        Example("half a block of sound last", examples.video(decoded=examples.decoded(sound_truncated_at_s=59.9))),
    )


class AudioTruncated(_Truncated):
    """Audio ends with a whole frame, or a whole sample of all its channels. Found by decoding (`--decode`)."""

    code = "audio_truncated"
    kind = "audio"
    accepted = (Example("whole to the end", examples.audio(decoded=examples.decoded(has_picture=False))),)
    refused = (
        Example(
            "half a frame at the end",
            examples.audio(decoded=examples.decoded(has_picture=False, sound_truncated_at_s=59.9)),
        ),
    )


class DecodeUnfinished(_DecodedRule):
    """Decoding comes to an end: within a minute and ten times as long as the media play (at most six hours), with
    pictures of at most 67,108,864 pixels (8192x8192).

    Found by decoding (`--decode`), as what takes longer or more memory is no media but an attack, or might be.
    """

    code = "decode_unfinished"
    accepted = (Example("decoded to the end", examples.video(decoded=examples.decoded())),)
    refused = (Example("too slow", examples.video(decoded=examples.decoded(unfinished="it takes too long"))),)

    def check(self, facts: Facts, limits: Limits) -> Finding | None:  # noqa: ARG002
        decoded = self.of_my_kind(facts)
        if decoded is None or decoded.unfinished is None:
            return None
        return self.finding(
            f"It was not decoded to its end: {decoded.unfinished}. Make it smaller, or check it without `--decode`.",
            measured=None,
            limit=None,
        )


_APART_S = 0.5
"""Reported by users of the service, not found in its documentation (the contract's limits of sync, "A/V sync")."""


class StreamsLengthDiffer(_DecodedRule):
    """Picture and sound of a video are equally long, to half a second.

    Found by decoding (`--decode`). Users report that the service asks for this; its pages do not.
    """

    code = "streams_length_differ"
    severity = "warning"
    kind = "video"
    accepted = (
        Example("0.5 s apart", examples.video(decoded=examples.decoded(sound_s=59.5))),
        Example("no sound", examples.video(decoded=examples.decoded(has_sound=False))),
    )
    refused = (Example("sound that ends 2 s early", examples.video(decoded=examples.decoded(sound_s=58.0))),)

    def check(self, facts: Facts, limits: Limits) -> Finding | None:  # noqa: ARG002
        match self.of_my_kind(facts):
            case DecodedFacts(
                picture=DecodedPicture(duration_s=float() as picture_s),
                sound=DecodedSound(duration_s=float() as sound_s),
                unfinished=None,
            ) if abs(picture_s - sound_s) > _APART_S:
                return self.finding(
                    f"The picture lasts {picture_s:.2f} s, the sound {sound_s:.2f} s; more than {_APART_S:g} s apart "
                    "may be refused. Fill or cut the longer, where the difference is not meant.",
                    measured=round(abs(picture_s - sound_s), 3),
                    limit=_APART_S,
                )
            case _:
                return None


class AudioSilent(_DecodedRule):
    """There is something to hear: a sample above -60 dBFS, a thousandth of the loudest.

    Found by decoding (`--decode`), of audio and of a video's sound. Silence is embedded like everything else.
    """

    code = "audio_silent"
    severity = "warning"
    accepted = (
        Example("a talk", examples.audio(decoded=examples.decoded(has_picture=False))),
        Example("a video without sound", examples.video(decoded=examples.decoded(has_sound=False))),
    )
    refused = (
        Example("a microphone that was off", examples.audio(decoded=examples.decoded(has_picture=False, silent=True))),
        Example("a video of the same", examples.video(decoded=examples.decoded(silent=True))),
    )

    def check(self, facts: Facts, limits: Limits) -> Finding | None:  # noqa: ARG002
        match self.of_my_kind(facts):
            case DecodedFacts(sound=DecodedSound(is_silent=True), unfinished=None):
                return self.finding(
                    "All of the sound is silence, below -60 dBFS. Check that it is the file that you mean.",
                    measured=None,
                    limit=-60,
                )
            case _:
                return None


class VideoBlack(_DecodedRule):
    """There is something to see: in one frame at least, 0.1 % of the picture has a luma of 32 or more, of 255.

    Found by decoding (`--decode`). Black is embedded like everything else.
    """

    code = "video_black"
    severity = "warning"
    kind = "video"
    accepted = (Example("a film", examples.video(decoded=examples.decoded())),)
    refused = (Example("a lens cap", examples.video(decoded=examples.decoded(black=True))),)

    def check(self, facts: Facts, limits: Limits) -> Finding | None:  # noqa: ARG002
        match self.of_my_kind(facts):
            case DecodedFacts(picture=DecodedPicture(is_black=True), unfinished=None):
                return self.finding(
                    "Every picture is black. Check that it is the file that you mean.", measured=None, limit=None
                )
            case _:
                return None


class VideoFrozen(_DecodedRule):
    """Something moves: in one frame at least, more than 0.1 % of the picture differs from the first frame by more than
    24 of 255.

    Found by decoding (`--decode`). A still picture costs as much as a film, and an image says the same.
    """

    code = "video_frozen"
    severity = "warning"
    kind = "video"
    accepted = (Example("a film", examples.video(decoded=examples.decoded())),)
    refused = (Example("a slide", examples.video(decoded=examples.decoded(frozen=True))),)

    def check(self, facts: Facts, limits: Limits) -> Finding | None:  # noqa: ARG002
        match self.of_my_kind(facts):
            case DecodedFacts(picture=DecodedPicture(is_frozen=True, is_black=False), unfinished=None):
                return self.finding(
                    "Every picture is the same as the first. Check that it is the file that you mean; "
                    "if it is, an image of it says as much.",
                    measured=None,
                    limit=None,
                )
            case _:
                return None


RULES: tuple[Rule, ...] = (
    VideoFramesDamaged(),
    AudioFramesDamaged(),
    VideoTruncated(),
    AudioTruncated(),
    DecodeUnfinished(),
    StreamsLengthDiffer(),
    AudioSilent(),
    VideoBlack(),
    VideoFrozen(),
)
