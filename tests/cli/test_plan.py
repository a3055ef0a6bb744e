"""`preflight plan`."""

from __future__ import annotations

import json
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
    assert lines[6].startswith("    all:  3 requests, about ")
    said = "    route: sync: lossless, in 3 requests. async would send it as it is (--route async)."
    assert lines[7:] == [said, *lines[8:]]
    assert lines[8].startswith("IDENTICAL  ")


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


def test_a_line_of_json_an_input(preflight, media, samples: Path) -> None:
    ended = preflight("plan", samples / "talk.mp4", media("bad/empty"), samples / "icon.png", "--format", "ndjson")
    assert (ended.code, ended.err) == (1, "")
    talk, empty, icon = map(json.loads, ended.out.splitlines())
    assert list(talk) == [
        "source",
        "input_type",
        "fidelity",
        "requests",
        "media_bytes",
        "predicted_s",
        "why",
        "steps",
        "outputs",
        "route",
        "profile",
        "route_why",
    ]
    assert (talk["source"], talk["fidelity"], talk["requests"]) == (str(samples / "talk.mp4"), "lossless", 3)
    assert talk["media_bytes"] == sum(output["media_bytes"] for output in talk["outputs"])
    assert talk["outputs"][0]["start_s"] == 0
    assert 0 < talk["predicted_s"] < 60
    assert (empty["fidelity"], [f["code"] for f in empty["findings"]]) == (None, ["file_empty"])
    assert icon["outputs"][0]["start_s"] is None


def test_no_more_loss_than_is_allowed(preflight, samples: Path) -> None:
    ended = preflight("plan", samples / "talk.mp4", samples / "silent.mp4", "--max-loss", "identical")
    assert ended.code == 1
    assert "    error: policy_max_loss: " in ended.out
    assert "Allow max_loss=lossless" in ended.out
    assert ended.out.count("IDENTICAL") == 1


@pytest.mark.parametrize(
    ("option", "value", "said"),
    [
        ("--overlap", "-1", "overlap_s is -1. Give a number from 0 to 300."),
        ("--overlap", "nan", "overlap_s is nan. Give a number from 0 to 300."),
        ("--min-clip", "601", "min_clip_s is 601. Give a number from 0 to 600."),
        ("--max-frame-rate", "-5", "max_frame_rate is -5. Give a number 1 or more."),
    ],
)
@pytest.mark.parametrize("command", ["plan", "prepare", "embed"])
def test_a_policy_that_means_nothing(preflight, samples: Path, tmp_path: Path, command, option, value, said) -> None:
    more = ["--out", tmp_path / "o"] if command == "prepare" else []
    ended = preflight(command, samples / "talk.mp4", option, value, *more)
    assert (ended.code, ended.out, ended.err) == (2, "", f"preflight: {said}\n")
