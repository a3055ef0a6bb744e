"""Keep an answer, ask again, or give up: pure decisions, shared by whatever does the asking.

State and answer in, decision out. The clock and the dice are passed in: `now` and `jitter`.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import UTC, datetime
from urllib.parse import urlsplit

from preflight.errors import RateLimitError, ServiceUnavailableError, SubmitError
from preflight.submitter import refusal
from preflight.submitter.allowance import Cost
from preflight.submitter.outcome import RATE_LIMITED, Answered, Outcome, Unreachable
from preflight.submitter.rate_headers import stated_wait_s

# 409 is not among them: it is a clash, not a passing trouble (CONTRACT 5.1).
_PASSING = frozenset({408, 429, 500, 502, 503, 504})

# 1, 2, 4, ... seconds, as the official JavaScript client waits (CONTRACT 5.6).
_BACKOFF_FIRST_S = 1.0
_BACKOFF_MOST_S = 60.0

# What is added to a wait that the service states.
_LATE_SHARE, _LATE_MOST_S = 0.1, 5.0


@dataclass(frozen=True, kw_only=True, slots=True)
class Patience:
    """How long to go on asking."""

    retries: int = 5
    """How often a request is sent again after the first time."""
    deadline_s: float | None = None
    """Seconds from when it is asked for, within which the last try must start and end; None for no such limit."""
    max_wait_s: float = 300.0
    """Seconds. A longer wait is no longer a pause but another run: a daily quota, as a rule. Also of the plan's own."""


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


def exhausted(cost: Cost, wait_s: float, *, now: float, retried: int) -> RateLimitError:
    """The error where the plan's own limits ask for too long a wait: nothing was sent."""
    resume_at = _date(now + wait_s)
    return RateLimitError(
        f"{used_up(cost).capitalize()}: the next request may go in {math.ceil(wait_s)} s. "
        f"Run it again after {_shown(resume_at)}.",
        retry_after_s=wait_s,
        resume_at=resume_at,
        retried=retried,
    )


_GROUPS = {"media": "audio and video", "still": "texts and images", "upload": "uploads"}


def used_up(cost: Cost) -> str:
    """Why it waits for the plan, as a clause."""
    return f"the plan's limits are used up for now ({_GROUPS[cost.group]})"


def _date(when: float) -> datetime:
    return datetime.fromtimestamp(math.ceil(when), UTC)


def _shown(date: datetime) -> str:
    return f"{date:%Y-%m-%d %H:%M:%S} UTC"


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
    if status == RATE_LIMITED or paused:
        what = "The service limits the rate" if status == RATE_LIMITED else "The service asks for a pause"
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
