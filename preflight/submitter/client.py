"""The client for threads: sends, waits and reads; what to do is decided elsewhere."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import suppress
from dataclasses import replace
from types import TracebackType
from typing import Self

from preflight.errors import SubmitError
from preflight.limits import Route as Means
from preflight.payload import Payload
from preflight.submitter import answer, refusal, timeline, waits
from preflight.submitter.budget import Budget
from preflight.submitter.concurrency import MOST
from preflight.submitter.connection import connect
from preflight.submitter.decision import Accept, GiveUp, Patience, Retry
from preflight.submitter.doubt import leaves_open
from preflight.submitter.embeddings import Embeddings
from preflight.submitter.exchange import Exchange
from preflight.submitter.options import checked_patience
from preflight.submitter.outcome import Answered, Outcome, why
from preflight.submitter.service import Body, Response, Settle
from preflight.submitter.turns import Turns
from preflight.submitter.wire import BASE_URL, EMBED_PATH, Address, Ask, Receiving, TooSlow, timeout, unreadable


class Client:
    """Sends payloads and gives back embeddings. Several threads may share one.

    `base_url`: where `/v1.3/embed-v2` is. `retries`: how often a request is sent again after 408, 429, 5xx
    or a failure of the network. `timeout_s`: seconds for one try, upload and answer together (600: what the
    official clients use, CONTRACT 1). `deadline_s`: seconds for one `embed` with all its waits and tries,
    also for the time for which others are before it.
    `max_wait_s`: seconds; a longer wait that the service, or the budget, asks for ends it with RateLimitError.
    `budget`: the rates to keep to, shared with other clients where they are of the same run; None keeps to none.
    `max_concurrency`: requests under way at once, however many threads ask; fewer while the service limits the rate.
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
        max_wait_s: float = 300.0,
        budget: Budget | None = None,
        max_concurrency: int = MOST,
        sleep: Callable[[float], None] = waits.sleep,
    ) -> None:
        self._patience = checked_patience(retries, timeout_s, deadline_s, max_wait_s, max_concurrency)
        self._address = Address(api_key, base_url)
        self._timeout_s = timeout_s
        self._turns = Turns(budget, max_concurrency, sleep)
        self._sleep = sleep
        self._http = connect()

    def __repr__(self) -> str:
        # The key stays out of it.
        return f"Client(base_url={self._address.base_url!r})"

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
        response = self.request("POST", EMBED_PATH, body=Body.of(payload))
        return timeline.place_answer(answer.read(response.body, retried=response.retried), payload, request=request)

    @property
    def takes(self) -> frozenset[Means]:
        return frozenset({"sync"})

    @property
    def patience(self) -> Patience:
        """How long it goes on asking."""
        return self._patience

    def pause(self, seconds: float) -> None:
        """Wait as it does between two tries."""
        self._sleep(seconds)

    def shown(self, text: str) -> str:
        """See `Service.shown`."""
        return refusal.shown(text, self._address.api_key)

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
        ask = self._address.ask(
            method,
            where,
            query=query,
            headers=headers,
            body=body,
            success=success,
            most_answer_bytes=most_answer_bytes,
        )
        bounds = [bound for bound in (self._patience.deadline_s, deadline_s) if bound is not None]
        patience = replace(self._patience, deadline_s=min(bounds, default=None))
        exchange = Exchange(patience, success=success, cost=body.cost if body is not None else None)
        began = time.monotonic()
        while True:
            outcome, received = self._tried(exchange, ask, began)
            retried = exchange.retried
            decision = exchange.after(
                outcome,
                elapsed_s=time.monotonic() - began,
                now=time.time(),
                jitter=random.random(),  # noqa: S311 (spreads retries, guards nothing)
            )
            in_doubt = settle if leaves_open(outcome) else None
            match decision:
                case Accept():
                    assert isinstance(outcome, Answered)
                    return Response(status=outcome.status, headers=outcome.headers, body=received, retried=retried)
                case Retry(after_s=after_s):
                    with waits.waiting(why(outcome), seconds=after_s, is_open=exchange.is_open):
                        self._sleep(after_s)
                    if in_doubt is not None and (settled := in_doubt()) is not None:
                        return settled
                case GiveUp(error=error):
                    if in_doubt is not None:
                        with suppress(SubmitError):  # what was asked for first is what failed
                            if (settled := in_doubt()) is not None:
                                return settled
                    raise error

    def _tried(self, exchange: Exchange, ask: Ask, began: float) -> tuple[Outcome, bytes]:
        """One try, when its turn comes."""
        with self._turns.next(exchange, began) as turn:
            allowed_s = exchange.allowed_s(self._timeout_s, time.monotonic() - began)
            turn.outcome, received = self._try(ask, allowed_s, exchange.retried)
            return turn.outcome, received

    def _try(self, ask: Ask, allowed_s: float, retried: int) -> tuple[Outcome, bytes]:
        """One exchange: how it ended, and the whole body of a success."""
        until = time.monotonic() + allowed_s
        try:
            with self._http.stream(
                ask.method,
                ask.url,
                headers=ask.headers,
                content=_sent(ask.body, until) if ask.body is not None else None,
                timeout=timeout(allowed_s),
            ) as response:
                receiving = Receiving(ask, response, secret=self._address.api_key, retried=retried)
                try:
                    for chunk in response.iter_bytes():
                        if not receiving.add(chunk):
                            break
                        _in_time(until)
                except Exception as error:  # noqa: BLE001 (raised again unless it does not matter)
                    receiving.failed(error)
                return receiving.end()
        except Exception as error:  # noqa: BLE001 (raised again unless it is the network's)
            return self._address.unreachable(error, allowed_s), b""


def _sent(body: Body, until: float) -> Iterator[bytes]:
    try:
        for chunk in body.chunks():
            yield chunk
            _in_time(until)
    except OSError as error:
        raise unreadable(body, error) from error


def _in_time(until: float) -> None:
    if time.monotonic() > until:
        raise TooSlow
