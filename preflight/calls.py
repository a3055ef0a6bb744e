"""One call, `preflight.check("talk.mp4")` and its like, each with a `Preflight` of its own."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from typing import TYPE_CHECKING

from preflight import limits as profiles
from preflight.errors import PreflightError
from preflight.inputs import Input
from preflight.media import Kind
from preflight.payload import Payload
from preflight.pipeline import Preflight
from preflight.planner import Plan, Policy
from preflight.planner.route import Wish
from preflight.rules import Report

if TYPE_CHECKING:
    from preflight.runs import Result
    from preflight.submitter import Embeddings


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
    route: Wish = "sync",
) -> Embeddings:
    """Prepare and submit one input. The key is that of TWELVELABS_API_KEY where none is given.

    `route`: at once, with its media inline ("sync"); as a task that is waited for, for up to four hours of recording
    ("async"); uploaded first, for up to 4 GB ("asset"); or by whichever of them changes the media least ("auto").
    """
    from preflight import routing
    from preflight.submitter import BASE_URL, AutoRoute, Client

    key = api_key if api_key is not None else os.environ.get("TWELVELABS_API_KEY")
    with Client(key, base_url=base_url or BASE_URL) as client:
        preflight = Preflight(limits=profile, policy=policy)
        return routing.route(preflight, source, wish=route).embed(AutoRoute(client))


def embed_many(
    sources: Iterable[Input],
    *,
    api_key: str | None = None,
    base_url: str | None = None,
    profile: str = profiles.DEFAULT_PROFILE,
    policy: Policy | None = None,
    journal: str | os.PathLike[str] | None = None,
    workers: int = 4,
    route: Wish = "sync",
    rate_plan: str | os.PathLike[str] | None = None,
    max_wait_s: float = 300.0,
) -> Iterator[Result]:
    """Embed many inputs, side by side: a `Result` an input, in their order, as soon as it is its turn.

        for result in preflight.embed_many(paths, journal="run.db"):
            match result.outcome:
                case preflight.Embeddings() as embeddings: ...
                case error: print(result.source, error)

    Nothing is read or sent before the first is asked for; `sources` are then read a little ahead, in another thread.
    `journal`: a file that keeps what was answered, made where there is none; the same call again sends only what is
    missing, after whatever ended the last one. `workers`: uploads at once. `route`: as in `embed`. `rate_plan`: your
    plan at the service, whose limits are kept to: its name, or a .toml or .json file; without one, the service says
    what is too much. `max_wait_s`: seconds; a longer wait for either ends it with RateLimitError, which says until
    when. Where limits are by the hour, 3900 waits for the next one. The key is that of TWELVELABS_API_KEY where none is
    given.

    An input that fails is a `Result` with its error. What would fail the next one, too, is raised, once all that was
    answered was given: AuthenticationError, RateLimitError, ServiceUnavailableError where the service is down,
    OutOfSpaceError, JournalError, UsageError. Where the iterator is closed, or interrupted, answers to what was sent
    are awaited for a few seconds; only a journal has them.
    """
    from preflight.limits import rates
    from preflight.runs import Run
    from preflight.submitter import BASE_URL, AutoRoute, Budget, Client
    from preflight.submitter.journal import Journal

    key = api_key if api_key is not None else os.environ.get("TWELVELABS_API_KEY")
    where = base_url or BASE_URL
    budget = Budget(rates.load(os.fspath(rate_plan))) if rate_plan is not None else None
    with ExitStack() as stack:
        client = stack.enter_context(
            Client(key, base_url=where, budget=budget, max_wait_s=max_wait_s, max_concurrency=workers)
        )
        kept = stack.enter_context(Journal(os.fspath(journal))) if journal is not None else None
        memory = kept.memory(where.rstrip("/")) if kept is not None else None
        run = Run(
            Preflight(limits=profile, policy=policy),
            AutoRoute(client, memory=memory),
            sources,
            journal=kept,
            route=where.rstrip("/"),
            wish=route,
            workers=workers,
        )
        stack.enter_context(run)
        try:
            yield from run
        except PreflightError:
            yield from run.rest()
            raise
