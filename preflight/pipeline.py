"""The one place that wires the rooms together: probe, check, plan, transform, verify, make payloads, submit."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from preflight import limits as profiles
from preflight.errors import BrokenMediaError, RejectedError, UnreadableError, UnverifiedOutputError
from preflight.inputs import Input as Input  # noqa: PLC0414 (what this room takes)
from preflight.inputs import Opened, images_of, opened_once, source_of
from preflight.limits import Limits
from preflight.media import (
    AudioFacts,
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
from preflight.payload import Payload, media_body, multi_input_body, text_body, text_image_body
from preflight.planner import CutBetweenUnits, Plan, Policy, SendAsIs, StripTags
from preflight.probers import decode, probe
from preflight.progress import Meter, Progress, silent
from preflight.rules import Finding, Report, check_facts
from preflight.rules.policy import MAX_LOSS, STRIP_METADATA
from preflight.transformers import Output, Verified, transform

if TYPE_CHECKING:
    from preflight.submitter import Client, Embeddings

_PLACEHOLDER = re.compile(r"<@([^>]+)>")
_BROKEN: dict[str, UnprobedCode] = {
    "text": "text_encoding_unknown",
    "image": "image_file_broken",
    "audio": "audio_file_broken",
    "video": "video_file_broken",
}


class Preflight:
    """Everything that preflight does to an input, with one profile of limits and one policy.

    `limits` is the name of a profile or a `Limits`; `on_progress` is called in the caller's own thread, a few times a
    second at most and after each request. `workers` threads encode a video side by side; None is one a core.
    """

    def __init__(
        self,
        *,
        limits: str | Limits = profiles.DEFAULT_PROFILE,
        policy: Policy | None = None,
        on_progress: Callable[[Progress], None] = silent,
        workers: int | None = None,
    ) -> None:
        self.limits = limits if isinstance(limits, Limits) else profiles.load(limits)
        self.policy = policy or Policy()
        self._on_progress = on_progress
        self._workers = workers

    def check(self, source: Input, *, kind: Kind | None = None) -> Report:
        """What it is and what breaks the limits, from metadata alone, or from every frame besides where the policy's
        `verify` is "decode". Never raises for bad media.

        `kind` has the bytes read as that kind and nothing else. Raises TypeError for what is no input at all.
        """
        opened = opened_once(source)
        return check_facts(opened.name, _facts(opened, self._examined, kind), self.limits)

    def plan(self, source: Input, *, kind: Kind | None = None) -> Plan:
        """What `prepare` would do and why, without doing it.

        Raises RejectedError where nothing can be done, and TypeError for a request of several parts.
        """
        opened = opened_once(source)
        if isinstance(opened, TextImage | MultiInput):
            raise TypeError("a request of several parts has no single plan; plan its images one by one")
        report = self.check(opened, kind=kind)
        plan = self._planned(opened, report, self._meter(report))
        assert not isinstance(report.facts, RequestFacts)
        from preflight.planner.effort import predict_s

        return replace(plan, predicted_s=predict_s(plan, report.facts, os.cpu_count() or 1))

    def prepare(self, source: Input, *, kind: Kind | None = None) -> Iterator[Payload]:
        """Request bodies that the service accepts, lazily: the first clip while later ones are still being made.

        Each is probed and checked by the same rules again before it is handed on. Raises RejectedError where the
        input cannot be made acceptable, and UnreadableError where its bytes are gone half-way.
        """
        opened = opened_once(source)
        report = self.check(opened, kind=kind)
        if isinstance(opened, TextImage | MultiInput):
            yield self._request(opened, report)
            self._on_progress(Progress(report.source, 1, None, None))
            return
        meter = self._meter(report)
        for verified in self._verified(opened, report, meter):
            yield self._payload(report, verified)
            span = verified.output.span
            meter.made(span.end_s if span else None)

    def embed(self, source: Input, client: Client, *, kind: Kind | None = None) -> Embeddings:
        """Prepare, submit through `client`, and place the vectors on the source's own timeline.

        Raises RejectedError, or a SubmitError of the first request that failed for good.
        """
        from preflight.submitter import Embeddings

        payloads = enumerate(self.prepare(source, kind=kind), start=1)
        return Embeddings.joined([client.embed(payload, request=number) for number, payload in payloads])

    def _examined(self, source: Source, kind: Kind | None) -> MediaFacts:
        """Probed, and decoded where the policy asks for it."""
        facts = probe(source, kind)
        if self.policy.verify == "metadata":
            return facts
        total_s = facts.duration_s if isinstance(facts, AudioFacts | VideoFacts) else None
        return decode(source, facts, Meter(source.name, total_s, self._on_progress).watch)

    def _meter(self, report: Report) -> Meter:
        total_s = report.facts.duration_s if isinstance(report.facts, AudioFacts | VideoFacts) else None
        return Meter(report.source, total_s, self._on_progress)

    def _planned(self, source: Source | Text, report: Report, meter: Meter) -> Plan:
        """Raises RejectedError, also where it would lose more than the policy allows."""
        if report.verdict == "rejected":
            raise RejectedError(report.source, report.errors)
        plan = self._plan_of(source, report, meter)
        self._must_be_allowed(report, plan.fidelity, plan.why)
        return plan

    def _must_be_allowed(self, report: Report, needed: Fidelity, why: Sequence[str]) -> None:
        said = {finding.message for finding in report.errors}
        reason = next((sentence for sentence in reversed(why) if sentence not in said), "")
        if (finding := MAX_LOSS.hold(needed, self.policy.max_loss, reason)) is not None:
            raise RejectedError(report.source, (*report.errors, finding))

    def _plan_of(self, source: Source | Text, report: Report, meter: Meter) -> Plan:
        match report.facts:
            case TextFacts():
                from preflight.planner.text import plan_text

                return plan_text(report, self.limits)
            case ImageFacts():
                from preflight.planner.image import plan_image

                return plan_image(report, self.limits, self.policy)
            case AudioFacts() | VideoFacts() as facts:
                from preflight.planner.timed import needs_stripping, needs_units, plan_timed
                from preflight.probers.cut_points import probe_units

                needs = needs_units(report) or needs_stripping(facts, self.policy)
                units = probe_units(source_of(source), facts) if needs else None
                planned = partial(plan_timed, report, facts, units, self.limits, self.policy)
                return self._with_moments(planned, source_of(source), facts, meter)
            case _:
                raise RejectedError(report.source, report.errors)

    def _with_moments(
        self, planned: Callable[..., Plan], source: Source, facts: AudioFacts | VideoFacts, meter: Meter
    ) -> Plan:
        """Where it is best to cut is asked only of what has to be cut: it takes a pass of decoding."""
        plan = planned()
        if len(plan.outputs) == 1 or self.policy.cut_at == "even":
            return plan
        from preflight.probers.moments import find_moments

        return planned(moments=find_moments(source, facts, self.policy.cut_at, meter.watch))

    def _verified(self, source: Source | Text, report: Report, meter: Meter | None = None) -> Iterator[Verified]:
        """Outputs that passed. Where copying fails before its first clip, the next rung of the ladder is taken."""
        meter = meter or Meter(report.source, None, silent)  # of a part of a request, whose progress is told as a whole
        plan = self._planned(source, report, meter)
        facts = report.facts
        is_first = True
        try:
            for verified in self._transformed(source, report, plan, meter):
                is_first = False
                yield verified
        except (BrokenMediaError, UnverifiedOutputError) as error:
            can_encode = is_first and isinstance(plan.recipe, SendAsIs | StripTags | CutBetweenUnits)
            if not (can_encode and isinstance(facts, AudioFacts | VideoFacts)):
                if isinstance(error, BrokenMediaError):
                    raise self._rejection(report, error) from error
                raise
            failure = f"Copying does not do: {error}."
        else:
            return
        from preflight.planner.timed import plan_encoding

        planned = partial(plan_encoding, report, facts, self.limits, self.policy)
        plan = self._with_moments(planned, source_of(source), facts, meter)
        self._must_be_allowed(report, plan.fidelity, (*plan.why, failure))
        try:
            yield from self._transformed(source, report, plan, meter)
        except BrokenMediaError as error:
            raise self._rejection(report, error) from error

    def _transformed(self, source: Source | Text, report: Report, plan: Plan, meter: Meter) -> Iterator[Verified]:
        assert not isinstance(report.facts, RequestFacts)
        for output in transform(source_of(source), report.facts, plan, self.limits, meter.watch, workers=self._workers):
            self._must_be_allowed(report, output.fidelity, plan.why)
            yield self._verify(report, output)

    def _verify(self, report: Report, output: Output) -> Verified:
        """Probe and check what a transformer made. Nothing leaves that would not pass."""
        facts = _probed(output.media, report.kind)
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
        code = _BROKEN.get(report.kind, "video_file_broken")
        broken = Unprobed(size_bytes=None, code=code, reason=str(error))
        return RejectedError(report.source, check_facts(report.source, broken, self.limits).errors)

    def _payload(self, report: Report, verified: Verified) -> Payload:
        output, model = verified.output, self.limits.model_name
        match report.kind:
            case "text":
                fragments = text_body(model, output.media.read().decode())
            case "image" | "audio" | "video" as kind:
                fragments = media_body(model, kind, verified.media)
            case other:
                raise TypeError(f"{other} has no body of its own")
        return Payload(
            source=report.source,
            input_type=report.kind,
            fragments=fragments,
            span=output.span,
            offset=output.offset,
            fidelity=output.fidelity,
            steps=output.steps,
            verified=(verified.media,),
        )

    def _picture(self, report: Report, index: int, image: Source) -> Verified:
        """An image of a request, fitted; what is wrong with it is said of the request."""
        try:
            return next(self._verified(image, self.check(image, kind="image")))
        except RejectedError as error:
            part = "image" if report.kind == "text_image" else f"media_sources[{index}]"
            findings = [replace(f, part=part) for f in error.findings if isinstance(f, Finding)]
            raise RejectedError(report.source, findings) from error

    def _request(self, request: TextImage | MultiInput, report: Report) -> Payload:
        """One body of several parts, each image fitted on its own."""
        if report.verdict == "rejected":
            raise RejectedError(report.source, report.errors)
        from preflight.probers.text import well_formed

        pictures = [self._picture(report, index, image) for index, image in enumerate(images_of(request))]
        model = self.limits.model_name
        media = [p.media for p in pictures]
        if isinstance(request, TextImage):
            fragments = text_image_body(model, well_formed(request.text), media[0])
        else:
            names = [image.name for image in request.images]
            text = well_formed(request.text) if request.text is not None else None
            fragments = multi_input_body(model, text, list(zip(names, media, strict=True)))
        worst = max((p.output.fidelity for p in pictures), key=list(Fidelity).index)
        return Payload(
            source=report.source,
            input_type="text_image" if isinstance(request, TextImage) else "multi_input",
            fragments=fragments,
            span=None,
            offset=None,
            fidelity=worst,
            steps=tuple(step for p in pictures for step in p.output.steps),
            verified=tuple(media),
        )


def check(
    source: Input,
    *,
    profile: str = profiles.DEFAULT_PROFILE,
    kind: Kind | None = None,
    policy: Policy | None = None,
) -> Report:
    """`Preflight(limits=profile, policy=policy).check(source)`."""
    return Preflight(limits=profile, policy=policy).check(source, kind=kind)


def plan(source: Input, *, profile: str = profiles.DEFAULT_PROFILE, policy: Policy | None = None) -> Plan:
    """`Preflight(limits=profile, policy=policy).plan(source)`."""
    return Preflight(limits=profile, policy=policy).plan(source)


def prepare(
    source: Input, *, profile: str = profiles.DEFAULT_PROFILE, policy: Policy | None = None
) -> Iterator[Payload]:
    """`Preflight(limits=profile, policy=policy).prepare(source)`."""
    return Preflight(limits=profile, policy=policy).prepare(source)


def embed(
    source: Input,
    *,
    api_key: str | None = None,
    base_url: str | None = None,
    profile: str = profiles.DEFAULT_PROFILE,
    policy: Policy | None = None,
) -> Embeddings:
    """Prepare and submit one input. The key is that of TWELVELABS_API_KEY where none is given."""
    from preflight.submitter import BASE_URL, Client

    key = api_key if api_key is not None else os.environ.get("TWELVELABS_API_KEY")
    with Client(key, base_url=base_url or BASE_URL) as client:
        return Preflight(limits=profile, policy=policy).embed(source, client)


def _facts(source: Opened, probed: Callable[[Source, Kind | None], MediaFacts], kind: Kind | None) -> Facts:
    """`probed` is asked about each file."""
    match source:
        case Source():
            return probed(source, kind)
        case Text():
            from preflight.probers.text import facts_of_text

            return facts_of_text(source.text)
        case TextImage() | MultiInput():
            from preflight.probers.text import facts_of_text

            text = source.text
            pictures = tuple(probed(image, "image") for image in images_of(source))
            return RequestFacts(
                kind="text_image" if isinstance(source, TextImage) else "multi_input",
                text=facts_of_text(text) if text is not None else None,
                placeholders=tuple(dict.fromkeys(_PLACEHOLDER.findall(text or ""))),
                names=(None,) if isinstance(source, TextImage) else tuple(image.name for image in source.images),
                images=tuple(p for p in pictures if isinstance(p, ImageFacts | Unprobed)),
            )


def _probed(media: Source, kind: str) -> MediaFacts:
    match kind:
        case "text":
            from preflight.probers.text import facts_of_text

            return facts_of_text(media.read().decode())  # our own UTF-8: that it is text was asked before
        case "image" | "audio" | "video":
            return probe(media, kind)
        case _:
            return probe(media)
