"""What a journal says of an input or a request, and how a failure is kept as text and becomes an error again."""

from __future__ import annotations

from dataclasses import dataclass

import msgspec

from preflight.errors import (
    BadResponseError,
    PreflightError,
    RejectedError,
    RequestRefusedError,
    SubmitError,
    UnverifiedOutputError,
)
from preflight.rules import Finding


@dataclass(frozen=True, slots=True)
class Pending:
    """It is to be done: new, or not finished, or failed in a way that may pass."""

    id: int


@dataclass(frozen=True, slots=True)
class Done:
    """Its vectors are here."""

    id: int


@dataclass(frozen=True, slots=True)
class Failed:
    """For good: it is not to be tried again."""

    id: int
    failure: Failure


Known = Pending | Done | Failed


class Failure(msgspec.Struct, frozen=True, omit_defaults=True):
    """An error, as it is kept."""

    type: str
    message: str
    code: str | None = None
    status: int | None = None
    retried: int = 0
    findings: tuple[Finding, ...] = ()
    made_by: str | None = None
    """What the judgement hangs on besides the content, of an input; None of a request."""

    @classmethod
    def of(cls, error: PreflightError, *, made_by: str | None = None) -> Failure:
        match error:
            case RejectedError() | UnverifiedOutputError():
                findings = tuple(f for f in error.findings if isinstance(f, Finding))
                first = next((f for f in findings if f.severity == "error"), None)
                code = first.code if first is not None else None
                return cls(type(error).__name__, str(error), code, findings=findings, made_by=made_by)
            case SubmitError():
                return cls(type(error).__name__, str(error), error.code, error.status, error.retried, made_by=made_by)
            case _:
                return cls(type(error).__name__, str(error), made_by=made_by)

    @property
    def shown_code(self) -> str:
        """What failures are counted by: the service's code, else its status, else the kind of error."""
        if self.code is not None:
            return self.code
        return f"HTTP {self.status}" if self.status is not None else self.type

    def error(self, source: str) -> PreflightError:
        """As it was raised, of an input that may have another name by now. One that failed for good."""
        match self.type:
            case "RejectedError":
                return RejectedError(source, self.findings)
            case "UnverifiedOutputError":
                return UnverifiedOutputError(source, self.findings)
        kind = _SUBMIT_ERRORS.get(self.type)
        if kind is None:
            return PreflightError(self.message)
        return kind(self.message, status=self.status, code=self.code, retried=self.retried, permanent=True)

    def kept(self) -> str:
        return msgspec.json.encode(self).decode()

    @classmethod
    def read(cls, kept: str) -> Failure:
        return msgspec.json.decode(kept, type=cls)


# Those that may be for good.
_SUBMIT_ERRORS: dict[str, type[SubmitError]] = {
    kind.__name__: kind for kind in (RequestRefusedError, BadResponseError, SubmitError)
}
