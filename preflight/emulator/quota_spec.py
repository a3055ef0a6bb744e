"""Rates as a line of text: `timed:requests_per_minute=25:media_minutes_per_hour=600,still:requests_per_day=3000`.

Items are separated by commas; each is a group (`timed`, `still` or `upload`), then its limits, of which
`preflight.emulator.meter.Quota` has the names. What is not named has no limit.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from typing import get_args

from preflight.emulator.meter import Group, Quota
from preflight.errors import UsageError

GROUPS: tuple[Group, ...] = get_args(Group)
LIMITS = tuple(field.name for field in fields(Quota))


def quotas_of(text: str) -> Mapping[Group, Quota]:
    """Raises UsageError; an empty text is no limits."""
    found: dict[Group, Quota] = {}
    for item in text.split(",") if text.strip() else ():
        name, *rest = [part.strip() for part in item.split(":")]
        group = next((one for one in GROUPS if one == name), None)
        if group is None or group in found or not rest:
            raise UsageError(
                f"the rates {item.strip()!r} cannot be read. Write GROUP:LIMIT=NUMBER with each GROUP once, of: "
                f"{', '.join(GROUPS)}; and LIMIT of: {', '.join(LIMITS)}."
            )
        found[group] = Quota(**dict(_limit(part) for part in rest))
    return found


def _limit(part: str) -> tuple[str, int]:
    key, _, value = (piece.strip() for piece in part.partition("="))
    if key not in LIMITS or not value.isdecimal():
        raise UsageError(f"the rate {part!r} cannot be read. Write LIMIT=NUMBER, with LIMIT of: {', '.join(LIMITS)}.")
    return key, int(value)
