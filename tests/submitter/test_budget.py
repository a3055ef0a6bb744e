"""One budget for many: in order, corrected by answers, and never by a thread's chance."""

from __future__ import annotations

import datetime as dt
import threading

import pytest

from preflight.limits.rates import Quota, Rates
from preflight.submitter import Budget
from preflight.submitter.allowance import Cost, Told
from preflight.submitter.rate_headers import limits_told
from tests.submitter.routes import Time

NOW = 1_795_000_000.0
STILL, TALK = Cost(group="still"), Cost(group="media", media_s=600.0)


def budget_of(time: Time, **quotas: Quota) -> Budget:
    return Budget(Rates(summary="", source="", read_on=dt.date(2026, 1, 1), **quotas), clock=time.clock)


def turns_s(budget: Budget, time: Time, *costs: Cost) -> list[float]:
    """When each is sent, if one asks after the other and waits as long as it is told to."""
    found = []
    for cost in costs:
        while wait_s := budget.book(cost):
            time.sleep(wait_s)
        found.append(time.now_s)
    return found


def test_who_finds_no_room_waits_until_there_is():
    budget = budget_of(time := Time(), still=Quota(requests_a_minute=2))
    assert turns_s(budget, time, *[STILL] * 5) == [0, 0, 60, 60, 120]


def test_groups_do_not_wait_for_each_other():
    budget = budget_of(Time(), still=Quota(requests_a_minute=1), media=Quota(media_minutes_an_hour=10))
    assert [budget.book(cost) for cost in (STILL, TALK, STILL, TALK)] == [0, 0, 60, 3_600]


def test_who_is_told_to_wait_has_booked_nothing():
    budget = budget_of(time := Time(), media=Quota(requests_a_day=1))
    assert budget.book(TALK) == 0
    assert budget.book(TALK) == budget.book(TALK) == 86_400
    time.now_s = 86_400.0
    assert budget.book(TALK) == 0


def test_a_pause_and_a_header_hold_everybody_back():
    budget = budget_of(Time(), still=Quota())
    budget.book(STILL)
    budget.pause(STILL, 12.0)
    assert budget.book(STILL) == 12
    budget.learn(STILL, {"x-ratelimit-request-remaining": "0", "x-ratelimit-request-reset": "50"}, now=NOW)
    assert budget.book(STILL) == 50


def test_threads_share_it():
    budget = budget_of(Time(), still=Quota(requests_a_minute=10))
    waits_s: list[float] = []

    def ask() -> None:
        waits_s.extend(budget.book(STILL) for _ in range(10))

    threads = [threading.Thread(target=ask) for _ in range(10)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(waits_s) == [0.0] * 10 + [60.0] * 90


@pytest.mark.parametrize(
    ("headers", "told"),
    [
        ({}, {}),
        # As seen live on 2026-07-09 (CONTRACT 5.4).
        (
            {"x-ratelimit-dimensions": "Duration,Request", "x-ratelimit-duration-remaining": "35400"},
            {"duration": Told(remaining=35_400)},
        ),
        (
            {"x-ratelimit-request-remaining": "3", "x-ratelimit-request-reset": str(NOW + 20)},
            {"request": Told(remaining=3, reset_s=20)},
        ),
        ({"x-ratelimit-remaining": "7", "x-ratelimit-reset": "9"}, {"request": Told(remaining=7, reset_s=9)}),
        (
            {"x-ratelimit-remaining": "7", "x-ratelimit-request-remaining": "5"},
            {"request": Told(remaining=5)},
        ),
        ({"x-ratelimit-duration-limit": "36000"}, {"duration": Told(limit=36_000)}),
        ({"x-ratelimit-limit": "8", "x-ratelimit-remaining": "7"}, {"request": Told(remaining=7, limit=8)}),
        ({"x-ratelimit-request-remaining": "many", "x-ratelimit-request-limit": "0"}, {}),
    ],
)
def test_what_headers_say(headers, told):
    assert limits_told(headers, now=NOW) == told
