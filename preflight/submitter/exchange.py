"""All tries of one request, without a socket or a clock: what became of a try goes in, what to do comes out.

Whoever drives it, a thread or a task of an event loop, sends, waits and reads as it says.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

from preflight.errors import ServiceUnavailableError
from preflight.submitter import refusal
from preflight.submitter.allowance import Cost
from preflight.submitter.decision import Accept, Decision, GiveUp, Patience, Retry, decide, exhausted
from preflight.submitter.doubt import leaves_open
from preflight.submitter.outcome import Answered, Outcome

# No try is shorter: a socket with no time at all fails in words of its own.
_LEAST_S = 0.001


class Exchange:
    """One request and how often it was sent. `success`: the statuses whose answer is wanted. Times are seconds since it
    began.
    """

    def __init__(self, patience: Patience, *, success: Collection[int] = (200,), cost: Cost | None = None) -> None:
        self.patience = patience
        self.success = success
        self.retried = 0
        """How often it was sent again."""
        self.is_open = False
        """Whether the service may have done it already, for all that was heard of it."""
        self._cost = cost

    @property
    def cost(self) -> Cost | None:
        """Of the next try. Media count once: of what was refused or lost, nothing was embedded."""
        return replace(self._cost, media_s=0.0) if self._cost is not None and self.retried else self._cost

    def allowed_s(self, timeout_s: float, elapsed_s: float) -> float:
        """Seconds for the next try."""
        if self.patience.deadline_s is None:
            return timeout_s
        return max(_LEAST_S, min(timeout_s, self.patience.deadline_s - elapsed_s))

    def left_s(self, elapsed_s: float) -> float | None:
        """Seconds within which it must begin to be sent; None for no such limit."""
        return None if self.patience.deadline_s is None else max(0.0, self.patience.deadline_s - elapsed_s)

    def most_wait_s(self, elapsed_s: float) -> float:
        """Seconds that it may wait for the plan once it is the first in line."""
        left_s = self.left_s(elapsed_s)
        return self.patience.max_wait_s if left_s is None else min(self.patience.max_wait_s, left_s)

    def too_long(self, wait_s: float, *, now: float) -> GiveUp:
        """What to do where the plan asks for more than that."""
        assert self._cost is not None
        return GiveUp(exhausted(self._cost, wait_s, now=now, retried=self.retried))

    def crowded_out(self) -> GiveUp:
        """What to do where its turn did not come within the deadline, for all that was before it."""
        return GiveUp(
            ServiceUnavailableError(
                f"The request did not get its turn within the deadline of {self.patience.deadline_s:g} s: others were "
                "before it. Allow it more time (deadline_s), or more at once (max_concurrency).",
                retried=self.retried,
            )
        )

    def after(self, outcome: Outcome, *, elapsed_s: float, now: float, jitter: float) -> Decision:
        """See `decision.decide`. A `Retry` is counted."""
        self.is_open = self.is_open or leaves_open(outcome)
        if isinstance(outcome, Answered) and outcome.status in self.success:
            return Accept()
        decision = decide(self.patience, outcome, retried=self.retried, elapsed_s=elapsed_s, now=now, jitter=jitter)
        match decision, outcome:
            case Accept(), Answered(status=status, said=said):  # a 200 that is not among the wanted ones
                return GiveUp(refusal.refused(status, said, retried=self.retried))
            case Retry(), _:
                self.retried += 1
        return decision
