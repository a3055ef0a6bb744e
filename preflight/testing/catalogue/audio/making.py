"""How a case of audio is written down: what is encoded, and with it what is true of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TypedDict, Unpack

from preflight.media import Fidelity
from preflight.testing.catalogue.interface import Case, file, says
from preflight.testing.recipes.film import Film, Tone
from preflight.testing.recipes.interface import Recipe
from preflight.testing.recipes.wave import Wave
from preflight.testing.truth import MOV, AudioTruth, Expected

Options = Mapping[str, str | float | None]
NO_OPTIONS: Options = {}

LOSSLESS, TRANSCODED = Fidelity.LOSSLESS, Fidelity.TRANSCODED

CONVERTED = says("unsupported_file_type", gives=TRANSCODED)
"""Coded as the service takes it in no container."""
REWRAPPED = says("unsupported_file_type", gives=LOSSLESS)
"""Coded as the service takes it, but in a container that it does not take."""

_CONTAINERS = {
    ".wav": "wav",
    ".w64": "w64",
    ".mp3": "mp3",
    ".mp2": "mp3",
    ".flac": "flac",
    ".m4a": MOV,
    ".m4b": MOV,
    ".mp4": MOV,
    ".mov": MOV,
    ".3gp": MOV,
    ".opus": "ogg",
    ".ogg": "ogg",
    ".oga": "ogg",
    ".aac": "aac",
    ".ac3": "ac3",
    ".eac3": "eac3",
    ".dts": "dts",
    ".amr": "amr",
    ".aiff": "aiff",
    ".aifc": "aiff",
    ".au": "au",
    ".caf": "caf",
    ".wma": "asf",
    ".wv": "wv",
    ".tta": "tta",
    ".mka": "matroska,webm",
    ".webm": "matroska,webm",
}
_CODECS = {
    "libmp3lame": "mp3",
    "libopus": "opus",
    "libvorbis": "vorbis",
    "libopencore_amrnb": "amr_nb",
    "dca": "dts",
}
"""What FFmpeg's encoders write, where that is not their own name."""
_WAVE_CODECS = {"s20in24": "pcm_s24le", "s24in32": "pcm_s32le", "gsm": "gsm_ms", "u8": "pcm_u8"}
_EXACT_S = 0.001
_EXACT = frozenset({".wav", ".flac"})
"""These say to the sample how long they are."""


class Known(TypedDict, total=False):
    """What does not follow from the tone and its coder."""

    container: str
    codec: str
    duration_s: float
    sample_rate: int
    channels: int
    bit_depth: int | None
    cover_art: bool
    slack_s: float


def sound(
    suffix: str,
    coder: str,
    *,
    seconds: float = 5.0,
    sample_rate: int = 44_100,
    channels: int = 2,
    options: Options = NO_OPTIONS,
) -> Film:
    """The tone, coded by FFmpeg's encoder of that name."""
    tone = Tone(seconds=seconds, sample_rate=sample_rate, channels=channels)
    return Film(suffix=suffix, scene=None, tones=(tone,), options={"c:a": coder, **options})


def truth_of(of: Film | Wave, **known: Unpack[Known]) -> AudioTruth:
    """What was put in is what must be found."""
    if isinstance(of, Wave):
        plain = AudioTruth(
            container="wav",
            codec=_WAVE_CODECS.get(of.coding, f"pcm_{of.coding}le"),
            duration_s=of.samples / of.sample_rate,
            sample_rate=of.sample_rate,
            channels=of.channels,
            slack_s=_EXACT_S,
        )
    else:
        coder, tone = str(of.options["c:a"]), of.tones[0]
        plain = AudioTruth(
            container=_CONTAINERS[of.suffix],
            codec=_CODECS.get(coder, coder),
            duration_s=tone.seconds,
            sample_rate=tone.sample_rate,
            channels=tone.channels,
            slack_s=_EXACT_S if of.suffix in _EXACT else AudioTruth.slack_s,
        )
    return replace(plain, **known)


def heard(
    name: str,
    what: str,
    made: Film | Wave,
    strict: Expected | None = None,
    *,
    newest: Expected | None = None,
    **known: Unpack[Known],
) -> Case:
    """A case that is encoded or written in one go."""
    return file(f"audio/{name}", what, made, truth_of(made, **known), strict, newest=newest)


def remade(
    name: str,
    what: str,
    recipe: Recipe,
    of: Film | Wave,
    strict: Expected | None = None,
    *,
    newest: Expected | None = None,
    **known: Unpack[Known],
) -> Case:
    """A case that is made of another's coded data, which are as they were but for what is `known`."""
    return file(f"audio/{name}", what, recipe, truth_of(of, **known), strict, newest=newest)


WAV = sound(".wav", "pcm_s16le")
MP3 = sound(".mp3", "libmp3lame")
FLAC = sound(".flac", "flac", options={"sample_fmt": "s16"})
M4A = sound(".m4a", "aac")
"""Five seconds in stereo: what most others are made of."""
MP3_FRAMES = sound(
    ".mp3",
    "libmp3lame",
    sample_rate=48_000,
    channels=1,
    options={"b:a": "32k", "reservoir": 0, "write_xing": 0, "id3v2_version": 0},
)
"""Frames of 24 ms and nothing else. None needs the one before it, so that they can be repeated."""
