"""Recordings that say where they were made."""

from __future__ import annotations

from dataclasses import replace
from typing import ClassVar

from preflight.limits import Limits
from preflight.media import AudioFacts, Facts, VideoFacts
from preflight.rules import examples, image
from preflight.rules.interface import Example, Finding, Rule

_EIFFEL_TOWER = (48.8583, 2.2945)


class _HasLocation(Rule):
    """The common part."""

    severity = "warning"
    of: ClassVar[type[AudioFacts | VideoFacts]]

    def check(self, facts: Facts, limits: Limits) -> Finding | None:  # noqa: ARG002
        if not isinstance(facts, self.of) or facts.location is None:
            return None
        latitude, longitude = facts.location
        measured = f"{latitude:.3f}, {longitude:.3f}"
        return self.finding(
            f"The {facts.kind} says where it was recorded (latitude and longitude {measured}), and sent as it is it "
            "takes that along. `--strip-metadata` leaves it out.",
            measured=measured,
            limit=None,
        )


class AudioHasLocation(_HasLocation):
    """A recording that says in its tags where it was made tells it to whoever it is sent to.

    Not a limit of the service. It is not said where `Policy.strip_metadata` (`--strip-metadata`) is set.
    """

    code = "audio_has_location"
    of = AudioFacts
    accepted = (Example("no coordinates", examples.audio()),)
    refused = (Example("a memo from the Eiffel tower", replace(examples.audio(), location=_EIFFEL_TOWER)),)


class VideoHasLocation(_HasLocation):
    """A film that says in its tags where it was made, as those of phones do, tells it to whoever it is sent to.

    Not a limit of the service. It is not said where `Policy.strip_metadata` (`--strip-metadata`) is set. A track of
    positions, as action cameras and drones write beside the picture, is not read; stripping leaves it out, too.
    """

    code = "video_has_location"
    of = VideoFacts
    accepted = (Example("no coordinates", examples.video()),)
    refused = (Example("a film of the Eiffel tower", replace(examples.video(), location=_EIFFEL_TOWER)),)


RULES: tuple[Rule, ...] = (AudioHasLocation(), VideoHasLocation())
CODES = frozenset({image.LOCATION.code, *(each.code for each in RULES)})
"""What needs no warning where metadata are stripped."""
