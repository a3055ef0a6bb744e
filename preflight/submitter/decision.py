"""Keep an answer, ask again, or give up: pure decisions, shared by whatever does the asking.

State and answer in, decision out. The clock and the dice are passed in: `now` and `jitter`.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from urllib.parse import urlsplit

from preflight.errors import RateLimitError, ServiceUnavailableError, SubmitError
from preflight.submitter import refusal
from preflight.submitter.allowance import Cost, Dimension, Told
from preflight.submitter.refusal import Said

# 409 is not among them: it is a clash, not a passing trouble (CONTRACT 5.1).
_PASSING = frozenset({408, 429, 500, 502, 503, 504})
_RATE_LIMITED = 429

# 1, 2, 4, ... seconds, as the official JavaScript client waits (CONTRACT 5.6).
_BACKOFF_FIRST_S = 1.0
_BACKOFF_MOST_S = 60.0

# What is added to a wait that the service states.
_LATE_SHARE, _LATE_MOST_S = 0.1, 5.0

# A reset is an epoch above this and a number of seconds below it (CONTRACT 5.4).
_EPOCH_FROM = 1e9
# What is beyond this is no wait but a broken header, and would not fit a date either.
_BELIEVABLE_S = 366 * 86_400.0


@dataclass(frozen=True, kw_only=True, slots=True)
class Patience:
    """How long to go on asking."""

    retries: int = 5
    """How often a request is sent again after the first time."""
    deadline_s: float | None = None
    """Seconds from when it is asked for, within which the last try must start and end; None for no such limit."""
    max_wait_s: float = 300.0
    """Seconds. A longer wait is no longer a pause but another run: a daily quota, as a rule. Also of the plan's own."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Answered:
    """The service, or something before it, answered."""

    status: int
    headers: Mapping[str, str]
    """Names in lower case."""
    said: Said
    """What its body says; empty for 200."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Unreachable:
    """No answer came, or it broke off."""

    reason: str
    next_step: str
    passing: bool = True
    """False where asking again cannot help: a certificate that is not trusted."""


Outcome = Answered | Unreachable


@dataclass(frozen=True, slots=True)
class Accept:
    """The answer is a 200: read its embeddings."""


@dataclass(frozen=True, slots=True)
class Retry:
    """Send the same request again after so many seconds."""

    after_s: float


@dataclass(frozen=True, slots=True)
class GiveUp:
    """Raise this."""

    error: SubmitError


Decision = Accept | Retry | GiveUp


def decide(
    patience: Patience, outcome: Outcome, *, retried: int, elapsed_s: float, now: float, jitter: float
) -> Decision:
    """What to do with the outcome of one try.

    `retried`: how often the request was sent again so far. `elapsed_s`: seconds since the first try began.
    `now`: seconds since 1970. `jitter`: in [0, 1), drawn anew for each call, so that many clients that
    were refused together do not come back together: never earlier than the service says, a little later.
    """
    match outcome:
        case Answered(status=200):
            return Accept()
        case Answered(status=status, said=said) if status not in _PASSING or said.code == refusal.UNPAID:
            host = _host(outcome.headers.get("location", ""))
            return GiveUp(refusal.refused(status, said, retried=retried, redirected_to=host))
        case Answered():
            stated_s = stated_wait_s(outcome, now=now)
        case Unreachable():
            stated_s = None

    wait_s = stated_s if stated_s is not None else min(backoff_s(retried, jitter), patience.max_wait_s)
    obstacle = _obstacle(patience, outcome, retried, elapsed_s, wait_s)
    if obstacle is None:
        return Retry(wait_s if stated_s is None else wait_s + jitter * _late_most_s(patience, elapsed_s, wait_s))
    paused = stated_s is not None and retried < patience.retries
    return GiveUp(_error(outcome, obstacle, retried, stated_s, now, paused=paused))


def _late_most_s(patience: Patience, elapsed_s: float, wait_s: float) -> float:
    """Of what is left for the try after the wait, at most half."""
    most_s = min(_LATE_SHARE * wait_s, _LATE_MOST_S)
    return most_s if patience.deadline_s is None else min(most_s, (patience.deadline_s - elapsed_s - wait_s) / 2)


def backoff_s(retried: int, jitter: float) -> float:
    """Seconds to wait where the service does not say: between half and all of 1, 2, 4, ... 60."""
    whole = min(_BACKOFF_MOST_S, _BACKOFF_FIRST_S * 2.0 ** min(retried, 16))
    return whole * (0.5 + 0.5 * jitter)


def stated_wait_s(answer: Answered, *, now: float) -> float | None:
    """Seconds that the service asks to wait, more than 0; None where it does not say.

    In this order (CONTRACT 5.4): `Retry-After`, in seconds or as an HTTP date; of a 429, the latest
    `X-RateLimit-*-Reset`; `details.retryAfter` of the body. What cannot be read is passed over.
    """
    waits = [_retry_after_s(answer.headers.get("retry-after", ""), now)]
    # Other answers carry these headers too, and there they do not mean that anything ran out.
    if answer.status == _RATE_LIMITED:
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


def exhausted(cost: Cost, wait_s: float, *, now: float, retried: int) -> RateLimitError:
    """The error where the plan's own limits ask for too long a wait: nothing was sent."""
    resume_at = _date(now + wait_s)
    return RateLimitError(
        f"The plan's limits are used up for now ({_GROUPS[cost.group]}): the next request may go in "
        f"{math.ceil(wait_s)} s. Run it again after {_shown(resume_at)}.",
        retry_after_s=wait_s,
        resume_at=resume_at,
        retried=retried,
    )


