"""Windows of a clock that a test puts forward; over HTTP, what a client is told."""

from __future__ import annotations

import datetime as dt

import httpx2
import pytest

from preflight.emulator import LocalServer, Settings
from preflight.emulator.meter import Meter, RateLimited
from preflight.emulator.rate_headers import STYLES
from preflight.limits.rates import Quota, Rates, load

PATH = "/v1.3/embed-v2"
HEADERS = {"x-api-key": "k", "content-type": "application/json"}
T0 = 1_790_000_000.0


class Clock:
    def __init__(self) -> None:
        self.now = T0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


def rates(**quotas: Quota) -> Rates:
    return Rates(summary="of a test", source="this file", read_on=dt.date(2026, 11, 1), **quotas)


def refused(meter: Meter, *, seconds: float | None = None) -> RateLimited:
    with pytest.raises(RateLimited) as caught:
        meter.request("media") if seconds is None else meter.media("media", seconds)
    return caught.value


def test_a_minute_begins_with_its_first_request(clock):
    meter = Meter(rates(media=Quota(requests_a_minute=2)), clock=clock)
    meter.request("media")
    clock.now += 50
    meter.request("media")
    clock.now += 4
    assert refused(meter).headers == {"Retry-After": "6", "X-Ratelimit-Dimensions": "Request"}
    clock.now += 6
    meter.request("media")
    meter.request("media")
    assert refused(meter).headers["Retry-After"] == "60"


def test_a_day_outlasts_its_minutes(clock):
    meter = Meter(rates(media=Quota(requests_a_minute=2, requests_a_day=3)), clock=clock)
    meter.request("media"), meter.request("media")
    clock.now += 60
    meter.request("media")
    told = refused(meter)
    assert told.headers["Retry-After"] == str(86_400 - 60)
    assert told.body()["message"] == (
        "You have exceeded the rate limit (3 requests per 1 day). Please try again later after 86340 seconds."
    )
    clock.now = T0 + 86_400
    meter.request("media")


def test_a_request_that_is_refused_does_not_count(clock):
    meter = Meter(rates(media=Quota(requests_a_minute=1, requests_a_day=2)), clock=clock)
    meter.request("media")
    for _ in range(5):
        refused(meter)
    clock.now += 60
    meter.request("media")


def test_media_count_in_seconds_and_a_refused_one_gives_its_request_back(clock):
    quota = Quota(requests_a_minute=3, media_minutes_an_hour=10, media_minutes_a_day=600)
    meter = Meter(rates(media=quota), clock=clock)
    meter.request("media")
    meter.media("media", 400)
    meter.request("media")
    told = refused(meter, seconds=201)
    assert told.headers == {"Retry-After": "3600", "X-Ratelimit-Dimensions": "Duration"}
    assert "600 seconds of media per 1 hour" in told.body()["message"]
    meter.request("media")
    meter.media("media", 200)
    meter.request("media")
    refused(meter)  # three counted, of four


def test_groups_have_counters_of_their_own(clock):
    meter = Meter(rates(media=Quota(requests_a_minute=1), still=Quota(requests_a_minute=1)), clock=clock)
    meter.request("media")
    meter.request("still")
    for _ in range(3):
        meter.request("upload")
        meter.media("upload", 1e9)
    refused(meter)


def test_what_is_left_is_that_of_the_tightest_window(clock):
    quota = Quota(requests_a_minute=10, requests_a_day=12, media_minutes_an_hour=600)
    meter = Meter(rates(media=quota), clock=clock)
    assert meter.remaining("still") == {}
    for _ in range(5):
        meter.request("media")
    meter.media("media", 90.0)
    assert meter.remaining("media") == {
        "X-RateLimit-Request-Limit": "10",
        "X-RateLimit-Request-Remaining": "5",
        "X-RateLimit-Request-Reset": str(int(T0) + 61),
        "X-RateLimit-Duration-Limit": "36000",  # as it was seen live, in seconds
        "X-RateLimit-Duration-Remaining": "35910",
        "X-RateLimit-Duration-Reset": str(int(T0) + 3601),
    }
    clock.now += 60
    assert meter.remaining("media")["X-RateLimit-Request-Remaining"] == "7"  # the day's, now


def text_body(text: str) -> dict:
    return {"input_type": "text", "model_name": "marengo3.0", "text": {"input_text": text}}


