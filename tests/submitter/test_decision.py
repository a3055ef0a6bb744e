import datetime as dt
from email.utils import format_datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from preflight.errors import (
    AuthenticationError,
    BadResponseError,
    RateLimitError,
    RequestRefusedError,
    ServiceUnavailableError,
)
from preflight.submitter.decision import Accept, GiveUp, Patience, Retry, backoff_s, decide
from preflight.submitter.outcome import Answered, Unreachable
from preflight.submitter.rate_headers import stated_wait_s
from preflight.submitter.refusal import Said

NOW = 1_795_000_000.0  # 2026-11-18 11:06:40 UTC
LOST = Unreachable(reason="connection refused", next_step="Check the network.")


def answered(status, headers=None, said=None):
    return Answered(status=status, headers=headers or {}, said=said or Said())


def decided(outcome, *, retried=0, elapsed_s=0.0, jitter=0.0, **patience):
    return decide(Patience(**patience), outcome, retried=retried, elapsed_s=elapsed_s, now=NOW, jitter=jitter)


def http_date(seconds_from_now):
    return format_datetime(dt.datetime.fromtimestamp(NOW + seconds_from_now, dt.UTC), usegmt=True)


def test_a_200_is_accepted_however_often_it_was_tried():
    assert decided(answered(200), retried=99, elapsed_s=1e6, deadline_s=1.0) == Accept()


@pytest.mark.parametrize("status", [408, 429, 500, 502, 503, 504])
def test_what_passes_is_asked_again(status):
    assert isinstance(decided(answered(status)), Retry)


def test_a_failure_of_the_network_is_asked_again():
    assert isinstance(decided(LOST), Retry)


@pytest.mark.parametrize(
    ("status", "error"),
    [
        (202, BadResponseError),
        (301, RequestRefusedError),
        (307, RequestRefusedError),
        (400, RequestRefusedError),
        (401, AuthenticationError),
        (403, AuthenticationError),
        (404, RequestRefusedError),
        (409, RequestRefusedError),
        (413, RequestRefusedError),
        (422, RequestRefusedError),
        (501, ServiceUnavailableError),
    ],
)
def test_what_does_not_pass_is_given_up_at_once_even_when_told_to_wait(status, error):
    decision = decided(answered(status, {"retry-after": "1"}))
    assert isinstance(decision, GiveUp)
    assert type(decision.error) is error
    assert (decision.error.status, decision.error.retried) == (status, 0)


def test_an_unpaid_account_is_not_asked_again_though_it_is_a_429():
    decision = decided(answered(429, {"retry-after": "1"}, Said(code="usage_limit_exceeded", message="No credit.")))
    assert isinstance(decision, GiveUp)
    assert isinstance(decision.error, RequestRefusedError)
    assert "payment" in str(decision.error)


def test_a_certificate_that_is_not_trusted_is_not_asked_again():
    decision = decided(Unreachable(reason="self-signed", next_step="Set SSL_CERT_FILE.", passing=False))
    assert isinstance(decision, GiveUp)
    assert "Set SSL_CERT_FILE." in str(decision.error)


@pytest.mark.parametrize(
    ("headers", "retry_after", "expected_s"),
    [
        ({"retry-after": "7"}, None, 7),
        ({"retry-after": " 7 "}, None, 7),
        ({"retry-after": "1.5"}, None, 1.5),
        ({"retry-after": http_date(90)}, None, 90),
        ({"retry-after": http_date(90).replace("GMT", "-0000")}, None, 90),
        # Retry-After ranks before the resets, the resets before the body.
        ({"retry-after": "7", "x-ratelimit-request-reset": "20"}, "30", 7),
        ({"x-ratelimit-request-reset": "20"}, "30", 20),
        ({}, "30", 30),
        # Of several resets the latest: as epoch or as a delta, with a dimension or without.
        ({"x-ratelimit-request-reset": "20", "x-ratelimit-duration-reset": str(NOW + 45)}, None, 45),
        ({"x-ratelimit-reset": str(int(NOW) + 12)}, None, 12),
        # What cannot be read is passed over.
        ({"retry-after": "soon", "x-ratelimit-request-reset": "20"}, None, 20),
        ({"retry-after": "inf", "x-ratelimit-request-reset": "nan"}, "30", 30),
        ({"retry-after": "9" * 400}, "30", 30),
        ({"retry-after": "-5"}, "30", 30),
        ({"retry-after": "٣"}, "30", 30),
        ({"retry-after": "Wed, 99 Foo 2026 99:99:99 GMT"}, "30", 30),
        # Milliseconds since 1970 would be fifty thousand years.
        ({"x-ratelimit-request-reset": str(int(NOW * 1000))}, "30", 30),
        ({"x-ratelimit-request-remaining": "5", "x-ratelimit-resets": "9"}, "30", 30),
    ],
)
def test_the_service_says_how_long_to_wait(headers, retry_after, expected_s):
    outcome = answered(429, headers, Said(retry_after=retry_after))
    assert decided(outcome, jitter=0.0) == Retry(pytest.approx(expected_s))
    # Many that were refused together come back one by one, none of them early.
    assert decided(outcome, jitter=0.99) == Retry(pytest.approx(expected_s + min(0.099 * expected_s, 4.95)))


def test_what_is_added_to_a_wait_leaves_the_try_after_it_its_time():
    """Half a second of the one that is left: a try that begins at the deadline is none."""
    outcome = answered(429, {"retry-after": "100"})
    assert decided(outcome, jitter=0.5, deadline_s=101.0) == Retry(100.25)


