"""`preflight embed`, against the emulator and against services that misbehave."""

from __future__ import annotations

import json
import re
import signal
import sys
import time
from dataclasses import replace
from hashlib import sha256
from pathlib import Path

import numpy as np
import pytest

from preflight.emulator import LocalServer
from preflight.errors import RateLimitError, ServiceUnavailableError
from preflight.submitter import Client
from tests.results.made import FORMS, IN_ALL, read

KEYS = [
    *("source", "input_type", "embedding", "embedding_option", "embedding_scope", "start_s", "end_s", "request"),
    *("id", "offset"),
]


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


@pytest.mark.parametrize("form", ["npz", "parquet"])
def test_to_a_file_of_another_form(preflight, samples: Path, tmp_path: Path, form: str) -> None:
    """The same as in NDJSON, and what else is known of the requests."""
    call = ["embed", samples / "silent.mp4", samples / "three_languages.txt", "--emulator", "--out"]
    assert preflight(*call, tmp_path / "e.ndjson").code == 0
    ended = preflight(*call, tmp_path / f"e.{form}")
    lines, found = read(tmp_path / "e.ndjson"), read(tmp_path / f"e.{form}")
    said = f"{len(lines.rows)} vectors from 2 of 2 inputs in {tmp_path / f'e.{form}'}\n"
    assert (ended.code, ended.out, ended.err) == (0, "", said)
    assert np.array_equal(found.vectors, lines.vectors)
    assert [{name: row[name] for name in IN_ALL} for row in found.rows] == lines.rows
    video = (samples / "silent.mp4").read_bytes()
    text = (samples / "three_languages.txt").read_text(encoding="utf-8")
    assert len({row["id"] for row in found.rows}) == len(found.rows)
    for row in found.rows:
        assert row["model_name"] == "marengo3.0"
        if row["input_type"] == "text":
            begin = text[row["offset"] :]
            assert any(sha256(begin[:end].encode()).hexdigest() == row["media_sha256"] for end in range(len(begin) + 1))
            assert row["request_start_s"] is None
        else:
            assert (row["fidelity"], row["media_sha256"]) == ("identical", sha256(video).hexdigest())
            assert (row["request_start_s"], row["offset"]) == (0, None)
            assert row["request_end_s"] == pytest.approx(6, abs=0.1)


@pytest.mark.parametrize("out", [[], ["--out", "e.ndjson"], ["--out", "e.npz"], ["--out", "e.parquet"]])
def test_vectors_of_length_one(preflight, samples: Path, tmp_path: Path, monkeypatch, out: list[str]) -> None:
    """The emulator's are of length one anyway: here they are made twice as long before they are written."""
    monkeypatch.chdir(tmp_path)
    embed = Client.embed

    def doubled(*arguments, **options):
        found = embed(*arguments, **options)
        return replace(found, vectors=found.vectors * 2)

    monkeypatch.setattr(Client, "embed", doubled)
    for wanted, length in (([], 2), (["--normalize"], 1)):
        ended = preflight("embed", samples / "icon.png", "--emulator", *wanted, *out)
        assert ended.code == 0
        if out:
            lengths = np.linalg.norm(read(tmp_path / out[1]).vectors, axis=1)
        else:
            lengths = np.linalg.norm([vector["embedding"] for vector in vectors(ended.out)], axis=1)
        assert lengths == pytest.approx([length], abs=1e-6)


