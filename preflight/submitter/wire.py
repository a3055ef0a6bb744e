"""What goes over the wire and how it fails: what a thread and an event loop have in common when they send."""

from __future__ import annotations

import ssl
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from preflight.errors import BadResponseError, UnreadableError, UsageError
from preflight.submitter import refusal
from preflight.submitter.connection import checked_key, checked_url
from preflight.submitter.outcome import Answered, Unreachable
from preflight.submitter.service import Body

if TYPE_CHECKING:
    import httpx2

BASE_URL = "https://api.twelvelabs.io"
EMBED_PATH = "/v1.3/embed-v2"

# 900 vectors are about 10 MB of JSON (CONTRACT 1.4); what is longer than these is not from the service.
MOST_ANSWER_BYTES = 64 * 1024 * 1024
_MOST_REFUSAL_BYTES = 64 * 1024

# A host that does not pick up in this time is down; the long timeout is for the work after that.
_CONNECT_S = 30.0


@dataclass(frozen=True, slots=True)
class Ask:
    """What goes out, each time."""

    method: str
    url: str
    headers: Mapping[str, str]
    body: Body | None
    success: Collection[int]
    most_answer_bytes: int


class Address:
    """Where the service is, and the key that it asks for. Raises as `checked_key` and `checked_url` do."""

    def __init__(self, api_key: str | None, base_url: str) -> None:
        self.api_key = checked_key(api_key)
        self.base_url = checked_url(base_url)

    def ask(
        self,
        method: str,
        where: str,
        *,
        query: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        body: Body | None = None,
        success: Collection[int] = (200,),
        most_answer_bytes: int | None = None,
    ) -> Ask:
        """`where` and the rest: see `Service.request`. The key goes to the service alone."""
        import httpx2

        sent = dict(headers or {})
        if where.startswith("/"):
            url, sent["x-api-key"] = self.base_url + where, self.api_key
        else:
            url = where
            if httpx2.URL(url).scheme != "https" and not self.base_url.startswith("http:"):
                raise UsageError("The service names storage that is not reached by https. Check the base URL.")
        if body is not None:
            # With a length of its own, httpx2 leaves out `Transfer-Encoding: chunked`.
            sent |= {"Content-Type": body.content_type, "Content-Length": str(body.content_length)}
        whole = str(httpx2.URL(url, params=query)) if query else url
        return Ask(method, whole, sent, body, success, most_answer_bytes or MOST_ANSWER_BYTES)

    def unreachable(self, error: Exception, allowed_s: float) -> Unreachable:
        """What a failure of the network is. Raises it where it is none."""
        import httpx2

        if isinstance(error, (TooSlow, TimeoutError, httpx2.TimeoutException)):
            late_s = min(_CONNECT_S, allowed_s) if isinstance(error, httpx2.ConnectTimeout) else allowed_s
            reason = f"no answer within {round(late_s, 1):g} s"
            return Unreachable(
                reason=reason, next_step="Check the network, or allow more time (timeout_s, deadline_s)."
            )
        if not isinstance(error, httpx2.TransportError):
            raise error
        reason = refusal.without(str(error) or type(error).__name__, self.api_key)
        if _untrusted(error):
            next_step = "Check this machine's clock; behind a proxy that opens TLS, name its CA in SSL_CERT_FILE."
            return Unreachable(reason=reason, next_step=next_step, passing=False)
        next_step = "Check the network, the proxy (HTTPS_PROXY) and the base URL, then run it again."
        return Unreachable(reason=reason, next_step=next_step)


class TooSlow(Exception):  # noqa: N818 (never leaves this room)
    """A try took longer than it may, though no single read or write did."""


def timeout(allowed_s: float) -> httpx2.Timeout:
    import httpx2

    return httpx2.Timeout(allowed_s, connect=min(_CONNECT_S, allowed_s))


def unreadable(body: Body, error: OSError) -> UnreadableError:
    return UnreadableError(f"{body.name} could not be read while it was sent ({error}). Prepare it again.")


class Receiving:
    """The body of a response, as much of it as can be true."""

    def __init__(self, ask: Ask, response: httpx2.Response, *, secret: str, retried: int) -> None:
        self._ask = ask
        self._response = response
        self._secret = secret
        self._retried = retried
        self._received = bytearray()
        self.is_wanted = response.status_code in ask.success

    def add(self, chunk: bytes) -> bool:
        """Whether more is wanted. Raises BadResponseError where it is too long for an answer."""
        self._received += chunk
        if not self.is_wanted:
            return len(self._received) < _MOST_REFUSAL_BYTES
        if len(self._received) > self._ask.most_answer_bytes:
            raise self._bad(
                f"its answer is longer than {self._ask.most_answer_bytes} bytes. "
                "Check that the base URL is the service's."
            )
        return True

    def failed(self, error: Exception) -> None:
        """It broke off. Of a refusal the status alone is enough to go on; else raises what it is."""
        import httpx2

        if not self.is_wanted and isinstance(error, (httpx2.TransportError, httpx2.DecodingError, TooSlow)):
            return
        if isinstance(error, httpx2.DecodingError):
            raise self._bad(
                f"its answer cannot be decompressed ({error}). Check the proxy, if there is one."
            ) from error
        raise error

    def end(self) -> tuple[Answered, bytes]:
        """What was answered, and the whole body of what was wanted."""
        whole = bytes(self._received)
        headers = {name.lower(): value for name, value in self._response.headers.items()}
        if "location" in headers:  # its host is quoted
            headers["location"] = refusal.without(headers["location"], self._secret)
        if self.is_wanted:
            return Answered(status=self._response.status_code, headers=headers, said=refusal.Said()), whole
        said = refusal.read(whole[:_MOST_REFUSAL_BYTES], secret=self._secret)
        return Answered(status=self._response.status_code, headers=headers, said=said), b""

    def _bad(self, what: str) -> BadResponseError:
        status = self._response.status_code
        return BadResponseError(f"The service said {status}, but {what}", status=status, retried=self._retried)


def _untrusted(error: BaseException | None) -> bool:
    """Whether a certificate was refused: httpx2 keeps that only as the cause of its own error."""
    while error is not None:
        if isinstance(error, ssl.SSLCertVerificationError):
            return True
        error = error.__cause__ or error.__context__
    return False
