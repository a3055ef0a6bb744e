"""`preflight embed`, against the emulator and against services that misbehave."""

from __future__ import annotations

import json
import signal
import time
from pathlib import Path

import pytest

from preflight.emulator import LocalServer
from preflight.errors import RateLimitError, ServiceUnavailableError
from preflight.submitter import Client

KEYS = ["source", "input_type", "embedding", "embedding_option", "embedding_scope", "start_s", "end_s", "request"]


def vectors(text: str) -> list[dict]:
    return [json.loads(line) for line in text.splitlines()]


@pytest.fixture(autouse=True)
def _no_key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("TWELVELABS_API_KEY", raising=False)


def test_to_standard_output(preflight, samples: Path) -> None:
    ended = preflight("embed", samples / "icon.png", samples / "three_languages.txt", "--emulator")
    assert (ended.code, ended.err) == (0, "5 vectors from 2 of 2 inputs\n")
    found = vectors(ended.out)
    assert [list(v) for v in found] == [KEYS] * 5
    assert [(v["input_type"], v["request"]) for v in found] == [("image", 1), *(("text", n) for n in range(1, 5))]
    assert {len(v["embedding"]) for v in found} == {512}
    assert {v["start_s"] for v in found} == {None}


def test_to_a_file(preflight, samples: Path, tmp_path: Path) -> None:
    out = tmp_path / "e.ndjson"
    ended = preflight("embed", samples / "silent.mp4", samples / "icon.png", "--emulator", "--out", out)
    found = vectors(out.read_text())
    assert (ended.code, ended.out, ended.err) == (0, "", f"{len(found)} vectors from 2 of 2 inputs in {out}\n")
    assert {v["source"] for v in found} == {str(samples / "silent.mp4"), str(samples / "icon.png")}
    clips = [v for v in found if v["embedding_scope"] == "clip"]
    assert clips[0]["start_s"] == 0
    assert max(v["end_s"] for v in clips) == pytest.approx(6, abs=0.1)
    assert [path.name for path in tmp_path.iterdir()] == ["e.ndjson"]


def test_what_cannot_be_embedded_does_not_stop_the_rest(preflight, media, samples: Path) -> None:
    ended = preflight("embed", media("bad/empty"), samples / "icon.png", "--emulator")
    assert ended.code == 1
    assert len(vectors(ended.out)) == 1
    assert f"REJECTED {media('bad/empty')}\n    error: file_empty: " in ended.err
    assert ended.err.endswith("1 vectors from 1 of 2 inputs\n")


