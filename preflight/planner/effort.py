"""About how long the work will take: so many bytes copied, so many pixels decoded and encoded. Pure.

The constants were read off the medians that `benchmarks/effort.py` prints, on two cores of a busy server. They are to
tell seconds from minutes: on another machine, or of another picture, it may be three times or a third as long.
"""

from __future__ import annotations

from preflight.media import AudioFacts, ImageFacts, MediaFacts, VideoFacts
from preflight.planner.interface import (
    ConvertImage,
    CutBetweenUnits,
    CutOutPicture,
    EncodeAudio,
    EncodeVideo,
    PackPicture,
    Plan,
    SendAsIs,
    StripPicture,
    StripTags,
)

_START_S = 0.02
"""Opening, probing and checking, for the source and for each output."""
_COPIED_BYTES_PER_S = 150e6
"""Read, written anew, hashed and checked."""
_PACKETS_S_PER_S = 2_000.0
"""Seconds of film whose packets are read for the plan and for the clips in one."""
_SAMPLES_PER_S, _FLAC_SAMPLES_PER_S, _MP3_SAMPLES_PER_S = 25e6, 40e6, 3.3e6
"""Of all channels: decoded, and encoded."""
_DECODED_PIXELS_PER_S = 250e6
"""H.264, one core."""
_ENCODED_PIXELS_PER_S = 40e6
"""x264, preset medium, CRF 23, one core: half as many of a handheld camera, four times as many of a screen."""
_IMAGE_PIXELS_PER_S = 40e6


def predict_s(plan: Plan, facts: MediaFacts, cores: int) -> float:
    """Seconds of the work that `plan` describes, on so many cores."""
    length_s = sum(o.span.duration_s for o in plan.outputs if o.span is not None)
    return _START_S * (1 + len(plan.outputs)) + _work_s(plan, facts, length_s, max(cores, 1))


def _work_s(plan: Plan, facts: MediaFacts, length_s: float, cores: int) -> float:
    size = facts.size_bytes or 0
    match plan.recipe, facts:
        case EncodeVideo() as recipe, VideoFacts():
            frames = length_s * float(facts.frame_rate or 25)
            pixels = recipe.geometry.width * recipe.geometry.height
            each_s = facts.width * facts.height / _DECODED_PIXELS_PER_S + pixels / _ENCODED_PIXELS_PER_S
            return frames * each_s / cores
        case EncodeAudio() as recipe, AudioFacts():
            made = length_s * recipe.sample_rate * recipe.channels
            coding_s = {"wav": 0.0, "flac": made / _FLAC_SAMPLES_PER_S, "mp3": made / _MP3_SAMPLES_PER_S}
            return _decoded_s(facts, length_s) + coding_s[recipe.container]
        case ((SendAsIs() | CutBetweenUnits() | StripTags()), AudioFacts()):
            # What is sent or copied of sound is decoded once, to see that it can be.
            return size / _COPIED_BYTES_PER_S + _decoded_s(facts, length_s)
        case CutBetweenUnits(), VideoFacts():
            return size / _COPIED_BYTES_PER_S + length_s / _PACKETS_S_PER_S
        case ((ConvertImage() | SendAsIs() | CutOutPicture() | StripPicture() | PackPicture()), ImageFacts()):
            return facts.width * facts.height / _IMAGE_PIXELS_PER_S
        case _:
            return size / _COPIED_BYTES_PER_S


def _decoded_s(facts: AudioFacts, length_s: float) -> float:
    return length_s * (facts.sample_rate or 48_000) * (facts.channels or 2) / _SAMPLES_PER_S
