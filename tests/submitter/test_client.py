"""Against a real HTTP server on loopback; what is asserted is what that one received."""

import gzip
import hashlib
import json
import logging
import ssl
import subprocess
import sys
import time
import traceback
import tracemalloc
from email.utils import formatdate

import httpx2
import pybase64
import pytest

from preflight.emulator import Reply
from preflight.errors import (
    AuthenticationError,
    BadResponseError,
    RateLimitError,
    RequestRefusedError,
    ServiceUnavailableError,
    SubmitError,
    UnreadableError,
    UsageError,
)
from preflight.media import Fidelity, Source, Span
from preflight.payload import Media, Payload, media_body, text_body
from preflight.submitter import Client, wire

KEY = "tlk_TESTKEY0123456789"
CLIP = Span(500.0, 510.0)


def text_payload(text="a man wälking a dog"):
    return Payload(
        source="<text>",
        input_type="text",
        fragments=text_body("marengo3.0", text),
        span=None,
        offset=0,
        fidelity=Fidelity.IDENTICAL,
        steps=(),
    )


def audio_payload(source, size_bytes, span=CLIP):
    media = Media(source=source, size_bytes=size_bytes)
    return Payload(
        source="song.wav",
        input_type="audio",
        fragments=media_body("marengo3.0", "audio", media),
        span=span,
        offset=None,
        fidelity=Fidelity.LOSSLESS,
        steps=(),
    )


def item(value=0.5, **rest):
    return {"embedding": [value] * 512, **rest}


def good(*items):
    return json.dumps({"data": list(items) or [item()]}).encode()


class Sleeper:
    """Stands for time.sleep and does not wait."""

    def __init__(self):
        self.slept_s = []

    def __call__(self, seconds):
        self.slept_s.append(seconds)
        assert len(self.slept_s) < 20, "it asks for ever"


@pytest.fixture
def sleep():
    return Sleeper()


@pytest.fixture
def connect(double, sleep):
    made = []

    def make(**options):
        made.append(Client(KEY, base_url=double.url, sleep=sleep, **options))
        return made[-1]

    yield make
    for one in made:
        one.close()


def test_what_is_sent(double, connect):
    double.will(Reply(status=200, body=good()))
    payload = text_payload()
    connect().embed(payload)

    (got,) = double.requests
    assert got.path == "/v1.3/embed-v2"
    assert got.body == b"".join(payload.chunks())
    assert json.loads(got.body)["text"] == {"input_text": "a man wälking a dog"}
    assert got.headers.getlist("x-api-key") == [KEY]
    assert got.headers.getlist("content-type") == ["application/json"]
    assert got.headers.getlist("content-length") == [str(payload.content_length)]
    assert "transfer-encoding" not in got.headers
    assert got.headers["accept"] == "application/json"
    assert got.headers["user-agent"].startswith("embed-preflight/")


def test_media_come_back_on_the_timeline_of_the_source(double, connect):
    body = good(
        item(2, embedding_option="audio", embedding_scope="clip", start_sec=6.0, end_sec=10.3),
        item(1, embedding_option="audio", embedding_scope="clip", start_sec=0.0, end_sec=6.0),
        item(0, embedding_option="audio", embedding_scope="asset"),
    )
    double.will(Reply(status=200, body=body))
    data = bytes(range(256)) * 5
    result = connect().embed(audio_payload(Source.of(data), len(data)), request=2)

    sent = json.loads(double.requests[0].body)["audio"]["media_source"]["base64_string"]
    assert pybase64.b64decode(sent, validate=True) == data
    assert double.requests[0].media == (data,)
    assert [(r.start_s, r.end_s, r.request) for r in result.rows] == [
        (500.0, 510.0, 2),
        (500.0, 506.0, 2),
        (506.0, 510.0, 2),
    ]
    assert result.vectors[:, 0].tolist() == [0, 1, 2]


