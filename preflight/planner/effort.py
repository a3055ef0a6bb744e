"""About how long the work will take: so many bytes copied, so many pixels decoded and encoded. Pure.

The constants are of one core of a server, each the throughput of one such piece of work in `benchmarks/effort.py`. They
are to tell seconds from minutes: on another machine, or with other programs running, it may be twice or half as long.
"""

from __future__ import annotations

from preflight.media import AudioFacts, Fidelity, ImageFacts, MediaFacts, VideoFacts
from preflight.planner.interface import (
    ConvertImage,
    CutBetweenUnits,
    CutOutPicture,
    EncodeAudio,
    EncodeVideo,
    Plan,
    SendAsIs,
    SplitText,
    StripTags,
)

_START_S = 0.05
"""Opening, probing and checking, for the source and for each output."""
_COPIED_BYTES_PER_S = 150e6
"""Demuxed, muxed, hashed and checked."""
_SOUND_S_PER_S = 400.0
"""Seconds of sound that are decoded in one."""
_FLAC_S_PER_S, _MP3_S_PER_S = 250.0, 50.0
_DECODED_PIXELS_PER_S = 150e6
"""H.264, one core."""
_ENCODED_PIXELS_PER_S = 14e6
"""x264, preset medium, CRF 23, one core."""
_IMAGE_PIXELS_PER_S = 15e6


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
            return frames * each_s / cores + length_s / _SOUND_S_PER_S
        case EncodeAudio() as recipe, _:
            coding = {"wav": 0.0, "flac": length_s / _FLAC_S_PER_S, "mp3": length_s / _MP3_S_PER_S}
            return length_s / _SOUND_S_PER_S + coding[recipe.container]
        case ((SendAsIs() | CutBetweenUnits() | StripTags()), AudioFacts()):
            # What is sent or copied of sound is decoded once, to see that it can be.
            return size / _COPIED_BYTES_PER_S + length_s / _SOUND_S_PER_S
        case ((ConvertImage() | SendAsIs() | CutOutPicture()), ImageFacts()):
            return facts.width * facts.height / _IMAGE_PIXELS_PER_S
        case SplitText(), _:
            return size / 1e6
        case _:
            return size / _COPIED_BYTES_PER_S * (plan.fidelity is not Fidelity.IDENTICAL or 0.5)
