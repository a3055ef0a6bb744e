"""The options that every client has, checked."""

from __future__ import annotations

from preflight.errors import UsageError
from preflight.submitter.decision import Patience


def checked_patience(
    retries: int, timeout_s: float, deadline_s: float | None, max_wait_s: float, max_concurrency: int
) -> Patience:
    """Raises UsageError."""
    if retries < 0 or timeout_s <= 0 or (deadline_s is not None and deadline_s <= 0):
        raise UsageError("retries must be 0 or more, timeout_s and deadline_s more than 0 seconds.")
    if max_wait_s < 0 or max_concurrency < 1:
        raise UsageError("max_wait_s must be 0 seconds or more, max_concurrency 1 or more.")
    return Patience(retries=retries, deadline_s=deadline_s, max_wait_s=max_wait_s)
