"""The emulator as a test double: it answers from a script, and keeps what it received."""

from __future__ import annotations

import threading
import time
from collections import deque
from dataclasses import dataclass, replace
from functools import partial
from types import TracebackType
from typing import Self

from starlette.types import Message, Receive, Scope, Send

from preflight.emulator.app import create_app
from preflight.emulator.fault_spec import Faults
from preflight.emulator.faulty import (
    ENDLESS_BYTES,
    checked_latency_s,
    deliver,
    is_disturbed,
    left_s,
    mark_spoilt,
    planned,
)
from preflight.emulator.playing import Line, OwnAnswer, reading
from preflight.emulator.received import Received, Recorder
from preflight.emulator.reply import Reply
from preflight.emulator.server import LocalServer
from preflight.emulator.settings import Settings
from preflight.emulator.tally import Tally
from preflight.errors import UsageError
from preflight.limits import DEFAULT_PROFILE


@dataclass(eq=False, slots=True)
class _Call:
    """A request on its way."""

    recorder: Recorder
    planned: Reply | None
    """None where neither the script nor a fault has anything for it."""
    is_scripted: bool = False
    received: Received | None = None
    """Once it is whole."""
    whole_at: float = 0.0
    """On the clock of `time.monotonic()`."""


class Double:
    """An embed-v2 that does as it is told, for tests of code that calls the service. **Not Marengo.**

    Over a socket, for clients in any language: `with Double() as double:`, then `double.url`; or
    `LocalServer(double, port=8765)`. In process it is an ASGI application, for `httpx2.ASGITransport(double)`; there,
    a reset raises ConnectionResetError.

    What is not scripted is answered as `create_app(profile=profile, api_key=api_key)` does: it enforces every
    limit of the profile, and the same media get the same vectors, in every process. `profile` is how strict
    it is: `marengo3.0` refuses what any reading of the documents does, `marengo3.0-2026-08` what the newest does.
    A script knows no key and judges nothing.

    `faults` go wrong besides, where the script has nothing for a request: `"rate_limited%5,html_502@3"`, as
    `preflight.emulator.fault_spec` describes. `latency_s`: how long after a request its answer comes, at the least.

    `settings` are those of `create_app`. `keep_bytes`: bodies up to so many bytes are kept in `requests`; of longer
    ones only size and digest are.

    Its methods may be called from any thread, at any time. Raises UsageError for an unknown profile.
    """

    def __init__(
        self,
        *,
        profile: str = DEFAULT_PROFILE,
        api_key: str | None = None,
        keep_bytes: int = 8 * 1024 * 1024,
        settings: Settings | None = None,
        faults: str | Faults = "",
        latency_s: float = 0.0,
    ) -> None:
        self._app = create_app(profile=profile, api_key=api_key, settings=settings)
        self.tally: Tally = self._app.state.tally
        """What was embedded, by content, and how often."""
        self._faults = faults if isinstance(faults, Faults) else Faults.of(faults)
        self._latency_s = checked_latency_s(latency_s)
        self._keep_bytes = keep_bytes
        self._lock = threading.Lock()
        self._calls: list[_Call] = []
        self._script: deque[Reply] = deque()
        self._on_call: dict[int, Reply] = {}
        self._server: LocalServer | None = None

    def __enter__(self) -> Self:
        """Serve on a free port while the block runs. Raises MissingExtraError as LocalServer does."""
        self._server = LocalServer(self)
        self._server.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if self._server is not None:
            self._server.close()
        self._server = None

    @property
    def url(self) -> str:
        """`http://127.0.0.1:PORT` inside its `with` block. Raises UsageError elsewhere."""
        if self._server is None:
            raise UsageError("the double is not being served. Use it as `with Double() as double:`.")
        return self._server.url

    @property
    def requests(self) -> list[Received]:
        """Every request that arrived whole, whatever it asked for, in the order of arrival: a copy, as of now.

        One whose client left in the middle of its body is none: it is not counted and takes no reply. One that the
        script or a fault cut off in the middle of its body is none either, but counted.
        """
        with self._lock:
            return [call.received for call in self._calls if call.received is not None]

    @property
    def left(self) -> list[Reply]:
        """The replies that no request has had yet: empty once the script was played to its end."""
        with self._lock:
            return [*self._script, *(reply for _, reply in sorted(self._on_call.items()))]

    def will(self, *replies: Reply) -> Self:
        """Answer with these next, in order, one a request, and then with the emulator's own answers again."""
        _require_replies(*replies)
        with self._lock:
            self._script.extend(replies)
        return self

    def on_call(self, number: int, reply: Reply) -> Self:
        """Answer the request of that number, counted from 1, with this; `will` goes on with the next one.

        Raises UsageError where that request is over.
        """
        _require_replies(reply)
        with self._lock:
            if number <= len(self._calls):
                raise UsageError(f"call {number} cannot be scripted: {len(self._calls)} came already. Count from 1.")
            self._on_call[number] = reply
        return self

    def clear(self) -> None:
        """Forget all requests and what is left of the script; the next request is number 1."""
        with self._lock:
            self._calls.clear()
            self._script.clear()
            self._on_call.clear()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        call = self._arrived(scope)
        reply = call.planned or Reply()
        slowly = reading(reply, scope, receive)

        async def listen() -> Message:
            message = await slowly()
            call.recorder.take(message)
            if call.recorder.is_whole:  # and not only once it is answered, which may take its time
                self._record(call)
            return message

        own = OwnAnswer()
        if reply.is_judged:
            await own.wait_for(self._app(scope, listen, own.take))
        while not call.recorder.is_over and call.recorder.size_bytes < ENDLESS_BYTES:
            await listen()
        if reply.reset != "upload":
            if call.recorder.is_broken_off:
                self._forget(call)
                mark_spoilt(self.tally, scope)
                return
            self._record(call)
        late = replace(reply, delay_s=reply.delay_s + left_s(self._latency_s, call.whole_at))
        await deliver(late, own, Line(scope, receive, send), scope, self.tally, answered=partial(self._answered, call))

    def _arrived(self, scope: Scope) -> _Call:
        call = _Call(Recorder(scope, keep_bytes=self._keep_bytes), None)
        with self._lock:
            self._calls.append(call)
            call.planned = self._on_call.pop(len(self._calls), None)
            if call.planned is None and self._script:
                call.planned = self._script.popleft()
            call.is_scripted = call.planned is not None
            if call.planned is None and is_disturbed(scope):
                call.planned = planned(self._faults, len(self._calls), scope)
        return call

    def _record(self, call: _Call) -> None:
        with self._lock:
            if call.received is None:
                call.received = call.recorder.received()
                call.whole_at = time.monotonic()

    def _answered(self, call: _Call, status: int) -> None:
        with self._lock:
            assert call.received is not None
            call.received = replace(call.received, status=status)

    def _forget(self, call: _Call) -> None:
        """The next request is the one that this should have been, unless all was cleared meanwhile."""
        with self._lock:
            if call in self._calls:
                self._calls.remove(call)
                if call.planned is not None and call.is_scripted:
                    self._script.appendleft(call.planned)


def _require_replies(*given: object) -> None:
    for reply in given:
        if not isinstance(reply, Reply):
            raise UsageError(f"{reply!r} is no Reply. Write Reply(status=503), or Reply.unavailable().")
