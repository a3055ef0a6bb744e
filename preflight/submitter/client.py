"""One request at a time to `POST /v1.3/embed-v2`: sends, waits and reads; what to do is decided elsewhere."""

from __future__ import annotations

import random
import ssl
import time
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from types import TracebackType
from typing import TYPE_CHECKING, Self

from preflight.errors import BadResponseError, SubmitError, UnreadableError, UsageError
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
from preflight.submitter.doubt import leaves_open
from preflight.submitter.embeddings import Embeddings
from preflight.submitter.service import Body, Response, Settle

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
        response = self.request("POST", _PATH, body=Body.of(payload))
        return timeline.place(
            answer.read(response.body, retried=response.retried),
            source=payload.source,
            input_type=payload.input_type,
            span=payload.span,
            request=request,
        )

    @property
    def patience(self) -> Patience:
        """How long it goes on asking."""
        return self._patience

    def pause(self, seconds: float) -> None:
        """Wait as it does between two tries."""
        self._sleep(seconds)

    def request(
        self,
        method: str,
        where: str,
        *,
        query: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        body: Body | None = None,
        success: Collection[int] = (200,),
        most_answer_bytes: int | None = None,
        deadline_s: float | None = None,
        settle: Settle | None = None,
    ) -> Response:
        """One request of any kind: see `Service.request`. Raises as `embed` does."""
        ask = _Ask(
            method,
            *self._addressed(where, query, headers, body),
            body,
            success,
            most_answer_bytes or _MOST_ANSWER_BYTES,
        )
        bounds = [bound for bound in (self._patience.deadline_s, deadline_s) if bound is not None]
        patience = replace(self._patience, deadline_s=min(bounds, default=None))
        began = time.monotonic()
        retried = 0
        while True:
            outcome, received = self._try(ask, self._allowed_s(patience, time.monotonic() - began), retried)
            if isinstance(outcome, Answered) and outcome.status in success:
                return Response(status=outcome.status, headers=outcome.headers, body=received, retried=retried)
            decision = decide(
                patience,
                outcome,
                retried=retried,
                elapsed_s=time.monotonic() - began,
                now=time.time(),
                jitter=random.random(),  # noqa: S311 (spreads retries, guards nothing)
            )
            in_doubt = settle if leaves_open(outcome) else None
            match decision:
                case Accept():
                    assert isinstance(outcome, Answered)  # a 200 that is not among the wanted ones
                    raise refusal.refused(outcome.status, outcome.said, retried=retried)
                case Retry(after_s=after_s):
                    self._sleep(after_s)
                    if in_doubt is not None and (settled := in_doubt()) is not None:
                        return settled
                    retried += 1
                case GiveUp(error=error):
                    if in_doubt is not None:
                        with suppress(SubmitError):  # what was asked for first is what failed
                            if (settled := in_doubt()) is not None:
                                return settled
                    raise error

    def _addressed(
        self, where: str, query: Mapping[str, str] | None, headers: Mapping[str, str] | None, body: Body | None
    ) -> tuple[str, dict[str, str]]:
        """The URL, and the headers that go there. The key goes to the service alone."""
        import httpx2

        sent = dict(headers or {})
        if where.startswith("/"):
            url, sent["x-api-key"] = self._base_url + where, self._api_key
        else:
            url = where
            if httpx2.URL(url).scheme != "https" and not self._base_url.startswith("http:"):
                raise UsageError("The service names storage that is not reached by https. Check the base URL.")
        if body is not None:
            # With a length of its own, httpx2 leaves out `Transfer-Encoding: chunked`.
            sent |= {"Content-Type": body.content_type, "Content-Length": str(body.content_length)}
        return (str(httpx2.URL(url, params=query)) if query else url), sent

    def _allowed_s(self, patience: Patience, elapsed_s: float) -> float:
        """Seconds for the next try."""
        if patience.deadline_s is None:
            return self._timeout_s
        return max(0.001, min(self._timeout_s, patience.deadline_s - elapsed_s))

    def _try(self, ask: _Ask, allowed_s: float, retried: int) -> tuple[Outcome, bytes]:
        """One exchange: how it ended, and the whole body of a success."""
        import httpx2

        until = time.monotonic() + allowed_s
        try:
            with self._http.stream(
                ask.method,
                ask.url,
                headers=ask.headers,
                content=_sent(ask.body, until) if ask.body is not None else None,
                timeout=httpx2.Timeout(allowed_s, connect=min(_CONNECT_S, allowed_s)),
            ) as response:
                if response.status_code in ask.success:
                    body = _received(response, until, retried, ask.most_answer_bytes)
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


@dataclass(frozen=True, slots=True)
class _Ask:
    """What goes out, each time."""

    method: str
    url: str
    headers: Mapping[str, str]
    body: Body | None
    success: Collection[int]
    most_answer_bytes: int


class _TooSlow(Exception):  # noqa: N818 (never leaves this file)
    """A try took longer than it may, though no single read or write did."""


def _sent(body: Body, until: float) -> Iterator[bytes]:
    try:
        for chunk in body.chunks():
            yield chunk
            _in_time(until)
    except OSError as error:
        raise UnreadableError(
            f"{body.name} could not be read while it was sent ({error}). Prepare it again."
        ) from error


def _received(response: httpx2.Response, until: float, retried: int, most_bytes: int) -> bytes:
    import httpx2

    received = bytearray()
    try:
        for chunk in response.iter_bytes():
            received += chunk
            if len(received) > most_bytes:
                raise BadResponseError(
                    f"The service said {response.status_code}, but its answer is longer than {most_bytes} bytes. "
                    "Check that the base URL is the service's.",
                    status=response.status_code,
                    retried=retried,
                )
            _in_time(until)
    except httpx2.DecodingError as error:
        raise BadResponseError(
            f"The service said {response.status_code}, but its answer cannot be decompressed ({error}). "
            "Check the proxy, if there is one.",
            status=response.status_code,
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
