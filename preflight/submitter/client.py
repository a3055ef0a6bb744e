"""One request at a time to `POST /v1.3/embed-v2`: sends, waits and reads; what to do is decided elsewhere."""

from __future__ import annotations

import random
import ssl
import time
from collections.abc import Callable, Iterator
from types import TracebackType
from typing import TYPE_CHECKING, Self

from preflight.errors import BadResponseError, UnreadableError, UsageError
from preflight.payload import Payload
from preflight.submitter import answer, refusal, timeline
from preflight.submitter.connection import checked_key, checked_url, connect
from preflight.submitter.decision import (
    Accept,
    Answered,
    GiveUp,
    Outcome,
    Patience,
    Retry,
    Unreachable,
    decide,
)
from preflight.submitter.embeddings import Embeddings

if TYPE_CHECKING:
    import httpx2

BASE_URL = "https://api.twelvelabs.io"
_PATH = "/v1.3/embed-v2"

# 900 vectors are about 10 MB of JSON (CONTRACT 1.4); what is longer than these is not from the service.
_MOST_ANSWER_BYTES = 64 * 1024 * 1024
_MOST_REFUSAL_BYTES = 64 * 1024

# A host that does not pick up in this time is down; the long timeout is for the work after that.
_CONNECT_S = 30.0


