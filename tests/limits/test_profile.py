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
TASK, ASSET, ANY_KIND, BEDROCK = "marengo3.0-async", "marengo3.0-asset", "marengo3.5", "bedrock-marengo3.0"
KINDS = ("text", "image", "audio", "video", "document")


def every_limit(profile: str):
    """(dotted name, limit), down to the last, of the kinds that the profile takes."""
    chosen = load(profile)
    taken = {kind for kind in KINDS if chosen.takes(kind)} | ({"request"} if chosen.takes("multi_input") else set())
    yield "input_types", chosen.input_types
    for group in msgspec.structs.fields(chosen):
        value = getattr(chosen, group.name)
        if group.name in taken:
            for field in msgspec.structs.fields(value):
                yield f"{group.name}.{field.name}", getattr(value, field.name)


def values(profile: str) -> dict[str, object]:
    return {name: limit.value for name, limit in every_limit(profile) if limit is not None}


def test_the_default_comes_first() -> None:
    assert names() == (STRICT, BEDROCK, NEWEST, ASSET, TASK, ANY_KIND)
    assert limits.DEFAULT_PROFILE == STRICT
    assert load().profile == STRICT
    assert load(STRICT) is load(STRICT)


@pytest.mark.parametrize("profile", names())
def test_every_number_has_its_source_and_the_day_it_was_read(profile: str) -> None:
    stated = {name: limit for name, limit in every_limit(profile) if limit is not None}
    assert "input_types" in stated
    assert len(stated) > 10
    for name, limit in stated.items():
        assert isinstance(limit, Limit), name
        assert len(limit.source) > 10, name
        assert dt.date(2026, 1, 1) <= limit.read_on <= dt.date(2026, 12, 31), name


@pytest.mark.parametrize("profile", [each for each in names() if load(each).takes("text")])
def test_tokens_are_said_to_be_an_upper_estimate(profile: str) -> None:
    source = load(profile).text.max_tokens.source
    assert source.endswith("the service does not publish its tokenizer: counted with cl100k_base, an upper estimate")


@pytest.mark.parametrize("profile", names())
def test_nothing_in_the_file_is_left_out(profile: str) -> None:
    raw = tomllib.loads(resources.files(limits).joinpath(f"{profile}.toml").read_text(encoding="utf-8"))
    groups = {group: inner for group, inner in raw.items() if isinstance(inner, dict) and "value" not in inner}
    stated = {f"{group}.{name}" for group, inner in groups.items() for name in inner}
    assert stated | {"input_types"} == set(values(profile))


