"""Audio and video: which rung of the ladder, and with which cuts."""

from __future__ import annotations

import math
from collections.abc import Sequence

from preflight.limits import Limits, TimedLimits
from preflight.media import AudioFacts, Fidelity, Span, VideoFacts
from preflight.planner.audio import plan_audio, plan_stripping
from preflight.planner.containers import RIFX_AUDIO, container_of
from preflight.planner.cuts import Sized, caps_for, choose_cuts
from preflight.planner.interface import CutBetweenUnits, Plan, PlannedOutput, Policy, SendAsIs
from preflight.planner.video import plan_video, predicted_bytes
from preflight.rules import Report

# Errors that new packets in a new file mend, the coded data staying as they are.
_MENDED_BY_CUTTING = frozenset(
    {
        "video_duration_too_long",
        "video_filesize_too_large",
        "video_duration_mismatch",
        "audio_duration_too_long",
        "audio_filesize_too_large",
        "audio_duration_mismatch",
    }
)

# Of sound, besides: the same coded data, written anew in a container that the API takes.
_MENDED_BY_REWRAPPING = _MENDED_BY_CUTTING | {"unsupported_file_type"}


def needs_units(report: Report) -> bool:
    """Whether planning wants to know where the source can be cut."""
    codes = {f.code for f in report.errors}
    if isinstance(report.facts, VideoFacts) and report.facts.container != "mpegts":
        # What the end of the file cut off is the last packet of a stream, and is left out; a transport stream may
        # have lost packets anywhere.
        codes.discard("video_packets_damaged")
    if isinstance(report.facts, AudioFacts) and container_of(report.facts) is not None:
        if report.facts.container == "wav":
            codes.discard("audio_packets_damaged")  # samples that are not there, or a part of one: the rest is whole
        return bool(report.errors) and codes <= _MENDED_BY_REWRAPPING
    return bool(report.errors) and codes <= _MENDED_BY_CUTTING


def plan_timed(
    report: Report,
    facts: AudioFacts | VideoFacts,
    units: Sequence[Sized] | None,
    limits: Limits,
    policy: Policy,
) -> Plan:
    """`units` are where it can be cut, or None where cutting alone would not help."""
    if isinstance(facts, AudioFacts) and (stripped := plan_stripping(report, facts, limits, policy)) is not None:
        return stripped
    if report.verdict == "pass":
        return _send(report, facts)
    why = tuple(f.message for f in report.errors)
    if units:
        plan = _plan_cut(report, facts, units, limits, policy, why=why)
        if isinstance(plan, Plan):
            return plan
        why = (*why, plan)
    elif units is not None:
        why = (*why, "It cannot be cut losslessly: its packets do not say where.")
    return _plan_encoding(report, facts, limits, policy, why)


def plan_encoding(report: Report, facts: AudioFacts | VideoFacts, limits: Limits, policy: Policy) -> Plan:
    """The last rung, whatever the report says: for what turned out to be damaged when it was copied."""
    why = tuple(f.message for f in report.errors) or ("Its coded data are damaged.",)
    return _plan_encoding(report, facts, limits, policy, why)


def _plan_encoding(
    report: Report, facts: AudioFacts | VideoFacts, limits: Limits, policy: Policy, why: tuple[str, ...]
) -> Plan:
    if isinstance(facts, VideoFacts):
        return plan_video(report, facts, limits, policy, why)
    return plan_audio(report, facts, limits, policy, why)


def _send(report: Report, facts: AudioFacts | VideoFacts) -> Plan:
    span = Span(0.0, facts.duration_s) if facts.duration_s is not None else None
    return Plan(
        source=report.source,
        input_type=facts.kind,
        fidelity=Fidelity.IDENTICAL,
        recipe=SendAsIs(),
        why=("It fits every limit.",),
        steps=("send as it is",),
        outputs=(PlannedOutput(span=span, media_bytes=facts.size_bytes),),
    )


def _plan_cut(
    report: Report,
    facts: AudioFacts | VideoFacts,
    units: Sequence[Sized],
    limits: Limits,
    policy: Policy,
    *,
    why: tuple[str, ...],
) -> Plan | str:
    """The lossless plan, or why there is none that the policy wants."""
    bounds: TimedLimits = limits.video if isinstance(facts, VideoFacts) else limits.audio
    container = container_of(facts)
    if container is None:
        return "Its coded data cannot be cut without decoding them."
    caps = caps_for(container, bounds.max_media_bytes, bounds.max_duration_s.value, bounds.min_duration_s.value)
    cuts = choose_cuts(units, caps)
    if cuts is None:
        return "It cannot be cut losslessly: the stretch between two places to cut is over the limit."
    starts = (0, *cuts)
    clips = [units[a:b] for a, b in zip(starts, (*cuts, len(units)), strict=True)]
    lengths = [sum(u.duration_s for u in clip) for clip in clips]
    average = sum(lengths) / len(lengths)
    if cuts and min(lengths) < bounds.min_duration_s.value:
        return f"A lossless clip would last {min(lengths):.1f} s, the least is {bounds.min_duration_s.value:g} s."
    if isinstance(facts, VideoFacts) and cuts and average < policy.min_clip_s:
        return f"Lossless clips would last {average:.0f} s on average, less than min_clip_s={policy.min_clip_s:g}."
    if isinstance(facts, VideoFacts) and policy.prefer == "requests":
        fewer = math.ceil(sum(lengths) / caps.max_s)
        if len(clips) > max(fewer, math.ceil(predicted_bytes(facts, limits, policy) / caps.max_bytes)):
            return f"Lossless clips would make {len(clips)} requests, and the policy prefers fewer."
    if isinstance(facts, AudioFacts) and policy.prefer == "requests":
        fewer = len(plan_audio(report, facts, limits, policy, why).outputs)
        if len(clips) > fewer:
            return f"Lossless clips would make {len(clips)} requests, {fewer} do, and the policy prefers fewer."
    edges = [0.0]
    for length in lengths:
        edges.append(edges[-1] + length)
    what = "keyframes" if isinstance(facts, VideoFacts) else "packets"
    is_swapped = isinstance(facts, AudioFacts) and facts.codec in RIFX_AUDIO
    return Plan(
        source=report.source,
        input_type=facts.kind,
        fidelity=Fidelity.TRANSCODED if is_swapped else Fidelity.LOSSLESS,
        recipe=CutBetweenUnits(container=container, cuts_s=tuple(edges[1:-1])),
        why=why,
        steps=(f"cut at {what} into {container}",) if cuts else (f"remux into {container}",),
        outputs=tuple(
            PlannedOutput(
                span=Span(a, b),
                media_bytes=sum(u.size_bytes for u in clip),
            )
            for a, b, clip in zip(edges, edges[1:], clips, strict=False)
        ),
    )
