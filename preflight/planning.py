"""A report → the plan of its kind, and the rung below a plan that did not do. The probers look where it asks."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING

from preflight.errors import BrokenMediaError, RejectedError
from preflight.examining import broken
from preflight.inputs import source_of
from preflight.limits import Limits
from preflight.media import AudioFacts, DocumentFacts, Fidelity, ImageFacts, Source, Text, TextFacts, VideoFacts
from preflight.planner import CutBetweenUnits, EncodeAudio, EncodeVideo, Plan, SendAsIs, StripTags
from preflight.rules import Report, check_facts
from preflight.rules.policy import MAX_LOSS
from preflight.setup import Setup

if TYPE_CHECKING:
    from preflight.probers.units import Unit


def plan_of(source: Source | Text, report: Report, setup: Setup) -> Plan:
    """Raises RejectedError, also where it would lose more than the policy allows."""
    if report.verdict == "rejected":
        raise RejectedError(report.source, report.errors)
    plan = _plan_by_kind(source, report, setup)
    must_be_allowed(report, plan.fidelity, plan.why, setup)
    return plan


def require_decodable(source: Source | Text, report: Report, plan: Plan, limits: Limits) -> None:
    """Raises RejectedError where the plan would encode what nothing can be decoded of."""
    if isinstance(plan.recipe, EncodeAudio | EncodeVideo) and isinstance(report.facts, AudioFacts | VideoFacts):
        from preflight.probers.decodable import why_undecodable

        if (why := why_undecodable(source_of(source), report.facts)) is not None:
            raise rejection(report, BrokenMediaError(why), limits)


def must_be_allowed(report: Report, needed: Fidelity, why: Sequence[str], setup: Setup) -> None:
    """Raises RejectedError where that is more than the policy allows."""
    said = {finding.message for finding in report.errors}
    reason = next((sentence for sentence in reversed(why) if sentence not in said), "")
    if (finding := MAX_LOSS.hold(needed, setup.policy.max_loss, reason)) is not None:
        raise RejectedError(report.source, (*report.errors, finding))


def next_rung(source: Source | Text, report: Report, plan: Plan, setup: Setup) -> Plan | None:
    """Below one that failed; None below the last."""
    facts = report.facts
    if not isinstance(facts, AudioFacts | VideoFacts):
        return None
    from preflight.planner.timed import plan_copying, plan_encoding

    match plan.recipe:
        case StripTags():
            # Without its tags read by anybody: they stay behind where its packets are copied.
            units = _units(source_of(source), report, facts, setup)
            planned = partial(plan_copying, report, facts, units, setup.limits, setup.policy)  # sound has no GOPs
        case SendAsIs() | CutBetweenUnits():
            planned = partial(plan_encoding, report, facts, setup.limits, setup.policy)
        case _:
            return None
    return _with_moments(planned, source_of(source), report, setup)


def rejection(report: Report, error: BrokenMediaError, limits: Limits) -> RejectedError:
    """Damage that only decoding could find is a rejection like any other."""
    return RejectedError(report.source, check_facts(report.source, broken(report.kind, error), limits).errors)


def _plan_by_kind(source: Source | Text, report: Report, setup: Setup) -> Plan:
    limits, policy = setup.limits, setup.policy
    match report.facts:
        case TextFacts():
            from preflight.planner.text import plan_text

            return plan_text(report, limits, policy, _text(source, report.facts, limits), setup.token_counter)
        case ImageFacts():
            from preflight.planner.image import plan_image

            packed_bytes = partial(_packed_bytes, source_of(source), report.facts, limits)
            return plan_image(report, limits, policy, packed_bytes)
        case AudioFacts() | VideoFacts() as facts:
            from preflight.planner.timed import needs_stripping, needs_units, plan_timed
            from preflight.probers.seams import Seams

            # What has to be encoded loses its tags on the way.
            needs = needs_units(report) or (not report.errors and needs_stripping(facts, policy))
            units = _units(source_of(source), report, facts, setup) if needs else None
            seams = Seams(source_of(source), facts)
            planned = partial(plan_timed, report, facts, units, limits, policy, refuse=seams.refused)
            return _with_moments(planned, source_of(source), report, setup)
        case DocumentFacts() as facts:
            from preflight.planner.document import plan_document

            return plan_document(report, facts)
        case _:
            raise RejectedError(report.source, report.errors)


def _with_moments(planned: Callable[..., Plan], source: Source, report: Report, setup: Setup) -> Plan:
    """Where it is best to cut is asked only of what has to be cut: it takes a pass of decoding."""
    plan = planned()
    if len(plan.outputs) == 1 or setup.policy.cut_at == "even":
        return plan
    from preflight.probers.moments import find_moments

    assert isinstance(report.facts, AudioFacts | VideoFacts)
    watch = setup.meter(report, "seek").watch
    return planned(moments=find_moments(source, report.facts, setup.policy.cut_at, watch))


def _packed_bytes(source: Source, facts: ImageFacts, limits: Limits) -> int | None:
    from preflight.probers.png_packing import packed_png

    with source.open() as file:
        packed = packed_png(file, facts, limits.image.max_file_bytes.value)
    return packed.size_bytes if packed is not None else None


def _units(source: Source, report: Report, facts: AudioFacts | VideoFacts, setup: Setup) -> tuple[Unit, ...]:
    from preflight.probers.cut_points import probe_units

    return probe_units(source, facts, setup.meter(report, "scan").watch)


def _text(source: Source | Text, facts: TextFacts, limits: Limits) -> str:
    """All of it, lone surrogates too. Raises RejectedError where the file changed meanwhile."""
    if isinstance(source, Text):
        return source.text
    from preflight.probers.encoding import text_of

    text = text_of(source.read(), facts.encoding)
    if text is None or len(text) != facts.characters:
        error = BrokenMediaError("it changed since it was probed")
        raise RejectedError(source.name, check_facts(source.name, broken("text", error), limits).errors)
    return text
