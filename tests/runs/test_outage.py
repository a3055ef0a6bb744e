"""What is an outage, and what is only an input that failed."""

from __future__ import annotations

import pytest

from preflight.errors import (
    BadResponseError,
    PreflightError,
    RequestRefusedError,
    ServiceUnavailableError,
    StillProcessingError,
    UnreadableError,
)
from preflight.runs.outage import Outage, is_outage

DOWN = ServiceUnavailableError("The service failed (503). Run it again later.", status=503)


@pytest.mark.parametrize(
    ("error", "is_it"),
    [
        (DOWN, True),
        (ServiceUnavailableError("no answer"), True),
        (ServiceUnavailableError("408", status=408), True),
        # Of a task: the service is there, and says what it says.
        (ServiceUnavailableError("the task failed", status=200), False),
        (StillProcessingError("task", "t1", waited_s=1.0), False),
        (RequestRefusedError("no", status=400), False),
        (BadResponseError("cut off", status=200), False),
        (UnreadableError("gone"), False),
    ],
)
def test_what_is_one(error: PreflightError, is_it: bool) -> None:
    assert is_outage(error) is is_it


def test_so_many_in_a_row_end_the_run() -> None:
    outage = Outage(3)
    assert [outage.failed(DOWN), outage.failed(DOWN)] == [None, None]
    ended = outage.failed(DOWN)
    assert isinstance(ended, ServiceUnavailableError)
    assert ended.status == 503
    assert str(ended).startswith("3 inputs failed one after the other, and nothing was answered in between")
    assert str(ended).endswith(str(DOWN))


@pytest.mark.parametrize("between", [None, RequestRefusedError("no", status=400), BadResponseError("cut", status=200)])
def test_any_answer_in_between_begins_anew(between: PreflightError | None) -> None:
    outage = Outage(3)
    for _ in range(5):
        assert [outage.failed(DOWN), outage.failed(DOWN)] == [None, None]
        if between is None:
            outage.heard()
        else:
            assert outage.failed(between) is None


def test_a_file_that_is_gone_is_no_answer() -> None:
    outage = Outage(3)
    assert [outage.failed(error) is None for error in (DOWN, UnreadableError("gone"), DOWN, DOWN)] == [
        True,
        True,
        True,
        False,
    ]
