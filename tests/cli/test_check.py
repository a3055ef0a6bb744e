"""`preflight check`, on what people really hand it."""

from __future__ import annotations

import errno
import json
import os
import subprocess
import tomllib
from pathlib import Path

import pytest

from preflight.limits import DEFAULT_PROFILE
from preflight.testing import catalogue

TRUTH = tomllib.loads((Path(__file__).resolve().parents[2] / "sample_media" / "truth.toml").read_text())
TAKEN_FROM_FOLDER = sorted(TRUTH.keys() - {"outfit.json"})
"""Media and plain texts by their names."""


def records(out: str) -> list[dict]:
    return [json.loads(line) for line in out.splitlines()]


def test_a_folder(preflight, samples: Path) -> None:
    ended = preflight("check", samples, "--format", "ndjson")
    assert (ended.code, ended.err) == (1, "")
    found = {Path(r["source"]).name: r for r in records(ended.out)}
    assert list(found) == TAKEN_FROM_FOLDER
    for name in TAKEN_FROM_FOLDER:
        truth = TRUTH[name]
        assert list(found[name]) == ["source", "kind", "verdict", "findings", "facts"]
        assert found[name]["kind"] == truth["kind"]
        assert [f["code"] for f in found[name]["findings"] if f["severity"] == "error"] == truth["findings"]
        assert found[name]["verdict"] == ("fixable" if truth["findings"] else "pass")


def test_as_text(preflight, samples: Path) -> None:
    ended = preflight("check", samples / "silent.mp4", samples / "icon.png")
    assert ended.code == 1
    first, second, finding = ended.out.splitlines()
    assert first.startswith("PASS     ")
    assert second.startswith("FIXABLE  ")
    assert finding.startswith("    error: image_resolution_too_low: ")


def test_exit_code_0_only_where_all_pass(preflight, samples: Path) -> None:
    assert preflight("check", samples / "silent.mp4", samples / "print_cmyk.jpg").code == 0
    assert preflight("check", samples / "silent.mp4", samples / "icon.png").code == 1


def test_a_profile(preflight, samples: Path) -> None:
    assert preflight("check", samples / "photo.jpg").code == 1
    assert preflight("check", samples / "photo.jpg", "--profile", "marengo3.0-2026-08").code == 0


def test_as_a_kind(preflight, samples: Path) -> None:
    (record,) = records(preflight("check", samples / "silent.mp4", "--as", "audio", "--format", "ndjson").out)
    assert (record["verdict"], record["findings"][0]["code"]) == ("rejected", "audio_file_broken")
    (record,) = records(preflight("check", samples / "talk.mp4", "--as", "audio", "--format", "ndjson").out)
    assert record["kind"] == "audio"


def test_odd_content_has_its_findings_with_their_next_step(preflight) -> None:
    odd = [
        case
        for case in catalogue.cases("bad/*", "text/blank_white_space", "image/svg")
        if case.expected[DEFAULT_PROFILE].gives == "rejected"
        and case.expected[DEFAULT_PROFILE].codes
        # Of a folder its files are meant; half a GIF, and frames of zeros, are only found out when they are decoded.
        and case.name not in ("bad/folder", "bad/gif_cut", "bad/mp4_of_zeros")
    ]
    ended = preflight("check", *[case.path for case in odd], "--format", "ndjson")
    assert (ended.code, ended.err) == (1, "")
    for case, record in zip(odd, records(ended.out), strict=True):
        assert record["verdict"] == "rejected", case.name
        assert {f["code"] for f in record["findings"]} == case.expected[DEFAULT_PROFILE].codes, case.name
        assert all(f["message"].endswith(".") for f in record["findings"]), case.name


def test_truncated(preflight, media) -> None:
    ended = preflight("check", media("bad/jpeg_cut_in_half"))
    assert ended.code == 1
    assert "image_file_broken" in ended.out


def test_a_name_is_never_believed(preflight, samples: Path, tmp_path: Path) -> None:
    for name, real in (("a.jpg", "silent.mp4"), ("b.mp4", "print_cmyk.jpg"), ("c.txt", "field_recording.wav")):
        (tmp_path / name).symlink_to(samples / real)
    ended = preflight("check", tmp_path, "--format", "ndjson")
    assert [r["kind"] for r in records(ended.out)] == ["video", "image", "audio"]
    assert ended.code == 0


