"""An application between its clients and a network that fails as it is told (`faults.py`), or that takes its time."""

from __future__ import annotations

import itertools
import math
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from preflight.emulator.fault_spec import Faults
from preflight.emulator.faults import HEADER
from preflight.emulator.playing import Gone, Line, OwnAnswer, play, reading
from preflight.emulator.reply import Reply
from preflight.emulator.tally import DIGEST, Tally
from preflight.emulator.wire import Refusal
from preflight.errors import UsageError

DISTURBED = "/v1.3/"
"""What is below it may fail; the page at `/` and the tally do not."""
ENDLESS_BYTES = 1 << 29
"""What is refused unread is read nevertheless, so that its client sees the refusal; but not for ever."""


class Faulty:
    """ASGI. Requests below `/v1.3/` are counted from 1, in the order in which their headers arrive."""

    def __init__(self, app: ASGIApp, *, faults: Faults, latency_s: float, tally: Tally) -> None:
        self._app = app
        self._faults = faults
        self._latency_s = latency_s
        self._tally = tally
        self._numbers = itertools.count(1)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI."""
        if not is_disturbed(scope):
            await self._app(scope, receive, send)
            return
        reply = planned(self._faults, next(self._numbers), scope) or Reply()
        body = _Body(reading(reply, scope, receive))
        own = OwnAnswer()
        if reply.is_judged:
            await own.wait_for(self._app(scope, body.receive, own.take))
        await body.drain()
        if body.is_broken_off and reply.reset != "upload":
            mark_spoilt(self._tally, scope)
            return
        late = replace(reply, delay_s=reply.delay_s + left_s(self._latency_s, body.whole_at))
        await deliver(late, own, Line(scope, receive, send), scope, self._tally)


def is_disturbed(scope: Scope) -> bool:
    return scope["type"] == "http" and str(scope["path"]).startswith(DISTURBED)


def planned(faults: Faults, number: int, scope: Scope) -> Reply | None:
    """None where all goes well; a header that asks for what there is not is told so."""
    try:
        return faults.reply(number, Headers(scope=scope).get(HEADER), now=time.time())
    except UsageError as error:
        return Reply(status=400, body=Refusal(400, "parameter_invalid", f"{HEADER}: {error}").body())


def checked_latency_s(latency_s: float) -> float:
    """Raises UsageError."""
    if not 0 <= latency_s < math.inf:
        raise UsageError("the latency must be 0 or more seconds.")
    return latency_s


def left_s(latency_s: float, since: float) -> float:
    """Of a latency that counts from `since`, on the clock of `time.monotonic()`, with work that was done meanwhile."""
    return max(0.0, latency_s - (time.monotonic() - since))


async def deliver(
    reply: Reply,
    own: OwnAnswer,
    line: Line,
    scope: Scope,
    tally: Tally,
    *,
    answered: Callable[[int], None] = lambda _status: None,
) -> None:
    """As `play` does. Raises what `own` found to be a defect."""
    whole = False
    try:
        with suppress(Gone):
            await play(reply, own, line, answered=answered)
            whole = reply.body is None
    finally:
        if not whole:
            mark_spoilt(tally, scope)
    if own.defect is not None:
        raise own.defect


def mark_spoilt(tally: Tally, scope: Scope) -> None:
    digest = scope.pop(DIGEST, None)
    if digest is not None:
        tally.spoilt(digest)


class _Body:
    """That of a request, on its way to whoever reads it."""

    def __init__(self, receive: Receive) -> None:
        self._receive = receive
        self._is_over = False
        self._size_bytes = 0
        self.is_broken_off = False
        self.whole_at = 0.0

    async def receive(self) -> Message:
        message = await self._receive()
        if message["type"] == "http.disconnect":
            self.is_broken_off = self.is_broken_off or not self._is_over
            self._is_over = True
        elif not self._is_over:
            self._size_bytes += len(message.get("body", b""))
            self._is_over = not message.get("more_body", False)
            self.whole_at = time.monotonic()
        return message

    async def drain(self) -> None:
        while not self._is_over and self._size_bytes < ENDLESS_BYTES:
            await self.receive()
