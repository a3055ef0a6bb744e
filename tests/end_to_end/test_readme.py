"""Everything that the README shows is run, and what it prints is what the README says."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from preflight.emulator import LocalServer

ROOT = Path(__file__).resolve().parents[2]
README = (ROOT / "README.md").read_text()
BLOCKS = re.findall(r"```(\w+)\n(.*?)```", README, re.DOTALL)
CONSOLE = [text for language, text in BLOCKS if language == "console"]
TESTS = [text for language, text in BLOCKS if language == "python" and "def test_" in text]
PYTHON = [text for language, text in BLOCKS if language == "python" and text not in TESTS]
SHELL = [line for language, text in BLOCKS if language == "sh" for line in text.splitlines()]


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """A folder that looks like the project to what is run there."""
    (tmp_path / "sample_media").symlink_to(ROOT / "sample_media")
    (tmp_path / "talk.mp4").symlink_to(ROOT / "sample_media" / "talk.mp4")
    return tmp_path


def run(command: str, place: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    return subprocess.run(
        ["bash", "-euc", command],
        cwd=place,
        env={**os.environ, "PATH": path, **environment},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def test_every_block_is_of_a_kind_that_is_run():
    assert {language for language, _ in BLOCKS} == {"sh", "console", "python"}
    assert len(CONSOLE) >= 3
    assert len(PYTHON) >= 4
    assert len(TESTS) >= 5


@pytest.mark.parametrize("block", CONSOLE, ids=lambda b: b.splitlines()[0])
def test_console(block, place):
    command, _, expected = block.removeprefix("$ ").partition("\n")
    done = run(command, place)
    assert done.stdout == expected
    assert done.stderr == ""
    assert done.returncode in (0, 1)


@pytest.mark.parametrize("block", PYTHON, ids=lambda b: re.sub(r"\s+", " ", b)[17:60])
def test_python(block, place):
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", block],
        cwd=place,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.stderr == ""
    assert done.returncode == 0
    comments = re.findall(r"^\s*print\(.*\)  # (.*)$", block, re.MULTILINE)
    assert [c for c in comments if c not in done.stdout] == []


@pytest.mark.parametrize("block", TESTS, ids=lambda b: re.findall(r"def test_(\w+)", b)[0])
def test_examples_that_are_tests(block, pytester):
    pytester.makepyfile(block)
    done = pytester.runpytest_subprocess("-p", "no:cacheprovider", "--strict-markers", "-W", "error")
    counts = done.parseoutcomes()
    assert set(counts) == {"passed"}
    assert counts["passed"] >= block.count("def test_")


def test_the_commands_that_install(place):
    """CI runs them whole, in a fresh environment; here what comes after the installation."""
    installing = [line for line in SHELL if line.startswith("pip install")]
    assert installing == [
        "pip install '.[serve]' && preflight embed sample_media --emulator --out embeddings.ndjson",
        "pip install -e '.[test]' && pytest -n auto",
    ]
    done = run(installing[0].partition(" && ")[2], place)
    assert done.returncode == 0, done.stderr
    assert (place / "embeddings.ndjson").stat().st_size > 100_000


@pytest.mark.parametrize(
    "block", [text for language, text in BLOCKS if language == "sh" and text.startswith("preflight")]
)
def test_shell(block, place):
    done = run(block, place)
    assert done.returncode == 0, done.stderr
    for command in block.splitlines():
        if "--out" not in command:
            continue
        made = place / command.partition("--out ")[2].split()[0]
        if command.startswith("preflight prepare"):
            assert (made / "manifest.ndjson").is_file()
        elif command.startswith("preflight embed"):
            assert made.stat().st_size > 100_000
        else:
            assert len(list(made.glob("*/*"))) > 20


def test_the_command_for_the_real_service(place):
    (command,) = [line for line in SHELL if line.startswith("TWELVELABS_API_KEY")]
    with LocalServer() as server:
        done = run(f"{command} --base-url {server.url}", place)
    assert done.returncode == 0, done.stderr
    assert (place / "embeddings.ndjson").stat().st_size > 100_000
    left = set(SHELL) - {command} - {c for c in SHELL if c.startswith(("pip install", "preflight"))}
    assert not left, "a command that no test runs"