def test_what_is_no_file(preflight, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.mp4")
    (tmp_path / "gone.mp4").symlink_to("nowhere")
    ended = preflight("check", tmp_path / "pipe.mp4", "/dev/zero", tmp_path / "gone.mp4", "--format", "ndjson")
    assert ended.code == 1
    found = records(ended.out)
    assert [r["findings"][0]["code"] for r in found] == ["file_unreadable"] * 3
    assert [r["facts"]["size_bytes"] for r in found] == [None] * 3


def test_a_file_that_may_not_be_read(preflight, tmp_path: Path) -> None:
    (tmp_path / "ours.txt").write_text("ours")
    (tmp_path / "secret.txt").write_text("secret")
    (tmp_path / "secret.txt").chmod(0)
    paths = [tmp_path / "secret.txt", tmp_path / "ours.txt"]
    am_root = os.geteuid() == 0  # whom no permission stops
    if am_root:
        assert preflight("check", *paths).code == 0  # and all is imported, which somebody else may not be able to do
        os.seteuid(65534)
    try:
        ended = preflight("check", *paths, "--format", "ndjson")
    finally:
        if am_root:
            os.seteuid(0)
    assert ended.code == 1
    for record in records(ended.out)[: 2 if am_root else 1]:  # root's folder is closed to others, too
        assert record["findings"][0]["code"] == "file_unreadable"
        assert "Check its permissions" in record["findings"][0]["message"]


class TestFolders:
    def test_hidden_files_and_what_nobody_means_are_left_out(self, preflight, samples: Path, tmp_path: Path) -> None:
        (tmp_path / "b" / ".cache").mkdir(parents=True)
        for name in ("b/icon.png", "a.jpg", ".hidden.jpg", "b/.cache/x.jpg"):
            (tmp_path / name).symlink_to(samples / "print_cmyk.jpg")
        for name in ("script.py", "settings.json", "notes.md", "readme"):
            (tmp_path / name).write_text("some words")
        ended = preflight("check", tmp_path, "--format", "ndjson")
        names = [str(Path(r["source"]).relative_to(tmp_path)) for r in records(ended.out)]
        assert names == ["a.jpg", "notes.md", "readme", "b/icon.png"]
        # A file that is named is always taken, and with --as every file of a folder.
        assert preflight("check", tmp_path / "script.py", tmp_path / ".hidden.jpg").code == 0
        ended = preflight("check", tmp_path, "--as", "text", "--format", "ndjson")
        assert len(records(ended.out)) == 6

    def test_a_loop_of_links_ends(self, preflight, samples: Path, tmp_path: Path) -> None:
        (tmp_path / "a").mkdir()
        (tmp_path / "a" / "again").symlink_to(tmp_path)
        (tmp_path / "a" / "x.jpg").symlink_to(samples / "print_cmyk.jpg")
        ended = preflight("check", tmp_path)
        assert (ended.code, len(ended.out.splitlines())) == (0, 1)

    def test_without_media(self, preflight, tmp_path: Path) -> None:
        (tmp_path / "code").mkdir()
        (tmp_path / "code" / "a.py").write_text("print(1)")
        for folder in (tmp_path, tmp_path / "code"):
            ended = preflight("check", folder)
            assert (ended.code, ended.out) == (2, "")
            assert "holds no text, image, audio or video. Name a folder that does, or a file." in ended.err

    def test_one_that_cannot_be_listed_is_not_passed_over(
        self, preflight, samples: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        (tmp_path / "locked").mkdir()
        (tmp_path / "x.jpg").symlink_to(samples / "print_cmyk.jpg")
        scan = os.scandir

        def refuse(path):
            if str(path).endswith("locked"):
                raise PermissionError(errno.EACCES, "Permission denied", str(path))
            return scan(path)

        monkeypatch.setattr(os, "scandir", refuse)
        ended = preflight("check", tmp_path)
        assert (ended.code, ended.out) == (2, "")
        assert "locked cannot be listed (Permission denied). Check its permissions." in ended.err


class TestNames:
    @pytest.mark.parametrize("name", ["new\nline.jpg", "red\x1b[31m.jpg", "tab\t.jpg", "-dash.jpg", "日本 👍.jpg"])
    def test_odd(self, preflight, samples: Path, tmp_path: Path, name: str) -> None:
        (tmp_path / name).symlink_to(samples / "print_cmyk.jpg")
        ended = preflight("check", tmp_path)
        assert ended.code == 0
        assert "\x1b" not in ended.out
        assert len(ended.out.split("\n")) == 2
        (record,) = records(preflight("check", tmp_path, "--format", "ndjson").out)
        assert record["source"] == str(tmp_path / name)

    def test_a_dash_in_front(self, preflight, samples: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        (tmp_path / "-x.jpg").symlink_to(samples / "print_cmyk.jpg")
        monkeypatch.chdir(tmp_path)
        assert preflight("check", "--", "-x.jpg").code == 0

    def test_no_utf8(self, preflight, samples: Path, tmp_path: Path) -> None:
        (tmp_path / "caf\udce9.mp4").symlink_to(samples / "silent.mp4")
        ended = preflight("check", tmp_path)
        assert (ended.code, "caf\ufffd.mp4" in ended.out) == (0, True)
        (record,) = records(preflight("check", tmp_path, "--format", "ndjson").out)
        assert record["source"].endswith("caf\ufffd.mp4")


class TestStandardInput:
    def test_a_pipe(self, program, samples: Path) -> None:
        process = program("check", "-")
        process.stdin.buffer.write((samples / "silent.mp4").read_bytes())
        out, err = process.communicate(timeout=20)
        assert (process.returncode, err) == (0, "")
        assert out == "PASS     <stdin>  h264 video, 640x480, 6.00 s, 122,288 bytes\n"

    def test_a_file(self, program, samples: Path) -> None:
        with (samples / "print_cmyk.jpg").open("rb") as file:
            out, _ = program("check", "-", stdin=file).communicate(timeout=20)
        assert out == "PASS     <stdin>  JPEG image, 600x400, 140,939 bytes\n"

    def test_nothing(self, program) -> None:
        process = program("check", "-", stdin=subprocess.DEVNULL)
        out, _ = process.communicate(timeout=20)
        assert (process.returncode, "file_empty" in out) == (1, True)


class TestOnATerminal:
    def test_a_bar_leaves_the_data_alone(self, terminal, samples: Path) -> None:
        code, seen, out = terminal("check", samples, "--format", "ndjson")
        assert code == 1
        assert [Path(r["source"]).name for r in records(out)] == TAKEN_FROM_FOLDER
        assert "14/14" in seen
        assert '"verdict"' not in seen

    def test_where_the_data_are_seen_there_is_no_bar(self, terminal, samples: Path) -> None:
        code, seen, _ = terminal("check", samples / "silent.mp4", out_too=True)
        assert code == 0
        assert seen == f"PASS     {samples / 'silent.mp4'}  h264 video, 640x480, 6.00 s, 122,288 bytes\r\n"

    def test_a_name_cannot_steer_it_through_the_bar(self, terminal, samples: Path, tmp_path: Path) -> None:
        path = tmp_path / "x\x1b]0;owned\x07.jpg"
        path.symlink_to(samples / "print_cmyk.jpg")
        code, seen, _ = terminal("check", path)
        assert code == 0
        assert "x\ufffd]0;owned\ufffd.jpg" in seen
        assert "\x1b]0;" not in seen


def test_decoding_finds_what_metadata_do_not(preflight, media) -> None:
    path = media("bad/ts_cut")
    assert preflight("check", path).code == 0
    ended = preflight("check", "--decode", path, "--format", "ndjson")
    (record,) = records(ended.out)
    assert (ended.code, ended.err, record["verdict"]) == (1, "", "fixable")
    assert [f["code"] for f in record["findings"]] == ["video_truncated"]
    truncated_at_s = record["facts"]["decoded"]["picture"]["truncated_at_s"]
    assert record["findings"][0]["measured"] == pytest.approx(truncated_at_s, abs=0.001)


@pytest.mark.parametrize("command", [("plan",), ("prepare", "--out", "{tmp}/out"), ("embed", "--emulator")])
def test_every_command_that_plans_can_decode(preflight, media, tmp_path, command) -> None:
    name, *more = (part.replace("{tmp}", str(tmp_path)) for part in command)
    ended = preflight(name, media("bad/jpeg_wrong_bits"), "--decode", *more)
    assert ended.code == 1
    assert "image_file_broken" in ended.out + ended.err
