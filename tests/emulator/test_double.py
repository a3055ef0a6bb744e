"""The script and the records of a double, over a socket and in process."""

from __future__ import annotations

import asyncio
import hashlib
import json
import socket
import threading
import time

import httpx2
import numpy as np
import pytest
from PIL import Image

from preflight.emulator import Double, LocalServer, Reply, app
from preflight.emulator import double as double_module
from preflight.errors import UsageError
from preflight.limits import load

PATH = "/v1.3/embed-v2"
HEADERS = {"x-api-key": "k", "content-type": "application/json"}


def text_body(text: str = "man walking a dog") -> dict:
    return {"input_type": "text", "model_name": "marengo3.0", "text": {"input_text": text}}


@pytest.fixture
def double():
    with Double() as served:
        yield served


@pytest.fixture
def post(double):
    with httpx2.Client(base_url=double.url, headers=HEADERS, timeout=30, trust_env=False) as client:
        yield lambda body=None, **options: client.post(PATH, **({"json": body or text_body()} | options))


def statuses(double: Double) -> list[int | None]:
    return [request.status for request in double.requests]


def test_without_a_script_it_is_the_emulator(double, post):
    with LocalServer() as plain:
        expected = httpx2.post(plain.url + PATH, headers=HEADERS, json=text_body(), trust_env=False)

    answer = post()

    assert answer.content == expected.content
    assert set(answer.headers.items()) - {("date", answer.headers["date"])} == set(expected.headers.items()) - {
        ("date", expected.headers["date"])
    }
    assert statuses(double) == [200]


def test_replies_come_in_order_and_then_its_own_answers_again(double, post):
    double.will(Reply.rate_limited(retry_after_s=3), Reply.unavailable()).will(Reply.refused("video_file_broken"))
    assert len(double.left) == 3

    answers = [post() for _ in range(5)]

    assert [answer.status_code for answer in answers] == statuses(double) == [429, 503, 400, 200, 200]
    assert answers[0].headers["retry-after"] == "3"
    assert answers[2].json()["code"] == "video_file_broken"
    assert len(answers[3].json()["data"][0]["embedding"]) == 512
    assert double.left == []


def test_a_fault_at_a_call(double, post):
    double.will(Reply(status=500), Reply(), Reply(status=502)).on_call(2, Reply(status=429)).on_call(
        6, Reply(status=408)
    )

    assert [post().status_code for _ in range(5)] == [500, 429, 200, 502, 200]
    assert [reply.status for reply in double.left] == [408]
    assert post().status_code == 408
    assert double.left == []


@pytest.mark.parametrize("number", [-1, 0, 1, 2])
def test_a_call_that_is_over_cannot_be_scripted(double, post, number):
    post(), post()

    with pytest.raises(UsageError, match="2 came already"):
        double.on_call(number, Reply(status=500))


def test_after_clearing_all_begins_anew(double, post):
    post()
    double.will(Reply(status=500)).on_call(9, Reply(status=500))
    double.clear()
    double.on_call(1, Reply(status=503))

    assert post().status_code == 503
    assert statuses(double) == [503]
    assert double.left == []


def test_a_scripted_answer_is_what_was_written(double, post):
    double.will(
        Reply(status=418, body="tea", headers={"Content-Type": "text/plain", "X-Emulator": "mine", "X-More": "1"}),
        Reply(status=200, body={"data": []}),
        Reply(status=204),
    )

    tea, empty, nothing = post(), post(), post()

    assert (tea.status_code, tea.text, tea.headers["x-emulator"], tea.headers["x-more"]) == (418, "tea", "mine", "1")
    assert (empty.json(), empty.headers["content-type"]) == ({"data": []}, "application/json")
    assert empty.headers["x-emulator"] == "preflight; not Marengo"
    assert (nothing.status_code, nothing.content) == (204, b"")


