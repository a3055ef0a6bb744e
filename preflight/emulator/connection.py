"""uvicorn, with what a test double needs besides: connections that can be reset, and an end that does not wait."""

from __future__ import annotations

import asyncio
import os
import socket
import struct
from contextlib import suppress

import uvicorn
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from uvicorn.protocols.http.h11_impl import H11Protocol

from preflight.emulator.playing import HANG_UP, RESET

_NO_LINGER = struct.pack("hh" if os.name == "nt" else "ii", 1, 0)
_FLUSH_S = 1.0
_WORK_S = 5.0
"""For media that are being decoded when the server is stopped: threads cannot be."""


class Server(uvicorn.Server):
    """Ends within milliseconds. uvicorn's own looks ten times a second whether it should, and then lets clients
    finish, which those of a reply that is an hour late would not.
    """

    def __init__(self, app: ASGIApp) -> None:
        super().__init__(
            uvicorn.Config(
                app,
                http=Connection,
                loop="asyncio",
                log_config=None,  # the program that runs this decides about its logs
                access_log=False,
                lifespan="off",
                ws="none",
                proxy_headers=False,
            )
        )
        self._loop: asyncio.AbstractEventLoop | None = None
        self._woken = asyncio.Event()

    def stop(self) -> None:
        """From any thread."""
        self.should_exit = True
        if self._loop is not None:
            with suppress(RuntimeError):  # it is over already
                self._loop.call_soon_threadsafe(self._woken.set)

    async def main_loop(self) -> None:
        self._loop = asyncio.get_running_loop()
        while not await self.on_tick(0):  # which keeps the Date header going, too
            with suppress(TimeoutError):
                await asyncio.wait_for(self._woken.wait(), 1.0)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        for listener in self.servers:
            listener.close()
        for bound in sockets or []:
            bound.close()
        await self._hang_up()
        if self.server_state.tasks:
            await asyncio.wait(set(self.server_state.tasks), timeout=_WORK_S)
        await self._hang_up()  # on those that were just being accepted

    async def _hang_up(self) -> None:
        for connection in list(self.server_state.connections):
            connection.transport.abort()
        await asyncio.sleep(0.001)


class Connection(H11Protocol):
    """Gives the application the extension RESET, and with it HANG_UP."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as in H11Protocol
        super().connection_made(transport)
        app: ASGIApp = self.app

        async def resettable(scope: Scope, receive: Receive, send: Send) -> None:
            async def send_or_reset(message: Message) -> None:
                if message["type"] == RESET:
                    await _reset(transport)
                elif message["type"] == HANG_UP:
                    transport.close()  # what is still to be sent is sent before
                else:
                    await send(message)

            scope.setdefault("extensions", {})[RESET] = {}
            await app(scope, receive, send_or_reset)

        self.app = resettable


async def _reset(transport: asyncio.Transport) -> None:
    """What was sent arrives, if the client reads it; what follows it is no end but a TCP reset."""
    loop = asyncio.get_running_loop()
    until = loop.time() + _FLUSH_S
    while transport.get_write_buffer_size() and loop.time() < until:  # noqa: ASYNC110 (asyncio has no event for it)
        await asyncio.sleep(0.001)
    if not transport.is_closing():
        transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _NO_LINGER)
        transport.abort()