def serve(clock: Clock, **quotas: Quota) -> LocalServer:
    return LocalServer(settings=Settings(clock=clock, rates=rates(**quotas)))


@pytest.fixture
def post():
    with httpx2.Client(headers=HEADERS, trust_env=False, timeout=30) as client:
        yield lambda server, body, path=PATH: client.post(server.url + path, json=body)


def test_over_http(clock, post, media_body, sound):
    song = media_body("audio", sound(1, 8.0))
    with serve(clock, still=Quota(requests_a_minute=2), media=Quota(media_minutes_an_hour=1)) as server:
        first, second, third = [post(server, text_body(text)) for text in "abc"]
        clock.now += 60
        fourth = post(server, text_body("c"))
        songs = [post(server, song) for _ in range(8)]

    assert [answer.status_code for answer in (first, second, third, fourth)] == [200, 200, 429, 200]
    assert [one.headers["X-RateLimit-Request-Remaining"] for one in (first, second, fourth)] == ["1", "0", "1"]
    assert third.headers["Retry-After"] == "60"
    assert (third.json()["code"], set(third.json())) == ("too_many_requests", {"code", "message", "docs_url"})
    assert [one.status_code for one in songs] == [200] * 7 + [429]  # 56 of 60 s
    assert songs[-1].headers["X-Ratelimit-Dimensions"] == "Duration"
    assert server.tally.requests == 12
    assert server.tally.total.embedded == server.tally.total.delivered == 3 + 7


def test_a_task_draws_on_the_same_counters(clock, post, media_body, sound):
    song = media_body("audio", sound(1, 8.0))
    with serve(clock, media=Quota(requests_a_minute=2)) as server:
        answers = [post(server, song), post(server, song, PATH + "/tasks"), post(server, song, PATH + "/tasks")]

    assert [answer.status_code for answer in answers] == [200, 202, 429]


def test_uploads_have_a_rate_of_their_own(clock, post):
    with serve(clock, upload=Quota(requests_a_minute=1)) as server:
        body = {"filename": "a.mp4", "type": "video", "total_size": 10}
        answers = [post(server, body, "/v1.3/assets/multipart-uploads") for _ in range(2)]

    assert [answer.status_code for answer in answers] == [201, 429]


@pytest.mark.parametrize("style", STYLES)
def test_it_says_so_in_any_of_the_known_ways(style, clock, post):
    settings = Settings(clock=clock, rates=rates(still=Quota(requests_a_minute=1)), rate_style=style)
    with LocalServer(settings=settings) as server:
        post(server, text_body("a"))
        answer = post(server, text_body("a"))

    told = {name for name in answer.headers if name.startswith(("retry", "x-rate"))}
    in_words = "60" in answer.text
    assert answer.status_code == 429
    match style:
        case "retry_after":
            assert (told, answer.headers["retry-after"]) == ({"retry-after", "x-ratelimit-dimensions"}, "60")
        case "retry_after_date":
            assert answer.headers["retry-after"] == "Mon, 21 Sep 2026 14:14:20 GMT"
        case "dimensioned_epoch":
            assert answer.headers["x-ratelimit-request-reset"] == str(int(T0) + 60)
        case "dimensioned_delta":
            assert answer.headers["x-ratelimit-request-reset"] == "60"
        case "plain_epoch":
            assert answer.headers["x-ratelimit-reset"] == str(int(T0) + 60)
        case "plain_delta":
            assert told == {"x-ratelimit-limit", "x-ratelimit-remaining", "x-ratelimit-reset"}
            assert answer.headers["x-ratelimit-reset"] == "60"
        case "body":
            error = answer.json()["error"]
            assert (told, error["code"], error["details"]["retryAfter"]) == (set(), "RATE_LIMIT_EXCEEDED", "60")
        case "none":
            assert (told, in_words) == (set(), False)


def test_a_plan_of_the_service(clock):
    meter = Meter(load("developer-2"), clock=clock)
    for _ in range(50):
        meter.request("media")
    assert refused(meter).headers["Retry-After"] == "60"


def test_without_rates_nothing_is_metered(clock):
    meter = Meter(None, clock=clock)
    meter.request("media")
    meter.media("media", 1e9)
    assert meter.remaining("media") == {}
