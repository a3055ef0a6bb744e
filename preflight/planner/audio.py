"""Sound that must be decoded: into which container, and what that will make."""

from __future__ import annotations

from preflight.limits import Limits
from preflight.media import AudioFacts, Fidelity
from preflight.planner.estimate import even_outputs
from preflight.planner.interface import EncodeAudio, Plan, Policy
from preflight.rules import Report

_WAV_BYTES_PER_SAMPLE = 2
_FLAC_SHARE = 0.6
_MAX_CHANNELS = 2


def plan_audio(report: Report, facts: AudioFacts, limits: Limits, policy: Policy, why: tuple[str, ...]) -> Plan:
    rate = facts.sample_rate or 48_000
    channels = min(facts.channels or _MAX_CHANNELS, _MAX_CHANNELS)
    wav_bytes = int((facts.duration_s or 0.0) * rate * channels * _WAV_BYTES_PER_SAMPLE)
    container = policy.audio
    if container == "auto":
        as_wav = len(even_outputs(facts.duration_s, wav_bytes, limits.audio))
        as_flac = len(even_outputs(facts.duration_s, int(wav_bytes * _FLAC_SHARE), limits.audio))
        container = "flac" if as_flac < as_wav else "wav"
    steps = [f"decode {facts.codec}"]
    if facts.channels is not None and facts.channels > channels:
        steps.append(f"mix {facts.channels} channels down to {channels}")
    steps.append(f"encode 16 bit, {rate} Hz, in {container}")
    size = wav_bytes if container == "wav" else int(wav_bytes * _FLAC_SHARE)
    return Plan(
        source=report.source,
        input_type="audio",
        fidelity=Fidelity.TRANSCODED,
        recipe=EncodeAudio(container=container, sample_rate=rate, channels=channels),
        why=why,
        steps=tuple(steps),
        outputs=even_outputs(facts.duration_s, size, limits.audio),
    )