def test_parts_of_its_own_answer_can_be_replaced(double, post):
    double.will(Reply(headers={"X-More": "1"}), Reply(body=b"{"), Reply(status=500))

    more, broken, failed = post(), post(), post()

    assert more.headers["x-more"] == "1"
    assert len(more.json()["data"]) == 1
    assert (broken.status_code, broken.content, broken.headers["content-type"]) == (200, b"{", "application/json")
    assert (failed.status_code, failed.content) == (500, b"")


def test_a_script_needs_no_valid_request(double):
    double.will(Reply(status=200, body=b"yes"))

    answer = httpx2.get(f"{double.url}/anything?a=1", trust_env=False)

    assert answer.content == b"yes"
    assert [(r.method, r.path, r.status) for r in double.requests] == [("GET", "/anything?a=1", 200)]


def test_a_request_is_recorded_as_it_was_sent(double, post, media_body, sound):
    before = time.monotonic()
    song = sound(1).read_bytes()
    sent = json.dumps(media_body("audio", song)).encode()

    answer = post(content=sent, headers={"X-Trace": "a"})

    [got] = double.requests
    assert (got.method, got.path, got.status) == ("POST", PATH, answer.status_code) == ("POST", PATH, 200)
    assert got.headers["x-api-key"] == "k"
    assert got.headers["X-TRACE"] == "a"
    assert got.headers["Content-Length"] == str(len(sent))
    assert (got.size_bytes, got.sha256) == (len(sent), hashlib.sha256(sent).hexdigest())
    assert got.body == sent
    assert (got.input_type, got.media) == ("audio", (song,))
    assert before <= got.at_s <= time.monotonic()


def test_a_chunked_request_is_recorded_without_its_chunks(double, post):
    whole = json.dumps(text_body()).encode()

    assert post(content=(whole[at : at + 7] for at in range(0, len(whole), 7))).status_code == 200

    [got] = double.requests
    assert got.headers["transfer-encoding"] == "chunked"
    assert (got.size_bytes, got.body) == (len(whole), whole)


def test_a_long_body_is_measured_but_not_kept():
    body = json.dumps(text_body()).encode()
    with Double(keep_bytes=len(body) - 1) as double:
        httpx2.post(double.url + PATH, headers=HEADERS, content=body, trust_env=False)

    [got] = double.requests
    assert (got.body, got.size_bytes, got.sha256) == (None, len(body), hashlib.sha256(body).hexdigest())
    with pytest.raises(UsageError, match="keep_bytes"):
        got.json  # noqa: B018


@pytest.mark.parametrize(
    ("headers", "path", "status"),
    [
        ({"x-api-key": ""}, PATH, 401),
        ({"content-type": "text/plain"}, PATH, 400),
        ({}, "/v1.3/embed", 404),
    ],
)
def test_what_is_refused_unread_is_recorded_whole(double, headers, path, status):
    body = b" " * 1_000_000

    answer = httpx2.post(double.url + path, headers=HEADERS | headers, content=body, trust_env=False)

    [got] = double.requests
    assert answer.status_code == got.status == status
    assert (got.size_bytes, got.body) == (len(body), body)