# What both profiles share, and then in what they differ: the table of CONTRACT 11.
SHARED = {
    "input_types": ("text", "image", "text_image", "audio", "video", "multi_input"),
    "request.media_types": ("image",),
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


OF_VIDEO = {
    "video.min_side": 360,
    "video.max_width": 5184,
    "video.max_height": 2160,
    "video.box_turns_with_portrait": True,
    "video.max_aspect_ratio": 2.4,
}
OF_IMAGE = {"image.formats": ("JPEG", "PNG"), "image.min_side": 128}
SOUND = ("wav/pcm_s", "wav/pcm_u", "wav/pcm_f", "mp3/mp3", "flac/flac")


def timed(duration_s: int, size_bytes: int, *, short_is_error: bool) -> dict[str, object]:
    bounds = {
        "max_duration_s": duration_s,
        "min_duration_s": 4,
        "min_duration_is_error": short_is_error,
        "max_file_bytes": size_bytes,
    }
    of_both = {f"{kind}.{name}": value for kind in ("audio", "video") for name, value in bounds.items()}
    return {**of_both, **OF_VIDEO, "audio.formats": SOUND}


# The other columns of the table of CONTRACT 11; assets are of section 6.
OTHERS = {
    TASK: {"input_types": ("audio", "video"), **timed(14_400, 36_000_000, short_is_error=True)},
    ASSET: {"input_types": ("audio", "video"), **timed(14_400, 4_000_000_000, short_is_error=True)},
    ANY_KIND: {
        "input_types": ("multi_input",),
        "text.max_tokens": 2_000,
        **OF_IMAGE,
        "image.max_file_bytes": 32_000_000,
        **timed(30, 32_000_000, short_is_error=False),
        "document.max_file_bytes": 32_000_000,
        "document.pages_per_mb": 16,
        "document.min_max_pages": 16,
        "request.min_sources": 0,
        "request.max_sources": 10,
        "request.name_pattern": "[A-Za-z0-9_]+",
        "request.media_types": ("image", "audio", "video", "document"),
        "request.mixed_needs_text": True,
    },
    BEDROCK: {
        "input_types": ("text", "image", "text_image", "multi_input"),
        "text.max_tokens": 500,
        **OF_IMAGE,
        "image.max_file_bytes": 5_000_000,
        "request.min_sources": 1,
        "request.max_sources": 10,
        "request.name_pattern": "[A-Za-z0-9_]+",
        "request.media_types": ("image",),
        "request.max_body_bytes": 24_990_000,
    },
}
ADDRESSES = {
    TASK: ("marengo3.0", "POST /v1.3/embed-v2/tasks", "async"),
    ASSET: ("marengo3.0", "POST /v1.3/embed-v2/tasks", "asset"),
    ANY_KIND: ("marengo3.5", "POST /v1.3/embed-v2", "sync"),
    BEDROCK: ("twelvelabs.marengo-embed-3-0-v1:0", "InvokeModel", "invoke"),
}


@pytest.mark.parametrize("profile", OTHERS)
def test_numbers_of_the_other_routes(profile: str) -> None:
    found = {name: value for name, value in values(profile).items() if name not in OURS}
    assert found == OTHERS[profile]
    chosen = load(profile)
    assert (chosen.model_name, chosen.endpoint, chosen.route) == ADDRESSES[profile]


def test_what_each_takes_and_as_what() -> None:
    both = ("text_image", "multi_input")
    taken = {name: {kind for kind in (*KINDS, *both) if load(name).takes(kind)} for name in names()}
    sync = {*KINDS, *both} - {"document"}
    assert taken == {
        STRICT: sync,
        NEWEST: sync,
        TASK: {"audio", "video"},
        ASSET: {"audio", "video"},
        ANY_KIND: {*KINDS, *both},
        BEDROCK: {"text", "image", *both},
    }
    assert {load(ANY_KIND).input_type(kind) for kind in taken[ANY_KIND]} == {"multi_input"}
    for name in (STRICT, TASK, BEDROCK):
        assert all(load(name).input_type(kind) == kind for kind in taken[name])
    assert limits.profiles_taking("document") == (ANY_KIND,)
    assert limits.profiles_taking("video") == (STRICT, NEWEST, ASSET, TASK, ANY_KIND)


@pytest.mark.parametrize(
    ("size_bytes", "pages"), [(1, 16), (500_000, 16), (1_999_999, 16), (2_000_000, 32), (4_000_000, 64)]
)
def test_a_document_may_have_sixteen_pages_a_megabyte_and_never_fewer(size_bytes: int, pages: int) -> None:
    assert load(ANY_KIND).document.max_pages(size_bytes) == pages


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
    with pytest.raises(UsageError, match=r"Choose one of: marengo3\.0, bedrock-marengo3\.0, "):
        load(name)


def test_a_misspelt_key_is_refused() -> None:
    raw = resources.files(limits).joinpath(f"{STRICT}.toml").read_text(encoding="utf-8")
    for wrong in (raw.replace("max_tokens", "max_token"), raw + "\n[speech]\n", raw.replace("read_on", "read_at")):
        with pytest.raises(msgspec.ValidationError):
            msgspec.toml.decode(wrong.encode(), type=Limits)


def test_a_profile_cannot_be_changed_by_accident() -> None:
    with pytest.raises(AttributeError):
        load().text.max_tokens = 5
