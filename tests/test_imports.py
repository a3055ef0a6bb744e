"""The floors of the house, and that nothing heavy is carried in before it is needed."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

import preflight

ROOT = Path(__file__).resolve().parents[1]
HEAVY = {
    "av",
    "numpy",
    "PIL",
    "typer",
    "rich",
    "click",
    "msgspec",
    "httpx2",
    "tiktoken",
    "mutagen",
    "pybase64",
    "starlette",
}


def loaded_by(code: str) -> set[str]:
    """Top-level modules that a fresh interpreter has after `code`."""
    show = "import sys; print(*sorted({name.partition('.')[0] for name in sys.modules}), file=sys.stderr)"
    done = subprocess.run(
        [sys.executable, "-c", f"{code}\n{show}"], capture_output=True, text=True, cwd=ROOT, check=True
    )
    return set(done.stderr.split())


def checking(name: str) -> str:
    return f"from preflight.cli.app import run\nassert run(['check', 'sample_media/{name}']) in (0, 1)"


def test_the_package_alone_is_light() -> None:
    assert not loaded_by("import preflight; dir(preflight); preflight.errors") & HEAVY


@pytest.mark.parametrize(
    ("name", "spared"),
    [
        ("print_cmyk.jpg", {"av", "numpy", "rich", "click", "httpx2", "tiktoken", "mutagen", "starlette", "pydantic"}),
        ("three_languages.txt", {"av", "numpy", "PIL", "rich", "click", "httpx2", "starlette", "pydantic"}),
        ("silent.mp4", {"numpy", "PIL", "rich", "click", "httpx2", "tiktoken", "starlette", "pydantic"}),
    ],
)
def test_a_check_loads_what_its_kind_needs(name: str, spared: set[str]) -> None:
    assert not loaded_by(checking(name)) & spared


def test_cutting_a_film_loads_nothing_that_decodes(tmp_path: Path) -> None:
    asked = ["prepare", "sample_media/talk.mp4", "--out", str(tmp_path)]
    code = f"from preflight.cli.app import run\nassert run({asked}) == 0"
    assert not loaded_by(code) & {"numpy", "PIL", "rich", "click", "httpx2", "tiktoken", "pydantic"}


@pytest.mark.parametrize("name", preflight.__all__)
def test_every_public_name_is_there(name: str) -> None:
    assert getattr(preflight, name).__doc__
    assert name in dir(preflight)


def test_a_name_that_is_not_there() -> None:
    with pytest.raises(AttributeError, match="module 'preflight' has no attribute 'embd'"):
        _ = preflight.embd


def test_every_room_imports_only_rooms_below_it() -> None:
    program = Path(sys.executable).with_name("lint-imports")
    done = subprocess.run([program, "--no-cache"], capture_output=True, text=True, cwd=ROOT, check=False)
    assert done.returncode == 0, done.stdout
    assert " 0 broken" in done.stdout


def test_every_file_has_one_subject() -> None:
    lengths = {
        p.relative_to(ROOT): len(p.read_text(encoding="utf-8").splitlines()) for p in ROOT.glob("preflight/**/*.py")
    }
    assert len(lengths) > 70
    assert {path: lines for path, lines in lengths.items() if lines > 400} == {}


def test_its_types_are_for_everybody() -> None:
    assert (ROOT / "preflight" / "py.typed").exists()
