"""Sound that must be decoded: into which container, and what that will make."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from preflight.limits import Limits
from preflight.media import AudioFacts, Fidelity, Span
from preflight.planner.estimate import even_outputs
from preflight.planner.interface import EncodeAudio, Plan, PlannedOutput, Policy, StripTags
from preflight.rules import Report

MP3_FRAME_SAMPLES = 1_152
"""At most, of one channel: half of it below 32 kHz."""

_Container = Literal["wav", "flac", "mp3"]
_BYTES_PER_SAMPLE = 2
_FLAC_SHARE = 0.6
"""Of WAV: music, nearly always, makes less."""
_MAX_CHANNELS = 2
_MOST_HZ = 384_000
"""What is beyond (DSD decodes to 705.6 kHz and more) is no sound, and libswresample's filters grow with it."""
_MP3_RATES = (8_000, 11_025, 12_000, 16_000, 22_050, 24_000, 32_000, 44_100, 48_000)
# (from this rate on, bits a second of one channel, of two): the most that MPEG-2.5 has as LAME writes it, the most
# that MPEG-2 has, and where nobody was ever found to hear a difference.
_MP3_BIT_RATES = ((32_000, 128_000, 192_000), (16_000, 96_000, 160_000), (0, 48_000, 64_000))


def plan_audio(report: Report, facts: AudioFacts, limits: Limits, policy: Policy, why: tuple[str, ...]) -> Plan:
    """`auto` is WAV, and FLAC where that saves requests; where the policy prefers few requests, MP3 where that saves
    more of them still.
    """
    options: Sequence[_Container]
    if policy.audio != "auto":
        options = (policy.audio,)
    else:
        options = ("wav", "flac", "mp3") if policy.prefer == "requests" else ("wav", "flac")
    recipes = [_recipe(facts, container) for container in options]
    recipe = min(recipes, key=lambda r: len(_outputs(facts, r, limits)))
    steps = [f"decode {facts.codec}"]
    if facts.channels is not None and facts.channels > recipe.channels:
        steps.append(f"mix {facts.channels} channels down to {recipe.channels}")
    if facts.sample_rate is not None and facts.sample_rate != recipe.sample_rate:
        steps.append(f"resample {facts.sample_rate} Hz to {recipe.sample_rate} Hz")
    return Plan(
        source=report.source,
        input_type="audio",
        fidelity=Fidelity.TRANSCODED,
        recipe=recipe,
        why=why,
        steps=(*steps, f"encode {coding_of(recipe)}"),
        outputs=_outputs(facts, recipe, limits),
    )


def plan_stripping(report: Report, facts: AudioFacts, limits: Limits, policy: Policy) -> Plan | None:
    """Where tags, pictures and junk alone make the file too large or stop decoders, or the policy wants them left out
    of one that fits.
    """
    codes = {finding.code for finding in report.errors}
    stripped_bytes = facts.size_bytes - (facts.tag_bytes or 0)
    if not facts.tag_bytes or stripped_bytes > limits.audio.max_media_bytes or facts.size_bytes > _MOST_IN_MEMORY_BYTES:
        return None
    is_mended = bool(codes) and codes <= {"audio_filesize_too_large", "audio_junk"}
    if not is_mended and not (report.verdict == "pass" and policy.strip_metadata):
        return None
    span = Span(0.0, facts.duration_s) if facts.duration_s is not None else None
    return Plan(
        source=report.source,
        input_type="audio",
        fidelity=Fidelity.LOSSLESS,
        recipe=StripTags(),
        why=tuple(f.message for f in report.errors) or ("The policy leaves out what says who made it.",),
        steps=(f"remove {WHAT[bool(facts.junk)]}, {facts.tag_bytes:,} bytes",),
        outputs=(PlannedOutput(span=span, media_bytes=stripped_bytes),),
    )


WHAT = {False: "tags and pictures", True: "tags, pictures and what is no whole frame"}
"""What is removed, by whether there is junk."""
_MOST_IN_MEMORY_BYTES = 1 << 27
"""Of a file whose tags are removed; those of a larger one are left behind when its packets are copied."""


def coding_of(recipe: EncodeAudio) -> str:
    """How it is coded, as a plan and a manifest say it."""
    how = f"{recipe.bit_rate // 1_000} kbit/s" if recipe.bit_rate else "16 bit"
    return f"{how}, {recipe.sample_rate} Hz, in {recipe.container}"


def _recipe(facts: AudioFacts, container: _Container) -> EncodeAudio:
    rate, channels = facts.sample_rate or 48_000, min(facts.channels or _MAX_CHANNELS, _MAX_CHANNELS)
    if container == "mp3":
        # The next one up keeps all that there is to hear.
        rate = next((known for known in _MP3_RATES if known >= rate), _MP3_RATES[-1])
        bit_rate = next(row[channels] for row in _MP3_BIT_RATES if rate >= row[0])
        return EncodeAudio(container=container, sample_rate=rate, channels=channels, bit_rate=bit_rate)
    if rate > _MOST_HZ:
        parts = -(-rate // _MOST_HZ)
        rate = rate // parts if rate % parts == 0 else _MOST_HZ
    return EncodeAudio(container=container, sample_rate=rate, channels=channels)


def _outputs(facts: AudioFacts, recipe: EncodeAudio, limits: Limits) -> tuple[PlannedOutput, ...]:
    bytes_per_s = recipe.bit_rate / 8 if recipe.bit_rate else recipe.sample_rate * recipe.channels * _BYTES_PER_SAMPLE
    share = _FLAC_SHARE if recipe.container == "flac" else 1.0
    return even_outputs(facts.duration_s, int((facts.duration_s or 0.0) * bytes_per_s * share), limits.audio)
