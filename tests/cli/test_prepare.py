"""`preflight prepare`: whole bodies and their manifest, or nothing."""

from __future__ import annotations

import base64
import hashlib
import json
import os
import resource
import shutil
import signal
import time
from pathlib import Path

import pytest

from preflight import pipeline
from preflight.cli import prepare as command
from preflight.errors import BrokenMediaError, OutOfSpaceError, UnreadableError, UnverifiedOutputError

KEYS = ["source", "request", "input_type", "start_s", "end_s"]
KEYS += ["fidelity", "media_bytes", "base64_bytes", "sha256", "steps"]


def manifest(folder: Path) -> list[dict]:
    return [json.loads(line) for line in (folder / "manifest.ndjson").read_text().splitlines()]


def is_whole(folder: Path) -> bool:
    """Every body in the folder stands in the manifest, is what it says there, and nothing else is there."""
    requests = {line["request"]: line for line in manifest(folder) if line["request"] is not None}
    for name, line in requests.items():
        body = json.loads((folder / name).read_bytes())
        content = body[body["input_type"]]
        sent = content["input_text"].encode() if "input_text" in content else decoded(content)
        assert hashlib.sha256(sent).hexdigest() == line["sha256"]
    return {path.name for path in folder.iterdir()} == {"manifest.ndjson", *requests}


def decoded(content: dict) -> bytes:
    return base64.b64decode(content["media_source"]["base64_string"], validate=True)


@pytest.fixture
def quick(samples: Path) -> list[Path]:
    """Of every kind one that takes no time."""
    return [samples / name for name in ("three_languages.txt", "icon.png", "message.opus", "silent.mp4")]


def test_bodies_and_manifest(preflight, quick: list[Path], tmp_path: Path) -> None:
    out = tmp_path / "new" / "requests"
    ended = preflight("prepare", *quick, "--out", out)
    assert (ended.code, ended.out) == (0, "")
    assert ended.err == f"7 requests from 4 of 4 inputs in {out}\n"
    lines = manifest(out)
    assert [list(line) for line in lines] == [[*KEYS, "start_char", "end_char"]] * 4 + [KEYS] * 3
    text = quick[0].read_text("utf-8")
    for line in lines[:4]:
        body = json.loads((out / line["request"]).read_text())
        assert text[line["start_char"] : line["end_char"]] == body["text"]["input_text"]
    assert [lines[0]["start_char"], lines[3]["end_char"]] == [0, len(text)]
    assert [line["request"] for line in lines] == [f"{n:06}.json" for n in range(1, 8)]
    assert [line["input_type"] for line in lines] == ["text"] * 4 + ["image", "audio", "video"]
    assert [line["fidelity"] for line in lines] == ["lossless"] * 4 + ["transcoded"] * 2 + ["identical"]
    assert [line["source"] for line in lines] == [str(quick[0])] * 4 + [str(path) for path in quick[1:]]
    assert lines[6] | {"sha256": "", "end_s": 0} == {
        "source": str(quick[3]),
        "request": "000007.json",
        "input_type": "video",
        "start_s": 0.0,
        "end_s": 0,
        "fidelity": "identical",
        "media_bytes": 122_288,
        "base64_bytes": 163_052,
        "sha256": "",
        "steps": [],
    }
    assert is_whole(out)
    literal = b'{"input_type":"video","model_name":"marengo3.0","video":{"media_source":{"base64_string":"'
    assert (out / "000007.json").read_bytes() == literal + base64.b64encode(quick[3].read_bytes()) + b'"}}}'


def test_media_files_instead(preflight, quick: list[Path], tmp_path: Path) -> None:
    out = tmp_path / "media"
    assert preflight("prepare", *quick, "--out", out, "--media").code == 0
    names = [line["request"] for line in manifest(out)]
    assert names == [*(f"00000{n}.txt" for n in range(1, 5)), "000005.png", "000006.wav", "000007.mp4"]
    assert sorted(path.name for path in out.iterdir()) == [*names, "manifest.ndjson"]
    assert (out / "000007.mp4").read_bytes() == quick[3].read_bytes()
    text = "".join((out / name).read_text(encoding="utf-8") for name in names[:4])
    assert text == quick[0].read_text(encoding="utf-8")
    for line in manifest(out):
        assert hashlib.sha256((out / line["request"]).read_bytes()).hexdigest() == line["sha256"]


