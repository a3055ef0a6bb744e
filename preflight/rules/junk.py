"""What an MP3 or FLAC holds beside its sound, and readers stumble over."""

from __future__ import annotations

from preflight.limits import Limits
from preflight.media import AudioFacts, Facts
from preflight.rules import examples
from preflight.rules.interface import Example, Finding, Rule


class AudioJunk(Rule):
    """An MP3 holds frames, and tags that every decoder passes over (ID3, APEv2); a FLAC holds no picture that is none.

    Not a documented limit. But at other tags (Lyrics3, APEv1, 3DI), at half a frame and at whatever else lies before,
    behind or between the frames, FFmpeg's decoder complains, or takes the file for one of another kind; and so it does
    at a FLAC's picture that is cut off, or of a kind that not every reader knows.
    """

    code = "audio_junk"
    accepted = (Example("frames and known tags", examples.audio(container="mp3", codec="mp3")),)
    refused = (
        Example("half a picture", examples.audio(container="flac", codec="flac", junk=((42, 142),))),
        Example("lyrics behind the last frame", examples.audio(container="mp3", codec="mp3", junk=((52_034, 55_461),))),
    )

    def check(self, facts: Facts, limits: Limits) -> Finding | None:  # noqa: ARG002
        if not isinstance(facts, AudioFacts) or not facts.junk:
            return None
        count = sum(end - start for start, end in facts.junk)
        return self.finding(
            f"{count:,} bytes of it, from byte {facts.junk[0][0]:,} on, are neither whole frames nor a tag or "
            "picture that every decoder knows: some give up there. `preflight prepare` leaves them out.",
            measured=count,
            limit=0,
            fixable=True,
        )


RULES: tuple[Rule, ...] = (AudioJunk(),)