_GROUPS = {"media": "audio and video", "still": "texts and images", "upload": "uploads"}


def _date(when: float) -> datetime:
    return datetime.fromtimestamp(math.ceil(when), UTC)


def _shown(date: datetime) -> str:
    return f"{date:%Y-%m-%d %H:%M:%S} UTC"


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


def _host(location: str) -> str | None:
    try:
        return urlsplit(location).hostname
    except ValueError:
        return None


def _obstacle(patience: Patience, outcome: Outcome, retried: int, elapsed_s: float, wait_s: float) -> str | None:
    """Why the request is not sent again, as a sentence; None where it is."""
    if isinstance(outcome, Unreachable) and not outcome.passing:
        return "Trying again would not help."
    if retried >= patience.retries:
        return f"It was tried {retried + 1} times." if retried else "It was tried once."
    if wait_s > patience.max_wait_s:
        return f"It asks to wait {math.ceil(wait_s)} s; preflight waits {patience.max_wait_s:g} s at most."
    if patience.deadline_s is not None and elapsed_s + wait_s >= patience.deadline_s:
        return f"The next try, {wait_s:.1f} s from now, would miss the deadline of {patience.deadline_s:g} s."
    return None


def _error(
    outcome: Outcome, obstacle: str, retried: int, stated_s: float | None, now: float, *, paused: bool
) -> SubmitError:
    """`paused`: a wait that the service asked for is the obstacle, and not that every try failed."""
    again = "Run it again later; if it goes on, report it to the service."
    if stated_s is not None:
        again = f"Run it again after {_shown(_date(now + stated_s))}."
    match outcome:
        case Unreachable(reason=reason, next_step=next_step):
            message = f"The service could not be reached ({reason}). {obstacle} {next_step}"
            return ServiceUnavailableError(message, retried=retried)
        case Answered(status=status, said=said):
            told = refusal.quoted(status, said)
    if status == _RATE_LIMITED or paused:
        what = "The service limits the rate" if status == _RATE_LIMITED else "The service asks for a pause"
        return RateLimitError(
            f"{what} ({told}). {obstacle} {again}",
            retry_after_s=stated_s,
            resume_at=_date(now + stated_s) if stated_s is not None else None,
            status=status,
            code=said.code,
            retried=retried,
        )
    return ServiceUnavailableError(
        f"The service failed ({told}). {obstacle} {again}", status=status, code=said.code, retried=retried
    )