def test_what_cannot_be_prepared_has_its_line_and_stops_nothing(preflight, media, samples, tmp_path: Path) -> None:
    out = tmp_path / "out"
    inputs = [media("bad/jpeg_cut_in_half"), samples / "icon.png", media("bad/empty"), samples / "silent.mp4"]
    ended = preflight("prepare", *inputs, "--out", out)
    assert ended.code == 1
    assert f"REJECTED {inputs[0]}\n    error: image_file_broken: " in ended.err
    assert ended.err.endswith(f"2 requests from 2 of 4 inputs in {out}\n")
    lines = manifest(out)
    assert [line["request"] for line in lines] == [None, "000001.json", None, "000002.json"]
    assert [list(line) for line in lines[::2]] == [["source", "request", "findings"]] * 2
    assert [line["findings"][0]["code"] for line in lines[::2]] == ["image_file_broken", "file_empty"]
    assert is_whole(out)


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (BrokenMediaError("torn"), "video_file_broken"),
        (UnreadableError("talk.mp4 is not there. Check the path."), "file_unreadable"),
        (UnverifiedOutputError("talk.mp4", ()), None),
    ],
)
def test_a_source_that_fails_half_way_leaves_none_of_its_requests(
    preflight, samples: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: Exception, code: str | None
) -> None:
    transform = pipeline.transform

    def fail_late(source, facts, plan, limits, *watch, **_):
        for index, output in enumerate(transform(source, facts, plan, limits, *watch)):
            if index == 2:
                raise error
            yield output

    monkeypatch.setattr(pipeline, "transform", fail_late)
    out = tmp_path / "out"
    ended = preflight("prepare", samples / "talk.mp4", samples / "silent.mp4", "--out", out)
    assert ended.code == 1
    refused, made = manifest(out)
    assert list(refused) == ["source", "request", "findings"]
    assert [f["code"] for f in refused["findings"]] == ([] if code is None else [code])
    assert (made["request"], made["source"]) == ("000001.json", str(samples / "silent.mp4"))
    assert is_whole(out)


class TestWriters:
    """Two requests of a source are written side by side."""

    @pytest.mark.parametrize("number", [1, 2, 3])
    @pytest.mark.parametrize(
        ("error", "code"),
        [(UnreadableError("the share is gone. Try again."), 1), (OutOfSpaceError("no space left. Free some."), 2)],
    )
    def test_one_that_fails_takes_the_others_with_it(
        self, preflight, samples: Path, tmp_path: Path, monkeypatch, number: int, error: Exception, code: int
    ) -> None:
        write_one = command._Writer._write_one

        def fail(self, payload, path: Path) -> str:
            if path.name == f"{number:06}.json":
                raise error
            return write_one(self, payload, path)

        monkeypatch.setattr(command._Writer, "_write_one", fail)
        out = tmp_path / "out"
        ended = preflight("prepare", samples / "talk.mp4", "--out", out)
        assert (ended.code, str(error) in ended.err) == (code, True)
        assert [line["request"] for line in manifest(out)] == ([None] if code == 1 else [])
        assert is_whole(out)

    @pytest.mark.parametrize("form", [[], ["--media"]])
    def test_a_source_that_shrinks_meanwhile(
        self, preflight, samples: Path, tmp_path: Path, monkeypatch, form: list[str]
    ) -> None:
        source, out = tmp_path / "talk.mp4", tmp_path / "out"
        shutil.copy(samples / "talk.mp4", source)
        write_one = command._Writer._write_one

        def shrink(self, payload, path: Path) -> str:
            line = write_one(self, payload, path)
            os.truncate(source, source.stat().st_size - 100_000)
            return line

        monkeypatch.setattr(command._Writer, "_write_one", shrink)
        ended = preflight("prepare", source, "--out", out, *form)
        assert ended.code == 1
        (line,) = manifest(out)
        assert (line["request"], [f["code"] for f in line["findings"]]) == (None, ["file_unreadable"])
        assert [path.name for path in out.iterdir()] == ["manifest.ndjson"]

    def test_lines_stay_in_order(self, preflight, samples: Path, tmp_path: Path, monkeypatch) -> None:
        write_one = command._Writer._write_one

        def slow_first(self, payload, path: Path) -> str:
            time.sleep(0.3 if path.name.startswith("000001") else 0)
            return write_one(self, payload, path)

        monkeypatch.setattr(command._Writer, "_write_one", slow_first)
        out = tmp_path / "out"
        assert preflight("prepare", samples / "talk.mp4", "--media", "--out", out).code == 0
        lines = manifest(out)
        assert [line["request"] for line in lines] == [f"{i:06}.mp4" for i in (1, 2, 3)]
        for line in lines:
            assert hashlib.sha256((out / line["request"]).read_bytes()).hexdigest() == line["sha256"]


