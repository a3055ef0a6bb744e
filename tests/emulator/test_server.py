from __future__ import annotations

import logging
import os
import socket
import subprocess
import sys
import threading
import time
import urllib.request

import pytest

from preflight import emulator
from preflight.emulator import LocalServer, app, connection
from preflight.errors import MissingExtraError, UsageError


def is_answering(url: str) -> bool:
    with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(url, timeout=5) as answer:
        return answer.status == 200


def port_of(server: LocalServer) -> int:
    return int(server.url.rpartition(":")[2])


def wait_until(condition) -> bool:
    deadline = time.monotonic() + 5
    while not condition() and time.monotonic() < deadline:
        time.sleep(0.01)
    return condition()


def test_it_serves_while_its_block_runs():
    threads = set(threading.enumerate())
    with LocalServer() as server:
        port = port_of(server)
        assert server.url.startswith("http://127.0.0.1:")
        assert is_answering(server.url)

    with socket.socket() as client:
        assert client.connect_ex(("127.0.0.1", port)) != 0
    assert wait_until(lambda: set(threading.enumerate()) <= threads)


def test_the_port_is_free_again_at_once():
    with LocalServer() as first:
        port = port_of(first)
        assert is_answering(first.url)
    with LocalServer(port=port) as second:
        assert port_of(second) == port
        assert is_answering(second.url)


@pytest.mark.parametrize("interruption", [KeyboardInterrupt, RuntimeError])
def test_it_ends_with_whatever_ends_its_block(interruption):
    threads = set(threading.enumerate())
    with pytest.raises(interruption), LocalServer():
        raise interruption

    assert wait_until(lambda: set(threading.enumerate()) <= threads)


def test_an_interruption_while_it_starts_frees_the_port(monkeypatch):
    def interrupted(self):
        raise KeyboardInterrupt

    monkeypatch.setattr(LocalServer, "_await_start", interrupted)
    threads = set(threading.enumerate())
    server = LocalServer()
    with pytest.raises(KeyboardInterrupt):
        server.__enter__()

    assert wait_until(lambda: set(threading.enumerate()) <= threads)
    with pytest.raises(UsageError, match="not running"):
        server.url  # noqa: B018


def test_several_at_once_have_their_own_ports():
    with LocalServer() as one, LocalServer() as two:
        assert one.url != two.url
        assert is_answering(one.url)
        assert is_answering(two.url)


def test_closing_twice_is_harmless():
    server = LocalServer()
    server.close()
    with server:
        server.close()


def test_it_has_no_url_before_it_runs():
    with pytest.raises(UsageError, match="not running"):
        LocalServer().url  # noqa: B018


@pytest.fixture
def slow(monkeypatch):
    """An emulator whose answers take 0.5 s of work; whether it is being done, and whether it is done."""
    working, done = threading.Event(), threading.Event()

    def answer(request, preflight, **more):
        working.set()
        time.sleep(0.5)
        done.set()
        return {"data": []}

    monkeypatch.setattr(app, "answer", answer)
    return working, done


REQUEST = b"POST /v1.3/embed-v2 HTTP/1.1\r\nHost: a\r\nx-api-key: k\r\ncontent-type: application/json\r\n"
TEXT = b'{"input_type":"text","model_name":"marengo3.0","text":{"input_text":"a"}}'


def test_what_is_worked_on_is_cut_off_and_its_work_waited_for(slow, caplog):
    working, done = slow
    with LocalServer() as server, socket.create_connection(("127.0.0.1", port_of(server)), timeout=5) as client:
        client.sendall(REQUEST + b"content-length: %d\r\n\r\n" % len(TEXT) + TEXT)
        assert working.wait(5)
        server.close()
        assert done.is_set()
        assert client.recv(1) == b""

    assert [record for record in caplog.records if record.levelno >= logging.WARNING] == []


def test_work_that_never_ends_is_not_waited_for(slow, monkeypatch):
    working, done = slow
    monkeypatch.setattr(connection, "_WORK_S", 0.05)
    with LocalServer() as server, socket.create_connection(("127.0.0.1", port_of(server)), timeout=5) as client:
        client.sendall(REQUEST + b"content-length: %d\r\n\r\n" % len(TEXT) + TEXT)
        assert working.wait(5)
        server.close()
        assert not done.is_set()

    assert done.wait(5)