def test_a_large_body_is_never_whole_in_memory(double, connect, tmp_path):
    double.will(Reply(status=503))
    double.will(Reply(status=200, body=good(item(start_sec=0, end_sec=1))))
    path = tmp_path / "large.wav"
    size = 24_000_000
    with path.open("wb") as file:
        file.truncate(size)
    payload = audio_payload(Source.of(path), size)
    expected = hashlib.sha256()
    for chunk in payload.chunks():
        expected.update(chunk)

    tracemalloc.start()
    try:
        connect().embed(payload)
        _, peak_bytes = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    # Sent twice: a retry starts from the first byte again.
    assert [(r.size_bytes, r.sha256) for r in double.requests] == [(payload.content_length, expected.hexdigest())] * 2
    assert payload.content_length > 32_000_000
    assert peak_bytes < 6_000_000


@pytest.mark.parametrize(
    ("answer", "expected_s"),
    [
        ({"headers": {"Retry-After": "7"}}, 7),
        ({"headers": {"retry-after": "at noon", "X-RateLimit-Request-Reset": "11"}}, 11),
        ({"headers": {"X-RateLimit-Request-Reset": "3", "X-Ratelimit-Duration-Reset": "13"}}, 13),
        ({"body": b'{"error":{"code":"RATE_LIMIT_EXCEEDED","details":{"retryAfter":"60"}}}'}, 60),
    ],
)
def test_a_rate_limit_is_waited_out(double, connect, sleep, answer, expected_s):
    double.will(Reply(status=429, **answer))
    double.will(Reply(status=200, body=good()))
    payload = text_payload()
    assert len(connect().embed(payload)) == 1
    (slept_s,) = sleep.slept_s
    assert expected_s <= slept_s <= expected_s * 1.1  # never early, and not all at once
    assert [r.body for r in double.requests] == [b"".join(payload.chunks())] * 2


def test_a_wait_may_be_an_http_date(double, connect, sleep):
    double.will(Reply(status=429, headers={"Retry-After": formatdate(time.time() + 100, usegmt=True)}))
    double.will(Reply(status=200, body=good()))
    connect().embed(text_payload())
    assert sleep.slept_s == [pytest.approx(100, abs=6)]


def test_a_reset_may_be_an_epoch(double, connect, sleep):
    double.will(Reply(status=429, headers={"X-RateLimit-Reset": str(time.time() + 50)}))
    double.will(Reply(status=200, body=good()))
    connect().embed(text_payload())
    assert sleep.slept_s == [pytest.approx(50, abs=6)]


def test_failures_that_pass_are_retried_with_backoff(double, connect, sleep):
    double.will(Reply(status=500, body=b'{"error":{"code":"INTERNAL_SERVER_ERROR","message":"m"}}'))
    double.will(Reply(status=502, body=b"<html><title>502 Bad Gateway</title></html>"))
    double.will(Reply(status=408))
    double.will(Reply(status=200, body=good(), reset="midway"))
    double.will(Reply(status=200, body=good()))
    assert len(connect().embed(text_payload())) == 1
    assert len(double.requests) == 5
    for n, slept_s in enumerate(sleep.slept_s):
        assert 0.5 * 2**n <= slept_s < 2**n


def test_an_html_502_to_the_end(double, connect, sleep):
    for _ in range(6):
        page = b"<!doctype html><title>502 Bad Gateway</title>"
        double.will(Reply(status=502, body=page, headers={"Content-Type": "text/html"}))
    with pytest.raises(ServiceUnavailableError) as caught:
        connect().embed(text_payload())
    assert 'an HTML page, "502 Bad Gateway"' in str(caught.value)
    assert (caught.value.status, caught.value.retried) == (502, 5)
    assert len(sleep.slept_s) == 5


def test_a_quota_of_a_day_is_not_waited_for(double, connect, sleep):
    double.will(
        Reply(status=429, body=b'{"code":"too_many_requests","message":"50 a day"}', headers={"Retry-After": "40000"})
    )
    with pytest.raises(RateLimitError, match="Run it again after") as caught:
        connect().embed(text_payload())
    assert (caught.value.retry_after_s, caught.value.code) == (40000, "too_many_requests")
    assert sleep.slept_s == []


