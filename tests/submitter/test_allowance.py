"""What a plan lets one use: held against a counter of every stretch of time, for any sequence of requests."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from preflight.limits.rates import Quota
from preflight.submitter.allowance import Allowance, Cost, Told, Window

MINUTE = Cost(group="media", media_s=60.0)


def still(n: int = 1) -> list[Cost]:
    return [Cost(group="still")] * n


steps = st.lists(
    st.tuples(st.floats(0, 90, allow_nan=False), st.floats(0, 900, allow_nan=False)), min_size=1, max_size=60
)


@given(steps, st.integers(1, 6), st.integers(1, 40), st.floats(1, 30), st.floats(1, 60))
def test_no_stretch_of_time_holds_more_than_its_quota(steps, a_minute, a_day, an_hour, minutes_a_day):
    quota = Quota(
        requests_a_minute=a_minute,
        requests_a_day=a_day,
        media_minutes_an_hour=an_hour,
        media_minutes_a_day=minutes_a_day,
    )
    allowance, now_s, sent = Allowance(quota), 0.0, []
    for pause_s, media_s in steps:
        now_s += pause_s
        cost = Cost(group="media", media_s=media_s)
        at_s = allowance.earliest_s(cost, now_s)
        assert at_s >= now_s
        allowance.use(cost, at_s)
        sent.append((at_s, media_s))
    for end_s, _ in sent:
        for span_s, most, worth in (
            (60, a_minute, lambda _: 1.0),
            (86_400, a_day, lambda _: 1.0),
            (3_600, an_hour * 60, lambda media_s: media_s),
            (86_400, minutes_a_day * 60, lambda media_s: media_s),
        ):
            within = [worth(media_s) for at_s, media_s in sent if at_s <= end_s < at_s + span_s]
            # What alone is more than the quota goes alone; it could never go otherwise.
            assert math.fsum(within) <= most + 1e-6 or len([each for each in within if each]) == 1


@given(st.lists(st.floats(0, 50), max_size=40), st.integers(1, 8))
def test_nobody_waits_while_there_is_room(pauses_s, a_minute):
    """Held against a plain count of the last minute."""
    allowance, now_s, sent_s = Allowance(Quota(requests_a_minute=a_minute)), 0.0, []
    for pause_s in pauses_s:
        now_s = max(now_s + pause_s, sent_s[-1] if sent_s else 0.0)
        (cost,) = still()
        at_s = allowance.earliest_s(cost, now_s)
        within = [each for each in sent_s if each + 60 > now_s]
        assert at_s == (now_s if len(within) < a_minute else within[-a_minute] + 60)
        allowance.use(cost, at_s)
        sent_s.append(at_s)


def test_what_alone_is_more_than_the_quota_has_a_window_for_itself():
    window = Window(10.0, 60.0)
    window.use(4.0, 0.0)
    assert window.earliest_s(25.0, 1.0) == 60.0
    window.use(25.0, 60.0)
    assert window.earliest_s(1.0, 61.0) == 120.0


def test_to_ask_changes_nothing():
    allowance = Allowance(Quota(requests_a_day=1))
    (cost,) = still()
    allowance.use(cost, 0.0)
    assert [allowance.earliest_s(cost, 1.0) for _ in range(3)] == [86_400.0] * 3


def test_without_a_quota_nothing_waits():
    allowance = Allowance(Quota())
    for cost in still(100):
        assert allowance.earliest_s(cost, 0.0) == 0.0
        allowance.use(cost, 0.0)


class TestWhatTheServiceSays:
    def test_less_than_the_plan_is_kept_to(self):
        allowance = Allowance(Quota(requests_a_minute=25))
        allowance.tell({"request": Told(remaining=2, reset_s=30.0)}, 0.0)
        times_s = []
        for cost in still(4):
            times_s.append(allowance.earliest_s(cost, 1.0))
            allowance.use(cost, times_s[-1])
        assert times_s == [1.0, 1.0, 30.0, 30.0]

    def test_what_is_under_way_is_taken_off(self):
        allowance = Allowance(Quota())
        for cost in still(3):
            allowance.use(cost, 0.0)
        allowance.answered(still()[0])
        allowance.tell({"request": Told(remaining=2)}, 1.0)
        assert allowance.earliest_s(still()[0], 1.0) == 61.0

    def test_seconds_of_media_are_counted_apart(self):
        allowance = Allowance(Quota())
        allowance.tell({"duration": Told(remaining=100.0, reset_s=500.0)}, 0.0)
        assert allowance.earliest_s(MINUTE, 0.0) == 0.0
        allowance.use(MINUTE, 0.0)
        assert allowance.earliest_s(MINUTE, 0.0) == 500.0
        assert allowance.earliest_s(Cost(group="media", media_s=40.0), 0.0) == 0.0

    def test_a_limit_below_the_plan_is_kept_to_until_it_is_lifted(self):
        allowance = Allowance(Quota(requests_a_minute=3, requests_a_day=100))

        def turns_s(now_s: float) -> list[float]:
            found = []
            for cost in still(3):
                found.append(allowance.earliest_s(cost, now_s))
                allowance.use(cost, found[-1])
            return found

        allowance.tell({"request": Told(limit=1)}, 0.0)
        assert turns_s(0.0) == [0.0, 60.0, 120.0]
        allowance.tell({"request": Told(limit=1_000)}, 1_000.0)
        assert turns_s(1_000.0) == [1_000.0] * 3

    @pytest.mark.parametrize(("until_s", "expected_s"), [(7.0, 7.0), (-1.0, 3.0)])
    def test_a_pause_is_for_all(self, until_s, expected_s):
        allowance = Allowance(Quota())
        allowance.pause(until_s)
        assert allowance.earliest_s(still()[0], 3.0) == expected_s
