"""Every limit of audio, from both sides."""

from __future__ import annotations

from dataclasses import replace

from preflight.testing.catalogue.audio.making import (
    FLAC,
    LOSSLESS,
    MP3_FRAMES,
    TRANSCODED,
    heard,
    remade,
    sound,
    truth_of,
)
from preflight.testing.catalogue.interface import Case, file, says
from preflight.testing.recipes.film import Copy, Film
from preflight.testing.recipes.interface import Recipe
from preflight.testing.recipes.padding import Padded
from preflight.testing.recipes.wave import Wave
from preflight.testing.recipes.written import Joined
from preflight.testing.truth import AudioTruth, Expected

_TOO_LONG = says("audio_duration_too_long", gives=LOSSLESS, requests=2)
_SHORT = says("audio_duration_too_short")
_REJECTED_AS_SHORT = says("audio_duration_too_short", gives="rejected")
# What grew a file beyond the limit is left out of it: nothing that is coded changes.
_PADDED = says("audio_filesize_too_large", gives=LOSSLESS)


def _call(samples: int) -> Wave:
    """A telephone call that is recorded: 8 kHz, mono, exact to the sample."""
    return Wave(samples=samples, sample_rate=8_000, channels=1)


def _looped(of: Film, seconds: float, **options: str | float | None) -> Recipe:
    return Copy(suffix=of.suffix, of=of, before={"stream_loop": -1}, options={"t": seconds, **options})


def _mp3(name: str, what: str, frames: int, strict: Expected | None = None) -> Case:
    """So many frames of 24 ms; half a frame more is asked for, so that rounding takes none away."""
    recipe = _looped(MP3_FRAMES, (frames - 0.5) * 0.024, write_xing=0, id3v2_version=0)
    return remade(name, what, recipe, MP3_FRAMES, strict, duration_s=frames * 0.024, slack_s=0.001)


def _flac(name: str, what: str, samples: int, strict: Expected | None = None) -> Case:
    call = _call(samples)
    recipe = Copy(suffix=".flac", of=call, options={"c": "flac"})
    return file(f"audio/{name}", what, recipe, replace(truth_of(call), container="flac", codec="flac"), strict)


# Five seconds less a bit: whole frames with the one that the encoder starts with, so that there is no seam.
_MEMO = sound(".m4a", "aac", seconds=4.992, sample_rate=16_000, channels=1, options={"b:a": "24k"})

DURATIONS: tuple[Case, ...] = (
    heard("duration_599_9", "A call of a tenth of a second under ten minutes.", _call(4_799_200)),
    heard("duration_600", "A call of ten minutes to the sample, where a recorder starts a new file.", _call(4_800_000)),
    heard("duration_600_and_a_sample", "A call of one sample more than ten minutes.", _call(4_800_001), _TOO_LONG),
    heard("duration_600_1", "A call of a tenth of a second over ten minutes.", _call(4_800_800), _TOO_LONG),
    _mp3("duration_600_mp3", "An MP3 of ten minutes to the frame, as radio archives cut them.", 25_000),
    _mp3("duration_600_1_mp3", "An MP3 of four frames more than ten minutes.", 25_004, _TOO_LONG),
    _flac("duration_600_flac", "A FLAC of ten minutes to the sample.", 4_800_000),
    _flac("duration_600_1_flac", "A FLAC of a tenth of a second over ten minutes.", 4_800_800, _TOO_LONG),
    heard("duration_4", "A voice command as short as every reading allows, to the sample.", _call(32_000)),
    heard(
        "duration_4_less_a_sample",
        "A voice command of one sample less than four seconds.",
        _call(31_999),
        _SHORT,
        newest=_REJECTED_AS_SHORT,
    ),
    heard(
        "duration_3_9",
        "A voice command shorter than the newest reading asks for: a warning in the strict one, which is silent.",
        _call(31_200),
        _SHORT,
        newest=_REJECTED_AS_SHORT,
    ),
    heard(
        "one_sample",
        "A WAV of a single sample, as a recorder leaves when it is stopped at once.",
        Wave(samples=1),
        _SHORT,
        newest=_REJECTED_AS_SHORT,
    ),
    remade(
        "podcast_of_25_minutes",
        "A podcast of 25 minutes in MP3: small enough, and two and a half times too long.",
        _looped(MP3_FRAMES, 1_500.0),
        MP3_FRAMES,
        says("audio_duration_too_long", gives=LOSSLESS, requests=3),
        duration_s=1_500.0,
        slack_s=0.08,
    ),
    remade(
        "voice_memo_of_25_minutes",
        "A meeting of 25 minutes that a phone recorded: neither its format nor its length fits.",
        _looped(_MEMO, 1_500.0),
        _MEMO,
        says("unsupported_file_type", "audio_duration_too_long", gives=TRANSCODED, requests=3),
        duration_s=1_500.0,
        slack_s=0.15,
    ),
)