class TestThePlace:
    def test_not_empty(self, preflight, samples: Path, tmp_path: Path) -> None:
        (tmp_path / "mine.txt").write_text("mine")
        ended = preflight("prepare", samples / "icon.png", "--out", tmp_path)
        assert (ended.code, ended.err) == (
            2,
            f"preflight: {tmp_path} is not empty. Name a new folder, or empty this one.\n",
        )
        assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]

    def test_a_file(self, preflight, samples: Path, tmp_path: Path) -> None:
        (tmp_path / "file").touch()
        for place in (tmp_path / "file", tmp_path / "file" / "inside"):
            ended = preflight("prepare", samples / "icon.png", "--out", place)
            assert ended.code == 2
            assert ended.err.startswith("preflight: ")

    def test_not_writable(self, preflight, samples: Path) -> None:
        ended = preflight("prepare", samples / "icon.png", "--out", "/proc/out")
        assert (ended.code, ended.out) == (2, "")
        assert "/proc/out cannot be written" in ended.err
        assert "Name another folder." in ended.err

    def test_nothing_is_made_where_an_input_is_missing(self, preflight, samples: Path, tmp_path: Path) -> None:
        ended = preflight("prepare", samples / "icon.png", tmp_path / "missing.mp4", "--out", tmp_path / "out")
        assert ended.code == 2
        assert not (tmp_path / "out").exists()

    def test_inside_what_is_prepared(self, preflight, samples: Path, tmp_path: Path) -> None:
        (tmp_path / "a.png").symlink_to(samples / "icon.png")
        assert preflight("prepare", tmp_path, "--out", tmp_path / "out").code == 0
        assert len(manifest(tmp_path / "out")) == 1

    def test_full(self, preflight, samples: Path, small_disk: Path) -> None:
        out = small_disk / "out"
        ended = preflight("prepare", samples / "icon.png", samples / "photo.jpg", samples / "silent.mp4", "--out", out)
        assert ended.code == 2
        assert ended.err.endswith(f"preflight: no space left for {out}/000002.json. Free some and run again.\n")
        assert [line["request"] for line in manifest(out)] == ["000001.json"]
        assert is_whole(out)

    def test_full_at_the_very_last(self, preflight, samples: Path, tmp_path: Path, monkeypatch) -> None:
        def full(self, lines: list[str]) -> None:
            raise OutOfSpaceError("no space left for the manifest. Free some and run again.")

        monkeypatch.setattr(command._Writer, "_add", full)
        ended = preflight("prepare", samples / "icon.png", "--out", tmp_path / "out")
        assert (ended.code, "Free some and run again" in ended.err) == (2, True)
        assert not list((tmp_path / "out").glob("*.json"))

    def test_a_limit_on_the_size_of_files(self, program, samples: Path, tmp_path: Path) -> None:
        def limit() -> None:
            resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))

        paths = [samples / "icon.png", samples / "photo.jpg"]  # which is encoded first
        process = program("prepare", *paths, "--out", tmp_path / "out", preexec_fn=limit)
        _, err = process.communicate(timeout=20)
        assert process.returncode == 2
        assert "000002.json would be larger than a file may be here. Raise that limit (ulimit -f)" in err
        assert "Traceback" not in err
        assert is_whole(tmp_path / "out")


def test_ctrl_c_leaves_nothing_half_written(program, samples: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    slow = [samples / "screen_recording.mp4"] * 4
    process = program("prepare", samples / "icon.png", *slow, "--out", out)
    until = time.monotonic() + 20
    while not (out / "000001.json").exists():
        assert process.poll() is None
        assert time.monotonic() < until
        time.sleep(0.01)
    time.sleep(0.2)  # the picture's line is written just after its file; each of the films takes longer
    process.send_signal(signal.SIGINT)
    stdout, stderr = process.communicate(timeout=20)
    assert (process.returncode, stdout) == (130, "")
    assert stderr.endswith("interrupted\n")
    assert "Traceback" not in stderr
    assert is_whole(out)
    assert 1 <= len(manifest(out)) < 5


def test_a_bar_on_a_terminal(terminal, samples: Path, tmp_path: Path) -> None:
    code, seen, out = terminal("prepare", samples / "talk.mp4", samples / "icon.png", "--out", tmp_path / "out")
    assert (code, out) == (0, "")
    assert "2/2" in seen
    assert f"4 requests from 2 of 2 inputs in {tmp_path / 'out'}\r\n" in seen


def test_by_the_route_that_changes_least(preflight, samples: Path, tmp_path: Path) -> None:
    """What needs an upload has no body yet: its media file is written."""
    talk, icon = samples / "talk.mp4", samples / "icon.png"
    assert preflight("prepare", talk, icon, "--route", "auto", "--out", tmp_path / "auto").code == 0
    first, second = map(json.loads, (tmp_path / "auto" / "manifest.ndjson").read_text().splitlines())
    assert (first["request"], first["route"], first["fidelity"]) == ("000001.json", "async", "identical")
    assert "route" not in second  # as it always was
    assert preflight("prepare", talk, "--route", "asset", "--out", tmp_path / "asset").code == 0
    (line,) = map(json.loads, (tmp_path / "asset" / "manifest.ndjson").read_text().splitlines())
    assert (line["request"], line["route"]) == ("000001.mp4", "asset")
    assert (tmp_path / "asset" / "000001.mp4").read_bytes() == talk.read_bytes()


def test_a_profile_without_that_route(preflight, samples: Path, tmp_path: Path) -> None:
    given = ("prepare", samples / "icon.png", "--profile", "marengo3.5", "--route", "asset", "--out", tmp_path / "out")
    ended = preflight(*given)
    assert ended.code == 2
    assert "the profile marengo3.5 has no route 'asset'" in ended.err
