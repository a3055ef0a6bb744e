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
from preflight.submitter.refusal import Said, refused

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
        (refused(400, Said(code="video_file_broken")), "for good"),
        (refused(413, Said()), "for good"),
        (RequestRefusedError("the task failed", status=200, code="video_file_broken", permanent=True), "for good"),
        (RequestRefusedError("larger than Bedrock takes", code="content_too_large", permanent=True), "for good"),
        (RejectedError("a", [EMPTY]), "for good"),
        (UnverifiedOutputError("a", [EMPTY]), "for good"),
        # Where the address or the moment is wrong, the request need not be.
        (refused(404, Said()), "for now"),
        (refused(302, Said()), "for now"),
        (refused(409, Said()), "for now"),
        (refused(400, Said(code="asset_not_ready")), "for now"),
        # Of an asset that somebody deleted: the next run uploads it again.
        (refused(400, Said(code="resource_not_exist")), "for now"),
        (RejectedError("a", [UNREADABLE]), "for now"),
        (UnreadableError("gone"), "for now"),
        (ServiceUnavailableError("down", status=503), "for now"),
        (BadResponseError("cut off", status=200), "for now"),
        (PreflightError("whatever"), "for now"),
    ],
)
def test_fate(error: PreflightError, fate: str) -> None:
    assert fate_of(error) == fate
