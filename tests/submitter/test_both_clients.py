"""What threads' and event loops' clients promise alike: each test drives both, against a real server on loopback."""

from __future__ import annotations

import asyncio
import datetime as dt
import json
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest

from preflight.emulator import Reply
from preflight.errors import (
    AuthenticationError,
    BadResponseError,
    RateLimitError,
    RequestRefusedError,
    ServiceUnavailableError,
    UnreadableError,
    UsageError,
)
from preflight.limits.rates import Quota, Rates
from preflight.media import Fidelity, Media, Source, Span
from preflight.payload import Payload, media_body, text_body
from preflight.submitter import AsyncClient, Budget, Client, Embeddings
from preflight.submitter.concurrency import FIRST
from tests.submitter.routes import Time

KEY = "tlk_TESTKEY0123456789"
GOOD = json.dumps({"data": [{"embedding": [0.5] * 512}]}).encode()
TIMED = json.dumps({"data": [{"embedding": [0.5] * 512, "start_sec": 0, "end_sec": 4}]}).encode()


def text_payload(text: str = "a dog") -> Payload:
    return Payload(
        source="<text>",
        input_type="text",
        fragments=text_body("marengo3.0", text),
        span=None,
        offset=0,
        fidelity=Fidelity.IDENTICAL,
        steps=(),
    )


def song_payload(source: Source, size_bytes: int, duration_s: float = 4.0) -> Payload:
    return Payload(
        source="song.wav",
        input_type="audio",
        fragments=media_body("marengo3.0", "audio", Media(source, size_bytes)),
        span=Span(0.0, duration_s),
        offset=None,
        fidelity=Fidelity.IDENTICAL,
        steps=(),
    )


class Threads:
    """Sends through `Client`."""

    def __init__(self, url: str, time: Time) -> None:
        self._url, self._time = url, time

    def sent(self, *payloads: Payload, **options: object) -> list[Embeddings]:
        with Client(KEY, base_url=self._url, sleep=self._time.sleep, **options) as client:
            return [client.embed(payload) for payload in payloads]


class Loop:
    """Sends through `AsyncClient`, one after the other."""

    def __init__(self, url: str, time: Time) -> None:
        self._url, self._time = url, time

    def sent(self, *payloads: Payload, **options: object) -> list[Embeddings]:
        async def sleep(seconds: float) -> None:
            self._time.sleep(seconds)

        async def run() -> list[Embeddings]:
            async with AsyncClient(KEY, base_url=self._url, sleep=sleep, **options) as client:
                return [await client.embed(payload) for payload in payloads]

        return asyncio.run(run())


@pytest.fixture
def clock() -> Time:
    return Time()


@pytest.fixture
def slept_s(clock) -> list[float]:
    return clock.slept_s


@pytest.fixture(params=[Threads, Loop], ids=["threads", "loop"])
def send(request, double, clock) -> Callable[..., list[Embeddings]]:
    return request.param(double.url, clock).sent


def test_the_same_bytes_with_their_exact_length(double, send, tmp_path):
    """Also where they are more than what is read in the event loop itself."""
    path = tmp_path / "song.wav"
    path.write_bytes(bytes(range(256)) * 8_000)
    small, large = text_payload("wälking"), song_payload(Source.of(path), 2_048_000)
    double.will(Reply(status=200, body=GOOD), Reply(status=200, body=TIMED))
    send(small, large)
    for got, payload in zip(double.requests, (small, large), strict=True):
        assert got.body == b"".join(payload.chunks())
        assert got.headers.getlist("content-length") == [str(payload.content_length)]
        assert "transfer-encoding" not in got.headers
        assert got.headers.getlist("x-api-key") == [KEY]


def test_a_body_begins_anew_with_each_try(double, send, slept_s, tmp_path):
    path = tmp_path / "song.wav"
    path.write_bytes(b"\1" * 3_000_000)
    payload = song_payload(Source.of(path), 3_000_000)
    double.will(Reply(status=503), Reply(reset="midway", status=200, body=TIMED), Reply(status=200, body=TIMED))
    (result,) = send(payload)
    assert result.rows[0].end_s == 4.0
    assert len(slept_s) == 2
    assert [got.size_bytes for got in double.requests] == [payload.content_length] * 3


