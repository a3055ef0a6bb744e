"""How a reply goes out over ASGI: late, piecemeal, or cut off."""

from __future__ import annotations

import asyncio
import errno
import math
from collections.abc import Awaitable, Callable, Mapping
from typing import NoReturn

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import Message, Receive, Scope, Send

from preflight.emulator.app import HEADERS
from preflight.emulator.reply import Reply

RESET = "preflight.reset"
"""An ASGI extension: where `scope["extensions"]` has it, a message of this type cuts the connection."""
HANG_UP = "preflight.hang_up"
"""Goes with it: a message of this type ends the connection in good order, in the middle of an answer."""

_PIECE_BYTES = 65_536
"""Of a body at a time, so that a client which does not read is waited for instead of buffered for."""
_DRIP_S = 0.01
_NO_CONTENT = (204, 304)


class OwnAnswer:
    """What the emulator itself answers, held back until the script says what becomes of it."""

    def __init__(self) -> None:
        self.status: int | None = None
        self.headers: list[tuple[bytes, bytes]] = []
        self.body = b""
        self.defect: Exception | None = None

    async def wait_for(self, answering: Awaitable[None]) -> None:
        """Of a defect, Starlette sends a 500 and then raises: that is for whoever serves this, and comes last."""
        try:
            await answering
        except Exception as error:
            if self.status is None:
                raise
            self.defect = error

    async def take(self, message: Message) -> None:
        """In place of ASGI's `send`."""
        if message["type"] == "http.response.start":
            self.status, self.headers = message["status"], list(message["headers"])
        else:
            self.body += message.get("body", b"")


class Gone(Exception):  # noqa: N818 (of the other side, and no failure of ours)
    """The client left, or the server is being stopped: there is nobody to go on for."""


class Line:
    """The way back to one client, once its request is there."""

    def __init__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self._can_reset = RESET in (scope.get("extensions") or {})
        self._receive = receive
        self.send = send

    async def hold(self, seconds: float) -> None:
        """Raises Gone as soon as there is nobody to hold it for."""
        try:
            async with asyncio.timeout(seconds):
                await self._disconnected()
        except TimeoutError:
            return
        raise Gone

    async def cut(self, how: str = RESET) -> NoReturn:
        """Raises Gone; where there is no connection to reset, ConnectionResetError."""
        if not self._can_reset:
            raise ConnectionResetError(errno.ECONNRESET, "The script of the double resets the connection here.")
        await self.send({"type": how})
        await self._disconnected()
        raise Gone

    async def _disconnected(self) -> None:
        while (await self._receive())["type"] != "http.disconnect":
            pass


def reading(reply: Reply, scope: Scope, receive: Receive) -> Receive:
    """The request's body as slowly as the reply says. Half of a body is what half its Content-Length is: without one,
    a reset comes with the first of it.
    """
    stated = Headers(scope=scope).get("content-length", "")
    size_bytes = int(stated) if stated.isdecimal() else 0
    read_bytes = 0

    async def slow() -> Message:
        nonlocal read_bytes
        message = await receive()
        chunk_bytes = len(message.get("body", b""))
        read_bytes += chunk_bytes
        if chunk_bytes and size_bytes:
            await asyncio.sleep(reply.reading_s * chunk_bytes / size_bytes)
        if reply.reset == "upload" and 2 * read_bytes >= size_bytes:
            return {"type": "http.disconnect"}
        return message

    return slow if reply.reading_s or reply.reset == "upload" else receive


async def play(reply: Reply, own: OwnAnswer, line: Line, *, answered: Callable[[int], None]) -> None:
    """`answered` is told the status before the client is. Raises what Line does."""
    if reply.delay_s:
        await line.hold(reply.delay_s)
    if reply.reset in ("upload", "before"):
        await line.cut()
    status, headers, body = _overlaid(own, reply)
    answered(status)
    await line.send({"type": "http.response.start", "status": status, "headers": headers.raw})
    half = len(body) // 2
    await _send(body, range(half), reply.trickle_s / 2, line)
    if reply.pause_s:
        await line.hold(reply.pause_s)
    if reply.reset:
        await line.cut(HANG_UP if reply.reset == "short" else RESET)
    await _send(body, range(half, len(body)), reply.trickle_s / 2, line)
    await line.send({"type": "http.response.body"})


async def _send(body: bytes, part: range, trickle_s: float, line: Line) -> None:
    size, pause_s = _pace(len(part), trickle_s)
    for at in part[::size]:
        if pause_s:
            await line.hold(pause_s)
        piece = body[at : min(at + size, part.stop)]
        await line.send({"type": "http.response.body", "body": piece, "more_body": True})


def _overlaid(own: OwnAnswer, reply: Reply) -> tuple[int, MutableHeaders, bytes]:
    status = reply.status or own.status
    assert status is not None
    body = reply.payload(own.body)
    headers = MutableHeaders(raw=own.headers) if own.status else MutableHeaders(HEADERS)
    if isinstance(reply.body, Mapping):
        headers["content-type"] = "application/json"
    headers.update(reply.headers)
    if "transfer-encoding" not in headers and status not in _NO_CONTENT:
        headers["content-length"] = str(len(body))
    return status, headers, body


def _pace(length: int, trickle_s: float) -> tuple[int, float]:
    """Bytes in a piece, and seconds before each."""
    if not trickle_s or not length:
        return _PIECE_BYTES, 0.0
    size = math.ceil(length / min(length, math.ceil(trickle_s / _DRIP_S)))
    return size, trickle_s / math.ceil(length / size)
