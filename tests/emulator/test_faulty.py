"""Faults over HTTP, where they belong and where they do not; and latency."""

from __future__ import annotations

import json
import threading
import time
from hashlib import sha256

import httpx2
import pytest

from preflight.emulator import Double, Faults, LocalServer, Reply
from preflight.emulator.tally import Count
from preflight.errors import UsageError

PATH = "/v1.3/embed-v2"
HEADERS = {"x-api-key": "k", "content-type": "application/json"}


def text_body(text: str = "man walking a dog") -> dict:
    return {"input_type": "text", "model_name": "marengo3.0", "text": {"input_text": text}}


@pytest.fixture
def post():
    with httpx2.Client(headers=HEADERS, trust_env=False, timeout=30) as client:
        yield lambda server, body=None, **more: client.post(server.url + PATH, json=body or text_body(), **more)


def test_an_answer_says_to_what_it_owes_its_shape(post):
    with LocalServer(faults="html_502@2,wrong_length@3") as server:
        well, page, short = [post(server) for _ in range(3)]

    assert "x-emulator-fault" not in well.headers
    assert (page.status_code, page.headers["x-emulator-fault"]) == (502, "html_502")
    assert (page.headers["content-type"], "502 Bad Gateway" in page.text) == ("text/html", True)
    assert (short.status_code, short.headers["x-emulator-fault"]) == (200, "wrong_length")
    assert [len(item["embedding"]) for item in short.json()["data"]] == [511]
    assert short.json()["data"][0].keys() == well.json()["data"][0].keys()


def test_a_header_is_obeyed_where_that_was_allowed_and_nowhere_else(post):
    for faults, statuses in (("", [200, 200]), ("html_502@9", [200, 200]), ("by_header", [502, 400])):
        with LocalServer(faults=faults) as server:
            asked = [post(server, headers={"X-Emulator-Fault": name}) for name in ("html_502", "html_503")]
        assert [answer.status_code for answer in asked] == statuses
    assert "Did you mean html_502?" in asked[1].json()["message"]


def test_pages_of_the_emulator_itself_do_not_fail(post):
    with LocalServer(faults="html_502") as server:
        assert post(server).status_code == 502
        assert httpx2.get(server.url, trust_env=False).status_code == 200
        counts = httpx2.get(server.url + "/emulator/tally", trust_env=False)

    assert counts.json() == {"requests": 0, "embedded": 0, "delivered": 0, "by_sha256": {}}


def test_everything_below_the_version_fails(post):
    with LocalServer(faults="error_503@1-2") as server:
        answers = [httpx2.get(f"{server.url}{PATH}/tasks", headers=HEADERS, trust_env=False) for _ in range(3)]

    assert [answer.status_code for answer in answers] == [503, 503, 200]


def test_a_fault_needs_no_valid_request(post):
    with LocalServer(faults="error_500", api_key="right") as server:
        assert post(server, {"nonsense": True}).status_code == 500


def test_the_tally(post, media_body, draw, encode):
    picture = encode(draw(1))
    with LocalServer(faults="truncated_json@2,html_502@3") as server:
        for body in (
            text_body("a"),
            text_body("a"),
            text_body("a"),
            text_body("ä"),
            media_body("image", picture),
            {"no": 1},
        ):
            post(server, body)
        over_http = httpx2.get(server.url + "/emulator/tally", trust_env=False).json()

        a, umlaut, image = (sha256(content).hexdigest() for content in (b"a", "ä".encode(), picture))
        assert server.tally.by_sha256 == {a: Count(2, 1), umlaut: Count(1, 1), image: Count(1, 1)}
        assert (server.tally.requests, server.tally.total) == (5, Count(4, 3))
        assert over_http == {
            "requests": 5,
            "embedded": 4,
            "delivered": 3,
            "by_sha256": {a: [2, 1], umlaut: [1, 1], image: [1, 1]},
        }
        server.tally.clear()
        assert (server.tally.requests, server.tally.total, server.tally.by_sha256) == (0, Count(), {})


def test_several_media_are_known_as_a_payload_knows_them(post, draw, encode):
    from preflight import MultiInput, prepare
    from preflight.media import NamedImage, Source

    images = [NamedImage(Source.of(encode(draw(seed))), None) for seed in (1, 2)]
    [payload] = prepare(MultiInput(images, "two pictures"))
    with LocalServer() as server:
        post(server, json.loads(b"".join(payload.chunks())))

    assert server.tally.by_sha256 == {payload.sha256: Count(1, 1)}


def test_a_latency_is_a_least_and_does_not_block(post):
    statuses = []
    with LocalServer(latency_s=0.4) as server:
        post(server)
        began = time.monotonic()
        threads = [threading.Thread(target=lambda: statuses.append(post(server).status_code)) for _ in range(6)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        took_s = time.monotonic() - began

    assert statuses == [200] * 6
    assert 0.4 <= took_s < 6 * 0.4


@pytest.mark.parametrize("wrong", [-1, float("nan"), float("inf")])
def test_a_latency_that_cannot_be(wrong):
    with pytest.raises(UsageError, match="latency"):
        Double(latency_s=wrong)
    with pytest.raises(UsageError, match="latency"), LocalServer(latency_s=wrong):
        pass


def test_a_double_has_faults_besides_its_script(post):
    with Double(faults=Faults.of("html_502@2-3,by_header"), latency_s=0.05) as double:
        double.on_call(2, Reply(status=418))
        answers = [post(double, headers=more) for more in ({}, {}, {}, {"X-Emulator-Fault": "error_503"})]

    assert [answer.status_code for answer in answers] == [200, 418, 502, 503]
    assert [request.status for request in double.requests] == [200, 418, 502, 503]
    assert double.left == []
    assert double.tally.total == Count(1, 1)


def test_what_a_double_cut_off_is_counted_and_no_request(post, media_body, sound):
    song = media_body("audio", sound(1, 8.0))
    with Double(faults="reset_upload@1") as double:
        double.on_call(2, Reply(reset="upload")).on_call(4, Reply(reset="midway"))
        for _ in range(2):
            with pytest.raises(httpx2.TransportError):
                post(double, song)
        assert post(double, song).status_code == 200
        with pytest.raises(httpx2.TransportError):
            post(double, song)

    assert [request.status for request in double.requests] == [200, 200]
    assert double.tally.total == Count(2, 1)


def test_an_orderly_end_that_is_too_early(post):
    with Double() as double:
        double.will(Reply(reset="short"))
        with pytest.raises(httpx2.RemoteProtocolError, match="closed connection"):
            post(double)
        assert post(double).status_code == 200


def test_an_app_has_its_own():
    with pytest.raises(UsageError, match="its own"):
        LocalServer(Double(), faults="slow")
    with pytest.raises(UsageError, match="there is no fault"):
        LocalServer(faults="quux")
    with pytest.raises(UsageError, match="a Double has its own"):
        LocalServer(Double()).tally  # noqa: B018


@pytest.mark.embed_emulator(faults="html_502@1", latency_s=0.01)
def test_the_fixture_takes_faults(embed_emulator, post):
    assert [post(embed_emulator).status_code for _ in range(2)] == [502, 200]
    assert embed_emulator.tally.total == Count(1, 1)