def test_the_deadline_bounds_the_waits(double, connect, sleep):
    double.will(Reply(status=429, headers={"Retry-After": "60"}))
    with pytest.raises(RateLimitError, match="deadline of 30 s"):
        connect(deadline_s=30.0).embed(text_payload())
    assert sleep.slept_s == []


@pytest.mark.parametrize(
    ("answer", "error", "says"),
    [
        (
            (400, b'{"code":"video_duration_too_long","message":"m"}'),
            RequestRefusedError,
            "local rule `video",
        ),
        ((401, b'{"code":"api_key_invalid","message":"bad key"}'), AuthenticationError, "TWELVELABS_API_KEY"),
        ((403, b""), AuthenticationError, "another key"),
        ((404, b"not found"), RequestRefusedError, "base URL"),
        ((409, b""), RequestRefusedError, "409"),
        ((413, b'{"code":"too_large","message":"m"}'), RequestRefusedError, "413 too_large: m"),
        ((413, b'{"error":{"code":"TOO_LARGE","message":"m"}}'), RequestRefusedError, "413 TOO_LARGE: m"),
        ((413, b"<html><title>413 Too Large</title>"), RequestRefusedError, "an HTML page"),
        ((413, b""), RequestRefusedError, "too large (413)"),
        ((422, b"{"), RequestRefusedError, "422: {"),
        ((202, b"{}"), BadResponseError, "202"),
    ],
)
def test_what_does_not_pass_is_sent_once(double, connect, answer, error, says):
    status, body = answer
    double.will(Reply(status=status, body=body))
    with pytest.raises(SubmitError) as caught:
        connect().embed(text_payload())
    assert type(caught.value) is error
    assert says in str(caught.value)
    assert caught.value.status == status
    assert len(double.requests) == 1


def test_a_refusal_counts_though_its_body_breaks_off(double, connect):
    refusal = b'{"code":"parameter_invalid","message":"m"}' + b" " * 100_000
    double.will(Reply(status=400, body=refusal, reset="midway"))
    double.will(Reply(status=413, body=b"not gzip", headers={"Content-Encoding": "gzip"}))
    one = connect()
    for status in (400, 413):
        with pytest.raises(RequestRefusedError) as caught:
            one.embed(text_payload())
        assert caught.value.status == status


@pytest.mark.parametrize(
    ("body", "headers"),
    [
        (good()[:-9], {}),
        (b"<html>log in first</html>", {}),
        (good({"embedding": [0.5] * 3}), {}),
        (good().replace(b"0.5", b"NaN", 1), {}),
        (b"not gzip", {"Content-Encoding": "gzip"}),
    ],
)
def test_a_200_that_is_no_answer(double, connect, sleep, body, headers):
    double.will(Reply(status=200, body=body, headers=headers))
    with pytest.raises(BadResponseError):
        connect().embed(text_payload())
    # Not asked again: the work was done and billed.
    assert sleep.slept_s == []


def test_a_compressed_answer_is_read(double, connect):
    double.will(Reply(status=200, body=gzip.compress(good()), headers={"Content-Encoding": "gzip"}))
    assert len(connect().embed(text_payload())) == 1


@pytest.mark.parametrize("compressed", [False, True])
def test_an_endless_answer_is_not_read_to_its_end(double, connect, monkeypatch, compressed):
    monkeypatch.setattr(wire, "MOST_ANSWER_BYTES", 100_000)
    body = b" " * 30_000_000
    if compressed:
        double.will(Reply(status=200, body=gzip.compress(body), headers={"Content-Encoding": "gzip"}))
    else:
        double.will(Reply(status=200, body=body))
    tracemalloc.start()
    try:
        with pytest.raises(BadResponseError, match="longer than 100000 bytes"):
            connect().embed(text_payload())
        _, peak_bytes = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak_bytes < 10_000_000


