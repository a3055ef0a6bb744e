"""The emulator, or a double of the service, on a loopback port: `with LocalServer() as server: ... server.url`."""

from __future__ import annotations

import ipaddress
import os
import socket
import threading
import time
from contextlib import suppress
from types import TracebackType
from typing import TYPE_CHECKING, Self

from preflight.emulator.fault_spec import Faults
from preflight.errors import MissingExtraError, PreflightError, UsageError
from preflight.limits import DEFAULT_PROFILE

if TYPE_CHECKING:
    from starlette.types import ASGIApp

    from preflight.emulator.connection import Server
    from preflight.emulator.settings import Settings
    from preflight.emulator.tally import Tally

_START_S = 10.0


class LocalServer:
    """An embed-v2 on this machine that enforces `profile`. **Its vectors are not Marengo's.**

    Serves while its `with` block runs, in a thread of its own. `port` 0 takes a free one; `url` says which.
    Without `api_key` any key is accepted. Where an `app` is given, such as a `Double`, that is served; profile and key
    are its own. Nothing but loopback is ever bound: what the world can reach should not be mistaken for the service.
    Requests that are still being answered at the block's end are cut off.

    `faults`: what is to go wrong, such as `"rate_limited:retry_after=0.05%5,html_502@3"`; `fault_spec` describes the
    language, and `Faults.of(spec, seed=1)` draws other requests. `latency_s`: how long after a request its answer
    comes, at the least; others are answered meanwhile. `settings` are those of `create_app`.

    Raises MissingExtraError where the `serve` extra is not installed, UsageError for an unknown profile, a port
    that is taken, a host that is not loopback, or faults that there are not.
    """

    def __init__(
        self,
        app: ASGIApp | None = None,
        *,
        profile: str = DEFAULT_PROFILE,
        port: int = 0,
        api_key: str | None = None,
        host: str = "127.0.0.1",
        settings: Settings | None = None,
        faults: str | Faults = "",
        latency_s: float = 0.0,
    ) -> None:
        own = (DEFAULT_PROFILE, None, None, "", 0.0)
        if app is not None and (profile, api_key, settings, faults, latency_s) != own:
            raise UsageError(
                "an app has its own profile, key, settings, faults and latency. "
                "Give them to it, as in Double(profile=...)."
            )
        self._app = app
        self._profile = profile
        self._port = port
        self._api_key = api_key
        self._host = _loopback(host)
        self._settings = settings
        self._faults = faults if isinstance(faults, Faults) else Faults.of(faults)
        self._latency_s = latency_s
        self._tally: Tally | None = None
        self._socket: socket.socket | None = None
        self._server: Server | None = None
        self._thread: threading.Thread | None = None
        self._ended = threading.Event()
        self._ended.set()

    @property
    def url(self) -> str:
        """`http://127.0.0.1:PORT`: a base URL for clients."""
        if self._socket is None:
            raise UsageError("the emulator is not running. Use it as `with LocalServer() as server:`.")
        host = f"[{self._host}]" if ":" in self._host else self._host
        return f"http://{host}:{self._port}"

    @property
    def tally(self) -> Tally:
        """What was embedded, by content, and how often. Raises UsageError before it serves, and for an app."""
        if self._tally is None:
            raise UsageError("nothing is counted yet. Use it as `with LocalServer() as server:`; a Double has its own.")
        return self._tally

    def __enter__(self) -> Self:
        try:
            from preflight.emulator.connection import Server

            app = self._app or self._made()
        except ImportError as error:
            raise MissingExtraError("the emulator", "serve") from error
        self._socket = _bound(self._host, self._port)
        self._port = self._socket.getsockname()[1]
        self._server = Server(app)
        self._thread = threading.Thread(target=self._run, name="preflight emulator", daemon=True)
        self._ended.clear()
        try:
            self._thread.start()
            self._await_start()
        except BaseException:  # Ctrl-C here must not leave the port bound
            self.close()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def wait(self) -> None:
        """Block until Ctrl-C, which is the way to end a server and no error."""
        # Not by joining the thread: Python 3.11 takes one for ended whose join was interrupted.
        with suppress(KeyboardInterrupt):
            while not self._ended.wait(0.5):  # without a limit, Windows would not hear Ctrl-C
                pass

    def close(self) -> None:
        """Stop serving, at once, and free the port. What `with` does at its end; harmless when repeated."""
        if self._server is not None:
            self._server.stop()
        if self._thread is not None and self._thread.ident is not None:
            self._thread.join()
        if self._socket is not None:
            self._socket.close()
        self._socket = self._server = self._thread = None

    def _made(self) -> ASGIApp:
        from preflight.emulator.app import create_app
        from preflight.emulator.faulty import Faulty, checked_latency_s

        latency_s = checked_latency_s(self._latency_s)
        app = create_app(profile=self._profile, api_key=self._api_key, settings=self._settings)
        tally: Tally = app.state.tally
        self._tally = tally
        if not self._faults and not latency_s:
            return app
        return Faulty(app, faults=self._faults, latency_s=latency_s, tally=tally)

    def _run(self) -> None:
        assert self._server is not None
        assert self._socket is not None
        try:
            self._server.run(sockets=[self._socket])
        finally:
            self._ended.set()

    def _await_start(self) -> None:
        assert self._server is not None
        assert self._thread is not None
        deadline = time.monotonic() + _START_S
        while not self._server.started:
            if not self._thread.is_alive() or time.monotonic() > deadline:
                raise PreflightError("the emulator did not start. Its log, under `uvicorn.error`, says why.")
            time.sleep(0.001)


def _loopback(host: str) -> str:
    if host == "localhost":
        return "127.0.0.1"
    try:
        is_loopback = ipaddress.ip_address(host).is_loopback
    except ValueError:
        is_loopback = False
    if not is_loopback:
        raise UsageError(f"the emulator only listens on this machine, not on {host!r}. Use 127.0.0.1.")
    return host


def _bound(host: str, port: int) -> socket.socket:
    """Bound here and not by uvicorn, which would exit the whole process where the port is taken."""
    # Named, because asyncio only sets TCP_NODELAY on what says that it is TCP, and what is accepted says what its
    # listener does. Without it the body of each answer waits for the acknowledgement of its head: 40 ms.
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        if os.name == "posix":  # elsewhere it would let two servers share the port
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host, port))
        listener.listen(128)
    except (OSError, OverflowError) as error:
        listener.close()
        raise UsageError(
            f"port {port} of {host} cannot be had ({error}). Choose another, or 0 for a free one."
        ) from error
    return listener