class Client:
    """Sends payloads and gives back embeddings. Several threads may share one.

    `base_url`: where `/v1.3/embed-v2` is. `retries`: how often a request is sent again after 408, 429, 5xx
    or a failure of the network. `timeout_s`: seconds for one try, upload and answer together (600: what the
    official clients use, CONTRACT 1). `deadline_s`: seconds for one `embed` with all its waits and tries.
    `sleep`: called with the seconds to wait before a retry, so that a test need not.

    Proxies and certificates are taken from the environment (HTTPS_PROXY, NO_PROXY, SSL_CERT_FILE);
    this machine itself is never reached through a proxy. Redirects are not followed.

    Raises AuthenticationError where the key is missing or malformed, UsageError for the rest.
    """

    def __init__(
        self,
        api_key: str | None,
        *,
        base_url: str = BASE_URL,
        retries: int = 5,
        timeout_s: float = 600.0,
        deadline_s: float | None = None,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        if retries < 0 or timeout_s <= 0 or (deadline_s is not None and deadline_s <= 0):
            raise UsageError("retries must be 0 or more, timeout_s and deadline_s more than 0 seconds.")
        self._api_key = checked_key(api_key)
        self._base_url = checked_url(base_url)
        self._timeout_s = timeout_s
        self._patience = Patience(retries=retries, deadline_s=deadline_s)
        self._sleep = sleep
        self._http = connect()

    def __repr__(self) -> str:
        # The key stays out of it.
        return f"Client(base_url={self._base_url!r})"

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections; the client cannot be used after that."""
        self._http.close()

    def embed(self, payload: Payload, *, request: int = 1) -> Embeddings:
        """Send one payload. `request`: its number among those of its source, from 1, for the rows.

        Raises a SubmitError (AuthenticationError, RequestRefusedError, RateLimitError,
        ServiceUnavailableError, BadResponseError), or UnreadableError where the media changed since
        they were prepared.
        """
        began = time.monotonic()
        retried = 0
        while True:
            outcome, body = self._try(payload, self._allowed_s(time.monotonic() - began), retried)
            decision = decide(
                self._patience,
                outcome,
                retried=retried,
                elapsed_s=time.monotonic() - began,
                now=time.time(),
                jitter=random.random(),  # noqa: S311 (spreads retries, guards nothing)
            )
            match decision:
                case Accept():
                    break
                case Retry(after_s=after_s):
                    self._sleep(after_s)
                    retried += 1
                case GiveUp(error=error):
                    raise error
        return timeline.place_answer(answer.read(body, retried=retried), payload, request=request)

    def _allowed_s(self, elapsed_s: float) -> float:
        """Seconds for the next try."""
        if self._patience.deadline_s is None:
            return self._timeout_s
        return max(0.001, min(self._timeout_s, self._patience.deadline_s - elapsed_s))

    def _try(self, payload: Payload, allowed_s: float, retried: int) -> tuple[Outcome, bytes]:
        """One POST: how it ended, and the whole body of a 200."""
        import httpx2

        until = time.monotonic() + allowed_s
        try:
            with self._http.stream(
                "POST",
                self._base_url + _PATH,
                # With a length of its own, httpx2 leaves out `Transfer-Encoding: chunked`.
                headers={
                    "x-api-key": self._api_key,
                    "Content-Type": "application/json",
                    "Content-Length": str(payload.content_length),
                },
                content=_sent(payload, until),
                timeout=httpx2.Timeout(allowed_s, connect=min(_CONNECT_S, allowed_s)),
            ) as response:
                if response.status_code == 200:  # noqa: PLR2004
                    body = _received(response, until, retried)
                    said = refusal.Said()
                else:
                    body = b""
                    said = refusal.read(_explanation(response, until), secret=self._api_key)
                headers = {name.lower(): value for name, value in response.headers.items()}
                return Answered(status=response.status_code, headers=headers, said=said), body
        except (_TooSlow, httpx2.TimeoutException) as error:
            late_s = min(_CONNECT_S, allowed_s) if isinstance(error, httpx2.ConnectTimeout) else allowed_s
            reason = f"no answer within {round(late_s, 1):g} s"
            next_step = "Check the network, or allow more time (timeout_s, deadline_s)."
        except httpx2.TransportError as error:
            reason = refusal.without(str(error) or type(error).__name__, self._api_key)
            if _untrusted(error):
                next_step = "Check this machine's clock; behind a proxy that opens TLS, name its CA in SSL_CERT_FILE."
                return Unreachable(reason=reason, next_step=next_step, passing=False), b""
            next_step = "Check the network, the proxy (HTTPS_PROXY) and the base URL, then run it again."
        return Unreachable(reason=reason, next_step=next_step), b""


class _TooSlow(Exception):  # noqa: N818 (never leaves this file)
    """A try took longer than it may, though no single read or write did."""


def _sent(payload: Payload, until: float) -> Iterator[bytes]:
    try:
        for chunk in payload.chunks():
            yield chunk
            _in_time(until)
    except OSError as error:
        raise UnreadableError(
            f"{payload.source} could not be read while it was sent ({error}). Prepare it again."
        ) from error


def _received(response: httpx2.Response, until: float, retried: int) -> bytes:
    import httpx2

    received = bytearray()
    try:
        for chunk in response.iter_bytes():
            received += chunk
            if len(received) > _MOST_ANSWER_BYTES:
                raise BadResponseError(
                    f"The service said 200, but its answer is longer than {_MOST_ANSWER_BYTES} bytes. "
                    "Check that the base URL is the service's.",
                    status=200,
                    retried=retried,
                )
            _in_time(until)
    except httpx2.DecodingError as error:
        raise BadResponseError(
            f"The service said 200, but its answer cannot be decompressed ({error}). Check the proxy, if there is one.",
            status=200,
            retried=retried,
        ) from error
    return bytes(received)


def _explanation(response: httpx2.Response, until: float) -> bytes:
    """As much of a refusal's body as can be had: the status alone is enough to go on."""
    import httpx2

    received = bytearray()
    try:
        for chunk in response.iter_bytes():
            received += chunk
            if len(received) > _MOST_REFUSAL_BYTES:
                break
            _in_time(until)
    except (httpx2.TransportError, httpx2.DecodingError, _TooSlow):
        pass
    return bytes(received[:_MOST_REFUSAL_BYTES])


def _in_time(until: float) -> None:
    if time.monotonic() > until:
        raise _TooSlow


def _untrusted(error: BaseException | None) -> bool:
    """Whether a certificate was refused: httpx2 keeps that only as the cause of its own error."""
    while error is not None:
        if isinstance(error, ssl.SSLCertVerificationError):
            return True
        error = error.__cause__ or error.__context__
    return False
