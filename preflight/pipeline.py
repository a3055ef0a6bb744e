"""The one place that wires the rooms together: probe, check, plan, transform, verify, make payloads, submit."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from preflight import limits as profiles
from preflight.errors import BrokenMediaError, RejectedError, UnreadableError, UnverifiedOutputError, UsageError
from preflight.inputs import Input as Input  # noqa: PLC0414 (what this room takes)
from preflight.inputs import Opened, facts_of_request, opened_once, parts_of, source_of
from preflight.limits import Limits
from preflight.media import (
    AudioFacts,
    DocumentFacts,
    Facts,
    Fidelity,
    ImageFacts,
    Kind,
    Media,
    MediaFacts,
    MultiInput,
    RequestFacts,
    Source,
    Text,
    TextFacts,
    TextImage,
    Unprobed,
    UnprobedCode,
    VideoFacts,
)
from preflight.payload import Payload, payload_of_one
from preflight.planner import CutBetweenUnits, Plan, Policy, SendAsIs, StripTags
from preflight.probers import decode, probe
from preflight.probers.tokens import TokenCounter, count_tokens
from preflight.progress import Meter, Progress, Stage, silent
from preflight.rules import Report, check_facts, location
from preflight.rules.policy import MAX_LOSS, STRIP_METADATA, TEXT
from preflight.transformers import Output, Verified, transform

if TYPE_CHECKING:
    from preflight.probers.text import Reading
    from preflight.probers.units import Unit
    from preflight.submitter import Embeddings, Route

_BROKEN: dict[str, UnprobedCode] = {
    "text": "text_encoding_unknown",
    "image": "image_file_broken",
    "audio": "audio_file_broken",
    "video": "video_file_broken",
    "document": "document_file_broken",
}
_DEFAULT_POLICY = Policy()


class Preflight:
    """Everything that preflight does to an input, with one profile of limits and one policy.

    `limits` is the name of a profile or a `Limits`; `on_progress` is called in the caller's own thread, a few times a
    second at most and after each request. `workers` threads encode a video side by side; None is one a core.
    `token_counter` says how many tokens a text is, wherever that is asked: by default, of cl100k_base.
    """

    def __init__(
        self,
        *,
        limits: str | Limits = profiles.DEFAULT_PROFILE,
        policy: Policy | None = None,
        on_progress: Callable[[Progress], None] = silent,
        workers: int | None = None,
        token_counter: TokenCounter = count_tokens,
    ) -> None:
        self.limits = limits if isinstance(limits, Limits) else profiles.load(limits)
        self.policy = policy or _DEFAULT_POLICY
        self._on_progress = on_progress
        self._workers = workers
        self._token_counter = token_counter

    def by(self, limits: Limits) -> Preflight:
        """The same, with other limits."""
        return self._like(limits, self._on_progress)

    def telling(self, on_progress: Callable[[Progress], None]) -> Preflight:
        """One like this that tells somebody else how far it is."""
        return self._like(self.limits, on_progress)

    def _like(self, limits: Limits, on_progress: Callable[[Progress], None]) -> Preflight:
        return Preflight(
            limits=limits,
            policy=self.policy,
            on_progress=on_progress,
            workers=self._workers,
            token_counter=self._token_counter,
        )

    def check(self, source: Input, *, kind: Kind | None = None) -> Report:
        """What it is and what breaks the limits, from metadata alone, or from every frame besides where the policy's
        `verify` is "decode". Never raises for bad media.

        `kind` has the bytes read as that kind and nothing else. Raises TypeError for what is no input at all.
        """
        opened = opened_once(source)
        report = check_facts(opened.name, self._facts(opened, kind), self.limits)
        findings = TEXT.applied(report.findings, self.policy.text)
        if self.policy.strip_metadata:  # what will not leave the house needs no warning
            findings = (f for f in findings if f.code not in location.CODES)
        return replace(report, findings=tuple(findings))

    def plan(self, source: Input, *, kind: Kind | None = None) -> Plan:
        """What `prepare` would do and why, without doing it.

        Raises RejectedError where nothing can be done.
        """
        opened = opened_once(source)
        if isinstance(opened, TextImage | MultiInput):
            from preflight.parts import plan_parts

            return plan_parts(opened, self.check(opened), self.limits, self._fitter_of_parts)
        report = self.check(opened, kind=kind)
        plan = self._planned(opened, report)
        assert not isinstance(report.facts, RequestFacts)
        from preflight.planner.effort import predict_s

        return replace(plan, predicted_s=predict_s(plan, report.facts, os.cpu_count() or 1))

    def prepare(self, source: Input, *, kind: Kind | None = None, report: Report | None = None) -> Iterator[Payload]:
        """Request bodies that the service accepts, lazily: the first clip while later ones are still being made.

        `report`: what `check` said of it, where it was asked before. Each body is probed and checked by the same rules
        again before it is handed on. Raises RejectedError where the input cannot be made acceptable, and
        UnreadableError where its bytes are gone half-way.
        """
        opened = opened_once(source)
        report = report or self.check(opened, kind=kind)
        if isinstance(opened, TextImage | MultiInput):
            from preflight.parts import payload_of_request

            yield payload_of_request(opened, report, self.limits, self._fitter_of_parts)
            self._on_progress(Progress(report.source, 1, None, None))
            return
        meter = self._meter(report)
        for verified in self.verified(opened, report, meter):
            yield payload_of_one(report.source, report.kind, self.limits, verified)
            span = verified.output.span
            meter.made(span.end_s if span else None)
        meter.finish()

    def embed(self, source: Input, client: Route, *, kind: Kind | None = None) -> Embeddings:
        """Prepare, submit through `client`, which may be any route to the service, and place the vectors on the
        source's own timeline.

        Raises RejectedError, a SubmitError of the first request that failed for good, or UsageError where `client` is
        not of the profile's route.
        """
        self.require_taken_by(client)
        from preflight.submitter import Embeddings

        payloads = enumerate(self.prepare(source, kind=kind), start=1)
        return Embeddings.joined([client.embed(payload, request=number) for number, payload in payloads])

    def require_taken_by(self, client: Route) -> None:
        """Raises UsageError where `client` is not of the profile's route."""
        if self.limits.route not in client.takes:
            raise UsageError(
                f"{self.limits.profile} is sent in another way ({self.limits.endpoint}) than this client does. "
                "Use the route that is for it: TasksRoute, AssetRoute or BedrockRoute of preflight.submitter."
            )

    def _examined(self, source: Source, kind: Kind | None) -> MediaFacts:
        """Probed, and decoded where the policy asks for it."""
        watch = Meter(source.name, None, self._on_progress, stage="probe").watch
        facts = probe(source, kind, reading=self._reading(), watch=watch)
        if self.policy.verify == "metadata":
            return facts
        total_s = facts.duration_s if isinstance(facts, AudioFacts | VideoFacts) else None
        return decode(source, facts, Meter(source.name, total_s, self._on_progress, stage="decode").watch)

    def _reading(self) -> Reading:
        from preflight.probers.text import Reading

        return Reading(encoding=self.policy.encoding, token_counter=self._token_counter)

    def _facts(self, source: Opened, kind: Kind | None) -> Facts:
        match source:
            case Source():
                return self._examined(source, kind)
            case Text():
                return self._facts_of_text(source.text)
            case TextImage() | MultiInput():
                text = self._facts_of_text(source.text) if source.text is not None else None
                return facts_of_request(source, text, [self._examined(part, kind) for part, kind in parts_of(source)])

    def _facts_of_text(self, text: str) -> TextFacts:
        from preflight.probers.text import facts_of_text

        return facts_of_text(text, token_counter=self._token_counter)

    def _text(self, source: Source | Text, facts: TextFacts) -> str:
        """All of it, lone surrogates too. Raises RejectedError where the file changed meanwhile."""
        if isinstance(source, Text):
            return source.text
        from preflight.probers.encoding import text_of

        text = text_of(source.read(), facts.encoding)
        if text is None or len(text) != facts.characters:
            error = BrokenMediaError("it changed since it was probed")
            raise RejectedError(source.name, check_facts(source.name, _broken("text", error), self.limits).errors)
        return text

    def _probed(self, media: Source, kind: str) -> MediaFacts:
        if kind == "text":  # our own UTF-8: that it is text was asked before
            return self._facts_of_text(media.read().decode())
        match kind:
            case "image" | "audio" | "video" | "document":
                return probe(media, kind)
            case _:
                return probe(media)

    def _meter(self, report: Report, stage: Stage = "prepare") -> Meter:
        total_s = report.facts.duration_s if isinstance(report.facts, AudioFacts | VideoFacts) else None
        return Meter(report.source, total_s, self._on_progress, stage=stage)

    def _planned(self, source: Source | Text, report: Report) -> Plan:
        """Raises RejectedError, also where it would lose more than the policy allows."""
        if report.verdict == "rejected":
            raise RejectedError(report.source, report.errors)
        plan = self._plan_of(source, report)
        self._must_be_allowed(report, plan.fidelity, plan.why)
        return plan

    def _must_be_allowed(self, report: Report, needed: Fidelity, why: Sequence[str]) -> None:
        said = {finding.message for finding in report.errors}
        reason = next((sentence for sentence in reversed(why) if sentence not in said), "")
        if (finding := MAX_LOSS.hold(needed, self.policy.max_loss, reason)) is not None:
            raise RejectedError(report.source, (*report.errors, finding))

    def _plan_of(self, source: Source | Text, report: Report) -> Plan:
        match report.facts:
            case TextFacts():
                from preflight.planner.text import plan_text

                text = self._text(source, report.facts)
                return plan_text(report, self.limits, self.policy, text, self._token_counter)
            case ImageFacts():
                from preflight.planner.image import plan_image

                return plan_image(report, self.limits, self.policy)
            case AudioFacts() | VideoFacts() as facts:
                from preflight.planner.timed import needs_stripping, needs_units, plan_timed
                from preflight.probers.seams import Seams

                # What has to be encoded loses its tags on the way.
                needs = needs_units(report) or (not report.errors and needs_stripping(facts, self.policy))
                units = self._units(source_of(source), report, facts) if needs else None
                seams = Seams(source_of(source), facts)
                planned = partial(plan_timed, report, facts, units, self.limits, self.policy, refuse=seams.refused)
                return self._with_moments(planned, source_of(source), report)
            case DocumentFacts() as facts:
                from preflight.planner.document import plan_document

                return plan_document(report, facts)
            case _:
                raise RejectedError(report.source, report.errors)

    def _with_moments(self, planned: Callable[..., Plan], source: Source, report: Report) -> Plan:
        """Where it is best to cut is asked only of what has to be cut: it takes a pass of decoding."""
        plan = planned()
        if len(plan.outputs) == 1 or self.policy.cut_at == "even":
            return plan
        from preflight.probers.moments import find_moments

        assert isinstance(report.facts, AudioFacts | VideoFacts)
        watch = self._meter(report, "seek").watch
        return planned(moments=find_moments(source, report.facts, self.policy.cut_at, watch))

    def verified(self, source: Source | Text, report: Report, meter: Meter | None = None) -> Iterator[Verified]:
        """The outputs of an input with its report, each of which passed. Where copying fails before its first clip, the
        next rung of the ladder is taken.
        """
        meter = meter or Meter(report.source, None, silent)  # of a part of a request, whose progress is told as a whole
        plan: Plan | None = self._planned(source, report)
        while plan is not None:
            is_first, following = True, None
            try:
                for verified in self._transformed(source, report, plan, meter):
                    is_first = False
                    yield verified
            except (BrokenMediaError, UnverifiedOutputError) as error:
                following = self._next_rung(source, report, plan) if is_first else None
                if following is not None:
                    failure = f"Copying does not do: {error}."
                    self._must_be_allowed(report, following.fidelity, (*following.why, failure))
                elif isinstance(error, BrokenMediaError):
                    raise self._rejection(report, error) from error
                else:
                    raise
            plan = following

    def _next_rung(self, source: Source | Text, report: Report, plan: Plan) -> Plan | None:
        """Below one that failed; None below the last."""
        facts = report.facts
        if not isinstance(facts, AudioFacts | VideoFacts):
            return None
        from preflight.planner.timed import plan_copying, plan_encoding

        match plan.recipe:
            case StripTags():
                # Without its tags read by anybody: they stay behind where its packets are copied.
                units = self._units(source_of(source), report, facts)
                planned = partial(plan_copying, report, facts, units, self.limits, self.policy)  # sound has no GOPs
            case SendAsIs() | CutBetweenUnits():
                planned = partial(plan_encoding, report, facts, self.limits, self.policy)
            case _:
                return None
        return self._with_moments(planned, source_of(source), report)

    def _units(self, source: Source, report: Report, facts: AudioFacts | VideoFacts) -> tuple[Unit, ...]:
        from preflight.probers.cut_points import probe_units

        return probe_units(source, facts, self._meter(report, "scan").watch)

    def _transformed(self, source: Source | Text, report: Report, plan: Plan, meter: Meter) -> Iterator[Verified]:
        assert not isinstance(report.facts, RequestFacts)
        for output in transform(source_of(source), report.facts, plan, self.limits, meter.watch, workers=self._workers):
            self._must_be_allowed(report, output.fidelity, plan.why)
            yield self._verify(report, output)

    def _verify(self, report: Report, output: Output) -> Verified:
        """Probe and check what a transformer made. Nothing leaves that would not pass."""
        facts = self._probed(output.media, report.kind)
        if self.policy.verify == "decode":
            facts = self._decoded_again(report, output.media, facts)
        if isinstance(facts, Unprobed) and facts.code == "file_unreadable":
            raise UnreadableError(facts.reason)  # the source's own bytes are gone: nobody made anything wrong
        checked = check_facts(report.source, facts, self.limits)
        left = STRIP_METADATA.hold(facts) if self.policy.strip_metadata else None
        if errors := (*checked.errors, *((left,) if left is not None else ())):
            raise UnverifiedOutputError(report.source, errors)
        assert not isinstance(facts, Unprobed)  # which is an error
        return Verified(output=output, facts=facts, media=Media(output.media, facts.size_bytes))

    def _decoded_again(self, report: Report, media: Source, facts: MediaFacts) -> MediaFacts:
        """The source's own bytes were decoded when they were checked; anything else was not."""
        known = report.facts
        if isinstance(known, AudioFacts | VideoFacts) and replace(known, decoded=None) == facts:
            return known
        return decode(media, facts)

    def _rejection(self, report: Report, error: BrokenMediaError) -> RejectedError:
        """Damage that only decoding could find is a rejection like any other."""
        return RejectedError(report.source, check_facts(report.source, _broken(report.kind, error), self.limits).errors)

    def _fitter_of_parts(self, limits: Limits) -> Preflight:
        """None of them may become several."""
        policy = replace(self.policy, prefer="requests", overlap_s=0.0)
        return Preflight(limits=limits, policy=policy, workers=self._workers, token_counter=self._token_counter)


def _broken(kind: str, error: BrokenMediaError) -> Unprobed:
    return Unprobed(size_bytes=None, code=_BROKEN.get(kind, "video_file_broken"), reason=str(error))
