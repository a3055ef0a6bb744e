"""What lasts too long in a format that must become another: over ten minutes, every second marked by its pitch."""

from __future__ import annotations

from preflight.testing.catalogue.audio.making import TRANSCODED, Options, remade
from preflight.testing.catalogue.interface import Case, says
from preflight.testing.recipes.film import Film, Tone
from preflight.testing.recipes.marked import MarkedFilm
from preflight.testing.truth import Expected

SECONDS = 620.0
_CONVERTED = says("unsupported_file_type", "audio_duration_too_long", gives=TRANSCODED, requests=2)


def _long(
    suffix: str,
    what: str,
    coder: str,
    options: Options,
    *,
    sample_rate: int = 16_000,
    strict: Expected = _CONVERTED,
    slack_s: float = 0.15,
) -> Case:
    made = MarkedFilm(
        suffix=suffix, seconds=SECONDS, has_picture=False, sample_rate=sample_rate, options={"c:a": coder, **options}
    )
    tone = Tone(seconds=SECONDS, sample_rate=sample_rate, channels=1)
    of = Film(suffix=suffix, scene=None, tones=(tone,), options=made.options)
    return remade(f"long_{suffix[1:]}", what, made, of, strict, slack_s=slack_s)


CASES: tuple[Case, ...] = (
    _long(".m4a", "Over ten minutes of AAC, as phones record meetings.", "aac", {"b:a": "24k"}),
    _long(".aac", "Over ten minutes of AAC without a container, as radio is recorded.", "aac", {"b:a": "24k"}),
    _long(".ogg", "Over ten minutes of Vorbis, as audio books are read for free.", "libvorbis", {"q:a": 0}),
    _long(
        ".opus", "Over ten minutes of Opus, as messengers keep voice.", "libopus", {"b:a": "16k"}, sample_rate=48_000
    ),
    _long(".aiff", "Over ten minutes of AIFF, as Macintosh studios record.", "pcm_s16be", {}),
    _long(".wma", "Over ten minutes of Windows Media Audio, as dictations were sent.", "wmav2", {"b:a": "32k"}),
    _long(".amr", "Over ten minutes of AMR, as phones recorded calls.", "libopencore_amrnb", {}, sample_rate=8_000),
)