def test_redirects_are_not_followed(double, connect):
    for location in (double.url + "/stolen", "/stolen", "http://[bad"):
        double.will(Reply(status=307, headers={"Location": location}))
        with pytest.raises(RequestRefusedError, match="redirects") as caught:
            connect().embed(text_payload())
        assert caught.value.status == 307
    assert [r.path for r in double.requests] == ["/v1.3/embed-v2"] * 3


def test_nor_is_the_key_said_of_one_that_names_it(double, connect):
    double.will(Reply(status=302, headers={"Location": f"https://{KEY}.example/login"}))
    with pytest.raises(RequestRefusedError, match="redirects") as caught:
        connect().embed(text_payload())
    assert KEY.lower() not in str(caught.value).lower()


@pytest.mark.parametrize(
    "reply", [Reply(delay_s=3600), Reply(status=200, body=good(), trickle_s=30)], ids=["stalled", "trickled"]
)
def test_a_try_has_one_timeout_for_all_of_it(double, connect, sleep, reply):
    double.will(reply)
    began = time.monotonic()
    with pytest.raises(ServiceUnavailableError, match=r"no answer within 0\.2 s"):
        connect(timeout_s=0.2, retries=0).embed(text_payload())
    assert time.monotonic() - began < 2
    assert sleep.slept_s == []


def test_a_timeout_is_retried(double, connect, sleep):
    double.will(Reply(delay_s=3600))
    double.will(Reply(status=200, body=good()))
    assert len(connect(timeout_s=0.2).embed(text_payload())) == 1
    assert len(sleep.slept_s) == 1


def test_the_deadline_cuts_a_try_short(double, connect):
    double.will(Reply(delay_s=3600))
    with pytest.raises(ServiceUnavailableError, match=r"no answer within 0\.2 s.*deadline of 0\.2 s"):
        connect(deadline_s=0.2).embed(text_payload())


def test_nobody_listens(sleep):
    with (
        Client(KEY, base_url="http://127.0.0.1:1", sleep=sleep, retries=2) as one,
        pytest.raises(ServiceUnavailableError, match="Check the network") as caught,
    ):
        one.embed(text_payload())
    assert (caught.value.status, caught.value.retried) == (None, 2)


def test_a_certificate_that_is_not_trusted_is_tried_once(connect, sleep, monkeypatch):
    one = connect()

    def stream(*_, **__):
        refused = httpx2.ConnectError("[SSL: CERTIFICATE_VERIFY_FAILED] self-signed certificate")
        raise refused from ssl.SSLCertVerificationError(1, "self-signed certificate")

    monkeypatch.setattr(one._http, "stream", stream)
    with pytest.raises(ServiceUnavailableError, match="SSL_CERT_FILE"):
        one.embed(text_payload())
    assert sleep.slept_s == []


def test_a_file_that_changed_is_no_matter_for_a_retry(double, connect, sleep, tmp_path):
    path = tmp_path / "song.wav"
    path.write_bytes(bytes(300_000))
    payload = audio_payload(Source.of(path), 300_000)
    path.write_bytes(bytes(299_999))
    with pytest.raises(UnreadableError, match="Prepare it again"):
        connect().embed(payload)
    path.unlink()
    with pytest.raises(UnreadableError, match="is not there"):
        connect().embed(payload)
    assert double.requests == []
    assert sleep.slept_s == []


def test_a_disk_that_fails_is_our_own_error(double, connect):
    class Failing(Source):
        __slots__ = ()

        def open(self):
            raise OSError(5, "Input/output error")

    source = Failing("song.wav", path=None, data=b"", file=None)
    with pytest.raises(UnreadableError, match="Input/output error"):
        connect().embed(audio_payload(source, 10))


@pytest.mark.parametrize("key", [None, "", "   ", "\n"])
def test_without_a_key_nothing_is_begun(key):
    with pytest.raises(AuthenticationError, match="Set TWELVELABS_API_KEY"):
        Client(key)


