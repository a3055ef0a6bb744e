"""What a user reads when something goes wrong."""

from __future__ import annotations

import inspect

import pytest

import preflight
from preflight import errors
from preflight.errors import (
    AuthenticationError,
    ExitCode,
    MissingExtraError,
    PreflightError,
    RateLimitError,
    RejectedError,
    StillProcessingError,
    SubmitError,
    UnverifiedOutputError,
)

CLASSES = [c for _, c in inspect.getmembers(errors, inspect.isclass) if issubclass(c, Exception)]


def test_one_base_for_all() -> None:
    assert len(CLASSES) >= 14
    for each in CLASSES:
        assert issubclass(each, PreflightError)
        assert each.__name__.endswith("Error")
        assert each.__doc__


def test_exit_codes_are_what_the_documentation_says() -> None:
    assert {code.name: int(code) for code in ExitCode} == {
        "OK": 0,
        "REFUSED": 1,
        "USAGE": 2,
        "INTERRUPTED": 130,
        "TERMINATED": 143,
    }


def test_a_missing_extra_says_how_to_install_it() -> None:
    error = MissingExtraError("the emulator", "serve")
    assert str(error) == "the emulator needs an optional part. Install it: pip install 'embed-preflight[serve]'"
    assert error.extra == "serve"


def test_a_rejection_names_every_reason() -> None:
    report = preflight.check(preflight.TextImage(" ", b""))
    error = RejectedError("pair", report.errors)
    assert error.findings == report.errors
    assert str(error).startswith("pair cannot be prepared. ")
    assert [f.code for f in report.errors] == ["text_empty", "file_empty"]
    for finding in report.errors:
        assert f"{finding.code}: {finding.message}" in str(error)


def test_a_rejection_without_a_reason_does_not_pretend_to_one() -> None:
    assert str(RejectedError("x", ())) == "x cannot be prepared. no reason was found"


def test_what_is_withheld_is_called_a_defect_of_ours() -> None:
    (finding,) = preflight.check(b"").errors
    error = UnverifiedOutputError("x.mp4", [finding])
    assert error.findings == (finding,)
    assert "x.mp4" in str(error)
    assert "file_empty" in str(error)
    assert "defect of preflight" in str(error)
    assert str(error).endswith("`preflight check` output.")


@pytest.mark.parametrize("kind", [c for c in CLASSES if issubclass(c, SubmitError) and c is not StillProcessingError])
def test_a_submit_error_carries_what_the_service_said(kind: type[SubmitError]) -> None:
    error = kind("no", status=401, code="api_key_invalid", retried=2)
    assert (str(error), error.status, error.code, error.retried) == ("no", 401, "api_key_invalid", 2)
    silent = kind("no")
    assert (silent.status, silent.code, silent.retried) == (None, None, 0)


def test_who_to_catch() -> None:
    assert issubclass(AuthenticationError, SubmitError)
    assert RateLimitError("wait", retry_after_s=7.5).retry_after_s == 7.5
    assert not issubclass(RejectedError, SubmitError)
    assert preflight.errors is errors


def test_what_takes_long_is_not_lost() -> None:
    error = StillProcessingError("task", "t1", waited_s=60.0)
    assert (error.what, error.identifier, error.status) == ("task", "t1", 200)
    assert "t1 is still being processed after 60 s. It is not lost" in str(error)
