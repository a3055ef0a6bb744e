"""The program as a whole: how it ends, and that it never shows a traceback for what a user can mend."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

import preflight as package
from preflight import pipeline
from preflight.cli import main
from preflight.cli.app import run
from preflight.limits import names

COMMANDS = ("check", "plan", "prepare", "embed", "emulate", "limits", "explain", "doctor")


def test_without_arguments_it_helps(preflight) -> None:
    ended = preflight()
    assert ended.code == 2
    assert "Usage: preflight" in ended.out
    assert ended.err == ""


@pytest.mark.parametrize("flag", ["--help", "-h"])
def test_help_names_every_command(preflight, flag: str) -> None:
    ended = preflight(flag)
    assert (ended.code, ended.err) == (0, "")
    for command in COMMANDS:
        assert f" {command} " in ended.out


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_help(preflight, command: str) -> None:
    ended = preflight(command, "-h")
    assert ended.code == 0
    assert f"Usage: preflight {command}" in ended.out


def test_version(preflight) -> None:
    ended = preflight("--version")
    assert (ended.code, ended.out, ended.err) == (0, f"preflight {package.__version__}\n", "")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["check"], "Missing argument"),
        (["prepare", "x"], "Missing option '--out'"),
        (["nosuch"], "No such command 'nosuch'"),
        (["check", "--nosuch", "x"], "No such option: --nosuch"),
        (["check", "--format", "xml", "x"], "'xml' is not one of"),
        (["check", "--as", "smell", "x"], "'smell' is not one of"),
        (["plan", "--fit", "stretch", "x"], "'stretch' is not one of"),
        (["emulate", "--port", "65536"], "65535"),
        (["emulate", "--port", "http"], "--port"),
        (["check", "--profile", "marengo9", "x"], "Choose one of: marengo3.0, bedrock-marengo3.0, "),
        (["limits", "marengo9"], "Choose one of: marengo3.0, bedrock-marengo3.0, "),
        (["explain", "no_such_code"], "The rules are: input_type_unsupported, file_empty"),
        (["check", "no/such.mp4"], "no/such.mp4 is not there. Check the path."),
        (["check", "nul\0byte"], "is not there. Check the path."),
        (["check", ""], "is not there. Check the path."),
        (["check", "-", "-"], "Name - only once."),
        (["embed", "x", "--out", "x.csv"], "does not end in .ndjson"),
    ],
)
def test_what_is_wrong_with_a_command_is_said_in_a_line(preflight, arguments: list[str], words: str) -> None:
    ended = preflight(*arguments)
    assert ended.code == 2
    assert words in ended.err
    assert ended.err.startswith("preflight: ")
    assert ended.err.count("\n") == 1
    assert ended.out == ""


def test_a_path_cannot_steer_the_terminal(preflight) -> None:
    ended = preflight("check", "\x1b[2J\nok.mp4")
    assert ended.code == 2
    assert "\x1b" not in ended.err


def test_ctrl_c_is_said_in_a_word(preflight, samples: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(pipeline.Preflight, "check", interrupt)
    ended = preflight("check", samples / "icon.png")
    assert (ended.code, ended.err) == (130, "interrupted\n")


def test_a_defect_of_ours_is_not_hidden(samples: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object, **__: object) -> None:
        raise ZeroDivisionError("ours")

    monkeypatch.setattr(pipeline.Preflight, "check", fail)
    with pytest.raises(ZeroDivisionError):
        run(["check", str(samples / "icon.png")])


def test_main_ends_with_the_exit_code(monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(sys, "argv", ["preflight", "limits", "nosuch"])
    with pytest.raises(SystemExit) as end:
        main()
    assert end.value.code == 2
    assert "there is no profile" in capfd.readouterr().err


def test_ctrl_c_before_the_program_began(monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt() -> int:
        raise KeyboardInterrupt

    monkeypatch.setattr("preflight.cli.app.run", interrupt)
    with pytest.raises(SystemExit) as end:
        main()
    assert end.value.code == 130


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ("preflight check --profile mar", [name for name in names() if name.startswith("mar")]),
        ("preflight embed --profile marengo3.0-2", ["marengo3.0-2026-08"]),
        ("preflight limits ", list(names())),
        ("preflight explain name_", ["name_invalid", "name_not_unique", "name_unreferenced"]),
        ("preflight che", ["check"]),
    ],
)
def test_completion(program, words: str, found: list[str]) -> None:
    process = program(
        env={
            **os.environ,
            "_PREFLIGHT_COMPLETE": "complete_bash",
            "COMP_WORDS": words,
            "COMP_CWORD": str(words.count(" ")),
        }
    )
    out, err = process.communicate(timeout=20)
    assert out.split() == found
    assert err == ""


class TestOutput:
    """Standard output that somebody else closed, filled or no longer reads."""

    def test_whoever_reads_has_enough(self, program, samples: Path) -> None:
        process = program("check", samples)
        assert process.stdout.readline().startswith("PASS")
        process.stdout.close()
        assert process.wait(timeout=20) == 2  # not everything was seen: this is no pass
        assert process.stderr.read() == ""

    @pytest.mark.parametrize("command", [["check"], ["embed", "--emulator"], ["limits"], ["explain"]])
    def test_full(self, program, samples: Path, command: list[str]) -> None:
        paths = [samples / "icon.png"] if command[0] in ("check", "embed") else []
        with open("/dev/full", "wb") as full:  # noqa: PTH123 (a device)
            process = program(*command, *paths, stdout=full)
            _, err = process.communicate(timeout=20)
        assert process.returncode == 2
        assert err == "preflight: no space left for standard output. Free some and run again.\n"

    @pytest.mark.parametrize("command", [["check"], ["embed", "--emulator"]])
    def test_closed(self, samples: Path, command: list[str], tmp_path: Path) -> None:
        words = [sys.executable, "-c", "from preflight.cli import main; main()", *command, str(samples / "icon.png")]
        for redirected, code in ((">&-", 2), ("2>&-", 1 if command == ["check"] else 0)):
            done = subprocess.run(
                ["sh", "-c", f'"$@" {redirected}', "sh", *words],
                capture_output=True,
                text=True,
                cwd=tmp_path,
                check=False,
            )
            assert done.returncode == code
            assert "Traceback" not in done.stderr
            assert "preflight:" not in done.stdout  # talk does not end up among the data
        assert done.stdout

    def test_closed_input(self) -> None:
        words = [sys.executable, "-c", "from preflight.cli import main; main()", "check", "-"]
        done = subprocess.run(["sh", "-c", '"$@" <&-', "sh", *words], capture_output=True, text=True, check=False)
        assert (done.returncode, done.stdout) == (2, "")
        assert done.stderr == "preflight: standard input is closed. Name a file, or open it.\n"

    def test_an_encoding_that_lacks_the_letters(self, program, samples: Path, tmp_path: Path) -> None:
        (tmp_path / "日本.jpg").symlink_to(samples / "print_cmyk.jpg")
        environment = {**os.environ, "PYTHONIOENCODING": "ascii"}
        out, err = program("check", "日本.jpg", env=environment).communicate(timeout=20)
        assert (out.split()[1], err) == ("??.jpg", "")
        out, _ = program("check", "日本.jpg", "--format", "ndjson", env=environment).communicate(timeout=20)
        assert '"日本.jpg"' in out  # NDJSON is UTF-8 whatever the locale