@pytest.mark.parametrize("key", ["tlk_secret\n", "tlk_secret\r\nx-evil: 1", "tlk secret", "tlk_secret\0", "tlk_sécret"])
def test_a_malformed_key_is_refused_and_not_repeated(key):
    with pytest.raises(AuthenticationError, match="Set TWELVELABS_API_KEY to the key alone") as caught:
        Client(key)
    assert "tlk" not in str(caught.value)


def test_the_key_appears_nowhere(double, connect, caplog):
    caplog.set_level(logging.DEBUG)
    one = connect(retries=1)
    double.will(Reply(status=500, body=f'{{"code":"{KEY}","message":"{KEY}"}}'.encode()))
    double.will(Reply(status=401, body=f'{{"code":"api_key_invalid","message":"no such key: {KEY}"}}'.encode()))
    with pytest.raises(AuthenticationError) as caught:
        one.embed(text_payload())
    shown = "".join(traceback.format_exception(caught.value)) + repr(one) + repr(vars(caught.value))
    assert "no such key: [API key]" in shown
    assert KEY not in shown
    assert caplog.records, "httpx2 logs its requests; if it stops, this test checks nothing"
    assert KEY not in caplog.text


def test_this_machine_is_reached_without_the_proxy(double, connect, monkeypatch):
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    double.will(Reply(status=200, body=good()))
    assert len(connect(retries=0).embed(text_payload())) == 1


def test_other_machines_are_reached_through_the_proxy(double, monkeypatch):
    monkeypatch.setenv("HTTP_PROXY", double.url)
    double.will(Reply(status=200, body=good()))
    with Client(KEY, base_url="http://embed.invalid/", retries=0) as one:
        one.embed(text_payload())
    assert double.requests[0].path == "http://embed.invalid/v1.3/embed-v2"
    assert double.requests[0].headers["content-length"] == str(text_payload().content_length)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("ALL_PROXY", "gopher://user:hunter2@127.0.0.1:1"),
        ("SSL_CERT_FILE", "/nonexistent/ca.pem"),
    ],
)
def test_an_environment_that_cannot_be_used(monkeypatch, name, value):
    monkeypatch.setenv(name, value)
    with pytest.raises(UsageError, match=name) as caught:
        Client(KEY)
    assert "hunter2" not in "".join(traceback.format_exception(caught.value))


@pytest.mark.parametrize(
    "base_url",
    [
        "",
        "api.twelvelabs.io",
        "ftp://api.twelvelabs.io",
        "https://",
        "http://[::1",
        "https://api.twelvelabs.io?key=1",
        "https://api.twelvelabs.io#x",
        "https://user:hunter2@api.twelvelabs.io",
        "https://" + "a" * 70 + ".io",
        "http://127.0.0.1:99999",
    ],
)
def test_a_base_url_that_cannot_be_used(base_url):
    with pytest.raises(UsageError, match="base URL") as caught:
        Client(KEY, base_url=base_url)
    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize("suffix", ["", "/", "/v1.3", "/v1.3/"])
def test_the_official_base_url_may_carry_its_version(double, suffix):
    double.will(Reply(status=200, body=good()))
    with Client(KEY, base_url=double.url + suffix) as one:
        one.embed(text_payload())
    assert double.requests[0].path == "/v1.3/embed-v2"


@pytest.mark.parametrize("options", [{"retries": -1}, {"timeout_s": 0}, {"deadline_s": 0.0}])
def test_options_that_mean_nothing(options):
    with pytest.raises(UsageError, match="must be"):
        Client(KEY, **options)


def test_importing_the_room_does_not_import_httpx2():
    code = "import sys, preflight.submitter; sys.exit('httpx2' in sys.modules or 'httpcore2' in sys.modules)"
    assert subprocess.run([sys.executable, "-W", "error", "-c", code], check=False).returncode == 0
