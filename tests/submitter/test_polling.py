import itertools

import pytest

from preflight.submitter.polling import ASSET_PACE, TASK_PACE, Pace, next_poll_s


def waits(pace, *, jitter):
    elapsed_s, found = 0.0, []
    while (wait_s := next_poll_s(pace, polled=len(found) + 1, elapsed_s=elapsed_s, jitter=jitter)) is not None:
        found.append(wait_s)
        elapsed_s += wait_s
    return found


@pytest.mark.parametrize("pace", [TASK_PACE, ASSET_PACE, Pace(deadline_s=10)])
@pytest.mark.parametrize("jitter", [0.0, 0.5, 0.999])
def test_intervals_grow_within_bounds_up_to_the_deadline(pace, jitter):
    found = waits(pace, jitter=jitter)

    assert sum(found) == pytest.approx(pace.deadline_s)
    assert found[0] <= pace.first_s
    assert max(found) <= pace.most_s
    assert all(later >= earlier for earlier, later in itertools.pairwise(found[:-1]))


def test_an_hour_takes_few_questions():
    assert len(waits(Pace(deadline_s=3600), jitter=0.5)) < 150


def test_nobody_asks_after_the_deadline():
    assert next_poll_s(Pace(deadline_s=10), polled=3, elapsed_s=10.0, jitter=0.5) is None
