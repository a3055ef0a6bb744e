"""Many inputs in one call."""

from __future__ import annotations

import pytest

import preflight
from preflight.emulator import Double, Reply
from preflight.errors import AuthenticationError, JournalError, RateLimitError, UsageError
from preflight.runs.board import Board


def texts(count: int) -> list[preflight.Text]:
    return [preflight.Text(f"text {n}", name=f"t{n}") for n in range(count)]


def test_a_result_an_input_in_order(media) -> None:
    inputs = [*texts(3), media("bad/empty"), media("image/square_128")]
    with Double() as double:
        results = list(preflight.embed_many(inputs, api_key="any", base_url=double.url))
    assert [r.position for r in results] == list(range(5))
    assert isinstance(results[3].outcome, preflight.errors.RejectedError)
    for result in results[:3] + results[4:]:
        assert isinstance(result.outcome, preflight.Embeddings)
        assert result.outcome.vectors.shape == (1, 512)
        assert result.outcome.rows[0].source == result.source


def test_it_is_lazy_and_goes_on_where_it_ended(tmp_path) -> None:
    with Double() as double:
        call = {"api_key": "any", "base_url": double.url, "journal": tmp_path / "run.db", "workers": 2}
        many = preflight.embed_many(texts(8), **call)
        assert double.requests == []
        assert next(many).source == "t0"
        with pytest.raises(JournalError, match="another run"):
            next(preflight.embed_many(texts(8), **call))
        many.close()
        results = list(preflight.embed_many(texts(8), **call))
        assert [r.source for r in results] == [f"t{n}" for n in range(8)]
        assert len(double.requests) == 8


def test_by_the_route_that_changes_each_least(media, tmp_path) -> None:
    inputs = [media("audio/duration_600_1_mp3"), preflight.Text("a dog")]
    with Double() as double:
        call = {"api_key": "any", "base_url": double.url, "route": "auto"}
        whole, text = preflight.embed_many(inputs, journal=tmp_path / "run.db", **call)
        assert {(row.request, row.fidelity) for row in whole.outcome.rows} == {(1, "identical")}
        assert len(text.outcome) == 1
        assert len(preflight.embed(inputs[0], **call)) == len(whole.outcome)
        posted = [request.path for request in double.requests if request.method == "POST"]
    assert sorted(posted) == ["/v1.3/embed-v2", *["/v1.3/embed-v2/tasks"] * 2]


def test_what_would_fail_the_next_one_too_is_raised_after_what_was_answered() -> None:
    with Double() as double:
        double.on_call(3, Reply(status=401, body={"code": "api_key_invalid", "message": "No."}))
        many = preflight.embed_many(texts(50), api_key="any", base_url=double.url, workers=1)
        assert [next(many).source, next(many).source] == ["t0", "t1"]
        with pytest.raises(AuthenticationError):
            next(many)
        assert len(double.requests) == 3


def test_limits_of_a_plan_are_kept_to(tmp_path) -> None:
    (plan := tmp_path / "own.toml").write_text(
        'summary = "ours"\nsource = "our contract"\nread_on = 2026-10-01\nstill = { requests_a_day = 2 }\n'
    )
    with Double() as double:
        many = preflight.embed_many(texts(5), api_key="any", base_url=double.url, workers=1, rate_plan=plan)
        assert [next(many).source, next(many).source] == ["t0", "t1"]
        with pytest.raises(RateLimitError, match="The plan's limits are used up for now") as ended:
            next(many)
        assert ended.value.retry_after_s == pytest.approx(86_400, abs=60)
        assert len(double.requests) == 2
        with pytest.raises(UsageError, match="developer-3"):
            next(preflight.embed_many(texts(1), api_key="any", base_url=double.url, rate_plan="enterprise"))


def test_so_long_and_no_longer_is_waited(monkeypatch) -> None:
    slept: list[float] = []
    monkeypatch.setattr(Board, "sleep", lambda board, seconds: slept.append(seconds))
    hour = Reply(status=429, headers={"Retry-After": "3500"}, body={"code": "too_many_requests", "message": "."})
    with Double() as double:
        call = {"api_key": "any", "base_url": double.url}
        double.will(hour)
        with pytest.raises(RateLimitError):
            list(preflight.embed_many(texts(1), **call))
        double.will(hour)
        assert len(list(preflight.embed_many(texts(1), max_wait_s=3900, **call))) == 1
    assert slept == [pytest.approx(3502.5, abs=2.5)]