def test_a_body_beyond_any_valid_request_is_recorded(double):
    largest = app._largest_body(load())
    chunks = [b" " * 1_000_000] * (largest // 1_000_000 + 1)
    answer = httpx2.post(double.url + PATH, headers=HEADERS, content=iter(chunks), timeout=60, trust_env=False)

    [got] = double.requests
    assert answer.status_code == got.status == 413
    assert got.size_bytes == len(chunks) * 1_000_000
    assert got.body is None


def test_an_endless_body_is_refused_before_its_end(double, monkeypatch):
    monkeypatch.setattr(double_module, "ENDLESS_BYTES", 1_000_000)
    with socket.create_connection(("127.0.0.1", int(double.url.rpartition(":")[2])), timeout=10) as line:
        line.sendall(b"POST /v1.3/embed-v2 HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n")
        for _ in range(11):
            line.sendall(b"186a0\r\n" + b" " * 100_000 + b"\r\n")
        assert line.recv(1000).startswith(b"HTTP/1.1 401")

    [got] = double.requests
    assert got.status == 401
    assert 1_000_000 <= got.size_bytes <= 1_100_000


def test_a_key_is_its_own_matter():
    with Double(api_key="right") as double:
        double.will(Reply(status=200, body=b"scripted"))
        asked = [
            httpx2.post(double.url + PATH, headers=HEADERS | {"x-api-key": key}, json=text_body(), trust_env=False)
            for key in ("wrong", "wrong", "right")
        ]

    assert [answer.status_code for answer in asked] == [200, 401, 200]
    assert asked[0].content == b"scripted"


def test_the_profile_is_how_strict_it_is(media_body, encode):
    with pytest.raises(UsageError, match="no profile"):
        Double(profile="marengo9")
    noise = np.random.default_rng(0).integers(0, 256, (1500, 1500, 3), np.uint8)
    body = media_body("image", encode(Image.fromarray(noise), "PNG"))  # 6.8 MB
    for profile, status in (("marengo3.0", 400), ("marengo3.0-2026-08", 200)):
        with Double(profile=profile) as double:
            answer = httpx2.post(double.url + PATH, headers=HEADERS, json=body, timeout=30, trust_env=False)
            assert answer.status_code == status


def test_a_request_that_breaks_off_takes_no_reply(double, post):
    double.will(Reply(status=503)).on_call(2, Reply(status=429))
    head = b"POST /v1.3/embed-v2 HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\n"

    def break_off():
        with socket.create_connection(("127.0.0.1", int(double.url.rpartition(":")[2]))) as leaving:
            leaving.sendall(head + b"{")
            assert _wait_until(lambda: len(double._calls) > len(double.requests))
        assert _wait_until(lambda: len(double._calls) == len(double.requests))

    break_off()
    assert double.requests == []
    assert post().status_code == 503
    break_off()
    assert [post().status_code for _ in range(2)] == [429, 200]
    assert statuses(double) == [503, 429, 200]


def _wait_until(condition) -> bool:
    deadline = time.monotonic() + 5
    while not condition() and time.monotonic() < deadline:
        time.sleep(0.002)
    return condition()


def test_many_threads_ask_at_once(double):
    scripted = [400 + n for n in range(20)]
    double.will(*(Reply(status=status, delay_s=0.001 * (n % 3)) for n, status in enumerate(scripted)))
    double.on_call(21, Reply(status=500))
    answered = []

    def ask(name):
        with httpx2.Client(base_url=double.url, headers=HEADERS, timeout=30, trust_env=False) as client:
            answered.extend(client.post(PATH, json=text_body(f"{name} {n}")).status_code for n in range(5))

    threads = [threading.Thread(target=ask, args=(name,)) for name in range(8)]
    for thread in threads:
        thread.start()
    seen = []
    while any(thread.is_alive() for thread in threads):
        seen.append(len(double.requests))
    for thread in threads:
        thread.join()

    # Replies are given, and requests recorded, in the order of arrival.
    assert statuses(double) == [*scripted, 500] + [200] * 19
    assert sorted(answered) == sorted(statuses(double))
    assert seen == sorted(seen)
    texts = [request.json["text"]["input_text"] for request in double.requests]
    assert sorted(texts) == sorted(f"{name} {n}" for name in range(8) for n in range(5))
    for name in range(8):
        assert [text for text in texts if text.startswith(f"{name} ")] == [f"{name} {n}" for n in range(5)]
    times = [request.at_s for request in double.requests]
    assert times == sorted(times)


def test_a_request_is_recorded_before_it_is_answered(double, post):
    double.will(Reply(delay_s=3600))
    with pytest.raises(httpx2.ReadTimeout):
        post(timeout=0.1)

    assert statuses(double) == [None]
    assert double.requests[0].input_type == "text"


def test_it_can_be_served_again(double, post):
    post()
    url = double.url
    double.__exit__(None, None, None)
    with pytest.raises(UsageError, match="with Double"):
        double.url  # noqa: B018
    with LocalServer(double) as server:
        assert server.url != url
        assert httpx2.post(server.url + PATH, headers=HEADERS, json=text_body(), trust_env=False).status_code == 200

    assert statuses(double) == [200, 200]


@pytest.mark.parametrize("options", [{"profile": "marengo3.0-2026-08"}, {"api_key": "k"}])
def test_a_served_double_has_its_own_profile_and_key(options):
    with pytest.raises(UsageError, match=r"Give them to it, as in Double\(profile=...\)"):
        LocalServer(Double(), **options)


def in_process(double: Double, *bodies: object) -> list[httpx2.Response]:
    async def ask() -> list[httpx2.Response]:
        transport = httpx2.ASGITransport(double)
        async with httpx2.AsyncClient(transport=transport, base_url="http://emulator", headers=HEADERS) as client:
            return [await client.post(PATH, json=body) for body in bodies]

    return asyncio.run(ask())


def test_in_process_it_is_the_same():
    double = Double().will(Reply.rate_limited(), Reply(), Reply(status=200, body=b"0123456789", trickle_s=0.05))

    answers = in_process(double, *[text_body()] * 4)

    assert [answer.status_code for answer in answers] == statuses(double) == [429, 200, 200, 200]
    assert answers[1].json() == answers[3].json()
    assert answers[2].content == b"0123456789"
    assert [request.input_type for request in double.requests] == ["text"] * 4
    assert double.requests[0].headers["x-api-key"] == "k"
    assert double.requests[0].path == PATH


def test_in_process_a_delay_takes_its_time():
    began = time.monotonic()
    in_process(Double().will(Reply(delay_s=0.1)), text_body())

    assert time.monotonic() - began >= 0.1


@pytest.mark.parametrize(("reset", "status"), [("before", None), ("midway", 200)])
def test_in_process_a_reset_is_an_exception(reset, status):
    double = Double().will(Reply(reset=reset))

    with pytest.raises(ConnectionResetError, match="script"):
        in_process(double, text_body())

    assert statuses(double) == [status]


def test_in_process_one_double_serves_one_loop_after_another(monkeypatch):
    monkeypatch.setattr(app.os, "cpu_count", lambda: 1)  # so that requests wait for each other
    double = Double()

    async def ask_three() -> list[int]:
        async with httpx2.AsyncClient(transport=httpx2.ASGITransport(double), headers=HEADERS) as client:
            three = [client.post(f"http://emulator{PATH}", json=text_body()) for _ in range(3)]
            return [answer.status_code for answer in await asyncio.gather(*three)]

    assert [asyncio.run(ask_three()) for _ in range(2)] == [[200] * 3] * 2


def test_a_defect_of_ours_is_logged_by_whoever_serves_it(double, post, monkeypatch, caplog):
    def fail(request, preflight, **_):
        raise RuntimeError("detail")

    monkeypatch.setattr(app, "answer", fail)

    assert post().json()["error"]["code"] == "INTERNAL_SERVER_ERROR"
    assert statuses(double) == [500]
    assert _wait_until(lambda: "RuntimeError: detail" in caplog.text)
    with pytest.raises(RuntimeError, match="detail"):
        in_process(double, text_body())


@pytest.mark.parametrize("given", [503, None, {"status": 503}])
def test_what_is_no_reply_is_refused_at_once(given):
    double = Double()
    with pytest.raises(UsageError, match=r"Write Reply\(status=503\)"):
        double.will(given)
    with pytest.raises(UsageError, match="is no Reply"):
        double.on_call(1, given)


@pytest.mark.parametrize(
    ("mistake", "said"),
    [({"reset": "befor"}, 'Give "upload", "before", "midway" or "short"'), ({"body": 3}, "a body of int")],
)
def test_a_reply_that_makes_no_sense_is_refused_at_once(mistake, said):
    with pytest.raises(UsageError, match=said):
        Reply(**mistake)
