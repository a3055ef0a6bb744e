"""Audio and video: which rung of the ladder, and with which cuts."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial

from preflight.limits import Limits, TimedLimits
from preflight.media import AudioFacts, Fidelity, Span, VideoFacts
from preflight.planner.audio import plan_audio, plan_stripping
from preflight.planner.containers import RIFX_AUDIO, container_of, container_with_edit_lists
from preflight.planner.cuts import Caps, Packing, caps_for, choose_cuts
from preflight.planner.estimate import wished_outputs
from preflight.planner.gaps import runs_of
from preflight.planner.interface import (
    CutBetweenUnits,
    EncodeAudio,
    EncodeVideo,
    Muxer,
    Plan,
    PlannedOutput,
    Policy,
    SendAsIs,
)
from preflight.planner.open_gops import Refuse, closed_only, plan_proved, unshared_only, with_room_for_seams
from preflight.planner.video import plan_video, predicted_bytes
from preflight.planner.wished import choose_best_cuts, worths
from preflight.probers.moments import Moment
from preflight.probers.units import Unit
from preflight.rules import Report

# Errors that new packets in a new file mend, the coded data staying as they are. Damage that only decoding found
# (`video_frames_damaged`, ...) is in the coded data: a copy would have it again.
_MENDED_BY_CUTTING = frozenset(
    {
        "video_duration_too_long",
        "video_filesize_too_large",
        "video_duration_mismatch",
        "video_starts_without_keyframe",
        "video_sound_broken",
        "audio_duration_too_long",
        "audio_filesize_too_large",
        "audio_duration_mismatch",
        "audio_junk",
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
        if report.facts.container in ("wav", "flac"):
            codes.discard("audio_truncated")  # the sample or frame that is torn is left out
        return bool(report.errors) and codes <= _MENDED_BY_REWRAPPING
    return bool(report.errors) and codes <= _MENDED_BY_CUTTING


def plan_timed(
    report: Report,
    facts: AudioFacts | VideoFacts,
    units: Sequence[Unit] | None,
    limits: Limits,
    policy: Policy,
    *,
    moments: Sequence[Moment] = (),
    refuse: Refuse | None = None,
) -> Plan:
    """`units` are where it can be cut, or None where cutting alone would not help; `moments` are where it is best.

    `refuse` is asked about open GOPs before a plan has clips start there; without it none does.
    """
    if isinstance(facts, AudioFacts) and (stripped := plan_stripping(report, facts, limits, policy)) is not None:
        return stripped
    if report.verdict == "pass" and units and (remuxed := plan_without_tags(report, facts, units, policy)) is not None:
        return remuxed
    if report.verdict == "pass" and not needs_stripping(facts, policy):
        return _send(report, facts)
    return plan_copying(report, facts, units, limits, policy, moments=moments, refuse=refuse)


def plan_copying(
    report: Report,
    facts: AudioFacts | VideoFacts,
    units: Sequence[Unit] | None,
    limits: Limits,
    policy: Policy,
    *,
    moments: Sequence[Moment] = (),
    refuse: Refuse | None = None,
) -> Plan:
    """The rungs from copying packets on down: for what cannot be sent, and whose tags cannot be told from its sound."""
    why = tuple(f.message for f in report.errors) or (_STRIPPED,)
    if units and refuse is not None and _is_headless(facts) and refuse((units[0].start_s,)):
        why = (*why, "It cannot be cut losslessly: decoding cannot start at its first keyframe without complaint.")
    elif units:
        cut = partial(_plan_cut, report, facts, limits=limits, policy=policy, moments=moments, why=why)
        into = _container(facts, units)
        plan = cut(closed_only(units), container=into)
        if not isinstance(plan, Plan) and refuse is not None and any(u.is_open for u in units):
            plan = _plan_open(cut, units, into, container_with_edit_lists(facts), refuse)
        if isinstance(plan, Plan):
            return plan
        why = (*why, plan)
    elif units is not None:
        why = (*why, "It cannot be cut losslessly: its packets do not say where, or some of them are damaged.")
    return _plan_encoding(report, facts, limits, policy, moments=moments, why=why)


def _plan_open(
    cut: Callable[..., Plan | str],
    units: Sequence[Unit],
    into: Muxer | None,
    with_edit_lists: Muxer | None,
    refuse: Refuse,
) -> Plan | str:
    """With a keyframe in two clips only where it must be: one container alone can hide it."""
    plan = plan_proved(partial(cut, container=into), unshared_only(units), refuse)
    if isinstance(plan, Plan):
        return plan
    shared = plan_proved(partial(cut, container=with_edit_lists), units, refuse)
    return shared if isinstance(shared, Plan) or with_edit_lists is not None else plan


_USUAL_CLIP_S = 30.0
"""What `Policy.min_clip_s` is where nobody says so."""
_STRIPPED = "The policy leaves out what says who made it, where and when."


def needs_stripping(facts: AudioFacts | VideoFacts, policy: Policy) -> bool:
    """Whether the policy wants something left out of a video; or of sound whose tags nobody can tell from it, and of
    what is too large for `plan_stripping`: its packets can be copied without them.
    """
    if not policy.strip_metadata:
        return False
    return facts.has_metadata if isinstance(facts, VideoFacts) else facts.tag_bytes != 0


def _is_headless(facts: AudioFacts | VideoFacts) -> bool:
    return isinstance(facts, VideoFacts) and facts.starts_with_keyframe is False


def _container(facts: AudioFacts | VideoFacts, units: Sequence[Unit]) -> Muxer | None:
    """Of a copy: where pictures are not to be shown, one that can hide them."""
    into = container_of(facts)
    return container_with_edit_lists(facts) if units[0].has_hidden and into in ("matroska", "webm") else into


def plan_without_tags(
    report: Report, facts: AudioFacts | VideoFacts, units: Sequence[Unit], policy: Policy
) -> Plan | None:
    """A video that fits, copied into a new file that holds its picture and its sound and nothing else."""
    if not needs_stripping(facts, policy) or (container := _container(facts, units)) is None:
        return None
    return Plan(
        source=report.source,
        input_type=facts.kind,
        fidelity=Fidelity.LOSSLESS,
        recipe=CutBetweenUnits(container=container, cuts_s=()),
        why=(_STRIPPED,),
        steps=("leave out tags, chapters and other streams", f"remux into {container}"),
        outputs=_send(report, facts).outputs,
    )


def plan_encoding(
    report: Report,
    facts: AudioFacts | VideoFacts,
    limits: Limits,
    policy: Policy,
    *,
    moments: Sequence[Moment] = (),
) -> Plan:
    """The last rung, whatever the report says: for what turned out to be damaged when it was copied."""
    why = tuple(f.message for f in report.errors) or ("Its coded data are damaged.",)
    return _plan_encoding(report, facts, limits, policy, moments=moments, why=why)


def _plan_encoding(
    report: Report,
    facts: AudioFacts | VideoFacts,
    limits: Limits,
    policy: Policy,
    *,
    moments: Sequence[Moment],
    why: tuple[str, ...],
) -> Plan:
    if isinstance(facts, VideoFacts):
        plan = plan_video(report, facts, limits, policy, why)
    else:
        plan = plan_audio(report, facts, limits, policy, why)
    if not isinstance(plan.recipe, EncodeVideo | EncodeAudio) or len(plan.outputs) < 2:  # noqa: PLR2004 (nothing to cut)
        return plan
    if not policy.overlap_s and not moments:
        return plan
    bounds: TimedLimits = limits.video if isinstance(facts, VideoFacts) else limits.audio
    cuts_s, outputs = wished_outputs(plan.outputs, bounds, policy.overlap_s, moments)
    recipe = replace(plan.recipe, overlap_s=policy.overlap_s, cuts_s=cuts_s)
    return replace(plan, recipe=recipe, outputs=outputs, steps=(*plan.steps, *_cutting_steps(policy, moments)))


def _cutting_steps(policy: Policy, moments: Sequence[Moment]) -> tuple[str, ...]:
    where = {"even": "", "quiet": "cut where it is quiet", "scene": "cut where the scene changes"}[policy.cut_at]
    return (
        *((where,) if where and moments else ()),
        *((f"repeat {policy.overlap_s:g} s of each clip in the next",) if policy.overlap_s else ()),
    )


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
    units: Sequence[Unit],
    limits: Limits,
    policy: Policy,
    *,
    moments: Sequence[Moment],
    container: Muxer | None,
    why: tuple[str, ...],
) -> Plan | str:
    """The lossless plan, or why there is none that the policy wants."""
    bounds: TimedLimits = limits.video if isinstance(facts, VideoFacts) else limits.audio
    if container is None:
        return "Its coded data cannot be cut without decoding them."
    caps = caps_for(container, bounds.max_media_bytes, bounds.max_duration_s.value, bounds.min_duration_s.value)
    clips: list[Sequence[Unit]] = []
    firsts: list[Unit] = []
    """Of each clip, the first unit that is not repeated."""
    for run in runs_of(units, caps.max_s):
        cut = _clips(run, with_room_for_seams(caps, units), policy, moments)
        if cut is None:
            return "It cannot be cut losslessly: the stretch between two places to cut is over the limit."
        firsts += [first for first, _ in cut]
        clips += [clip for _, clip in cut]
    firsts = firsts[1:]
    lengths = [sum(u.duration_s for u in clip) for clip in clips]
    average = sum(lengths) / len(lengths)
    if firsts and min(lengths) < bounds.min_duration_s.value:
        return f"A lossless clip would last {min(lengths):.1f} s, the least is {bounds.min_duration_s.value:g} s."
    may_encode = policy.max_loss is Fidelity.TRANSCODED
    least_s = policy.min_clip_s if policy.min_clip_s is not None else min(_USUAL_CLIP_S, caps.max_s / 2)
    if isinstance(facts, VideoFacts) and firsts and may_encode and average < least_s:
        return f"Lossless clips would last {average:.0f} s on average, less than min_clip_s={least_s:g}."
    if isinstance(facts, VideoFacts) and may_encode and policy.prefer == "requests":
        fewer = math.ceil(sum(u.duration_s for u in units) / caps.max_s)
        if len(clips) > max(fewer, math.ceil(predicted_bytes(facts, limits, policy) / caps.max_bytes)):
            return f"Lossless clips would make {len(clips)} requests, and the policy prefers fewer."
    if isinstance(facts, AudioFacts) and policy.prefer == "requests":
        fewer = len(plan_audio(report, facts, limits, policy, why).outputs)
        if len(clips) > fewer:
            return f"Lossless clips would make {len(clips)} requests, {fewer} do, and the policy prefers fewer."
    # Not where the lengths add up to: what is left out between two clips is time all the same.
    begins = [0.0, *(clip[0].start_s for clip in clips[1:])]
    ends = [*(unit.start_s for unit in firsts), units[-1].start_s + units[-1].duration_s]
    what = "keyframes" if isinstance(facts, VideoFacts) else "packets"
    is_swapped = isinstance(facts, AudioFacts) and facts.codec in RIFX_AUDIO
    return Plan(
        source=report.source,
        input_type=facts.kind,
        fidelity=Fidelity.TRANSCODED if is_swapped else Fidelity.LOSSLESS,
        recipe=CutBetweenUnits(
            container=container,
            cuts_s=tuple(ends[:-1]),
            open_starts_s=tuple(clip[0].start_s for clip in clips[1:] if clip[0].is_open),
            shared_cuts_s=tuple(unit.start_s for unit in firsts if unit.seam_bytes),
            begins_s=tuple(begins[1:]) if policy.overlap_s else (),
        ),
        why=why,
        steps=(f"cut at {what} into {container}", *_cutting_steps(policy, moments))
        if firsts
        else (f"remux into {container}",),
        outputs=tuple(
            PlannedOutput(
                span=Span(a, b),
                media_bytes=sum(u.size_bytes for u in clip),
            )
            for a, b, clip in zip(begins, ends, clips, strict=True)
        ),
    )


def _clips(
    run: Sequence[Unit], caps: Caps, policy: Policy, moments: Sequence[Moment]
) -> list[tuple[Unit, Sequence[Unit]]] | None:
    """Of each clip the unit that it starts with, and all its units: those that it repeats are before that."""
    if moments:
        cuts = choose_best_cuts(run, caps, worths([u.start_s for u in run], moments), policy.overlap_s)
    else:
        cuts = choose_cuts(run, caps, policy.overlap_s)
    if cuts is None:
        return None
    packing = Packing(run, caps, policy.overlap_s)
    edges = zip((0, *cuts), (*cuts, len(run)), strict=True)
    return [(run[a], run[packing.begin(a) : b]) for a, b in edges]
