"""The emulator as a service with bad days: a share of its answers fails, which ones is drawn by a seed.

Whether an answer fails hangs on the seed, the request's body and how often it came, and on nothing else: not on the
order in which requests arrive, which differs from run to run.
"""

from __future__ import annotations

import hashlib
import threading
from collections import Counter

from starlette.types import Message, Receive, Scope, Send

from preflight.emulator.app import create_app

FAULTS = ("429", "500", "502", "truncated", "reset")


class Flaky:
    """ASGI. `answered` counts whole answers with embeddings by body: what would be billed and was there to be had."""

    def __init__(self, *, seed: int = 0, share: float = 0.0, delay_s: float = 0.0) -> None:
        self._app = create_app()
        self._seed, self._share, self._delay_s = seed, share, delay_s
        self._lock = threading.Lock()
        self._came: Counter[str] = Counter()
        self.answered: Counter[str] = Counter()
        self.failed: Counter[str] = Counter()
        """By fault."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        body, more = b"", True
        while more:
            message = await receive()
            if message["type"] == "http.disconnect":
                return
            body += message.get("body", b"")
            more = message.get("more_body", False)
        digest = hashlib.sha256(body).hexdigest()
        with self._lock:
            self._came[digest] += 1
            fault = self._fault(digest, self._came[digest])
            if fault is not None:
                self.failed[fault] += 1
        if self._delay_s:
            import asyncio

            await asyncio.sleep(self._delay_s)
        if fault is not None:
            await _fail(fault, send)
            return
        with self._lock:
            self.answered[digest] += 1
        told = iter([{"type": "http.request", "body": body, "more_body": False}])

        async def again() -> Message:
            found = next(told, None)
            return found if found is not None else await receive()

        await self._app(scope, again, send)

    def _fault(self, digest: str, time: int) -> str | None:
        drawn = hashlib.sha256(f"{self._seed} {digest} {time}".encode()).digest()
        if int.from_bytes(drawn[:4]) / 2**32 >= self._share:
            return None
        # Resets are waited for without a word of how long: fewer of them, so that the test does not last.
        return FAULTS[drawn[4] % len(FAULTS)] if drawn[5] < 64 else FAULTS[drawn[4] % 3]


async def _fail(fault: str, send: Send) -> None:
    soon = [(b"retry-after", b"0.01"), (b"content-type", b"application/json")]
    match fault:
        case "429" | "500":
            await send({"type": "http.response.start", "status": int(fault), "headers": soon})
            await send({"type": "http.response.body", "body": b'{"code":"too_many_requests","message":"Wait."}'})
        case "502":
            headers = [(b"retry-after", b"0.01"), (b"content-type", b"text/html")]
            await send({"type": "http.response.start", "status": 502, "headers": headers})
            await send({"type": "http.response.body", "body": b"<html><title>502 Bad Gateway</title></html>"})
        case "truncated":
            await send({"type": "http.response.start", "status": 200, "headers": soon[1:]})
            await send({"type": "http.response.body", "body": b'{"data":[{"embedding":[0.1,0.2'})
        case _:  # longer was promised
            await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"9000")]})
            await send({"type": "http.response.body", "body": b'{"data":[', "more_body": True})
            raise ConnectionResetError("as the test wants it")
