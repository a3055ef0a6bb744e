"""No rule knows a number: under a profile of other numbers, each holds to those."""

from __future__ import annotations

import msgspec
import pytest

from preflight.limits import load
from preflight.rules import check_facts, examples
from tests.rules.asking import STRICT

NAMES = ("a", "b", "c", "d")


def with_limit(path, value):
    """The strict profile, with another value for one limit ("video.min_side")."""
    profile = load(STRICT)
    group_name, name = path.split(".")
    group = getattr(profile, group_name)
    limit = msgspec.structs.replace(getattr(group, name), value=value)
    return msgspec.structs.replace(profile, **{group_name: msgspec.structs.replace(group, **{name: limit})})


def lasting(made, duration_s):
    return made(duration_s=duration_s, claimed_duration_s=duration_s)


@pytest.mark.parametrize(
    ("path", "value", "accepted", "refused", "code"),
    [
        ("text.max_tokens", 7, examples.text(tokens=7), examples.text(tokens=8), "token_limit_exceeded"),
        ("image.min_side", 7, examples.image(width=7), examples.image(width=6), "image_resolution_too_low"),
        (
            "image.max_file_bytes",
            7,
            examples.image(size_bytes=7),
            examples.image(size_bytes=8),
            "image_filesize_too_large",
        ),
        (
            "image.max_pixels",
            128 * 129,
            examples.image(width=129, height=128),
            examples.image(width=129, height=129),
            "image_pixels_too_many",
        ),
        (
            "image.formats",
            ("WEBP",),
            examples.image(format="WEBP"),
            examples.image(format="PNG"),
            "unsupported_file_type",
        ),
        (
            "audio.formats",
            ("ogg/o",),
            examples.audio(container="ogg", codec="opus"),
            examples.audio(container="ogg", codec="vorbis"),
            "unsupported_file_type",
        ),
        (
            "video.too_new_codecs",
            ("hevc",),
            examples.video(codec="vvc"),
            examples.video(codec="hevc"),
            "unsupported_file_type",
        ),
        (
            "audio.max_base64_bytes",
            4_000,
            examples.audio(size_bytes=3_000),
            examples.audio(size_bytes=3_001),
            "audio_filesize_too_large",
        ),
        (
            "video.max_base64_bytes",
            4_000,
            examples.video(size_bytes=3_000),
            examples.video(size_bytes=3_001),
            "video_filesize_too_large",
        ),
        (
            "audio.max_duration_s",
            30.0,
            lasting(examples.audio, 30.0),
            lasting(examples.audio, 30.1),
            "audio_duration_too_long",
        ),
        (
            "video.max_duration_s",
            30.0,
            lasting(examples.video, 30.0),
            lasting(examples.video, 30.1),
            "video_duration_too_long",
        ),
        (
            "audio.min_duration_s",
            7.0,
            lasting(examples.audio, 7.0),
            lasting(examples.audio, 6.9),
            "audio_duration_too_short",
        ),
        (
            "video.min_duration_s",
            7.0,
            lasting(examples.video, 7.0),
            lasting(examples.video, 6.9),
            "video_duration_too_short",
        ),
        ("video.min_side", 720, examples.video(), examples.video(height=719), "video_resolution_too_low"),
        ("video.max_width", 1280, examples.video(), examples.video(width=1281), "video_resolution_too_high"),
        ("video.max_height", 720, examples.video(), examples.video(height=721), "video_resolution_too_high"),
        (
            "video.max_aspect_ratio",
            1.25,
            examples.video(width=900),
            examples.video(width=901),
            "video_resolution_invalid_aspect_ratio",
        ),
        (
            "request.min_sources",
            2,
            examples.multi_input(NAMES[:2], NAMES[:2]),
            examples.multi_input(NAMES[:1], NAMES[:1]),
            "media_sources_count",
        ),
        (
            "request.max_sources",
            3,
            examples.multi_input(NAMES[:3], NAMES[:3]),
            examples.multi_input(NAMES, NAMES),
            "media_sources_count",
        ),
        (
            "request.name_pattern",
            "[a-c]",
            examples.multi_input(NAMES[:3], NAMES[:3]),
            examples.multi_input(NAMES, NAMES),
            "name_invalid",
        ),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_the_limit_is_the_profiles(path, value, accepted, refused, code):
    limits = with_limit(path, value)
    assert check_facts("x", accepted, limits).findings == ()
    assert [finding.code for finding in check_facts("x", refused, limits).findings] == [code]


@pytest.mark.parametrize("kind", ["audio", "video"])
@pytest.mark.parametrize(("is_error", "severity"), [(True, "error"), (False, "warning")])
def test_whether_too_short_is_an_error_is_the_profiles(kind, is_error, severity):
    limits = with_limit(f"{kind}.min_duration_is_error", is_error)
    made = {"audio": examples.audio, "video": examples.video}
    for each, facts in made.items():
        (found,) = check_facts("x", lasting(facts, 2.0), limits).findings
        assert found.severity == (severity if each == kind else "warning")


def test_an_unknown_duration_is_within_any_limit():
    limits = with_limit("audio.max_duration_s", 0.5)
    unknown = examples.audio(duration_s=None, claimed_duration_s=None)
    assert check_facts("x", unknown, limits).findings == ()


def test_base64_is_of_whole_triples():
    """32,000,000 bytes are 42,666,668 characters (CONTRACT 1.6)."""
    profile = load("marengo3.0-2026-08")
    limit = msgspec.structs.replace(profile.video.max_file_bytes, value=32_000_000)
    profile = msgspec.structs.replace(profile, video=msgspec.structs.replace(profile.video, max_file_bytes=limit))
    (found,) = check_facts("x", examples.video(size_bytes=32_000_001), profile).findings
    assert "the limit is 32,000,000 (42,666,668 as base64)" in found.message