def test_a_taken_port_is_reported():
    with LocalServer() as first, pytest.raises(UsageError, match="Choose another"):
        LocalServer(port=port_of(first)).__enter__()


@pytest.mark.parametrize("port", [-1, 65536])
def test_an_impossible_port_is_reported(port):
    with pytest.raises(UsageError, match="cannot be had"):
        LocalServer(port=port).__enter__()


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.1.5", "example.com", ""])
def test_nothing_but_loopback_is_bound(host):
    with pytest.raises(UsageError, match="only listens on this machine"):
        LocalServer(host=host)


@pytest.mark.parametrize("host", ["localhost", "127.0.0.2"])
def test_loopback_has_other_names(host):
    with LocalServer(host=host) as server:
        assert is_answering(server.url)


def test_an_unknown_profile_is_reported_before_a_port_is_bound():
    threads = set(threading.enumerate())
    with pytest.raises(UsageError, match="no profile"):
        LocalServer(profile="marengo9").__enter__()

    assert set(threading.enumerate()) <= threads


@pytest.mark.parametrize("module", ["uvicorn", "starlette.applications"])
def test_without_its_extra_it_says_what_to_install(monkeypatch, module):
    monkeypatch.setitem(sys.modules, module, None)
    for dependent in ("app", "connection", "playing"):
        monkeypatch.delitem(sys.modules, f"preflight.emulator.{dependent}", raising=False)

    with pytest.raises(MissingExtraError, match=r"pip install 'embed-preflight\[serve\]'"):
        LocalServer().__enter__()


def test_without_its_extra_a_double_says_so_when_it_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "starlette.applications", None)
    for dependent in ("app", "double", "playing"):
        monkeypatch.delitem(sys.modules, f"preflight.emulator.{dependent}", raising=False)
    monkeypatch.delitem(vars(emulator), "Double", raising=False)

    with pytest.raises(MissingExtraError, match=r"pip install 'embed-preflight\[serve\]'"):
        emulator.Double  # noqa: B018


def test_every_name_that_it_offers_is_there():
    assert {name: getattr(emulator, name).__name__ for name in emulator.__all__} == {n: n for n in emulator.__all__}
    assert set(emulator.__all__) <= set(dir(emulator))
    with pytest.raises(AttributeError, match="no attribute 'Single'"):
        emulator.Single  # noqa: B018


def test_importing_it_loads_no_server():
    heavy = {"starlette", "uvicorn", "numpy", "av", "PIL"}
    code = f"import sys, preflight.emulator; print(sorted({heavy!r} & set(sys.modules)))"

    printed = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True, text=True).stdout

    assert printed == "[]\n"


INTERRUPTED = """
import os, signal, threading
from preflight import emulator
from preflight.emulator import LocalServer, app, connection

signal.signal(signal.SIGINT, signal.default_int_handler)  # who starts tests in the background has it ignored
wait = threading.Event.wait

def interrupted(event, timeout=None):
    threading.Event.wait = wait
    os.kill(os.getpid(), signal.SIGINT)  # now that it surely waits
    return wait(event, timeout)

with LocalServer() as server:
    threading.Event.wait = interrupted
    server.wait()
    print("waited")
print("ended")
"""


@pytest.mark.skipif(os.name != "posix", reason="sends SIGINT")
def test_ctrl_c_ends_the_wait_cleanly():
    command = [sys.executable, "-c", INTERRUPTED]
    process = subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)

    assert (process.returncode, process.stdout, process.stderr) == (0, "waited\nended\n", "")


def test_the_wait_lasts_as_long_as_the_server():
    with LocalServer() as server:
        waiting = threading.Thread(target=server.wait)
        waiting.start()
        waiting.join(0.3)
        assert waiting.is_alive()

    assert wait_until(lambda: not waiting.is_alive())


def test_an_answer_does_not_wait_for_the_acknowledgement_of_its_head():
    with LocalServer() as server:
        # asyncio looks at this before it sets TCP_NODELAY on what is accepted.
        assert server._socket.proto == socket.IPPROTO_TCP
