"""Windows of a clock that a test puts forward; over HTTP, what a client is told."""

from __future__ import annotations

import httpx2
import pytest

from preflight.emulator import LocalServer, Settings
from preflight.emulator.meter import Meter, Quota, RateLimited
from preflight.emulator.quota_spec import quotas_of
from preflight.emulator.rate_headers import STYLES
from preflight.errors import UsageError

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


def refused(meter: Meter, *, seconds: float | None = None) -> RateLimited:
    with pytest.raises(RateLimited) as caught:
        meter.request("timed") if seconds is None else meter.media("timed", seconds)
    return caught.value


def test_a_minute_begins_with_its_first_request(clock):
    meter = Meter({"timed": Quota(requests_per_minute=2)}, clock=clock)
    meter.request("timed")
    clock.now += 50
    meter.request("timed")
    clock.now += 4
    assert refused(meter).headers == {"Retry-After": "6", "X-Ratelimit-Dimensions": "Request"}
    clock.now += 6
    meter.request("timed")
    meter.request("timed")
    assert refused(meter).headers["Retry-After"] == "60"


def test_a_day_outlasts_its_minutes(clock):
    meter = Meter({"timed": Quota(requests_per_minute=2, requests_per_day=3)}, clock=clock)
    meter.request("timed"), meter.request("timed")
    clock.now += 60
    meter.request("timed")
    told = refused(meter)
    assert told.headers["Retry-After"] == str(86_400 - 60)
    assert told.body()["message"] == (
        "You have exceeded the rate limit (3 requests per 1 day). Please try again later after 86340 seconds."
    )
    clock.now = T0 + 86_400
    meter.request("timed")


def test_a_request_that_is_refused_does_not_count(clock):
    meter = Meter({"timed": Quota(requests_per_minute=1, requests_per_day=2)}, clock=clock)
    meter.request("timed")
    for _ in range(5):
        refused(meter)
    clock.now += 60
    meter.request("timed")


def test_media_count_in_seconds_and_a_refused_one_gives_its_request_back(clock):
    quota = Quota(requests_per_minute=3, media_minutes_per_hour=10, media_minutes_per_day=600)
    meter = Meter({"timed": quota}, clock=clock)
    meter.request("timed")
    meter.media("timed", 400)
    meter.request("timed")
    told = refused(meter, seconds=201)
    assert told.headers == {"Retry-After": "3600", "X-Ratelimit-Dimensions": "Duration"}
    assert "600 seconds of media per 1 hour" in told.body()["message"]
    meter.request("timed")
    meter.media("timed", 200)
    meter.request("timed")
    refused(meter)  # three counted, of four


def test_groups_have_counters_of_their_own(clock):
    meter = Meter({"timed": Quota(requests_per_minute=1), "still": Quota(requests_per_minute=1)}, clock=clock)
    meter.request("timed")
    meter.request("still")
    for _ in range(3):
        meter.request("upload")
        meter.media("upload", 1e9)
    refused(meter)


def test_what_is_left_is_that_of_the_tightest_window(clock):
    quota = Quota(requests_per_minute=10, requests_per_day=12, media_minutes_per_hour=600)
    meter = Meter({"timed": quota}, clock=clock)
    assert meter.remaining("still") == {}
    for _ in range(5):
        meter.request("timed")
    meter.media("timed", 90.0)
    assert meter.remaining("timed") == {
        "X-RateLimit-Request-Limit": "10",
        "X-RateLimit-Request-Remaining": "5",
        "X-RateLimit-Request-Reset": str(int(T0) + 61),
        "X-RateLimit-Duration-Limit": "36000",  # as it was seen live, in seconds
        "X-RateLimit-Duration-Remaining": "35910",
        "X-RateLimit-Duration-Reset": str(int(T0) + 3601),
    }
    clock.now += 60
    assert meter.remaining("timed")["X-RateLimit-Request-Remaining"] == "7"  # the day's, now


def text_body(text: str) -> dict:
    return {"input_type": "text", "model_name": "marengo3.0", "text": {"input_text": text}}


def serve(clock: Clock, quotas: str, **more: object) -> LocalServer:
    return LocalServer(settings=Settings(clock=clock, quotas=quotas_of(quotas), **more))


@pytest.fixture
def post():
    with httpx2.Client(headers=HEADERS, trust_env=False, timeout=30) as client:
        yield lambda server, body, path=PATH: client.post(server.url + path, json=body)


def test_over_http(clock, post, media_body, sound):
    song = media_body("audio", sound(1, 8.0))
    with serve(clock, "still:requests_per_minute=2,timed:media_minutes_per_hour=1") as server:
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
    with serve(clock, "timed:requests_per_minute=2") as server:
        answers = [post(server, song), post(server, song, PATH + "/tasks"), post(server, song, PATH + "/tasks")]

    assert [answer.status_code for answer in answers] == [200, 202, 429]


def test_uploads_have_a_rate_of_their_own(clock, post):
    with serve(clock, "upload:requests_per_minute=1") as server:
        body = {"filename": "a.mp4", "type": "video", "total_size": 10}
        answers = [post(server, body, "/v1.3/assets/multipart-uploads") for _ in range(2)]

    assert [answer.status_code for answer in answers] == [201, 429]


@pytest.mark.parametrize("style", STYLES)
def test_it_says_so_in_any_of_the_known_ways(style, clock, post):
    with serve(clock, "still:requests_per_minute=0", rate_style=style) as server:
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


@pytest.mark.parametrize(
    "wrong",
    [
        "timed",
        "video:requests_per_day=1",
        "timed:requests=1",
        "timed:requests_per_day=x",
        "timed:requests_per_day=-1",
        "timed:requests_per_day=1,timed:requests_per_minute=1",
        ",",
    ],
)
def test_rates_that_cannot_be_read(wrong):
    with pytest.raises(UsageError, match="cannot be read"):
        quotas_of(wrong)


def test_rates_that_cannot_be():
    with pytest.raises(UsageError, match="0 or more"):
        Quota(media_minutes_per_day=-1)
    assert quotas_of("") == {}
    assert quotas_of("timed:requests_per_minute=25:media_minutes_per_hour=600, still:requests_per_day=3000") == {
        "timed": Quota(requests_per_minute=25, media_minutes_per_hour=600),
        "still": Quota(requests_per_day=3000),
    }
