"""What goes over the wire, byte by byte, and when: seen with a socket of our own."""

from __future__ import annotations

import json
import logging
import socket
import threading
import time
from contextlib import contextmanager

import httpx2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from preflight.emulator import Double, Reply
from preflight.emulator.playing import _pace

BODY = json.dumps({"input_type": "text", "model_name": "marengo3.0", "text": {"input_text": "a dog"}}).encode()
HEAD = (
    b"POST /v1.3/embed-v2 HTTP/1.1\r\nHost: a\r\nx-api-key: k\r\ncontent-type: application/json\r\n"
    b"content-length: %d\r\n\r\n" % len(BODY)
)
RESET, END = "reset", "end"


@pytest.fixture
def double(caplog):
    with Double() as served:
        yield served
    assert [record for record in caplog.get_records("call") if record.levelno >= logging.WARNING] == []


@contextmanager
def connected(double: Double):
    with socket.create_connection(("127.0.0.1", int(double.url.rpartition(":")[2])), timeout=10) as line:
        yield line


def heard(line: socket.socket) -> tuple[bytes, str]:
    """All that comes, and how the connection ends."""
    got = b""
    try:
        while chunk := line.recv(65_536):
            got += chunk
    except ConnectionResetError:
        return got, RESET
    return got, END


def asked(double: Double, request: bytes = HEAD + BODY) -> tuple[bytes, str]:
    with connected(double) as line:
        line.sendall(request)
        return heard(line)


def test_a_reset_instead_of_an_answer(double):
    double.will(Reply(reset="before"))

    assert asked(double) == (b"", RESET)
    assert [(got.body, got.status) for got in double.requests] == [(BODY, None)]


