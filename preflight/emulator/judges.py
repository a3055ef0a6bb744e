"""Which limits hold where: inline or by asset, in a synchronous request or in a task (CONTRACT 1.5, 2, 6)."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from msgspec.structs import replace

from preflight import limits as profiles
from preflight.limits import Limit, Limits
from preflight.pipeline import Preflight

TASK_MOST_S = 14_400.0
BY_REFERENCE_BYTES = 4_000_000_000
_READ_ON = dt.date(2026, 11, 1)
_NEWEST = "marengo3.0-2026-08"


@dataclass(frozen=True, slots=True)
class Judges:
    """One route's rules, for media that stand in the request and for those that it refers to."""

    inline: Preflight
    by_asset: Preflight


def of_requests(limits: Limits) -> Judges:
    """Synchronous: an asset may be larger than what is sent inline, but no longer."""
    return Judges(Preflight(limits=limits), Preflight(limits=_by_reference(limits)))


def of_tasks() -> Judges:
    """Tasks have one documented reading, whatever the profile of the synchronous requests is."""
    # Once there is a profile `marengo3.0-async`, it is what stands here.
    newest = profiles.load(_NEWEST)
    longest = Limit(TASK_MOST_S, "docs: Create an async embedding task: 4 hours", _READ_ON)
    limits = replace(
        newest,
        profile="marengo3.0-async",
        endpoint="POST /v1.3/embed-v2/tasks",
        audio=replace(newest.audio, max_duration_s=longest),
        video=replace(newest.video, max_duration_s=longest),
    )
    return Judges(Preflight(limits=limits), Preflight(limits=_by_reference(limits)))


def _by_reference(limits: Limits) -> Limits:
    most = Limit(BY_REFERENCE_BYTES, "beta docs, upload methods: 4 GB by URL; async page: 4 GB", _READ_ON)
    return replace(
        limits,
        audio=replace(limits.audio, max_file_bytes=most, max_base64_bytes=None),
        video=replace(limits.video, max_file_bytes=most, max_base64_bytes=None),
    )
