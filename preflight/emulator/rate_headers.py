"""How a 429 says for how long: what the service is known to have said, and what clients look for (CONTRACT 5.4).

| style | headers | body |
|---|---|---|
| `retry_after` | `Retry-After` in seconds, `X-Ratelimit-Dimensions`: documented since August 2026 | flat |
| `retry_after_date` | `Retry-After` as an HTTP date, which every client must take (RFC 9110) | flat |
| `dimensioned_epoch` | `X-RateLimit-Request-Limit`, `-Remaining`, `-Reset` in seconds since 1970 | flat |
| `dimensioned_delta` | the same with `-Reset` in seconds from now | flat |
| `plain_epoch`, `plain_delta` | `X-RateLimit-Limit`, `-Remaining`, `-Reset` | flat |
| `body` | none | nested, `details.retryAfter` as text |
| `none` | none | flat, with no time in its message either |
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from email.utils import formatdate
from typing import Literal, get_args

from preflight.emulator.wire import Refusal, nested

Style = Literal[
    "retry_after",
    "retry_after_date",
    "dimensioned_epoch",
    "dimensioned_delta",
    "plain_epoch",
    "plain_delta",
    "body",
    "none",
]
STYLES: tuple[Style, ...] = get_args(Style)

Dimension = Literal["Request", "Duration"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Spent:
    """A window of a rate limit that has nothing left."""

    dimension: Dimension
    limit: int
    """Requests, or seconds of media: the service was seen to say 36000 for 600 minutes."""
    per: str
    """`1 minute`, `1 day`."""
    wait_s: float
    """Seconds until there is something again."""


def headers(style: Style, spent: Spent, *, now: float) -> dict[str, str]:
    """`now`: seconds since 1970."""
    resets = now + spent.wait_s
    match style:
        case "retry_after":
            return {"Retry-After": _seconds(spent.wait_s), "X-Ratelimit-Dimensions": spent.dimension}
        case "retry_after_date":
            return {"Retry-After": formatdate(math.ceil(resets), usegmt=True)}
        case "dimensioned_epoch":
            return _counted(f"X-RateLimit-{spent.dimension}-", spent.limit, resets)
        case "dimensioned_delta":
            return _counted(f"X-RateLimit-{spent.dimension}-", spent.limit, spent.wait_s)
        case "plain_epoch":
            return _counted("X-RateLimit-", spent.limit, resets)
        case "plain_delta":
            return _counted("X-RateLimit-", spent.limit, spent.wait_s)
        case "body" | "none":
            return {}


def body(style: Style, spent: Spent) -> Mapping[str, object]:
    """Of a 429, in the words of CONTRACT 5.2 and 5.3."""
    unit = "requests" if spent.dimension == "Request" else "seconds of media"
    if style == "body":
        details = {"retryAfter": _seconds(spent.wait_s), "currentLimit": f"{spent.limit} {unit} per {spent.per}"}
        return nested("RATE_LIMIT_EXCEEDED", "Too many requests. Please try again later.", details)
    message = f"You have exceeded the rate limit ({spent.limit} {unit} per {spent.per}). Please try again later"
    after = "" if style == "none" else f" after {_seconds(spent.wait_s)} seconds"
    return Refusal(429, "too_many_requests", f"{message}{after}.").body()


def _counted(prefix: str, limit: int, reset: float) -> dict[str, str]:
    return {f"{prefix}Limit": str(limit), f"{prefix}Remaining": "0", f"{prefix}Reset": _seconds(reset)}


def _seconds(value: float) -> str:
    """Whole where it is whole: RFC 9110 knows nothing else, and a test that waits a second has no time for it."""
    return str(int(value)) if value == int(value) else f"{value:.3f}"