class TestRoute:
    def test_by_whichever_changes_each_input_least(self, preflight, media, samples: Path, tmp_path: Path) -> None:
        """Over ten minutes of sound go whole into a task."""
        inputs = [media("audio/duration_600_1_mp3"), samples / "icon.png", samples / "field_recording.wav"]
        call = ["embed", *inputs, "--emulator", "--out", tmp_path / "e.npz", "--journal", tmp_path / "run.db"]
        ended = preflight(*call, "--route", "auto")
        assert ended.code == 0
        rows = read(tmp_path / "e.npz").rows
        radio = [row for row in rows if row["source"] == str(inputs[0])]
        assert {(row["request"], row["fidelity"]) for row in radio} == {(1, "identical")}
        assert max(row["end_s"] for row in radio) == pytest.approx(600, abs=0.2)
        assert preflight(*call).code == 0  # another route is other requests: nothing of the journal is taken for them
        again = [row for row in read(tmp_path / "e.npz").rows if row["source"] == str(inputs[0])]
        assert {row["request"] for row in again} == {1, 2}

    def test_each_asset_has_its_own_answer(self, preflight, samples: Path, tmp_path: Path) -> None:
        inputs = [samples / "silent.mp4", samples / "field_recording.wav"]
        call = ["embed", *inputs, "--emulator", "--route", "asset", "--journal", tmp_path / "run.db"]
        ended = preflight(*call)
        assert ended.code == 0
        assert {v["source"]: v["input_type"] for v in vectors(ended.out)} == {
            str(inputs[0]): "video",
            str(inputs[1]): "audio",
        }
        assert preflight(*call).out == ended.out

    @pytest.mark.parametrize("profile", ["marengo3.0-async", "marengo3.0-asset"])
    def test_a_profile_goes_by_its_own(self, preflight, samples: Path, profile: str) -> None:
        ended = preflight("embed", samples / "silent.mp4", "--emulator", "--profile", profile)
        assert (ended.code, {v["input_type"] for v in vectors(ended.out)}) == (0, {"video"})

    def test_one_that_takes_no_such_input(self, preflight, samples: Path) -> None:
        ended = preflight("embed", samples / "icon.png", "--emulator", "--route", "async")
        assert (ended.code, "input_type_unsupported" in ended.err) == (1, True)

    @pytest.mark.parametrize(
        ("profile", "route", "said"),
        [("marengo3.5", "async", "has no route 'async'"), ("bedrock-marengo3.0", "sync", "sent in another way")],
    )
    def test_one_that_there_is_not(self, preflight, samples: Path, profile: str, route: str, said: str) -> None:
        ended = preflight("embed", samples / "icon.png", "--emulator", "--profile", profile, "--route", route)
        assert (ended.code, said in ended.err) == (2, True)

    def test_assets_that_stay_are_named(self, preflight, samples: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        request = Client.request

        def refusing(self: Client, method: str, *arguments, **options):
            if method == "DELETE":
                raise ServiceUnavailableError("not now")
            return request(self, method, *arguments, **options)

        monkeypatch.setattr(Client, "request", refusing)
        ended = preflight("embed", samples / "silent.mp4", "--emulator", "--route", "asset")
        assert ended.code == 0
        assert "1 asset could not be deleted and stays in the account: " in ended.err


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

    def test_a_form_that_is_not_written(self, preflight, samples: Path, tmp_path: Path) -> None:
        ended = preflight("embed", samples / "icon.png", "--emulator", "--out", tmp_path / "e.csv")
        assert ended.code == 2
        assert "does not end in .ndjson, .npz or .parquet" in ended.err

    def test_parquet_that_is_not_installed(self, preflight, samples: Path, tmp_path: Path, monkeypatch) -> None:
        """Said before anything is sent: here there is no service at all."""
        monkeypatch.setitem(sys.modules, "pyarrow", None)
        call = ["embed", samples / "icon.png", "--base-url", "http://127.0.0.1:1", "--out", tmp_path / "e.parquet"]
        ended = preflight(*call)
        assert (ended.code, list(tmp_path.iterdir())) == (2, [])
        assert "pip install 'embed-preflight[parquet]'" in ended.err

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
    @pytest.mark.parametrize("form", FORMS)
    def test_after_the_first(
        self, preflight, samples: Path, tmp_path: Path, fails_at, error, code: int, words, form: str
    ) -> None:
        fails_at(2, error)
        out = tmp_path / f"e.{form}"
        ended = preflight("embed", *[samples / "icon.png"] * 3, "--emulator", "--workers", 1, "--out", out)
        assert ended.code == code
        assert ended.err == f"1 vectors from 1 of 3 inputs in {out}\n{words}\n"
        assert len(read(out).rows) == 1
        assert [path.name for path in tmp_path.iterdir()] == [out.name]

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

    @pytest.mark.parametrize("form", FORMS)
    def test_full_disk(self, preflight, samples: Path, small_disk: Path, monkeypatch, form: str) -> None:
        """What there was room for is there, whole; of the rest it is said."""
        (small_disk / "rest").write_bytes(bytes(40 * 1024 if form == "npz" else 150 * 1024))
        monkeypatch.setattr("preflight.results.room._RESERVE_SHARE", 10**9)  # so that there is none
        ended = preflight("embed", *[samples / "icon.png"] * 80, "--emulator", "--out", small_disk / f"e.{form}")
        (small_disk / "rest").unlink()
        assert ended.code == 2
        assert "no space left" in ended.err
        assert [path.name for path in small_disk.iterdir()] == [f"e.{form}"]
        found = len(read(small_disk / f"e.{form}").rows)
        assert 0 < found < 80
        assert f"{found} vectors from {found} of 80 inputs in {small_disk / f'e.{form}'}\n" in ended.err
        assert re.search(r"\n\d+ more were embedded, and there was no room.*: they are lost\..*--journal", ended.err)

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