@pytest.mark.parametrize(
    "headers", [{"retry-after": "0"}, {"retry-after": http_date(-60)}, {"x-ratelimit-reset": str(NOW - 60)}]
)
def test_at_once_still_means_backing_off(headers):
    assert decided(answered(429, headers), jitter=0.5) == Retry(backoff_s(0, 0.5))


def test_resets_mean_nothing_where_nothing_ran_out():
    daily = {"x-ratelimit-request-reset": str(NOW + 80_000)}
    assert decided(answered(500, daily)) == Retry(backoff_s(0, 0.0))
    assert decided(answered(503, {"retry-after": "9"})) == Retry(9.0)


def test_backoff_doubles_up_to_a_minute_and_jitter_halves_it_at_most():
    assert [backoff_s(n, 0.0) for n in range(8)] == [0.5, 1, 2, 4, 8, 16, 30, 30]
    assert backoff_s(10_000, 0.0) == 30
    assert backoff_s(3, 0.999) == pytest.approx(8, rel=1e-3)


def test_after_the_last_retry_a_429_is_a_rate_limit():
    said = Said(code="too_many_requests", message="You have exceeded the rate limit (25/min).")
    decision = decided(answered(429, {"retry-after": "8"}, said), retried=5)
    assert isinstance(decision, GiveUp)
    error = decision.error
    assert isinstance(error, RateLimitError)
    assert (error.retry_after_s, error.status, error.code, error.retried) == (8, 429, "too_many_requests", 5)
    assert str(error) == (
        "The service limits the rate (429 too_many_requests: You have exceeded the rate limit (25/min)). "
        "It was tried 6 times. Run it again after 2026-11-18 11:06:48 UTC."
    )


def test_after_the_last_retry_a_5xx_is_an_unavailable_service_even_with_a_wait():
    decision = decided(answered(503, {"retry-after": "8"}), retried=2, retries=2)
    assert isinstance(decision, GiveUp)
    assert type(decision.error) is ServiceUnavailableError
    assert (decision.error.status, decision.error.retried) == (503, 2)
    assert "11:06:48 UTC" in str(decision.error)


def test_after_the_last_retry_a_lost_network_has_no_status():
    decision = decided(LOST, retries=0)
    assert isinstance(decision, GiveUp)
    assert type(decision.error) is ServiceUnavailableError
    assert decision.error.status is None
    assert str(decision.error) == (
        "The service could not be reached (connection refused). It was tried once. Check the network."
    )


@pytest.mark.parametrize("status", [429, 503])
def test_a_wait_of_hours_is_not_waited(status):
    decision = decided(answered(status, {"retry-after": "7200"}))
    assert isinstance(decision, GiveUp)
    error = decision.error
    assert isinstance(error, RateLimitError)
    assert (error.retry_after_s, error.status, error.retried) == (7200, status, 0)
    assert error.resume_at == dt.datetime(2026, 11, 18, 13, 6, 40, tzinfo=dt.UTC)
    assert "asks to wait 7200 s; preflight waits 300 s at most" in str(error)
    assert str(error).endswith("Run it again after 2026-11-18 13:06:40 UTC.")


def test_the_longest_allowed_wait_is_waited():
    assert decided(answered(429, {"retry-after": "300"})) == Retry(300.0)
    assert isinstance(decided(answered(429, {"retry-after": "301"})), GiveUp)


def test_a_wait_beyond_the_deadline_is_not_begun():
    told = answered(429, {"retry-after": "20"})
    assert decided(told, elapsed_s=9.0, deadline_s=30.0) == Retry(20.0)
    decision = decided(told, elapsed_s=10.0, deadline_s=30.0)
    assert isinstance(decision, GiveUp)
    assert isinstance(decision.error, RateLimitError)
    assert decision.error.retry_after_s == 20
    assert "deadline of 30 s" in str(decision.error)


headers = st.dictionaries(
    st.sampled_from(["retry-after", "x-ratelimit-reset", "x-ratelimit-duration-reset", "location", "date"]),
    st.text()
    | st.integers(0, 600).map(str)
    | st.integers().map(str)
    | st.floats().map(str)
    | st.datetimes().map(format_datetime),
)
outcomes = st.just(LOST) | st.builds(
    Answered,
    status=st.integers(100, 599),
    headers=headers,
    said=st.builds(Said, code=st.none() | st.text(), message=st.text(), retry_after=st.none() | st.text()),
)


@given(outcomes, st.integers(0, 7), st.floats(0, 1000), st.floats(0, 1, exclude_max=True))
def test_any_outcome_gets_a_decision_within_patience(outcome, retried, elapsed_s, jitter):
    decision = decided(outcome, retried=retried, elapsed_s=elapsed_s, jitter=jitter, deadline_s=500.0)
    match decision:
        case Retry(after_s=after_s):
            assert retried < 5
            stated_s = stated_wait_s(outcome, now=NOW) if outcome is not LOST else None
            if stated_s is None:
                assert 0 < after_s <= 60
            else:
                assert stated_s <= after_s <= min(1.1 * stated_s, 305)
            assert elapsed_s + after_s < 500
        case GiveUp(error=error):
            assert error.retried == retried
        case Accept():
            assert outcome.status == 200


@given(
    st.lists(outcomes.filter(lambda o: o is LOST or o.status != 200), min_size=9, max_size=9),
    st.integers(0, 5),
)
def test_asking_always_ends(script, retries):
    tries = 0
    for outcome in script:
        decision = decided(outcome, retried=tries, retries=retries)
        tries += 1
        if isinstance(decision, GiveUp):
            break
    assert tries <= retries + 1
    assert isinstance(decision, GiveUp)
