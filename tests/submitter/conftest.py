"""A real HTTP server on loopback that answers from a script and keeps what it received."""

import hashlib
import os
import socket
import struct
import sys
import threading
from collections import deque
from dataclasses import dataclass, field
from email.message import Message
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Literal

import pytest

_KEPT_BYTES = 1 << 20

Manner = Literal["whole", "reset", "stall", "drip"]


@dataclass
class Received:
    path: str
    headers: Message
    body: bytes
    """Empty where it is longer than 1 MiB: then `sha256` speaks for it."""
    size: int
    sha256: str


@dataclass
class Reply:
    status: int
    body: bytes
    headers: dict[str, str]
    manner: Manner


@dataclass
class ScriptedServer:
    url: str = ""
    received: list[Received] = field(default_factory=list)
    script: deque[Reply] = field(default_factory=deque)
    released: threading.Event = field(default_factory=threading.Event)
    failures: list[BaseException] = field(default_factory=list)

    def will(
        self, status: int, body: bytes = b"", headers: dict[str, str] | None = None, manner: Manner = "whole"
    ) -> None:
        """Add an answer to the script. `reset`: cut the connection half-way through the body; `stall`: never
        answer; `drip`: a byte now and then."""
        self.script.append(Reply(status, body, headers or {}, manner))


def _handler(server: ScriptedServer) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        timeout = 10

        def do_POST(self) -> None:
            digest, kept, size = hashlib.sha256(), bytearray(), 0
            left = int(self.headers.get("Content-Length", 0))
            while left and (block := self.rfile.read(min(left, 1 << 16))):
                left -= len(block)
                size += len(block)
                digest.update(block)
                if size <= _KEPT_BYTES:
                    kept += block
            if left:  # the client broke off: what came is no request
                self.close_connection = True
                return
            server.received.append(Received(self.path, self.headers, bytes(kept), size, digest.hexdigest()))
            self._answer(server.script.popleft())

        def _answer(self, reply: Reply) -> None:
            if reply.manner == "stall":
                server.released.wait()
                self.close_connection = True
                return
            self.send_response(reply.status)
            for name, value in reply.headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(reply.body)))
            self.end_headers()
            match reply.manner:
                case "whole":
                    self.wfile.write(reply.body)
                case "reset":
                    self.wfile.write(reply.body[: len(reply.body) // 2])
                    self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                    os.close(self.connection.detach())
                    self.close_connection = True
                case "drip":
                    for index in range(len(reply.body)):
                        self.wfile.write(reply.body[index : index + 1])
                        if server.released.wait(0.01):
                            break
                    self.close_connection = True

        def log_message(self, *_: object) -> None:
            pass

    return Handler


@pytest.fixture
def server():
    scripted = ScriptedServer()

    class Server(ThreadingHTTPServer):
        daemon_threads = False  # so that closing waits for them

        def handle_error(self, *_: object) -> None:
            if not isinstance(error := sys.exc_info()[1], ConnectionError):
                scripted.failures.append(error)

    http = Server(("127.0.0.1", 0), _handler(scripted))
    scripted.url = f"http://127.0.0.1:{http.server_port}"
    thread = threading.Thread(target=http.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield scripted
    scripted.released.set()
    http.shutdown()
    thread.join()
    http.server_close()
    assert not scripted.failures
    assert not scripted.script, "the client asked less often than the script expects"


@pytest.fixture(autouse=True)
def _no_proxy_of_ours(monkeypatch):
    for name in ("http_proxy", "https_proxy", "all_proxy", "no_proxy", "ssl_cert_file", "ssl_cert_dir"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)
