"""Video that must be encoded: into which shape, and what that will make."""

from __future__ import annotations

import math
from fractions import Fraction
from typing import Literal

from preflight.limits import Limits
from preflight.media import Fidelity, VideoFacts
from preflight.planner.estimate import even_outputs
from preflight.planner.geometry import fit_picture
from preflight.planner.interface import EncodeVideo, Geometry, Plan, Policy
from preflight.rules import Report

# Measured on talks and phone videos at CRF 23; only used to predict.
_BITS_PER_PIXEL_AND_FRAME = 0.07
_AAC_BITS_PER_SECOND = 128_000
_HDR: dict[str | None, Literal["pq", "hlg"]] = {"smpte2084": "pq", "arib-std-b67": "hlg"}
# Codecs of interlaced material whose headers may leave it to each frame to say so.
_MAY_BE_INTERLACED = frozenset({"mpeg2video", "h264", "vc1", "wmv3", "dvvideo", "mpeg4", "mjpeg", "prores", "dnxhd"})
# A header's average is off by this share: frames of a source that is within it are all kept.
_RATE_SLACK = 1.01
# Every second frame is smoother than 30 of 50; that is done as long as this share of the bound is left.
_LEAST_EVEN = 0.8


def plan_video(report: Report, facts: VideoFacts, limits: Limits, policy: Policy, why: tuple[str, ...]) -> Plan:
    geometry = _geometry(facts, limits, policy)
    recipe = EncodeVideo(
        geometry=geometry,
        rotation=facts.rotation,
        frame_rate=_kept_rate(facts.frame_rate, policy.max_frame_rate),
        tone_map=_HDR.get(facts.color_transfer),
        deinterlace=_deinterlaced(facts),
    )
    return Plan(
        source=report.source,
        input_type="video",
        fidelity=Fidelity.TRANSCODED,
        recipe=recipe,
        why=why,
        steps=_steps(facts, recipe),
        outputs=even_outputs(facts.duration_s, predicted_bytes(facts, limits, policy), limits.video),
    )


def _steps(facts: VideoFacts, recipe: EncodeVideo) -> tuple[str, ...]:
    geometry = recipe.geometry
    steps = ["decode"]
    if recipe.frame_rate is not None and facts.frame_rate is not None:
        steps.append(f"keep {float(recipe.frame_rate):.4g} of {float(facts.frame_rate):.4g} frames a second")
    if recipe.deinterlace == "all":
        steps.append("deinterlace")
    if facts.rotation:
        steps.append(f"turn {facts.rotation} degrees clockwise")
    upright = (facts.height, facts.width) if facts.rotation in (90, 270) else (facts.width, facts.height)
    if (geometry.scale_width, geometry.scale_height) != upright:
        steps.append(f"scale {upright[0]}x{upright[1]} to {geometry.scale_width}x{geometry.scale_height}")
    if recipe.tone_map is not None:
        steps.append(f"tone-map {recipe.tone_map.upper()} to BT.709")
    if (geometry.crop_width, geometry.crop_height) != (geometry.scale_width, geometry.scale_height):
        steps.append(f"crop to {geometry.crop_width}x{geometry.crop_height}")
    if (geometry.width, geometry.height) != (geometry.crop_width, geometry.crop_height):
        steps.append(f"pad to {geometry.width}x{geometry.height}")
    steps.append("encode H.264 and AAC in mp4" if facts.audio_codec else "encode H.264 in mp4")
    return tuple(steps)


def _geometry(facts: VideoFacts, limits: Limits, policy: Policy) -> Geometry:
    return fit_picture(*facts.displayed_exactly, limits.video, policy.fit, max_short_side=policy.max_short_side)


def _kept_rate(rate: Fraction | None, most: float | None) -> Fraction | None:
    """Every n-th frame where that leaves nearly as many as are allowed, else as many as are; None for all."""
    if rate is None or most is None or rate <= most * _RATE_SLACK:
        return None
    even = rate / math.ceil(float(rate) / (most * _RATE_SLACK))
    return even if even >= most * _LEAST_EVEN else Fraction(most).limit_denominator(1001)


def _deinterlaced(facts: VideoFacts) -> Literal["all", "marked"] | None:
    if facts.interlaced is None:
        return "marked" if facts.video_codec in _MAY_BE_INTERLACED else None
    return "all" if facts.interlaced else None


def predicted_bytes(facts: VideoFacts, limits: Limits, policy: Policy) -> int:
    geometry = _geometry(facts, limits, policy)
    rate = _kept_rate(facts.frame_rate, policy.max_frame_rate) or facts.frame_rate or 25
    pixels = geometry.crop_width * geometry.crop_height
    bits = pixels * float(rate) * _BITS_PER_PIXEL_AND_FRAME
    if facts.audio_codec is not None:
        bits += _AAC_BITS_PER_SECOND
    return int((facts.duration_s or 0.0) * bits / 8)
