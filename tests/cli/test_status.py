"""`preflight embed --journal` and `--estimate`, and `preflight status`: what is said of a run, before and after."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from preflight.emulator import Double, LocalServer, Reply
from preflight.runs.board import Board
from preflight.submitter.journal import Journal
from tests.flaky import Flaky


@pytest.fixture(autouse=True)
def _any_key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TWELVELABS_API_KEY", "any")


@pytest.fixture
def texts(tmp_path: Path) -> Path:
    (folder := tmp_path / "texts").mkdir()
    for number in range(6):
        (folder / f"{number}.txt").write_text(f"This is text {number}.\n")
    return folder


class TestJournal:
    def test_the_same_command_again_sends_nothing_and_writes_the_same(self, preflight, texts, tmp_path) -> None:
        out, journal = tmp_path / "e.ndjson", tmp_path / "run.db"
        with Double() as double:
            command = ["embed", texts, "--base-url", double.url, "--journal", journal, "--out", out]
            assert preflight(*command).code == 0
            first = out.read_bytes()
            out.unlink()
            ended = preflight(*command)
            assert (ended.code, ended.err) == (0, f"6 vectors from 6 of 6 inputs in {out}\n")
            assert out.read_bytes() == first
            assert len(double.requests) == 6

    def test_neither_does_another_name(self, preflight, texts, tmp_path) -> None:
        journal = tmp_path / "run.db"
        with Double() as double:
            command = ["embed", texts, "--base-url", double.url, "--journal", journal]
            assert preflight(*command).code == 0
            (texts / "3.txt").rename(texts / "renamed.txt")
            ended = preflight(*command)
            assert ended.code == 0
            sources = [json.loads(line)["source"] for line in ended.out.splitlines()]
            assert sources[-1] == str(texts / "renamed.txt")
            assert len(double.requests) == 6

    def test_the_emulators_answers_are_not_the_services(self, preflight, texts, tmp_path) -> None:
        journal = tmp_path / "run.db"
        for _ in range(2):
            assert preflight("embed", texts, "--emulator", "--journal", journal).code == 0
        assert "6 done" in preflight("status", journal).out
        with Double() as double:
            assert preflight("embed", texts, "--base-url", double.url, "--journal", journal).code == 0
            assert len(double.requests) == 6

    def test_what_ends_a_run_says_how_to_go_on(self, preflight, texts, tmp_path) -> None:
        journal, out = tmp_path / "run.db", tmp_path / "e.ndjson"
        daily = Reply(status=429, headers={"Retry-After": "40000"}, body={"code": "too_many_requests", "message": "."})
        with Double() as double:
            double.on_call(3, daily)
            command = ["embed", texts, "--base-url", double.url, "--workers", 1, "--journal", journal, "--out", out]
            ended = preflight(*command)
            assert ended.code == 2
            assert "2 vectors from 2 of 6 inputs" in ended.err
            assert f"kept in {journal}: run the same command again" in ended.err
            assert "Run it again after" in ended.err
            assert len(double.requests) == 3
            assert preflight("status", journal).code == 1
            assert preflight(*command).code == 0
            assert len(double.requests) == 3 + 4
        assert len(out.read_text().splitlines()) == 6

    def test_an_hour_does_not_end_a_run(self, preflight, texts, tmp_path, monkeypatch) -> None:
        slept: list[float] = []
        monkeypatch.setattr(Board, "sleep", lambda board, seconds: slept.append(seconds))
        hourly = Reply(status=429, headers={"Retry-After": "3590"}, body={"code": "too_many_requests", "message": "."})
        with Double() as double:
            double.on_call(3, hourly)
            command = ["embed", texts, "--base-url", double.url, "--journal", tmp_path / "run.db"]
            ended = preflight(*command, "--out", tmp_path / "e.ndjson")
            assert (ended.code, len(double.requests)) == (0, 7)
        assert slept == [pytest.approx(3592.5, abs=2.5)]

    def test_neither_does_a_service_that_is_down_fail_all(self, preflight, tmp_path, monkeypatch) -> None:
        """After a dozen in a row it is said how to go on, and that sends what is missing."""
        monkeypatch.setattr(Board, "sleep", lambda board, seconds: None)
        (folder := tmp_path / "texts").mkdir()
        for number in range(40):
            (folder / f"{number:02}.txt").write_text(f"This is text {number}.\n")
        command = ["embed", folder, "--workers", 1, "--journal", tmp_path / "run.db", "--out", tmp_path / "e.npz"]
        with Double() as double:
            double.will(*[Reply()] * 5, *[Reply.unavailable()] * 1000)
            ended = preflight(*command, "--base-url", double.url)
            assert (ended.code, len(double.requests)) == (2, 5 + 12 * 6)
            assert "5 vectors from 5 of 40 inputs" in ended.err
            assert "12 inputs failed one after the other" in ended.err
            assert "run the same command again" in ended.err
            double.clear()
            assert preflight(*command, "--base-url", double.url).code == 0
            assert len(double.requests) == 35

    def test_what_is_refused_for_good_is_not_sent_again(self, preflight, texts, tmp_path) -> None:
        journal = tmp_path / "run.db"
        with Double() as double:
            double.on_call(2, Reply.refused("parameter_invalid"))
            command = ["embed", texts, "--base-url", double.url, "--workers", 1, "--journal", journal]
            for _ in range(2):
                ended = preflight(*command)
                assert ended.code == 1
                assert "parameter_invalid" in ended.err
                assert len(ended.out.splitlines()) == 5
            assert len(double.requests) == 6
        assert "failures: parameter_invalid 1" in preflight("status", journal).out

    def test_one_that_is_taken(self, preflight, texts, tmp_path) -> None:
        with Journal(tmp_path / "run.db"):
            ended = preflight("embed", texts, "--emulator", "--journal", tmp_path / "run.db")
        assert ended.code == 2
        assert "another run is using the journal" in ended.err


class TestEstimate:
    def test_sends_nothing_and_needs_no_key(self, preflight, samples, monkeypatch, tmp_path) -> None:
        monkeypatch.delenv("TWELVELABS_API_KEY")
        files = [samples / "talk.mp4", samples / "icon.png", samples / "field_recording.wav"]
        ended = preflight("embed", *files, "--estimate", "--format", "ndjson", "--base-url", "http://127.0.0.1:1")
        told = json.loads(ended.out)
        # sample_media/truth.toml: 25 minutes in the fewest clips of ten, a picture, 8 s of sound.
        assert (ended.code, told["inputs"], told["requests"]) == (0, 3, 5)
        assert told["media_minutes"] == pytest.approx(25 + 8 / 60, abs=0.05)
        assert told["usd"] == pytest.approx(25 * 0.042 + 8 / 60 * 0.0083 + 0.0001, abs=0.003)
        assert told["least_s"] == 0
        assert told["prices_read_on"] == "2026-11-01"
        assert list(tmp_path.iterdir()) == []

    def test_waits_for_the_limits_of_a_plan(self, preflight, samples, tmp_path) -> None:
        (plan := tmp_path / "own.toml").write_text(
            'summary = "ours"\nsource = "our contract"\nread_on = 2026-10-01\nmedia = { requests_a_minute = 1 }\n'
        )
        ended = preflight("embed", samples / "talk.mp4", "--estimate", "--rate-plan", plan)
        assert ended.code == 0
        assert "3 requests, 25.0 minutes of media" in ended.out
        assert f"at least 2 min under the limits of plan {plan}, read 2026-10-01" in ended.out

    def test_by_the_route_that_changes_least(self, preflight, samples) -> None:
        call = ["embed", samples / "talk.mp4", samples / "icon.png", "--estimate", "--route", "auto"]
        assert "2 requests, 25.0 minutes of media" in (ended := preflight(*call)).out
        assert "    by route: async 1, sync 1\n" in ended.out
        assert json.loads(preflight(*call, "--format", "ndjson").out)["by_route"] == {"async": 1, "sync": 1}

    def test_with_a_journal_only_what_is_left(self, preflight, texts, tmp_path) -> None:
        """Also of a long one that was begun. What is there twice is sent once, what was refused not at all."""
        (texts / "again.txt").write_text("This is text 5.\n")
        (texts / "long.txt").write_text(" ".join(f"This is sentence {n} of a longer text." for n in range(300)))
        journal, form = tmp_path / "run.db", ("--format", "ndjson")
        with Double() as double:
            double.will(
                *[Reply()] * 3,
                Reply.refused("parameter_invalid"),
                *[Reply()] * 4,
                Reply(status=401, body={"code": "api_key_invalid", "message": "No."}),
            )
            command = ["embed", texts, "--base-url", double.url, "--workers", 1, "--journal", journal]
            whole = json.loads(preflight(*command[:4], "--estimate", *form).out)
            before = json.loads(preflight(*command, "--estimate", *form).out)
            assert not journal.exists()
            assert (whole["requests"], whole["done"]) == (before["requests"] + 1, before["done"] - 1)
            # 0 1 2 3 4 5 again long, in this order: two requests of the long one are answered.
            assert preflight(*command).code == 2
            ended = preflight(*command, "--estimate", *form)
            after = json.loads(ended.out)
            assert (after["inputs"], after["done"], after["refused"]) == (8, 6, 1)
            assert after["requests"] == before["requests"] - 6 - 2
            assert after["usd"] == pytest.approx(after["requests"] * 0.00007)
            assert (ended.code, "parameter_invalid" in ended.err) == (1, True)
            sent = len(double.requests)
            assert preflight(*command).code == 1
            assert len(double.requests) - sent == after["requests"]
            assert preflight(*command, "--estimate").out.startswith(
                "8 inputs, 7 of them need nothing more, 1 of them refused: 0 requests\n"
            )
            # What another service answered is none of it.
            there = json.loads(preflight("embed", texts, "--emulator", "--journal", journal, "--estimate", *form).out)
            assert there["requests"] == before["requests"]

    def test_says_what_cannot_be_sent(self, preflight, samples, media) -> None:
        ended = preflight("embed", samples / "icon.png", media("bad/empty"), "--estimate")
        assert ended.code == 1
        assert ended.out.startswith("2 inputs, 1 of them refused: 1 request\n")
        assert "file_empty" in ended.err

    def test_an_unknown_plan(self, preflight, samples) -> None:
        ended = preflight("embed", samples / "icon.png", "--emulator", "--rate-plan", "enterprise")
        assert ended.code == 2
        assert "developer-3" in ended.err


class TestStatus:
    def test_in_the_middle_of_a_run_and_of_what_is_left(self, preflight, texts, tmp_path) -> None:
        journal = tmp_path / "run.db"
        with Double() as double:
            double.will(*[Reply()] * 3, Reply(status=401, body={"code": "api_key_invalid", "message": "No."}))
            command = ["embed", texts, "--base-url", double.url, "--workers", 1, "--journal", journal]
            assert preflight(*command).code == 2
        ended = preflight("status", journal, "--format", "ndjson", "--rate-plan", "developer-2")
        told = json.loads(ended.out)
        assert ended.code == 1
        assert told["inputs"]["done"] == told["requests"]["done"] == told["billed"]["requests"] == 3
        assert sum(told["inputs"].values()) == 6
        assert told["left"]["requests"] == 3
        assert told["billed"]["usd"] == pytest.approx(3 * 0.00007)
        assert told["rate_plan"] == "developer-2"
        ended = preflight("status", journal)
        assert "inputs: " in ended.out
        assert "spent: 0.0002 USD for 3 requests, prices read 2026-11-01" in ended.out

    def test_no_journal(self, preflight, tmp_path) -> None:
        assert preflight("status", tmp_path / "none.db").code == 2
        (tmp_path / "other").write_text("something else")
        ended = preflight("status", tmp_path / "other")
        assert (ended.code, "is no journal of preflight" in ended.err) == (2, True)


def test_the_bar_counts_inputs_and_names_what_is_on_its_way(terminal, texts) -> None:
    with LocalServer(Flaky(delay_s=0.4)) as server:
        code, seen, out = terminal("embed", texts, "--base-url", server.url, "--workers", 2)
    assert code == 0
    assert "0/6, sending 0.txt, 1.txt" in seen
    assert len(out.splitlines()) == 6
