"""What an error of one input means for the others."""

from __future__ import annotations

import pytest

from preflight.errors import (
    AuthenticationError,
    BadResponseError,
    JournalError,
    OutOfSpaceError,
    PreflightError,
    RateLimitError,
    RejectedError,
    RequestRefusedError,
    ServiceUnavailableError,
    UnreadableError,
    UnverifiedOutputError,
    UsageError,
)
from preflight.rules import rule
from preflight.runs.fate import fate_of

UNREADABLE = rule("file_unreadable").finding("it is gone", measured=None, limit=None)
EMPTY = rule("file_empty").finding("it is empty", measured=0, limit=None)


@pytest.mark.parametrize(
    ("error", "fate"),
    [
        (AuthenticationError("key", status=401), "ends the run"),
        (RateLimitError("daily", status=429), "ends the run"),
        (ServiceUnavailableError("pay", status=503, code="usage_limit_exceeded"), "ends the run"),
        (RequestRefusedError("pay", status=400, code="usage_limit_exceeded"), "ends the run"),
        (OutOfSpaceError("full"), "ends the run"),
        (UsageError("wrong"), "ends the run"),
        (JournalError("taken"), "ends the run"),
        (RequestRefusedError("bad", status=400, code="video_file_broken"), "for good"),
        (RequestRefusedError("large", status=413), "for good"),
        (RequestRefusedError("the task failed", status=200, code="video_file_broken"), "for good"),
        (RejectedError("a", [EMPTY]), "for good"),
        (UnverifiedOutputError("a", [EMPTY]), "for good"),
        # Where the address or the moment is wrong, the request need not be.
        (RequestRefusedError("no such place", status=404), "for now"),
        (RequestRefusedError("redirected", status=302), "for now"),
        (RequestRefusedError("clash", status=409), "for now"),
        (RequestRefusedError("wait", status=400, code="asset_not_ready"), "for now"),
        (RejectedError("a", [UNREADABLE]), "for now"),
        (UnreadableError("gone"), "for now"),
        (ServiceUnavailableError("down", status=503), "for now"),
        (BadResponseError("cut off", status=200), "for now"),
        (PreflightError("whatever"), "for now"),
    ],
)
def test_fate(error: PreflightError, fate: str) -> None:
    assert fate_of(error) == fate
