"""What an MP3 holds beside its sound, and readers take for a part of it."""

from __future__ import annotations

from preflight.limits import Limits
from preflight.media import AudioFacts, Facts
from preflight.rules import examples
from preflight.rules.interface import Example, Finding, Rule


class AudioJunk(Rule):
    """An MP3 holds frames, and tags that every decoder passes over (ID3, APEv2).

    Not a documented limit. But at other tags (Lyrics3, APEv1, 3DI), at half a frame and at whatever else lies before,
    behind or between the frames, FFmpeg's decoder complains, or takes the file for one of another kind.
    """

    code = "audio_junk"
    accepted = (Example("frames and known tags", examples.audio(container="mp3", codec="mp3")),)
    refused = (
        Example("lyrics behind the last frame", examples.audio(container="mp3", codec="mp3", junk=((52_034, 55_461),))),
    )

    def check(self, facts: Facts, limits: Limits) -> Finding | None:  # noqa: ARG002
        if not isinstance(facts, AudioFacts) or not facts.junk:
            return None
        count = sum(end - start for start, end in facts.junk)
        return self.finding(
            f"{count:,} bytes of it, from byte {facts.junk[0][0]:,} on, are neither whole frames nor a tag that every "
            "decoder knows: some give up there. `preflight prepare` leaves them out.",
            measured=count,
            limit=0,
            fixable=True,
        )


RULES: tuple[Rule, ...] = (AudioJunk(),)
