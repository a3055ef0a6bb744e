"""Audio: WAV, FLAC and MP3 on all sides of the limits, and what the service does not take."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import cache
from math import ceil
from typing import Final

from hypothesis import strategies as st
from hypothesis.strategies import DrawFn, SearchStrategy

from preflight.limits import DEFAULT_PROFILE, AudioLimits, Limits
from preflight.testing.recipes.film import Copy
from preflight.testing.recipes.interface import Recipe
from preflight.testing.recipes.padding import Padded
from preflight.testing.recipes.silence import SilentAac, SilentAu, SilentFlac, SilentMp3
from preflight.testing.recipes.tiny_mp4 import TinyMp4
from preflight.testing.recipes.wave import Coding, Wave
from preflight.testing.recipes.written import Written
from preflight.testing.strategies.interface import Drawn
from preflight.testing.strategies.lengths import Aim, Length, lengths
from preflight.testing.strategies.wishes import Breakable, Breaks, Codes, pick, spread
from preflight.testing.truth import MOV, AudioTruth, foreseen

_LONG, _SHORT, _LARGE = "audio_duration_too_long", "audio_duration_too_short", "audio_filesize_too_large"
_TORN, _MISMATCH = "audio_packets_damaged", "audio_duration_mismatch"
_FOREIGN, _BROKEN, _EMPTY = "unsupported_file_type", "audio_file_broken", "file_empty"

_RATES: Final = (8_000, 16_000, 22_050, 44_100, 48_000)
"""Hz; the first, which makes the smallest files, is what is long is sampled at."""
_CODINGS: Final[dict[Coding, str]] = {
    "s16": "pcm_s16le",
    "u8": "pcm_u8",
    "s24": "pcm_s24le",
    "s32": "pcm_s32le",
    "f32": "pcm_f32le",
    "f64": "pcm_f64le",
}
_DEPTHS: Final[dict[Coding, int]] = {"s16": 16, "u8": 8, "s24": 24, "s32": 32, "f32": 32, "f64": 64}
_MASKS: Final = {1: None, 2: None, 6: 0x3F}
"""Speaker positions; what has more than two channels must say where they are."""
_SAMPLES: Final = {Fraction(rate): rate for rate in _RATES}
_WRONG_S: Final = 2
_FEWEST_FRAMES: Final = 16
"""Of MP3, which has no header: no reader takes two or three of them for sound."""
_RARELY: Final = (False,) * 15 + (True,)

_NO_AUDIO: Final = {
    _EMPTY: (("an empty file", Written(suffix=".wav", data=b"")),),
    _BROKEN: (
        ("WAV without sound", Wave(samples=0)),
        ("FLAC without sound", SilentFlac(samples=0)),
        ("WAV that breaks off after its first bytes", Written(suffix=".wav", data=b"RIFF\xff\0\0\0WAVEfmt ")),
    ),
}

Made = tuple[Recipe, AudioTruth, list[str]]
"""And what is odd about it, in words."""


def audio(*, fits: bool | None = None, breaks: Breaks = None, profile: str = DEFAULT_PROFILE) -> SearchStrategy[Drawn]:
    """Small audio on all sides of the limits: WAV of all codings, FLAC, MP3; durations, rates, channels, sizes.

        @given(audio(breaks="unsupported_file_type"))
        def test_converts_voice_memos(memo):
            assert upload(memo.path).ok

    `fits`: True gives what passes `preflight.check` as it is (its verdict is "pass"; it may still be warned of), False
    what breaks a limit or two, None either. `breaks`: the codes of exactly the errors that are found. `profile` names
    the limits. What is drawn is sound with a `truth`, even if it breaks a limit: what is none any more (an empty file,
    a header alone) comes only where its code is asked for.

    The simplest, which failing examples shrink to, is WAV of 16 bits and one channel, as long as it must be; beyond a
    limit, the one next to it.

    Raises UsageError for a code that no audio breaks under that profile, with those that some does, and
    MissingExtraError where the `testing` extra is not installed.
    """
    limits = foreseen(profile)
    return breakable(limits).wanted(fits, breaks).flatmap(lambda codes: _audio(limits, codes))


@cache
def breakable(limits: Limits) -> Breakable:
    durations = (_LONG, _SHORT) if limits.audio.min_duration_is_error.value else (_LONG,)
    return Breakable(
        kind="audio",
        codes=(*durations, _LARGE, _FOREIGN, _TORN, _MISMATCH, _BROKEN, _EMPTY),
        alone=frozenset({_BROKEN, _EMPTY}),
        clashes=(
            frozenset({_LONG, _SHORT}),
            # Of what is taken, only WAV shows that it is torn, and only FLAC that it is not as long as it says.
            *(frozenset(pair) for pair in ((_TORN, _MISMATCH), (_TORN, _FOREIGN), (_MISMATCH, _FOREIGN))),
            frozenset({_LARGE, _TORN}),  # what a file is grown by would stand where its end is missing
        ),
        gone=frozenset({_BROKEN, _EMPTY}),
        why_not={_SHORT: f"under {limits.profile} it is a warning"},
    )


@st.composite
def _audio(draw: DrawFn, limits: Limits, codes: Codes) -> Drawn:
    for code in codes & _NO_AUDIO.keys():  # at most one: they go with no other
        what, gone = draw(pick(_NO_AUDIO[code]))
        return Drawn(recipe=gone, truth=None, stem="audio", what=what, profile=limits.profile, breaks=codes)
    made = draw(pick(_formats(codes)))
    length, rate = draw(_lengths(limits.audio, codes, made.rates))
    recipe, truth, notes = made.make(length, rate, draw(_extras(limits.audio, codes, length)))
    what = ", ".join([_described(truth), *notes])
    return Drawn(recipe=recipe, truth=truth, stem="audio", what=what, profile=limits.profile, breaks=codes)


@st.composite
def _lengths(draw: DrawFn, limits: AudioLimits, codes: Codes, rates: Mapping[Fraction, int]) -> tuple[Length, int]:
    """In units that come at one of these rates a second, and the sample rate that goes with it, in Hz."""
    aim: Aim = "allowed"
    if _LONG in codes:
        aim = "too_long"
    elif _SHORT in codes:
        aim = "too_short"
    elif codes & {_TORN, _MISMATCH}:
        aim = "ordinary"
    length = draw(lengths(limits, aim, tuple(rates), tuple(rates)[:1]))
    return length, rates[length.rate]


@dataclass(frozen=True, kw_only=True)
class _Extras:
    """Whatever else there is to choose, for all formats: see `pick`."""

    coding: Coding
    channels: int
    has_cover: bool
    lost_bytes: int
    """Announced, but not there."""
    claims_s: int | None
    """What a header says that does not tell the truth."""
    size_bytes: int | None
    """What the file is grown to."""
    most_bytes: int
    """That sound may have before it is grown."""


@st.composite
def _extras(draw: DrawFn, limits: AudioLimits, codes: Codes, length: Length) -> _Extras:
    most = limits.max_media_bytes
    lost, larger, is_full = draw(st.integers(1, 500)), draw(spread(0, most // 10)), draw(pick(_RARELY))
    more_s, is_less = draw(st.integers(0, 60)), draw(st.booleans())
    size = most if is_full and _TORN not in codes else None
    return _Extras(
        coding=draw(pick(tuple(_CODINGS))),
        channels=draw(pick(tuple(_MASKS))),
        has_cover=draw(st.booleans()),
        lost_bytes=lost if _TORN in codes else 0,
        claims_s=_false_claim(limits, length, more_s=more_s, is_less=is_less) if _MISMATCH in codes else None,
        size_bytes=most + 1 + larger if _LARGE in codes else size,
        most_bytes=most // 4,
    )


def _false_claim(limits: AudioLimits, length: Length, *, more_s: int, is_less: bool) -> int:
    """Seconds: wrong by more than one and a fiftieth, less than which is no mismatch.

    It is no reason to find the sound too long, where it is not.
    """
    real_s = length.seconds
    if is_less and real_s > 2 * _WRONG_S:
        return ceil(real_s / 2)
    claimed = ceil(real_s * 1.03) + _WRONG_S + more_s
    is_allowed = real_s <= limits.max_duration_s.value
    return min(claimed, int(limits.max_duration_s.value)) if is_allowed else claimed


def _wav(length: Length, rate: int, extras: _Extras) -> Made:
    coding, channels, lost = extras.coding, extras.channels, extras.lost_bytes
    # An odd number of samples never ends where a reader's packets do: so the last of those is torn.
    samples = length.count + (1 - length.count % 2 if lost else 0)
    if samples * channels * _DEPTHS[coding] // 8 > extras.most_bytes:
        coding, channels = "s16", 1
    depth = _DEPTHS[coding]
    recipe: Recipe = Wave(
        coding=coding,
        samples=samples,
        sample_rate=rate,
        channels=channels,
        channel_mask=_MASKS[channels],
        claims=samples * channels * depth // 8 + lost if lost else None,
        is_padded=not lost,
    )
    truth = AudioTruth(
        container="wav",
        codec=_CODINGS[coding],
        duration_s=samples / rate,
        sample_rate=rate,
        channels=channels,
        bit_depth=depth,
        slack_s=0.001,
    )
    notes = [f"breaks off {lost} bytes early"] if lost else []
    if extras.size_bytes is not None:
        recipe = Padded(suffix=".wav", of=recipe, size_bytes=extras.size_bytes)
    return recipe, truth, [*notes, *_grown(extras)]


def _flac(length: Length, rate: int, extras: _Extras) -> Made:
    channels = min(extras.channels, 2)
    recipe = SilentFlac(
        samples=length.count,
        sample_rate=rate,
        channels=channels,
        bit_depth=min(_DEPTHS[extras.coding], 24),
        claims=None if extras.claims_s is None else extras.claims_s * rate,
        size_bytes=extras.size_bytes,
    )
    truth = AudioTruth(
        container="flac",
        codec="flac",
        duration_s=length.seconds,
        sample_rate=rate,
        channels=channels,
        slack_s=0.001,
    )
    notes = [] if extras.claims_s is None else [f"claims {extras.claims_s} s"]
    return recipe, truth, [*notes, *_grown(extras)]


def _mp3(length: Length, rate: int, extras: _Extras) -> Made:
    length = replace(length, count=max(length.count, _FEWEST_FRAMES))
    channels = min(extras.channels, 2)
    recipe = SilentMp3(frames=length.count, sample_rate=rate, channels=channels, size_bytes=extras.size_bytes)
    truth = AudioTruth(
        container="mp3",
        codec="mp3",
        duration_s=length.seconds,
        sample_rate=rate,
        channels=channels,
        slack_s=0.001,
    )
    return recipe, truth, _grown(extras)


def _m4a(length: Length, rate: int, extras: _Extras) -> Made:
    """A voice memo."""
    channels = min(extras.channels, 2)
    sound = SilentAac(frames=length.count, sample_rate=rate, channels=channels)
    recipe: Recipe = TinyMp4(suffix=".m4a", sound=sound, has_cover=extras.has_cover)
    truth = AudioTruth(
        container=MOV,
        codec="aac",
        duration_s=length.seconds,
        sample_rate=rate,
        channels=channels,
        cover_art=extras.has_cover,
        slack_s=0.001,
    )
    notes = ["with cover art"] if extras.has_cover else []
    if extras.size_bytes is not None:
        recipe = Padded(suffix=".m4a", of=recipe, size_bytes=extras.size_bytes)
    return recipe, truth, [*notes, *_grown(extras)]


def _au(length: Length, rate: int, extras: _Extras) -> Made:
    """As it is, and never grown: there is nothing in it for that."""
    channels = min(extras.channels, 2) if length.count * 4 <= extras.most_bytes else 1
    recipe = SilentAu(samples=length.count, sample_rate=rate, channels=channels)
    truth = AudioTruth(
        container="au",
        codec="pcm_s16be",
        duration_s=length.seconds,
        sample_rate=rate,
        channels=channels,
        bit_depth=16,
        slack_s=0.001,
    )
    return recipe, truth, []


def _opus(length: Length, rate: int, extras: _Extras) -> Made:
    """Of a messenger. Its clock need not end where the sound does: so it is half a second longer, and never long."""
    samples = length.count % (2 * rate) + 5 * rate
    channels = min(extras.channels, 2)
    sound = SilentFlac(samples=samples, sample_rate=rate, channels=channels)
    truth = AudioTruth(container="ogg", codec="opus", duration_s=samples / rate, sample_rate=48_000, channels=channels)
    return Copy(suffix=".opus", of=sound, options={"c:a": "libopus"}), truth, []


@dataclass(frozen=True, kw_only=True)
class _Format:
    make: Callable[[Length, int, _Extras], Made]
    rates: Mapping[Fraction, int]
    """How many units come in a second, and the sample rate."""


_WAV, _FLAC = _Format(make=_wav, rates=_SAMPLES), _Format(make=_flac, rates=_SAMPLES)
_MP3 = _Format(make=_mp3, rates={Fraction(rate, SilentMp3.samples(rate)): rate for rate in _RATES})
_M4A = _Format(make=_m4a, rates={Fraction(rate, SilentAac.SAMPLES): rate for rate in _RATES if rate in SilentAac.RATES})
_AU, _OPUS = _Format(make=_au, rates=_SAMPLES), _Format(make=_opus, rates=_SAMPLES)


def _formats(codes: Codes) -> tuple[_Format, ...]:
    if _TORN in codes:
        return (_WAV,)
    if _FOREIGN in codes:
        if _LARGE in codes:
            return (_M4A,)
        # Only the last takes an encoder.
        return (_M4A, _AU) if codes - {_FOREIGN} else (_M4A, _AU, _M4A, _AU, _OPUS)
    return (_FLAC,) if _MISMATCH in codes else (_WAV, _FLAC, _MP3)


def _grown(extras: _Extras) -> list[str]:
    return [] if extras.size_bytes is None else [f"grown to {extras.size_bytes:,} bytes"]


def _described(truth: AudioTruth) -> str:
    channels = {1: "mono", 2: "stereo"}.get(truth.channels, f"{truth.channels} channels")
    return f"{truth.codec} {channels} at {truth.sample_rate} Hz, {truth.duration_s:.9g} s"
