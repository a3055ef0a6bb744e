"""What answers say of rates: how long to wait, and how much is left (CONTRACT 5.4)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC
from email.utils import parsedate_to_datetime

from preflight.submitter.allowance import Dimension, Told
from preflight.submitter.outcome import RATE_LIMITED, Answered

# A reset is an epoch above this and a number of seconds below it (CONTRACT 5.4).
_EPOCH_FROM = 1e9
# What is beyond this is no wait but a broken header, and would not fit a date either.
_BELIEVABLE_S = 366 * 86_400.0


def stated_wait_s(answer: Answered, *, now: float) -> float | None:
    """Seconds that the service asks to wait, more than 0; None where it does not say.

    In this order (CONTRACT 5.4): `Retry-After`, in seconds or as an HTTP date; of a 429, the latest
    `X-RateLimit-*-Reset`; `details.retryAfter` of the body. What cannot be read is passed over.
    """
    waits = [_retry_after_s(answer.headers.get("retry-after", ""), now)]
    # Other answers carry these headers too, and there they do not mean that anything ran out.
    if answer.status == RATE_LIMITED:
        resets = [
            _reset_s(value, now)
            for name, value in answer.headers.items()
            if re.fullmatch(r"x-ratelimit-(.+-)?reset", name)
        ]
        waits.append(max((wait for wait in resets if wait is not None), default=None))
    waits.append(_retry_after_s(answer.said.retry_after or "", now))
    return next((wait for wait in waits if wait is not None), None)


def limits_told(headers: Mapping[str, str], *, now: float) -> dict[Dimension, Told]:
    """What an answer says of what is left, by dimension (CONTRACT 5.4); what has no dimension is of requests.

    `headers`: names in lower case. `now`: seconds since 1970. What cannot be read is passed over.
    """
    told: dict[Dimension, Told] = {}
    for dimension, prefixes in _PREFIXES.items():
        for prefix in prefixes:
            remaining = _number(headers.get(f"{prefix}-remaining", ""))
            limit = _number(headers.get(f"{prefix}-limit", "")) or None
            if dimension not in told and (remaining is not None or limit is not None):
                reset_s = _reset_s(headers.get(f"{prefix}-reset", ""), now)
                told[dimension] = Told(remaining=remaining, reset_s=reset_s, limit=limit)
    return told


_PREFIXES: Mapping[Dimension, tuple[str, ...]] = {
    "request": ("x-ratelimit-request", "x-ratelimit"),
    "duration": ("x-ratelimit-duration",),
}


def _retry_after_s(value: str, now: float) -> float | None:
    seconds = _number(value)
    if seconds is None:
        try:
            date = parsedate_to_datetime(value)
            # A date without a zone is UTC: HTTP knows no other.
            seconds = (date if date.tzinfo else date.replace(tzinfo=UTC)).timestamp() - now
        except (ValueError, TypeError, IndexError, OverflowError):
            return None
    return _believable(seconds)


def _reset_s(value: str, now: float) -> float | None:
    number = _number(value)
    if number is None:
        return None
    return _believable(number - now if number > _EPOCH_FROM else number)


def _number(value: str) -> float | None:
    return float(value) if re.fullmatch(r"[0-9]{1,15}(\.[0-9]{1,15})?", value.strip()) else None


def _believable(seconds: float) -> float | None:
    # 0 and the past say "at once": then backoff is kinder than a burst.
    return seconds if 0 < seconds <= _BELIEVABLE_S else None
