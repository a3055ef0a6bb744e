"""One call for one input, `preflight.check("talk.mp4")` and its like, each with a `Preflight` of its own."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import TYPE_CHECKING

from preflight import limits as profiles
from preflight.inputs import Input
from preflight.media import Kind
from preflight.payload import Payload
from preflight.pipeline import Preflight
from preflight.planner import Plan, Policy
from preflight.rules import Report

if TYPE_CHECKING:
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
) -> Embeddings:
    """Prepare and submit one input. The key is that of TWELVELABS_API_KEY where none is given."""
    from preflight.submitter import BASE_URL, Client

    key = api_key if api_key is not None else os.environ.get("TWELVELABS_API_KEY")
    with Client(key, base_url=base_url or BASE_URL) as client:
        return Preflight(limits=profile, policy=policy).embed(source, client)
