"""Whether a film says more than it shows. The films are made by the independent FFmpeg."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from preflight.media import Source
from preflight.probers import probe

PLAIN = ["-map_metadata", "-1", "-fflags", "+bitexact", "-flags:v", "+bitexact", "-flags:a", "+bitexact"]


def film(media, path: Path, *options: str) -> bool:
    source = media("video/h264_aac_mp4")
    call = ["ffmpeg", "-v", "error", "-i", source, "-c", "copy", *PLAIN, *options, path]
    subprocess.run(call, check=True)
    return probe(Source.of(path)).has_metadata


@pytest.mark.parametrize("suffix", ["mp4", "mov", "mkv"])
def test_nothing_but_picture_and_sound(media, tmp_path, suffix):
    assert not film(media, tmp_path / f"plain.{suffix}")


@pytest.mark.parametrize(
    "options",
    [
        ["-metadata", "title=My garden"],
        ["-metadata", "location=+48.1+011.5/"],
        ["-metadata", "creation_time=2026-01-01T00:00:00Z"],
        ["-metadata:s:v", "handler_name=Jane's camera"],
        ["-metadata", "encoder=Somebody's editor"],
    ],
    ids=lambda options: options[-1],
)
@pytest.mark.parametrize("suffix", ["mp4", "mkv"])
def test_a_tag(media, tmp_path, suffix, options):
    if "encoder" in options[-1]:
        options = [*options, "-fflags", "-bitexact"]  # FFmpeg then writes its own, with a version
    assert film(media, tmp_path / f"told.{suffix}", *options)


def test_another_stream(media, tmp_path):
    subtitles = tmp_path / "a.srt"
    subtitles.write_text("1\n00:00:00,000 --> 00:00:01,000\nHello\n")
    source = media("video/h264_aac_mp4")
    path = tmp_path / "subtitled.mkv"
    call = ["ffmpeg", "-v", "error", "-i", source, "-i", subtitles, "-c", "copy", *PLAIN, path]
    subprocess.run(call, check=True)
    assert probe(Source.of(path)).has_metadata
