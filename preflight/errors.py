"""Every exception of preflight, and the exit codes. Each message ends with what to do next."""

from __future__ import annotations

import datetime as dt
from enum import IntEnum
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Sequence


class Reason(Protocol):
    """Why something was rejected: what `preflight.Finding` is, seen from this floor of the house."""

    @property
    def code(self) -> str: ...
    @property
    def severity(self) -> str: ...
    @property
    def message(self) -> str: ...
    @property
    def measured(self) -> str | float | None: ...
    @property
    def limit(self) -> str | float | None: ...
    @property
    def fixable(self) -> bool: ...
    @property
    def docs(self) -> str: ...
    @property
    def part(self) -> str | None: ...


class ExitCode(IntEnum):
    """What a `preflight` process ends with."""

    OK = 0
    """Every input passed, or was prepared, or was embedded."""
    REFUSED = 1
    """At least one input was not."""
    USAGE = 2
    """The command was wrong, or the environment lacks something."""
    INTERRUPTED = 130
    TERMINATED = 143
    """By SIGTERM, or because the terminal was closed: what Ctrl-C would have cleaned up was."""


class PreflightError(Exception):
    """The base of everything that preflight raises."""


class UsageError(PreflightError):
    """The call itself is wrong: a path that is not there, an unknown profile, a clash of options."""


class MissingExtraError(PreflightError):
    """An optional dependency is not installed."""

    def __init__(self, what: str, extra: str) -> None:
        super().__init__(f"{what} needs an optional part. Install it: pip install 'embed-preflight[{extra}]'")
        self.extra = extra


class UnreadableError(PreflightError):
    """The bytes of a source cannot be had: no such file, no permission, gone half-way, a directory."""


class BrokenMediaError(PreflightError):
    """Bytes that were readable turned out to be damaged while they were decoded or demuxed.

    Its message is a bare reason: the pipeline makes a rejection of it, which names the file and the next step.
    """


class OutOfSpaceError(PreflightError):
    """The disk filled up while something was written, or a limit of the system was met (of a user, or of a file)."""


class JournalError(PreflightError):
    """A run's journal cannot be used: another run has it, it is none, or its place cannot be written."""


class RejectedError(PreflightError):
    """The input cannot be made acceptable; `findings` say why, each with its next step."""

    def __init__(self, source: str, findings: Sequence[Reason]) -> None:
        reasons = "; ".join(f"{f.code}: {f.message}" for f in findings) or "no reason was found"
        super().__init__(f"{source} cannot be prepared. {reasons}")
        self.source = source
        self.findings = tuple(findings)


class UnverifiedOutputError(PreflightError):
    """What a transformer made does not pass the rules: it is withheld, and this is a bug of ours."""

    def __init__(self, source: str, findings: Sequence[Reason]) -> None:
        reasons = "; ".join(f"{f.code}: {f.message}" for f in findings)
        super().__init__(
            f"what was prepared from {source} does not pass its own check and was withheld ({reasons}). "
            "This is a defect of preflight: please report it with the file's `preflight check` output."
        )
        self.source = source
        self.findings = tuple(findings)


class SubmitError(PreflightError):
    """The service did not answer with embeddings.

    `status` is the HTTP status (None where no answer came), `code` the service's own error code,
    `retried` how many times the request was sent again before this was raised. `permanent`: the cause is what was
    sent; the same bytes would meet the same end, whoever sends them and whenever.
    """

    def __init__(
        self,
        message: str,
        *,
        status: int | None = None,
        code: str | None = None,
        retried: int = 0,
        permanent: bool = False,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.retried = retried
        self.permanent = permanent


class AuthenticationError(SubmitError):
    """The key is missing, wrong, or not allowed to do this (401, 403)."""


class RequestRefusedError(SubmitError):
    """The service found the request invalid (400, 404, 413, 422); sending it again would not help.

    Where the cause is not the request itself but an address, an asset or an account, it is not `permanent`.
    """


class RateLimitError(SubmitError):
    """Still rate limited (429) after the last retry, or told to wait longer than allowed.

    `retry_after_s`: seconds to wait, counted from when this was raised; `resume_at`: the same as a date, in UTC. Both
    are None where nobody said. What was refused was not processed; to go on, run it again after that.
    """

    def __init__(
        self,
        message: str,
        *,
        retry_after_s: float | None = None,
        resume_at: dt.datetime | None = None,
        status: int | None = None,
        code: str | None = None,
        retried: int = 0,
    ) -> None:
        super().__init__(message, status=status, code=code, retried=retried)
        self.retry_after_s = retry_after_s
        self.resume_at = resume_at


class ServiceUnavailableError(SubmitError):
    """The service failed (5xx), or could not be reached, after the last retry."""


class StillProcessingError(ServiceUnavailableError):
    """The service goes on working on a task or an asset after the time that it was given; neither is lost.

    `what` is "task" or "asset", `identifier` its id, by which it can be asked for later.
    """

    def __init__(self, what: str, identifier: str, *, waited_s: float) -> None:
        super().__init__(
            f"The {what} {identifier} is still being processed after {waited_s:g} s. It is not lost: "
            "ask for it again later by its id, or allow more time (deadline_s of the pace).",
            status=200,
        )
        self.what = what
        self.identifier = identifier


class BadResponseError(SubmitError):
    """The service said 200 but its answer is not what the contract promises."""
