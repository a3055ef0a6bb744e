"""The documented limits, as CONTRACT section 11 states them."""

from __future__ import annotations

import datetime as dt
import tomllib
from importlib import resources

import msgspec
import pytest

from preflight import limits
from preflight.errors import UsageError
from preflight.limits import Limit, Limits, load, names

STRICT, NEWEST = "marengo3.0", "marengo3.0-2026-08"


def every_limit(profile: str):
    """(dotted name, limit), down to the last."""
    chosen = load(profile)
    for group in msgspec.structs.fields(chosen):
        value = getattr(chosen, group.name)
        if isinstance(value, msgspec.Struct):
            for field in msgspec.structs.fields(value):
                yield f"{group.name}.{field.name}", getattr(value, field.name)


def values(profile: str) -> dict[str, object]:
    return {name: limit.value for name, limit in every_limit(profile) if limit is not None}


def test_the_default_comes_first() -> None:
    assert names() == (STRICT, NEWEST)
    assert limits.DEFAULT_PROFILE == STRICT
    assert load().profile == STRICT
    assert load(STRICT) is load(STRICT)


@pytest.mark.parametrize("profile", names())
def test_every_number_has_its_source_and_the_day_it_was_read(profile: str) -> None:
    stated = {name: limit for name, limit in every_limit(profile) if limit is not None}
    assert set(SHARED) <= set(stated)
    for name, limit in stated.items():
        assert isinstance(limit, Limit), name
        assert len(limit.source) > 10, name
        assert dt.date(2026, 1, 1) <= limit.read_on <= dt.date(2026, 12, 31), name


@pytest.mark.parametrize("profile", names())
def test_nothing_in_the_file_is_left_out(profile: str) -> None:
    raw = tomllib.loads(resources.files(limits).joinpath(f"{profile}.toml").read_text(encoding="utf-8"))
    stated = {f"{group}.{name}" for group, inner in raw.items() if isinstance(inner, dict) for name in inner}
    assert stated == set(values(profile))


# What both profiles share, and then in what they differ: the table of CONTRACT 11.
SHARED = {
    "text.max_tokens": 500,
    "image.formats": ("JPEG", "PNG"),
    "image.min_side": 128,
    "audio.formats": ("wav/pcm_s", "wav/pcm_u", "wav/pcm_f", "mp3/mp3", "flac/flac"),
    "audio.max_duration_s": 600,
    "audio.min_duration_s": 4,
    "video.max_duration_s": 600,
    "video.min_duration_s": 4,
    "video.min_side": 360,
    "video.max_width": 5184,
    "video.max_height": 2160,
    "video.max_aspect_ratio": 2.4,
    "request.min_sources": 1,
    "request.max_sources": 10,
    "request.name_pattern": "[A-Za-z0-9_]+",
}
STRICT_ALONE = {
    "image.max_file_bytes": 5_000_000,
    "audio.min_duration_is_error": False,
    "video.min_duration_is_error": False,
    "audio.max_base64_bytes": 36_000_000,
    "video.max_base64_bytes": 36_000_000,
    "video.box_turns_with_portrait": False,
}
NEWEST_ALONE = {
    "image.max_file_bytes": 32_000_000,
    "audio.min_duration_is_error": True,
    "video.min_duration_is_error": True,
    "audio.max_file_bytes": 36_000_000,
    "video.max_file_bytes": 36_000_000,
    "video.box_turns_with_portrait": True,
}
# Guards of ours, which the service does not document.
OURS = {"image.max_pixels", "video.too_new_codecs"}


@pytest.mark.parametrize(("profile", "alone"), [(STRICT, STRICT_ALONE), (NEWEST, NEWEST_ALONE)])
def test_numbers_of_the_contract(profile: str, alone: dict[str, object]) -> None:
    found = values(profile)
    assert {name: value for name, value in found.items() if name not in OURS} == SHARED | alone
    assert set(found) >= OURS
    chosen = load(profile)
    assert (chosen.profile, chosen.model_name, chosen.endpoint) == (profile, "marengo3.0", "POST /v1.3/embed-v2")


def test_the_largest_file_that_satisfies_every_stated_size() -> None:
    assert load(STRICT).video.max_media_bytes == load(STRICT).audio.max_media_bytes == 27_000_000
    assert load(NEWEST).video.max_media_bytes == load(NEWEST).audio.max_media_bytes == 36_000_000
    size = Limit(value=36_000_001, source="made up", read_on=dt.date(2026, 1, 1))
    odd = msgspec.structs.replace(load(STRICT).video, max_base64_bytes=size, max_file_bytes=None)
    assert odd.max_media_bytes == 27_000_000  # a last character that encodes nothing
    both = msgspec.structs.replace(load(STRICT).video, max_file_bytes=msgspec.structs.replace(size, value=5))
    assert both.max_media_bytes == 5
    with pytest.raises(UsageError, match="add max_file_bytes"):
        _ = msgspec.structs.replace(odd, max_base64_bytes=None).max_media_bytes


def test_portrait_is_held_against_the_maximum_as_the_profile_reads_it() -> None:
    assert load(STRICT).video.max_size(1080, 1920) == (5184, 2160)
    assert load(NEWEST).video.max_size(1080, 1920) == (2160, 5184)
    assert load(NEWEST).video.max_size(1920, 1080) == load(NEWEST).video.max_size(9, 9) == (5184, 2160)


@pytest.mark.parametrize("name", ["marengo9", "", "../marengo3.0", "marengo3.0.toml", "MARENGO3.0"])
def test_an_unknown_profile(name: str) -> None:
    with pytest.raises(UsageError, match=r"Choose one of: marengo3\.0, marengo3\.0-2026-08\."):
        load(name)


def test_a_misspelt_key_is_refused() -> None:
    raw = resources.files(limits).joinpath(f"{STRICT}.toml").read_text(encoding="utf-8")
    for wrong in (raw.replace("max_tokens", "max_token"), raw + "\n[speech]\n", raw.replace("read_on", "read_at")):
        with pytest.raises(msgspec.ValidationError):
            msgspec.toml.decode(wrong.encode(), type=Limits)


def test_a_profile_cannot_be_changed_by_accident() -> None:
    with pytest.raises(AttributeError):
        load().text.max_tokens = 5