@pytest.mark.parametrize("body", [b"0123456789", b"0", b"", b"x" * 50_000])
def test_a_reset_midway(double, body):
    double.will(Reply(status=200, body=body, reset="midway"))

    got, end = asked(double)

    head, _, half = got.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 200 OK\r\n")
    assert f"content-length: {len(body)}".encode() in head
    assert half == body[: len(body) // 2]
    assert end == RESET
    assert double.requests[0].status == 200


def test_its_own_answer_can_break_off(double):
    whole = httpx2.post(f"{double.url}/v1.3/embed-v2", content=BODY, headers=_headers(), trust_env=False).content
    double.will(Reply(reset="midway"))

    got, end = asked(double)

    assert got.partition(b"\r\n\r\n")[2] == whole[: len(whole) // 2]
    assert end == RESET


def _headers() -> dict[str, str]:
    return {"x-api-key": "k", "content-type": "application/json"}


def test_after_a_reset_the_next_connection_is_served(double):
    double.will(Reply(reset="before"), Reply(reset="midway"))
    with httpx2.Client(base_url=double.url, headers=_headers(), trust_env=False) as client:
        with pytest.raises(httpx2.ReadError):
            client.post("/v1.3/embed-v2", content=BODY)
        with pytest.raises(httpx2.ReadError):
            client.post("/v1.3/embed-v2", content=BODY)
        assert client.post("/v1.3/embed-v2", content=BODY).status_code == 200


def test_a_kept_connection_gets_one_reply_after_another(double):
    double.will(Reply(status=503), Reply(status=200, body=b"second"), Reply(reset="before"))
    with connected(double) as line:
        line.sendall((HEAD + BODY) * 3)
        got, end = heard(line)

    first, _, second = got.partition(b"\r\n\r\n")
    assert first.startswith(b"HTTP/1.1 503")
    assert second.endswith(b"\r\n\r\nsecond")
    assert end == RESET


@pytest.mark.parametrize(
    ("reply", "end"),
    [(Reply(status=200, body=b"late", delay_s=0.15), END), (Reply(reset="before", delay_s=0.15), RESET)],
)
def test_a_delay_comes_before_everything(double, reply, end):
    double.will(reply)
    with connected(double) as line:
        line.sendall((HEAD + BODY).replace(b"Host: a", b"Host: a\r\nConnection: close"))
        began = time.monotonic()
        first = line.recv(1) if end == END else b""
        assert first == b"" or 0.15 <= time.monotonic() - began < 2
        got = heard(line)
        assert 0.15 <= time.monotonic() - began < 2

    assert got[0].endswith(reply.body or b"")
    assert got[1] == end


@given(st.integers(1, 200_000), st.floats(0.001, 3600))
def test_a_trickle_is_even_and_takes_as_long_as_it_says(length, trickle_s):
    size, pause_s = _pace(length, trickle_s)

    pieces = len(range(0, length, size))
    assert pieces * pause_s == pytest.approx(trickle_s)
    assert size == 1 or pause_s <= 0.021


def test_a_body_trickles(double):
    double.will(Reply(status=200, body=b"0123456789", trickle_s=0.2))
    with connected(double) as line:
        line.sendall(HEAD + BODY)
        began, pieces = time.monotonic(), []
        while sum(map(len, pieces)) < 10:
            pieces.append(line.recv(1000).rpartition(b"\r\n\r\n")[2])
        took_s = time.monotonic() - began

    assert b"".join(pieces) == b"0123456789"
    assert len([piece for piece in pieces if piece]) > 1
    assert 0.2 <= took_s < 2


def test_a_trickle_of_many_bytes_takes_as_long(double):
    double.will(Reply(status=200, body=b"x" * 100_000, trickle_s=0.2))
    began = time.monotonic()
    answer = httpx2.post(f"{double.url}/v1.3/embed-v2", content=BODY, headers=_headers(), trust_env=False)

    assert answer.content == b"x" * 100_000
    assert 0.2 <= time.monotonic() - began < 2


def test_a_trickle_may_break_off(double):
    double.will(Reply(status=200, body=b"0123456789", trickle_s=0.1, reset="midway"))

    got, end = asked(double)

    assert got.endswith(b"\r\n\r\n01234")
    assert end == RESET


def test_an_answer_may_be_chunked(double):
    double.will(Reply(status=200, body=b"0123456789", headers={"Transfer-Encoding": "chunked"}))

    answer = httpx2.post(f"{double.url}/v1.3/embed-v2", content=BODY, headers=_headers(), trust_env=False)

    assert answer.content == b"0123456789"
    assert "content-length" not in answer.headers


@pytest.mark.parametrize("key", [b"k", b""])
def test_a_client_that_waits_for_leave_to_send_gets_it(double, key):
    head = HEAD.replace(b"x-api-key: k", b"x-api-key: " + key).replace(b"\r\n\r\n", b"\r\nExpect: 100-continue\r\n\r\n")
    with connected(double) as line:
        line.sendall(head)
        assert line.recv(1000).startswith(b"HTTP/1.1 100")
        line.sendall(BODY)
        assert line.recv(100_000).startswith(b"HTTP/1.1 200" if key else b"HTTP/1.1 401")

    assert double.requests[0].body == BODY


@pytest.mark.parametrize("reply", [Reply(delay_s=3600), Reply(status=200, body=b"x" * 1000, trickle_s=3600)])
def test_a_client_that_leaves_is_waited_for_no_longer(double, reply):
    double.will(reply)
    running = double._server._server.server_state.tasks
    with connected(double) as line:
        line.sendall(HEAD + BODY)
        time.sleep(0.1)
        assert len(running) == 1

    assert wait_until(lambda: not running)


def wait_until(condition) -> bool:
    deadline = time.monotonic() + 5
    while not condition() and time.monotonic() < deadline:
        time.sleep(0.01)
    return condition()


@pytest.mark.parametrize(
    ("reply", "request_bytes"),
    [
        (Reply(delay_s=3600), HEAD + BODY),
        (Reply(delay_s=3600, reset="before"), HEAD + BODY),
        (Reply(status=200, body=b"x" * 1000, trickle_s=3600), HEAD + BODY),
        (Reply(status=200, body=b"x" * 30_000_000), HEAD + BODY),  # that the client does not read
        (Reply(status=200), HEAD + BODY),  # and the connection is kept
        (Reply(status=200), HEAD + BODY[:-1]),
        (Reply(status=200), HEAD[:-1]),
        (Reply(status=200), b""),
    ],
    ids=["delay", "delayed reset", "trickle", "unread", "kept", "half a body", "half a head", "nothing"],
)
def test_closing_waits_for_nobody(reply, request_bytes, caplog):
    threads = set(threading.enumerate())
    double = Double().will(reply)
    with double:
        lines = [socket.create_connection(("127.0.0.1", int(double.url.rpartition(":")[2]))) for _ in range(3)]
        for line in lines:
            line.sendall(request_bytes)
        time.sleep(0.1)
        began = time.monotonic()
    took_s = time.monotonic() - began

    for line in lines:
        line.settimeout(5)
        heard(line)
        line.close()
    assert took_s < 0.2
    assert wait_until(lambda: set(threading.enumerate()) <= threads)  # of the emulator's own answers
    assert [record for record in caplog.records if record.levelno >= logging.WARNING] == []


def test_there_may_be_one_for_every_test():
    took_s = []
    for _ in range(10):
        began = time.monotonic()
        with Double().will(Reply(status=200, reset="midway")) as double:
            assert asked(double)[1] == RESET
        took_s.append(time.monotonic() - began)

    assert min(took_s) < 0.05  # 5 ms, where nothing else runs
