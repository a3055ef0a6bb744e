"""What a run will come to, reckoned by hand and by playing it through."""

from __future__ import annotations

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from preflight.limits.rates import Quota, Rates, load, prices
from preflight.submitter.estimate import DAY_S, HOUR_S, MINUTE_S, Use, estimate, least_s


@pytest.mark.parametrize(
    ("use", "seconds"),
    [
        (Use(), 0.0),
        (Use(requests=25), 0.0),
        (Use(requests=26), MINUTE_S),
        (Use(requests=75, media_s=60 * 600.0), 2 * MINUTE_S),
        (Use(requests=75, media_s=60 * 600.1), HOUR_S),
        (Use(requests=3_001), DAY_S),
        (Use(requests=3_000, media_s=60 * 3_000.5), DAY_S),
    ],
)
def test_full_windows_have_to_pass(use, seconds):
    assert least_s(use, load("developer-1"), "media") == seconds


@given(st.integers(0, 500), st.integers(1, 60))
def test_nobody_who_keeps_to_the_limit_is_faster(requests, a_minute):
    """Windows of a minute, one behind the other, each filled to its limit."""
    rates = Rates(summary="", source="", read_on=dt.date(2026, 1, 1), still=Quota(requests_a_minute=a_minute))
    sent, now_s = 0, 0.0
    while requests - sent > a_minute:
        sent, now_s = sent + a_minute, now_s + MINUTE_S
    assert least_s(Use(requests=requests), rates, "still") == now_s


def test_groups_run_side_by_side_and_costs_add_up():
    got = estimate(
        {
            "video": Use(requests=30, media_s=6_000.0),
            "audio": Use(requests=5, media_s=600.0),
            "text": Use(requests=601),
        },
        load("developer-1"),
        prices(),
    )
    assert (got.requests, got.media_s, got.least_s) == (636, 6_600.0, MINUTE_S)
    assert got.usd == pytest.approx(100 * 0.042 + 10 * 0.0083 + 601 * 0.00007)
    assert estimate({}, load(), prices()).least_s == 0