@pytest.mark.parametrize(
    ("reply", "error"),
    [
        (Reply(status=401, body=b"{}"), AuthenticationError),
        (Reply(status=400, body=b'{"code":"video_file_broken","message":"m"}'), RequestRefusedError),
        (Reply(status=413, body=b"<html>"), RequestRefusedError),
        (Reply(status=429, headers={"Retry-After": "40000"}), RateLimitError),
        (Reply(status=200, body=b'{"data":[]}'), BadResponseError),
        (Reply(status=200, body=b"not gzip", headers={"Content-Encoding": "gzip"}), BadResponseError),
    ],
)
def test_what_does_not_pass_is_sent_once(double, send, slept_s, reply, error):
    double.will(reply)
    with pytest.raises(error):
        send(text_payload())
    assert len(double.requests) == 1
    assert slept_s == []


def test_what_never_passes_is_given_up_after_so_many_tries(double, send, slept_s):
    double.will(*[Reply(status=500)] * 3)
    with pytest.raises(ServiceUnavailableError) as raised:
        send(text_payload(), retries=2)
    assert raised.value.retried == 2
    assert len(slept_s) == 2


def test_a_try_has_one_timeout_for_all_of_it(double, send):
    double.will(Reply(status=200, body=GOOD, delay_s=5.0))
    began = time.monotonic()
    with pytest.raises(ServiceUnavailableError, match=r"no answer within 0\.2 s"):
        send(text_payload(), timeout_s=0.2, retries=0)
    assert time.monotonic() - began < 3


def test_a_file_that_is_gone_is_our_own_error(double, send, tmp_path):
    path = tmp_path / "song.wav"
    path.write_bytes(b"\1" * 3_000_000)
    payload = song_payload(Source.of(path), 3_000_000)
    path.unlink()
    with pytest.raises(UnreadableError):
        send(payload)


def test_nobody_listens(send, clock):
    """Of the fixture only the driver is used."""
    driver = type(send.__self__)("http://127.0.0.1:9", clock)
    with pytest.raises(ServiceUnavailableError, match="could not be reached"):
        driver.sent(text_payload(), retries=1)
    assert len(clock.slept_s) == 1


@pytest.mark.parametrize("options", [{"retries": -1}, {"timeout_s": 0}, {"max_wait_s": -1}, {"max_concurrency": 0}])
def test_options_that_mean_nothing(send, options):
    with pytest.raises(UsageError, match="more"):
        send(text_payload(), **options)


class TestBudget:
    RATES = Rates(
        summary="",
        source="",
        read_on=dt.date(2026, 1, 1),
        still=Quota(requests_a_minute=2),
        media=Quota(media_minutes_an_hour=10),
    )

    @pytest.fixture
    def budget(self, clock) -> Budget:
        return Budget(self.RATES, clock=clock.clock)

    def test_it_waits_for_its_turn(self, double, send, slept_s, budget):
        double.will(*[Reply(status=200, body=GOOD)] * 3)
        send(*[text_payload()] * 3, budget=budget)
        assert slept_s == [60.0]

    def test_too_long_a_wait_sends_nothing_and_says_when(self, double, send, slept_s, budget):
        double.will(*[Reply(status=200, body=TIMED)])
        song = song_payload(Source.of(b"x"), 1, duration_s=600.0)
        with pytest.raises(RateLimitError, match=r"audio and video.* in 3600 s. Run it again after 20") as raised:
            send(song, song, budget=budget)
        assert raised.value.retry_after_s == 3_600.0
        assert f"{raised.value.resume_at:%Y-%m-%d %H:%M:%S} UTC." in str(raised.value)
        assert len(double.requests) == 1
        assert slept_s == []

    def test_seconds_of_media_count_once_however_often_they_are_sent(self, double, send, budget):
        double.will(Reply(status=500), Reply(status=200, body=TIMED))
        send(song_payload(Source.of(b"x"), 1, duration_s=600.0), budget=budget)

    def test_what_the_service_says_holds_for_the_next(self, double, send, slept_s, budget):
        told = {"X-RateLimit-Request-Remaining": "0", "X-RateLimit-Request-Reset": "33"}
        double.will(Reply(status=200, body=GOOD, headers=told), Reply(status=200, body=GOOD))
        send(text_payload(), text_payload(), budget=budget)
        assert slept_s == [33.0]

    def test_a_429_holds_back_whoever_shares_it(self, double, send, clock, budget):
        double.will(Reply.rate_limited(retry_after_s=20), Reply(status=400))
        with pytest.raises(RateLimitError):
            send(text_payload(), budget=budget, retries=0)
        with pytest.raises(RequestRefusedError):
            send(text_payload(), budget=budget)
        assert clock.slept_s == [20.0]


