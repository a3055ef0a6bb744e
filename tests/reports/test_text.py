"""What people read; and that strangers' names cannot play tricks on their terminal."""

from __future__ import annotations

import unicodedata
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import preflight
from preflight import MultiInput, NamedImage, Text, TextImage
from preflight.errors import RejectedError
from preflight.media import AudioFacts, Source, Unprobed
from preflight.reports import text
from preflight.rules import Report

SAMPLES = Path(__file__).resolve().parents[2] / "sample_media"


def checked(name: str) -> Report:
    return replace(preflight.check(SAMPLES / name), source=name)


@pytest.mark.parametrize(
    ("name", "line"),
    [
        ("print_cmyk.jpg", "PASS     print_cmyk.jpg  JPEG image, 600x400, 140,939 bytes"),
        ("silent.mp4", "PASS     silent.mp4  h264 video, 640x480, 6.00 s, 122,288 bytes"),
        ("field_recording.wav", "PASS     field_recording.wav  pcm_s16le audio, 8.00 s, 48000 Hz, 1,536,044 bytes"),
    ],
)
def test_what_passes_is_one_line(name: str, line: str) -> None:
    assert text.of_report(checked(name)) == line


def test_what_does_not_has_a_line_for_each_finding() -> None:
    head, finding = text.of_report(checked("icon.png")).splitlines()
    assert head == "FIXABLE  icon.png  PNG image, 100x80, 4,557 bytes"
    assert finding.startswith("    error: image_resolution_too_low: The image is 100x80")
    report = preflight.check(TextImage(" ", b"", name="pair"))
    assert text.of_report(report).splitlines()[0] == "REJECTED pair  text_image of 1 image"
    assert text.of_report(report).splitlines()[1].startswith("    error: text_empty (text): ")


def test_what_could_not_be_probed_has_nothing_to_sum_up() -> None:
    head, finding = text.of_report(preflight.check(b"")).splitlines()
    assert head == "REJECTED <bytes>"
    assert finding == "    error: file_empty: It holds no bytes. Upload or export it again."


def test_summaries() -> None:
    images = MultiInput([NamedImage(SAMPLES / "icon.png")] * 2)
    assert text.summary(preflight.check(images).facts) == "multi_input of 2 images"
    assert text.summary(preflight.check(Text("man walking a dog")).facts) == "text, 4 tokens"
    facts = preflight.check(SAMPLES / "message.opus").facts
    assert isinstance(facts, AudioFacts)
    silent = replace(facts, duration_s=None, sample_rate=None)
    assert text.summary(silent) == "opus audio, of unknown length, 32,157 bytes"
    assert text.summary(Unprobed(size_bytes=1, code="file_empty", reason="x")) == ""


def test_a_rejection_reads_like_a_report() -> None:
    report = preflight.check(b"")
    assert text.of_rejection(RejectedError(report.source, report.errors)) == text.of_report(report)


def test_a_plan_says_where_each_chunk_of_a_text_lies() -> None:
    plan = preflight.plan(SAMPLES / "three_languages.txt")
    *_, first, second, third, last, _ = text.of_plan(plan).splitlines()
    ends = [int(line.split(" to ")[1].split(", about")[0].replace(",", "")) for line in (first, second)]
    assert first.startswith(f"       1. characters 0 to {ends[0]:,}, about ")
    assert second.startswith(f"       2. characters {ends[0]:,} to {ends[1]:,}, about ")
    assert third.startswith(f"       3. characters {ends[1]:,} to ")
    length = len((SAMPLES / "three_languages.txt").read_text("utf-8"))
    assert f" to {length:,}, about " in last


def test_a_plan() -> None:
    plan = replace(preflight.plan(SAMPLES / "talk.mp4"), source="talk.mp4")
    head, why, how, *clips, total = text.of_plan(plan).splitlines()
    assert head == "LOSSLESS   talk.mp4  3 requests"
    assert why.startswith("    why:  The video lasts 1500.03 s")
    assert how == "    how:  cut at keyframes into mp4"
    assert [clip.split(".")[0].strip() for clip in clips] == ["1", "2", "3"]
    assert clips[0].startswith("       1. 0.00 to 49")
    size = sum(output.media_bytes for output in plan.outputs)
    assert total == f"    all:  3 requests, about {size:,} bytes, about a second of work"
    assert text.of_plan(preflight.plan(Text("hello"))).splitlines() == [
        "IDENTICAL  <text>  1 request",
        "    why:  It fits every limit.",
        "    how:  send as it is",
        "       1. whole, about 5 bytes",
        "    all:  1 request, 5 bytes, about a second of work",
    ]


ESCAPES = "\x1b[2J\x1b]0;owned\x07\r\n\x00\x9b31m\u202egpj.exe"


def is_harmless(shown: str) -> bool:
    return not any(unicodedata.category(c) in ("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp") for c in shown)


@pytest.mark.parametrize("data", [b"", b"hello", b"word " * 600])
def test_a_name_cannot_steer_the_terminal(data: bytes) -> None:
    source = Source.of(data, name=f"a{ESCAPES}.txt")
    report = preflight.check(source)
    shown = [text.of_report(report), text.of_rejection(RejectedError(report.source, report.errors))]
    if report.verdict != "rejected":
        shown.append(text.of_plan(preflight.plan(source)))
    for lines in shown:
        assert all(map(is_harmless, lines.split("\n")))
        assert "a\ufffd[2J" in lines
        assert len(lines.split("\n")) <= 12


def test_a_placeholder_cannot_either() -> None:
    request = MultiInput([NamedImage(SAMPLES / "icon.png", f"n{ESCAPES}")], text=f"<@x{ESCAPES}>")
    lines = text.of_report(preflight.check(request)).split("\n")
    assert all(map(is_harmless, lines))
    assert len(lines) == 4  # the head, the name, the placeholder, the size


def test_what_is_written_anywhere_is_shown_as_it_is() -> None:
    for name in (
        "Zwölf Boxkämpfer.mp4",
        "日本語.wav",
        "👍.png",
        "Screenshot 2026-05-01 at 10.00.00\u202fAM.png",
        "a\u00a0b",
    ):
        assert text.shown(name) == name


@given(st.text(st.characters(exclude_categories=[])))
def test_nothing_that_steers_gets_through(name: str) -> None:
    assert is_harmless(text.shown(name))
    assert len(text.shown(name)) == len(name)
