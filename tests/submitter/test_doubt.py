from datetime import UTC, datetime, timedelta

import pytest

from preflight.submitter.doubt import Listed, Sought, leaves_open, recognised
from preflight.submitter.outcome import Answered, Unreachable
from preflight.submitter.refusal import Said

NOW = datetime(2026, 11, 23, 6, 0, tzinfo=UTC)
SOUGHT = Sought(kind="video", earliest=NOW, filename=None, duration_s=600.0)
NAMED = Sought(kind="video", earliest=NOW, filename="talk-0123.mp4", duration_s=600.0)
NOBODY = frozenset()


def task(task_id="a", **changed):
    usual = {"kind": "video", "created_at": NOW + timedelta(seconds=3), "duration_s": 600.0}
    return Listed(task_id=task_id, **(usual | changed))


@pytest.mark.parametrize("status", [408, 500, 502, 503, 504])
def test_after_a_failure_the_service_may_have_done_it(status):
    assert leaves_open(Answered(status=status, headers={}, said=Said()))


@pytest.mark.parametrize("status", [200, 400, 401, 404, 409, 413, 429])
def test_a_refusal_and_a_rate_limit_did_nothing(status):
    assert not leaves_open(Answered(status=status, headers={}, said=Said()))


def test_without_an_answer_nobody_knows():
    assert leaves_open(Unreachable(reason="reset", next_step=""))
    assert not leaves_open(Unreachable(reason="certificate", next_step="", passing=False))


def test_the_name_of_an_asset_is_proof():
    others = [task("a"), task("b", filename="song-9.mp4")]
    mine = task("c", filename="talk-0123.mp4", duration_s=None)
    assert recognised([*others, mine], NAMED, known=NOBODY, is_sole=False) == "c"
    assert recognised(others, NAMED, known=NOBODY, is_sole=False) is None
    assert recognised([mine], NAMED, known=frozenset("c"), is_sole=False) is None


def test_a_length_alone_is_no_proof_where_others_make_tasks():
    assert recognised([task()], SOUGHT, known=NOBODY, is_sole=False) is None


@pytest.mark.parametrize(
    ("listed", "found"),
    [
        ([task()], "a"),
        ([], None),
        ([task("a"), task("b")], None),  # which of them?
        ([task("a"), task("b", duration_s=599.0)], "a"),
        ([task(duration_s=600.04)], "a"),
        ([task(duration_s=600.06)], None),
        ([task(duration_s=None)], None),
        ([task(kind="audio")], None),
        ([task(filename="of-an-asset.mp4")], None),
        ([task(created_at=NOW - timedelta(seconds=1))], None),
        ([task(created_at=None)], "a"),
    ],
)
def test_a_length_is_enough_where_nobody_else_makes_tasks(listed, found):
    assert recognised(listed, SOUGHT, known=NOBODY, is_sole=True) == found


def test_what_is_accounted_for_is_not_it():
    assert recognised([task("a"), task("b")], SOUGHT, known=frozenset("a"), is_sole=True) == "b"
