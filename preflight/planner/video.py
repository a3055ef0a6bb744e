"""Video that must be encoded: into which shape, and what that will make."""

from __future__ import annotations

from preflight.limits import Limits
from preflight.media import Fidelity, VideoFacts
from preflight.planner.estimate import even_outputs
from preflight.planner.geometry import fit_picture
from preflight.planner.interface import EncodeVideo, Plan, Policy
from preflight.rules import Report

# Measured on talks and phone videos at CRF 23; only used to predict.
_BITS_PER_PIXEL_AND_FRAME = 0.07
_AAC_BITS_PER_SECOND = 128_000


def plan_video(report: Report, facts: VideoFacts, limits: Limits, policy: Policy, why: tuple[str, ...]) -> Plan:
    geometry = fit_picture(facts.displayed_width, facts.displayed_height, limits.video, policy.fit)
    steps = ["decode"]
    if facts.rotation:
        steps.append(f"turn {facts.rotation} degrees clockwise")
    upright = (facts.height, facts.width) if facts.rotation in (90, 270) else (facts.width, facts.height)
    if (geometry.scale_width, geometry.scale_height) != upright:
        steps.append(f"scale {upright[0]}x{upright[1]} to {geometry.scale_width}x{geometry.scale_height}")
    if (geometry.crop_width, geometry.crop_height) != (geometry.scale_width, geometry.scale_height):
        steps.append(f"crop to {geometry.crop_width}x{geometry.crop_height}")
    if (geometry.width, geometry.height) != (geometry.crop_width, geometry.crop_height):
        steps.append(f"pad to {geometry.width}x{geometry.height}")
    steps.append("encode H.264 and AAC in mp4" if facts.audio_codec else "encode H.264 in mp4")
    return Plan(
        source=report.source,
        input_type="video",
        fidelity=Fidelity.TRANSCODED,
        recipe=EncodeVideo(geometry=geometry, rotation=facts.rotation),
        why=why,
        steps=tuple(steps),
        outputs=even_outputs(facts.duration_s, predicted_bytes(facts, limits, policy), limits.video),
    )


def predicted_bytes(facts: VideoFacts, limits: Limits, policy: Policy) -> int:
    geometry = fit_picture(facts.displayed_width, facts.displayed_height, limits.video, policy.fit)
    pixels = geometry.crop_width * geometry.crop_height
    bits = pixels * float(facts.frame_rate or 25) * _BITS_PER_PIXEL_AND_FRAME
    if facts.audio_codec is not None:
        bits += _AAC_BITS_PER_SECOND
    return int((facts.duration_s or 0.0) * bits / 8)
