"""`preflight plan`."""

from __future__ import annotations

from pathlib import Path

import pytest

from preflight import pipeline
from preflight.errors import UnreadableError


def test_what_would_be_done_and_why(preflight, samples: Path) -> None:
    ended = preflight("plan", samples / "talk.mp4", samples / "silent.mp4")
    assert (ended.code, ended.err) == (0, "")
    lines = ended.out.splitlines()
    assert lines[0] == f"LOSSLESS   {samples / 'talk.mp4'}  3 requests"
    assert lines[1].startswith("    why:  The video lasts 1500.03 s")
    assert lines[2].startswith("    how:  cut at keyframes")
    assert lines[6].startswith("IDENTICAL  ")


def test_options_of_the_policy(preflight, samples: Path) -> None:
    wide = samples / "screen_recording.mp4"
    assert "pad to 1536x640" in preflight("plan", wide).out
    assert "crop" in preflight("plan", wide, "--fit", "crop").out
    assert "flac" in preflight("plan", samples / "message.opus", "--audio", "flac").out
    assert preflight("plan", samples / "photo.jpg", "--profile", "marengo3.0-2026-08").out.startswith("IDENTICAL")
    assert preflight("plan", samples / "talk.mp4", "--as", "audio").out.startswith(("LOSSLESS", "TRANSCODED"))


def test_what_cannot_be_planned_does_not_stop_the_rest(preflight, media, samples: Path) -> None:
    ended = preflight("plan", media("bad/empty"), samples / "silent.mp4")
    assert ended.code == 1
    first, second, third, *_ = ended.out.splitlines()
    assert first == f"REJECTED {media('bad/empty')}"
    assert second.startswith("    error: file_empty: ")
    assert third.startswith("IDENTICAL")


def test_a_file_that_goes_half_way_does_not_stop_the_rest(
    preflight, samples: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plan = pipeline.Preflight.plan

    def vanish(self, source, **options):
        if source.name.endswith("talk.mp4"):
            raise UnreadableError("talk.mp4 is not there. Check the path.")
        return plan(self, source, **options)

    monkeypatch.setattr(pipeline.Preflight, "plan", vanish)
    ended = preflight("plan", samples / "talk.mp4", samples / "silent.mp4")
    assert (ended.code, ended.err) == (1, "talk.mp4 is not there. Check the path.\n")
    assert ended.out.startswith("IDENTICAL")
