"""Which limits hold where: inline or by asset, in a synchronous request or in a task (CONTRACT 1.5, 2, 6)."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from msgspec.structs import replace

from preflight.limits import Limit, Limits
from preflight.pipeline import Preflight

BY_REFERENCE_BYTES = 4_000_000_000
_READ_ON = dt.date(2026, 11, 1)


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
    return Judges(Preflight(limits="marengo3.0-async"), Preflight(limits="marengo3.0-asset"))


def _by_reference(limits: Limits) -> Limits:
    most = Limit(BY_REFERENCE_BYTES, "beta docs, upload methods: 4 GB by URL; async page: 4 GB", _READ_ON)
    return replace(
        limits,
        audio=replace(limits.audio, max_file_bytes=most, max_base64_bytes=None),
        video=replace(limits.video, max_file_bytes=most, max_base64_bytes=None),
    )