# 30 s at a tenth of the bit rate of the 90 s behind them: who multiplies the first bit rate by the size finds 930 s.
_PAUSE, _SPEECH = (replace(MP3_FRAMES, options={**MP3_FRAMES.options, "b:a": rate}) for rate in ("32k", "320k"))
_AFTER_A_PAUSE = Joined(
    suffix=".mp3",
    parts=(
        _looped(_PAUSE, 30.0, write_xing=0, id3v2_version=0),
        _looped(_SPEECH, 90.0, write_xing=0, id3v2_version=0),
    ),
)

GUESSED: tuple[Case, ...] = (
    remade(
        "mp3_guessed_too_long",
        "Two minutes of MP3 that begin with a pause and state no length: by their first bit rate they last 15 minutes.",
        _AFTER_A_PAUSE,
        MP3_FRAMES,
        says("audio_duration_too_long", gives=LOSSLESS),
        duration_s=120.0,
    ),
)


def _padded(size_bytes: int, of: Film | Wave, what: str, *, strict: Expected | None, newest: Expected | None) -> Case:
    suffix = "" if of.suffix == ".wav" else f"_{of.suffix[1:]}"
    recipe = Padded(suffix=of.suffix, of=of, size_bytes=size_bytes)
    known = AudioTruth.slack_s if of.suffix == ".mp3" else 0.001
    return remade(f"size_{size_bytes}{suffix}", what, recipe, of, strict, newest=newest, slack_s=known)


_STUDIO = Wave()
_STEREO_170_S = Wave(samples=170 * 44_100)

SIZES: tuple[Case, ...] = (
    *(
        _padded(size, of, what, strict=None, newest=None)
        for size, of, what in (
            (26_999_996, _STUDIO, "A WAV four bytes under the strict limit, padded as editors reserve space."),
            (26_999_997, FLAC, "A FLAC three bytes under the strict limit: base64 counts in threes."),
            (26_999_997, MP3_FRAMES, "An MP3 three bytes under the strict limit, most of it an empty tag."),
            (27_000_000, _STUDIO, "A WAV as large as the strict reading allows: its base64 has 36,000,000 characters."),
            (27_000_000, FLAC, "A FLAC as large as the strict reading allows, most of it padding for tags."),
            (27_000_000, MP3_FRAMES, "An MP3 as large as the strict reading allows, most of it an empty tag."),
        )
    ),
    *(
        _padded(size, of, what, strict=_PADDED, newest=says())
        for size, of, what in (
            (27_000_003, FLAC, "A FLAC three bytes over the strict limit, which are four characters of base64."),
            (27_000_003, MP3_FRAMES, "An MP3 three bytes over the strict limit, most of it an empty tag."),
            (27_000_004, _STUDIO, "A WAV four bytes over the strict limit."),
            (36_000_000, _STUDIO, "A WAV as large as the newest reading allows, which counts the file."),
        )
    ),
    _padded(
        36_000_004,
        _STUDIO,
        "A WAV four bytes over every reading, nearly all of it space that an editor reserved.",
        strict=_PADDED,
        newest=_PADDED,
    ),
    heard(
        "size_170_s_of_stereo",
        "30 MB of sound as a CD has it, just under three minutes: a song that an editor exported.",
        _STEREO_170_S,
        says("audio_filesize_too_large", gives=LOSSLESS, requests=2),
        newest=says(),
    ),
)

CASES: tuple[Case, ...] = (*DURATIONS, *GUESSED, *SIZES)
