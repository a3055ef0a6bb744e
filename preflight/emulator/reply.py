"""One line of a double's script: what a request is answered with, and how badly."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Literal, get_args

import msgspec

from preflight.emulator.wire import Refusal, nested
from preflight.errors import UsageError

_WITHOUT_BODY = (204, 304)

Reset = Literal["upload", "before", "midway", "short"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Reply:
    """What a `Double` answers one request with. `Reply()` is the emulator's own answer, as if nothing were scripted.

    The parts that are given replace those of the emulator's own answer; where a `status` is given, there is no
    such answer, the request is not judged, and the rest is empty unless it is given too. To change one that a
    method made: `dataclasses.replace(Reply.unavailable(), delay_s=2)`.

    Raises UsageError for what HTTP cannot say.
    """

    status: int | None = None
    """From 200 to 599; None for whatever the emulator itself would answer."""
    body: bytes | str | Mapping[str, object] | Callable[[bytes], bytes] | None = None
    """A mapping is sent as JSON. A function gets the emulator's own body (b"" where a `status` is given), and returns
    what is sent.
    """
    headers: Mapping[str, str] = field(default_factory=dict)
    """`Content-Length` is always right and cannot be given: `reset="short"` is an answer that falls short of it."""
    delay_s: float = 0.0
    """Seconds between the last byte of the request and whatever comes of it. It ends with the client, and with the
    server: an hour is no trouble.
    """
    trickle_s: float = 0.0
    """Seconds over which the body dribbles in, a little at a time, so that no single read takes long."""
    pause_s: float = 0.0
    """Seconds of silence after headers and half the body."""
    reading_s: float = 0.0
    """Seconds that the request's body takes to be read, evenly: the client cannot send it faster, but for what the
    kernel takes in.
    """
    reset: Reset | None = None
    """Cut the connection with a TCP reset: "upload", when half of the request's body was read; "before", instead of
    answering; "midway", after headers and half the body: of bodies beyond some 64 kB less may arrive, since a reset
    drops what is still on its way. "short" is no reset but an orderly end in the same place, short of Content-Length.
    """

    def __post_init__(self) -> None:
        if self.reset not in (None, *get_args(Reset)):
            raise UsageError(f'reset={self.reset!r} is unknown. Give "upload", "before", "midway" or "short".')
        if not isinstance(self.body, bytes | str | Mapping | None) and not callable(self.body):
            raise UsageError(f"a body of {type(self.body).__name__} cannot be sent. Give bytes, text, or a mapping.")
        if self.status is not None and not 200 <= self.status <= 599:  # noqa: PLR2004 (what a final status can be)
            raise UsageError(f"{self.status} cannot be an answer's status. Give one from 200 to 599.")
        if self.status in _WITHOUT_BODY and self.body:
            raise UsageError(f"an answer of {self.status} has no body. Leave it out.")
        times_s = (self.delay_s, self.trickle_s, self.pause_s, self.reading_s)
        if not all(math.isfinite(seconds) and seconds >= 0 for seconds in times_s):
            raise UsageError("delay_s, trickle_s, pause_s and reading_s must be 0 or more seconds.")
        if any(name.lower() == "content-length" for name in self.headers):
            raise UsageError('Content-Length is always the body\'s own. For one that falls short: reset="short".')

    @classmethod
    def refused(cls, code: str, message: str = "Refused by the script of a test.", *, status: int = 400) -> Reply:
        """An error as the service words it: flat as it is live, nested for 413 (CONTRACT 5.2).

        `code` is one of the service's, such as `video_resolution_too_low`, or with `status=401` `api_key_invalid`.
        """
        return cls(status=status, body=Refusal(status, code, message).body())

    @classmethod
    def rate_limited(cls, *, retry_after_s: int = 1) -> Reply:
        """429 with `Retry-After`, as documented since August 2026 (CONTRACT 5.4)."""
        message = f"You have exceeded the rate limit. Please try again later after {retry_after_s} seconds."
        return cls(
            status=429,
            body=Refusal(429, "too_many_requests", message).body(),
            headers={"Retry-After": str(retry_after_s), "X-Ratelimit-Dimensions": "Request"},
        )

    @classmethod
    def unavailable(cls, *, status: int = 503) -> Reply:
        """The service fails: 500 to 504, nested (CONTRACT 5.2)."""
        return cls(status=status, body=nested("INTERNAL_SERVER_ERROR", "Something went wrong. Please try again later."))

    @property
    def is_judged(self) -> bool:
        """Whether the emulator itself looks at the request: then it is embedded, whatever becomes of the answer."""
        return self.status is None and self.reset not in ("upload", "before")

    def payload(self, own: bytes) -> bytes:
        """The body as it goes over the wire; `own` is the emulator's, and stays where none is given."""
        match self.body:
            case None:
                return own
            case bytes():
                return self.body
            case str():
                return self.body.encode()
            case Mapping():
                return msgspec.json.encode(self.body)
            case _:
                return self.body(own)
