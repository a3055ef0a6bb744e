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
    SubmitError,
    UnverifiedOutputError,
    UsageError,
)
from preflight.submitter import refusal

Fate = Literal["ends the run", "for good", "for now"]
"""The next input would fare no better; this input would fare no better, ever; this input may do better next time."""

_ENDS = (AuthenticationError, RateLimitError, OutOfSpaceError, UsageError, JournalError, MissingExtraError)
_UNREADABLE = "file_unreadable"


def fate_of(error: PreflightError) -> Fate:
    match error:
        case SubmitError(code=refusal.UNPAID):
            return "ends the run"
        case RejectedError() if any(finding.code == _UNREADABLE for finding in error.findings):
            return "for now"
        case RejectedError() | UnverifiedOutputError() | SubmitError(permanent=True):
            return "for good"
        case _ if isinstance(error, _ENDS):
            return "ends the run"
        case _:
            return "for now"
