"""The one place that wires the rooms together: probe, check, plan, transform, verify, make payloads, submit."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

from preflight import limits as profiles
from preflight.errors import BrokenMediaError, RejectedError, UnreadableError, UnverifiedOutputError, UsageError
from preflight.examining import examine, examine_again
from preflight.inputs import Input as Input  # noqa: PLC0414 (what this room takes)
from preflight.inputs import opened_once, source_of
from preflight.limits import Limits
from preflight.media import (
    Facts,
    InvalidRequest,
    Kind,
    Media,
    MultiInput,
    RequestFacts,
    Source,
    Text,
    TextImage,
    Unprobed,
)
from preflight.payload import Payload, payload_of_one
from preflight.planner import Plan, Policy
from preflight.planning import must_be_allowed, next_rung, plan_of, rejection, require_decodable
from preflight.probers.tokens import TokenCounter, count_tokens
from preflight.progress import Meter, Progress, silent
from preflight.rules import Report, check_facts, location
from preflight.rules.policy import STRIP_METADATA, TEXT
from preflight.setup import Setup
from preflight.transformers import Output, Verified, transform

if TYPE_CHECKING:
    from preflight.submitter import Embeddings, Route


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
        self._setup = Setup(
            limits=limits if isinstance(limits, Limits) else profiles.load(limits),
            policy=policy or Policy(),
            on_progress=on_progress,
            workers=workers,
            token_counter=token_counter,
        )

    @property
    def limits(self) -> Limits:
        return self._setup.limits

    @property
    def policy(self) -> Policy:
        return self._setup.policy

    def by(self, limits: Limits) -> Preflight:
        """The same, with other limits."""
        return self._of(replace(self._setup, limits=limits))

    def telling(self, on_progress: Callable[[Progress], None]) -> Preflight:
        """One like this that tells somebody else how far it is."""
        return self._of(replace(self._setup, on_progress=on_progress))

    @classmethod
    def _of(cls, setup: Setup) -> Preflight:
        made = cls(limits=setup.limits)
        made._setup = setup
        return made

    def check(self, source: Input, *, kind: Kind | None = None) -> Report:
        """What it is and what breaks the limits, from metadata alone, or from every frame besides where the policy's
        `verify` is "decode". Never raises for bad media.

        `kind` has the bytes read as that kind and nothing else. Raises TypeError for what is no input at all.
        """
        opened = opened_once(source)
        return self.judge(opened.name, examine(opened, kind, self._setup))

    def judge(self, source: str, facts: Facts) -> Report:
        """What breaks the limits, of facts that are known already. `source`: its name."""
        report = check_facts(source, facts, self.limits)
        findings = TEXT.applied(report.findings, self.policy.text)
        if self.policy.strip_metadata:  # what will not leave the house needs no warning
            findings = (f for f in findings if f.code not in location.CODES)
        return replace(report, findings=tuple(findings))

    def plan(self, source: Input, *, kind: Kind | None = None, report: Report | None = None) -> Plan:
        """What `prepare` would do and why, without doing it.

        `report`: what `check` said of it, where it was asked before. Raises RejectedError where nothing can be done:
        also where all would be encoded and nothing can be decoded.
        """
        opened = opened_once(source)
        report = report or self.check(opened, kind=kind)
        if isinstance(opened, TextImage | MultiInput):
            from preflight.parts import plan_parts

            return plan_parts(opened, report, self.limits, self._fitter_of_parts)
        if isinstance(opened, InvalidRequest):
            raise RejectedError(report.source, report.errors)
        plan = plan_of(opened, report, self._setup)
        assert not isinstance(report.facts, RequestFacts)
        require_decodable(opened, report, plan, self.limits)
        from preflight.planner.effort import predict_s

        return replace(plan, predicted_s=predict_s(plan, report.facts, self._setup.workers or os.cpu_count() or 1))

    def prepare(
        self,
        source: Input,
        *,
        kind: Kind | None = None,
        report: Report | None = None,
        plan: Plan | None = None,
    ) -> Iterator[Payload]:
        """Request bodies that the service accepts, lazily: the first clip while later ones are still being made.

        `report` and `plan`: what `check` and `plan` said of it, where they were asked before. Each body is probed and
        checked by the same rules again before it is handed on. Raises RejectedError where the input cannot be made
        acceptable, and UnreadableError where its bytes are gone half-way.
        """
        opened = opened_once(source)
        report = report or self.check(opened, kind=kind)
        if isinstance(opened, TextImage | MultiInput):
            from preflight.parts import payload_of_request

            yield payload_of_request(opened, report, self.limits, self._fitter_of_parts)
            self._setup.on_progress(Progress(report.source, 1, None, None))
            return
        if isinstance(opened, InvalidRequest):
            raise RejectedError(report.source, report.errors)
        meter = self._setup.meter(report)
        for verified in self.verified(opened, report, meter, plan):
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
        return submit(self.prepare(source, kind=kind), client)

    def require_taken_by(self, client: Route) -> None:
        """Raises UsageError where `client` is not of the profile's route."""
        if self.limits.route not in client.takes:
            raise UsageError(
                f"{self.limits.profile} is sent in another way ({self.limits.endpoint}) than this client does. "
                "Use a route that is for it: AutoRoute, TasksRoute, AssetRoute or BedrockRoute of preflight.submitter."
            )

    def verified(
        self, source: Source | Text, report: Report, meter: Meter | None = None, plan: Plan | None = None
    ) -> Iterator[Verified]:
        """The outputs of an input with its report, each of which passed. Where copying fails before its first clip, the
        next rung of the ladder is taken.
        """
        meter = meter or Meter(report.source, None, silent)  # of a part of a request, whose progress is told as a whole
        plan = plan or plan_of(source, report, self._setup)
        while plan is not None:
            is_first, following = True, None
            try:
                for verified in self._transformed(source, report, plan, meter):
                    is_first = False
                    yield verified
            except (BrokenMediaError, UnverifiedOutputError) as error:
                following = next_rung(source, report, plan, self._setup) if is_first else None
                if following is not None:
                    failure = f"Copying does not do: {error}."
                    must_be_allowed(report, following.fidelity, (*following.why, failure), self._setup)
                elif isinstance(error, BrokenMediaError):
                    raise rejection(report, error, self.limits) from error
                else:
                    raise
            plan = following

    def _transformed(self, source: Source | Text, report: Report, plan: Plan, meter: Meter) -> Iterator[Verified]:
        assert not isinstance(report.facts, RequestFacts)
        workers = self._setup.workers
        for output in transform(source_of(source), report.facts, plan, self.limits, meter.watch, workers=workers):
            must_be_allowed(report, output.fidelity, plan.why, self._setup)
            yield self._verify(report, output)

    def _verify(self, report: Report, output: Output) -> Verified:
        """Probe and check what a transformer made. Nothing leaves that would not pass."""
        facts = examine_again(report, output.media, self._setup)
        if isinstance(facts, Unprobed) and facts.code == "file_unreadable":
            raise UnreadableError(facts.reason)  # the source's own bytes are gone: nobody made anything wrong
        checked = check_facts(report.source, facts, self.limits)
        left = STRIP_METADATA.hold(facts) if self.policy.strip_metadata else None
        if errors := (*checked.errors, *((left,) if left is not None else ())):
            raise UnverifiedOutputError(report.source, errors)
        assert not isinstance(facts, Unprobed)  # which is an error
        return Verified(output=output, facts=facts, media=Media(output.media, facts.size_bytes))

    def _fitter_of_parts(self, limits: Limits) -> Preflight:
        """None of them may become several."""
        policy = replace(self.policy, prefer="requests", overlap_s=0.0)
        return self._of(replace(self._setup, limits=limits, policy=policy, on_progress=silent))


def submit(payloads: Iterable[Payload], client: Route) -> Embeddings:
    """Of the requests of one input, one after the other. Raises a SubmitError of the first that failed for good."""
    from preflight.submitter import Embeddings

    return Embeddings.joined(
        [client.embed(payload, request=number) for number, payload in enumerate(payloads, start=1)]
    )
