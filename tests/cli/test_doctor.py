"""`preflight doctor`."""

from __future__ import annotations

import importlib.util

import pytest

from preflight.cli import doctor


def test_a_whole_installation(preflight, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("TWELVELABS_API_KEY", raising=False)
    ended = preflight("doctor")
    assert (ended.code, ended.err) == (0, "")
    assert [line.split()[0] for line in ended.out.splitlines()] == ["ok"] * 10 + ["key"]
    assert "libx264, aac, flac, pcm_s16le" in ended.out
    assert "(4 tokens in `man walking a dog`)" in ended.out
    assert "TWELVELABS_API_KEY is not set" in ended.out


def test_the_key_itself_is_never_shown(preflight, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TWELVELABS_API_KEY", "tlk_secret")
    out = preflight("doctor").out
    assert "tlk_secret" not in out
    assert "TWELVELABS_API_KEY is set" in out


def test_an_optional_part_that_is_not_there(preflight, monkeypatch: pytest.MonkeyPatch) -> None:
    find = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None if name == "uvicorn" else find(name))
    ended = preflight("doctor")
    assert ended.code == 0
    assert "  without  the emulator: pip install 'embed-preflight[serve]'\n" in ended.out


def test_a_part_that_is_missing(preflight, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken() -> str:
        raise ImportError("No module named 'av'")

    monkeypatch.setattr(doctor, "_PARTS", (("FFmpeg's libraries", broken), *doctor._PARTS[3:]))
    ended = preflight("doctor")
    assert ended.code == 2
    assert ended.out.startswith("  MISSING  FFmpeg's libraries: No module named 'av'\n  ok       Pillow")
