"""The client for event loops: the same decisions as the one for threads, awaited."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from types import TracebackType
from typing import Self

from preflight.payload import Payload
from preflight.submitter import answer, timeline
from preflight.submitter.budget import Budget
from preflight.submitter.concurrency import MOST
from preflight.submitter.connection import connect_async
from preflight.submitter.decision import Accept, GiveUp, Retry
from preflight.submitter.embeddings import Embeddings
from preflight.submitter.exchange import Exchange
from preflight.submitter.options import checked_patience
from preflight.submitter.outcome import Answered, Outcome
from preflight.submitter.service import Body, Response
from preflight.submitter.turns import AsyncTurns
from preflight.submitter.wire import BASE_URL, EMBED_PATH, Address, Ask, Receiving, timeout, unreadable

_SMALL_BYTES = 1024 * 1024
"""Bodies up to this are read in the event loop itself: a text's is in memory, an image's is read in a millisecond."""


class AsyncClient:
    """`Client` for one event loop; any number of tasks may share one, and all options mean the same.

        async with AsyncClient(key) as client:
            results = await asyncio.gather(*(client.embed(payload) for payload in payloads))

    A `budget` may be shared with clients of other loops and threads. `sleep`: awaited with the seconds to wait.
    Cancelling `embed` closes its connection and its file.
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
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._patience = checked_patience(retries, timeout_s, deadline_s, max_wait_s, max_concurrency)
        self._address = Address(api_key, base_url)
        self._timeout_s = timeout_s
        self._turns = AsyncTurns(budget, max_concurrency, sleep)
        self._sleep = sleep
        self._http = connect_async()

    def __repr__(self) -> str:
        # The key stays out of it.
        return f"AsyncClient(base_url={self._address.base_url!r})"

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        """Close the connections; the client cannot be used after that."""
        await self._http.aclose()

    async def embed(self, payload: Payload, *, request: int = 1) -> Embeddings:
        """Send one payload; see `Client.embed`."""
        body = Body.of(payload)
        response = await self._request(self._address.ask("POST", EMBED_PATH, body=body), body)
        return timeline.place_answer(answer.read(response.body, retried=response.retried), payload, request=request)

    async def _request(self, ask: Ask, body: Body) -> Response:
        exchange = Exchange(self._patience, success=ask.success, cost=body.cost)
        began = time.monotonic()
        while True:
            outcome, received = await self._tried(exchange, ask, began)
            retried = exchange.retried
            decision = exchange.after(
                outcome,
                elapsed_s=time.monotonic() - began,
                now=time.time(),
                jitter=random.random(),  # noqa: S311 (spreads retries, guards nothing)
            )
            match decision:
                case Accept():
                    assert isinstance(outcome, Answered)
                    return Response(status=outcome.status, headers=outcome.headers, body=received, retried=retried)
                case Retry(after_s=after_s):
                    await self._sleep(after_s)
                case GiveUp(error=error):
                    raise error

    async def _tried(self, exchange: Exchange, ask: Ask, began: float) -> tuple[Outcome, bytes]:
        """One try, when its turn comes."""
        async with self._turns.next(exchange, began) as turn:
            allowed_s = exchange.allowed_s(self._timeout_s, time.monotonic() - began)
            turn.outcome, received = await self._try(ask, allowed_s, exchange.retried)
            return turn.outcome, received

    async def _try(self, ask: Ask, allowed_s: float, retried: int) -> tuple[Outcome, bytes]:
        """One exchange: how it ended, and the whole body of a success."""
        try:
            async with (
                asyncio.timeout(allowed_s),
                self._http.stream(
                    ask.method,
                    ask.url,
                    headers=ask.headers,
                    content=_sent(ask.body) if ask.body is not None else None,
                    timeout=timeout(allowed_s),
                ) as response,
            ):
                receiving = Receiving(ask, response, secret=self._address.api_key, retried=retried)
                try:
                    async for chunk in response.aiter_bytes():
                        if not receiving.add(chunk):
                            break
                except Exception as error:  # noqa: BLE001 (raised again unless it does not matter)
                    receiving.failed(error)
                return receiving.end()
        except Exception as error:  # noqa: BLE001 (raised again unless it is the network's)
            return self._address.unreachable(error, allowed_s), b""


async def _sent(body: Body) -> AsyncIterator[bytes]:
    chunks = body.chunks()
    try:
        if body.content_length <= _SMALL_BYTES:
            for chunk in chunks:
                yield chunk
        else:  # a disk may take its time, and the loop has others to serve
            while chunk := await asyncio.to_thread(next, chunks, b""):
                yield chunk
    except OSError as error:
        raise unreadable(body, error) from error