class TestManyAtOnce:
    """However many ask at once, each waits for its turn, and none for longer than the plan makes the first one wait."""

    RATES = Rates(summary="", source="", read_on=dt.date(2026, 1, 1), still=Quota(requests_a_minute=4))

    def test_tasks(self, double, clock):
        double.will(*[Reply(status=200, body=GOOD)] * 24)

        async def sleep(seconds: float) -> None:
            clock.sleep(seconds)

        async def run() -> None:
            budget = Budget(self.RATES, clock=clock.clock)
            async with AsyncClient(KEY, base_url=double.url, budget=budget, max_wait_s=60.0, sleep=sleep) as client:
                await asyncio.gather(*(client.embed(text_payload(str(n))) for n in range(24)))

        asyncio.run(run())
        assert clock.slept_s == [60.0] * 5

    def test_threads(self, double, clock):
        double.will(*[Reply(status=200, body=GOOD)] * 24)
        budget = Budget(self.RATES, clock=clock.clock)
        with (
            Client(KEY, base_url=double.url, budget=budget, max_wait_s=60.0, sleep=clock.sleep) as client,
            ThreadPoolExecutor(12) as pool,
        ):
            list(pool.map(client.embed, [text_payload(str(n)) for n in range(24)]))
        assert clock.slept_s == [60.0] * 5

    def test_what_waits_for_the_plan_is_in_nobodys_way(self, double, clock):
        """One at once, and songs have to wait for an hour: texts go."""
        double.will(Reply(status=200, body=TIMED), Reply(status=200, body=GOOD))
        rates = Rates(summary="", source="", read_on=dt.date(2026, 1, 1), media=Quota(media_minutes_an_hour=10))
        song = song_payload(Source.of(b"x"), 1, duration_s=600.0)

        async def run() -> None:
            asleep = asyncio.Event()

            async def sleep(_seconds: float) -> None:
                asleep.set()
                await asyncio.Event().wait()

            async with AsyncClient(
                KEY,
                base_url=double.url,
                budget=Budget(rates, clock=clock.clock),
                max_wait_s=9e9,
                max_concurrency=1,
                sleep=sleep,
            ) as client:
                await client.embed(song)
                waits = asyncio.create_task(client.embed(song))
                await asyncio.wait_for(asleep.wait(), 10)
                await asyncio.wait_for(client.embed(text_payload()), 10)
                waits.cancel()

        asyncio.run(run())


def test_many_tasks_share_a_client_and_find_its_width(double):
    double.will(*[Reply(status=200, body=GOOD, delay_s=0.02)] * 40)

    async def run() -> None:
        async with AsyncClient(KEY, base_url=double.url) as client:
            await asyncio.gather(*(client.embed(text_payload(str(n))) for n in range(40)))

    asyncio.run(run())
    assert len({got.body for got in double.requests}) == 40
    assert FIRST < 40


def test_a_cancelled_embed_leaves_the_client_usable(double):
    double.will(Reply(status=200, body=GOOD, delay_s=5.0), Reply(status=200, body=GOOD))

    async def run() -> int:
        async with AsyncClient(KEY, base_url=double.url, max_concurrency=1) as client:
            task = asyncio.create_task(client.embed(text_payload()))
            await asyncio.sleep(0.1)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            return len(await asyncio.wait_for(client.embed(text_payload()), 10))

    assert asyncio.run(run()) == 1
