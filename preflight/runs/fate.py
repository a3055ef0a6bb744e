"""What an error of one input means for the others."""

from __future__ import annotations

from typing import Literal

from preflight.errors import (
    AuthenticationError,
    JournalError,
    MissingExtraError,
    OutOfSpaceError,
    PreflightError,
    RateLimitError,
    RejectedError,
    RequestRefusedError,
    SubmitError,
    UnverifiedOutputError,
    UsageError,
)
from preflight.submitter import refusal

Fate = Literal["ends the run", "for good", "for now"]
"""The next input would fare no better; this input would fare no better, ever; this input may do better next time."""

_ENDS = (AuthenticationError, RateLimitError, OutOfSpaceError, UsageError, JournalError, MissingExtraError)
# Of a wrong base URL (404, 405), a proxy (407) or a clash (409) the request itself is not the cause. 200 is a task
# that failed.
_OF_THE_REQUEST = frozenset({200, 400, 413, 415, 422})
_PASSING_CODES = frozenset({"asset_not_ready"})
_UNREADABLE = "file_unreadable"


def fate_of(error: PreflightError) -> Fate:
    match error:
        case SubmitError(code=refusal.UNPAID):
            return "ends the run"
        case RejectedError() if any(finding.code == _UNREADABLE for finding in error.findings):
            return "for now"
        case RejectedError() | UnverifiedOutputError():
            return "for good"
        case RequestRefusedError() if error.status in _OF_THE_REQUEST and error.code not in _PASSING_CODES:
            return "for good"
        case _ if isinstance(error, _ENDS):
            return "ends the run"
        case _:
            return "for now"