class TestKey:
    def test_missing(self, preflight, samples: Path) -> None:
        ended = preflight("embed", samples / "icon.png")
        assert (ended.code, ended.out) == (2, "")
        assert "TWELVELABS_API_KEY" in ended.err

    def test_wrong(self, preflight, samples: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
        monkeypatch.setenv("TWELVELABS_API_KEY", "tlk_wrong_secret")
        (tmp_path / "e.ndjson").write_text("what was there\n")
        with LocalServer(api_key="tlk_right") as server:
            for place in ([], ["--out", tmp_path / "e.ndjson"]):
                ended = preflight("embed", samples / "icon.png", "--base-url", server.url, *place)
                assert (ended.code, ended.out) == (2, "")
                assert "tlk_wrong_secret" not in ended.err
        assert (tmp_path / "e.ndjson").read_text() == "what was there\n"

    def test_from_the_environment_or_a_file(
        self, preflight, samples: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
    ) -> None:
        (tmp_path / "key").write_text("tlk_right\n")
        with LocalServer(api_key="tlk_right") as server:
            call = ["embed", samples / "icon.png", "--base-url", server.url]
            assert preflight(*call, "--api-key-file", tmp_path / "key").code == 0
            monkeypatch.setenv("TWELVELABS_API_KEY", "tlk_right")
            assert preflight(*call).code == 0

    def test_a_file_that_holds_none(self, preflight, samples: Path, tmp_path: Path) -> None:
        (tmp_path / "binary").write_bytes(b"\xff\xfe\0")
        for name in ("missing", "binary"):
            ended = preflight("embed", samples / "icon.png", "--api-key-file", tmp_path / name)
            assert ended.code == 2
            assert "cannot be read as a key" in ended.err


class TestWrongUse:
    def test_emulator_and_url(self, preflight, samples: Path) -> None:
        ended = preflight("embed", samples / "icon.png", "--emulator", "--base-url", "http://127.0.0.1:1")
        assert (ended.code, "exclude each other" in ended.err) == (2, True)

    def test_a_url_that_is_none(self, preflight, samples: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("TWELVELABS_API_KEY", "tlk")
        assert preflight("embed", samples / "icon.png", "--base-url", "gopher:x").code == 2

    def test_a_place_that_cannot_be_written(self, preflight, samples: Path) -> None:
        ended = preflight("embed", samples / "icon.png", "--emulator", "--out", "/proc/e.ndjson")
        assert ended.code == 2
        assert "/proc/e.ndjson cannot be written" in ended.err


class TestCutShort:
    """What was paid for is kept, whole, and nothing else."""

    @pytest.fixture
    def fails_at(self, monkeypatch: pytest.MonkeyPatch):
        embed = Client.embed

        def arrange(number: int, error: BaseException) -> None:
            calls = iter(range(1, 100))

            def call(*arguments, **options):
                if next(calls) == number:
                    raise error
                return embed(*arguments, **options)

            monkeypatch.setattr(Client, "embed", call)

        return arrange

    @pytest.mark.parametrize(
        ("error", "code", "words"),
        [(KeyboardInterrupt(), 130, "interrupted"), (RateLimitError("wait"), 2, "preflight: wait")],
    )
    def test_after_the_first(self, preflight, samples: Path, tmp_path: Path, fails_at, error, code: int, words) -> None:
        fails_at(2, error)
        out = tmp_path / "e.ndjson"
        ended = preflight("embed", *[samples / "icon.png"] * 3, "--emulator", "--workers", 1, "--out", out)
        assert ended.code == code
        assert ended.err == f"1 vectors from 1 of 3 inputs in {out}\n{words}\n"
        assert len(vectors(out.read_text())) == 1
        assert [path.name for path in tmp_path.iterdir()] == ["e.ndjson"]

    @pytest.mark.parametrize("error", [KeyboardInterrupt(), RateLimitError("wait")])
    def test_before_the_first(self, preflight, samples: Path, tmp_path: Path, fails_at, error) -> None:
        fails_at(1, error)
        (tmp_path / "e.ndjson").write_text("what was there\n")
        ended = preflight("embed", samples / "icon.png", "--emulator", "--out", tmp_path / "e.ndjson")
        assert ended.code in (2, 130)
        assert (tmp_path / "e.ndjson").read_text() == "what was there\n"
        assert len(list(tmp_path.iterdir())) == 1

    def test_a_request_that_fails_is_said_and_the_next_is_tried(self, preflight, samples: Path, fails_at) -> None:
        fails_at(1, ServiceUnavailableError("down for a moment"))
        ended = preflight("embed", *[samples / "icon.png"] * 2, "--emulator", "--workers", 1)
        assert ended.code == 1
        assert f"{samples / 'icon.png'}: down for a moment\n" in ended.err
        assert len(vectors(ended.out)) == 1

    def test_full_disk(self, preflight, samples: Path, small_disk: Path) -> None:
        inputs = [samples / "icon.png", samples / "message.opus", samples / "field_recording.wav"]
        ended = preflight("embed", *inputs * 4, "--emulator", "--out", small_disk / "e.ndjson")
        assert ended.code == 2
        assert "no space left" in ended.err
        assert list(small_disk.iterdir()) == []

    def test_ctrl_c(self, program, samples: Path, tmp_path: Path) -> None:
        out, part = tmp_path / "e.ndjson", tmp_path / ".e.ndjson.part"
        slow = [samples / "small_240x180.mp4"] * 5
        process = program("embed", samples / "icon.png", *slow, "--emulator", "--out", out)
        until = time.monotonic() + 20
        while not (part.exists() and part.stat().st_size):
            assert process.poll() is None
            assert time.monotonic() < until
            time.sleep(0.01)
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=20)
        assert process.returncode == 130
        assert err.endswith("interrupted\n")
        assert "Traceback" not in err
        assert not part.exists()
        found = vectors(out.read_text())
        assert found[0]["source"] == str(samples / "icon.png")
        assert {len(v["embedding"]) for v in found} == {512}
