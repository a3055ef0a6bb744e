"""What the answer to one request says to all others: of the plan's rates, and of how many may be under way."""

from __future__ import annotations

import time

from preflight.submitter.allowance import Cost
from preflight.submitter.budget import Budget
from preflight.submitter.decision import Answered, Outcome, stated_wait_s

_RATE_LIMITED, _SERVER = 429, 500


def is_limited(outcome: Outcome | None) -> bool:
    """Whether there were too many."""
    return isinstance(outcome, Answered) and outcome.status == _RATE_LIMITED


def went_well(outcome: Outcome | None) -> bool:
    """Whether there might be more at once: what failed for another reason says nothing of that."""
    return isinstance(outcome, Answered) and outcome.status < _SERVER and not is_limited(outcome)


def tell_budget(budget: Budget, cost: Cost, outcome: Outcome | None, *, max_wait_s: float) -> None:
    """`outcome`: of what was booked; None where it was not even sent to its end."""
    now = time.time()
    budget.learn(cost, outcome.headers if isinstance(outcome, Answered) else {}, now=now)
    if isinstance(outcome, Answered) and is_limited(outcome):
        wait_s = stated_wait_s(outcome, now=now)
        # A wait of hours ends this run; who shares the budget is told so by the same answer.
        if wait_s is not None and wait_s <= max_wait_s:
            budget.pause(cost, wait_s)
