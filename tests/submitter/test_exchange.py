"""All tries of one request, by a clock that goes on only where somebody waits: for any answers, it ends in time."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from preflight.errors import RequestRefusedError
from preflight.submitter.allowance import Cost
from preflight.submitter.decision import Accept, GiveUp, Patience, Retry
from preflight.submitter.exchange import Exchange
from preflight.submitter.outcome import Answered, Outcome, Unreachable
from preflight.submitter.refusal import Said

NOW = 1_795_000_000.0
LOST = Unreachable(reason="reset", next_step="Check the network.")


def answered(status: int, **headers: str) -> Answered:
    return Answered(status=status, headers={k.replace("_", "-"): v for k, v in headers.items()}, said=Said())


outcomes = st.one_of(
    st.just(LOST),
    st.sampled_from([408, 429, 500, 502, 503, 504]).map(answered),
    st.integers(0, 400).map(lambda s: answered(429, retry_after=str(s))),
    st.integers(0, 400).map(lambda s: answered(503, retry_after=str(s))),
    st.integers(0, 400).map(lambda s: answered(429, x_ratelimit_request_reset=str(NOW + s))),
)


@given(
    st.lists(st.tuples(outcomes, st.floats(0, 1), st.floats(0, 1, exclude_max=True)), min_size=12, max_size=12),
    st.integers(0, 8),
    st.none() | st.floats(0.5, 900),
)
def test_it_ends_within_its_tries_and_its_deadline(script, retries, deadline_s):
    """Each try takes a share of what it may; a try never begins after the deadline, nor lasts beyond it."""
    exchange = Exchange(Patience(retries=retries, deadline_s=deadline_s))
    elapsed_s, tries = 0.0, 0
    for outcome, share, jitter in script:
        if deadline_s is not None:
            assert elapsed_s < deadline_s
        tries += 1
        elapsed_s += share * exchange.allowed_s(600.0, elapsed_s)
        if deadline_s is not None:
            assert elapsed_s <= deadline_s + 0.001
        decision = exchange.after(outcome, elapsed_s=elapsed_s, now=NOW, jitter=jitter)
        if isinstance(decision, GiveUp):
            break
        assert isinstance(decision, Retry)
        assert exchange.retried == tries
        elapsed_s += decision.after_s
    assert isinstance(decision, GiveUp)
    assert decision.error.retried == tries - 1 <= retries


@pytest.mark.parametrize("success", [(200,), (200, 202)])
def test_what_is_wanted_is_accepted_and_another_200_is_refused(success):
    exchange = Exchange(Patience(), success=success)
    for status in (200, 202, 204):
        decision = exchange.after(answered(status), elapsed_s=0.0, now=NOW, jitter=0.0)
        assert (decision == Accept()) is (status in success)
    only = Exchange(Patience(), success=(204,)).after(answered(200), elapsed_s=0.0, now=NOW, jitter=0.0)
    assert isinstance(only, GiveUp)


def test_media_count_once_and_requests_each_time():
    exchange = Exchange(Patience(), cost=Cost(group="media", media_s=60.0))
    assert exchange.cost == Cost(group="media", media_s=60.0)
    outcome: Outcome = LOST
    exchange.after(outcome, elapsed_s=0.0, now=NOW, jitter=0.0)
    assert exchange.cost == Cost(group="media", media_s=0.0)
    assert Exchange(Patience()).cost is None


def test_a_refusal_is_not_sent_again():
    decision = Exchange(Patience()).after(answered(400), elapsed_s=0.0, now=NOW, jitter=0.0)
    assert isinstance(decision, GiveUp)
    assert isinstance(decision.error, RequestRefusedError)


def test_times_for_the_next_try():
    hasty = Exchange(Patience(deadline_s=10.0, max_wait_s=300.0))
    assert [hasty.allowed_s(600.0, s) for s in (0.0, 4.0)] == [10.0, 6.0]
    assert [hasty.left_s(s) for s in (0.0, 4.0, 11.0)] == [10.0, 6.0, 0.0]
    assert [hasty.most_wait_s(s) for s in (0.0, 11.0)] == [10.0, 0.0]
    patient = Exchange(Patience(max_wait_s=300.0))
    assert (patient.allowed_s(600.0, 1e9), patient.left_s(1e9), patient.most_wait_s(1e9)) == (600.0, None, 300.0)
