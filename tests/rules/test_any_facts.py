"""Whatever the facts are: no rule raises, findings are well formed, and more of a thing never mends it."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from typing import get_args

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from preflight.limits import load
from preflight.media import (
    AudioFacts,
    DecodedFacts,
    DecodedPicture,
    DecodedSound,
    Facts,
    ImageFacts,
    RequestFacts,
    StreamFacts,
    TextFacts,
    Unprobed,
    UnprobedCode,
    VideoFacts,
)
from preflight.rules import RULES, check_facts, mixed, request
from tests.rules.asking import BOTH, NEWEST, STRICT, findings

unhurried = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
CODES = {each.code for each in RULES}


def near(*bounds):
    """Any whole number, bounds and their neighbours above all."""
    return st.sampled_from([bound + by for bound in (1, *bounds) for by in (-1, 0, 1)]) | st.integers(0, 10**30)


sizes = near(5_000_000, 27_000_000, 32_000_000, 36_000_000)
seconds = (
    st.none()
    | st.floats(0, allow_nan=False)
    | st.floats(3.9, 4.1)
    | st.floats(599.9, 600.1)
    | st.sampled_from([3.9999999, 4.0, 600.0, 600.0000001])
)
sides = near(127, 359, 360, 2160, 5184)
pixel_ratios = st.sampled_from([Fraction(1), Fraction(16, 11), Fraction(1, 2)]) | st.fractions(0, 10**6)
names = st.sampled_from(["a", "b", "my outfit", ""]) | st.text(max_size=5)
codecs = st.sampled_from(["pcm_s16le", "pcm_mulaw", "mp3", "flac", "aac", "h264", "vvc"]) | st.text(max_size=5)
containers = st.sampled_from(["wav", "mp3", "flac", "ogg", "mov,mp4,m4a,3gp,3g2,mj2", "mpegts"]) | st.text(max_size=9)
streams = st.tuples(
    st.builds(StreamFacts, index=st.integers(0, 9), type=st.sampled_from(["audio", "video"]), codec=codecs)
)

texts = st.builds(
    TextFacts,
    size_bytes=sizes,
    encoding=st.just("utf-8"),
    characters=sizes,
    tokens=near(500),
    blank=st.booleans(),
)
images = st.builds(
    ImageFacts,
    size_bytes=sizes,
    format=st.sampled_from(["JPEG", "PNG", "WEBP", "HEIF"]) | st.text(max_size=5),
    width=sides,
    height=sides,
    orientation=st.integers(1, 8),
    mode=st.sampled_from(["RGB", "L", "CMYK"]),
    frames=st.none() | near(1),
    damage=st.none() | st.text(),
    picture_bytes=st.none() | sizes,
    bare_bytes=st.none() | sizes,
    has_metadata=st.booleans(),
    location=st.none() | st.tuples(st.floats(-90, 90), st.floats(-180, 180)),
)
tracks = {"frames": near(), "damaged_frames": near(), "truncated_at_s": seconds, "duration_s": seconds}
decodings = st.builds(
    DecodedFacts,
    picture=st.none() | st.builds(DecodedPicture, is_black=st.booleans(), is_frozen=st.booleans(), **tracks),
    sound=st.none() | st.builds(DecodedSound, is_silent=st.booleans(), **tracks),
    duration_s=seconds,
    unfinished=st.none() | st.text(),
)
timed = {
    "decoded": st.none() | decodings,
    "size_bytes": sizes,
    "container": containers,
    "duration_s": seconds,
    "duration_source": st.none(),
    "claimed_duration_s": seconds,
    "start_s": st.floats(-10, 1e6),
    "damaged_packets": near(),
    "sample_rate": st.none() | near(44_100),
    "channels": st.none() | st.integers(0, 64),
    "has_timestamps": st.booleans(),
    "streams": streams,
}
audios = st.builds(AudioFacts, codec=codecs, bit_depth=st.none() | st.integers(0, 64), **timed)
videos = st.builds(
    VideoFacts,
    video_codec=codecs,
    audio_codec=st.none() | codecs,
    width=sides,
    height=sides,
    rotation=st.sampled_from([0, 90, 180, 270]),
    sample_aspect_ratio=pixel_ratios,
    frame_rate=st.none() | st.fractions(0, 1000),
    starts_with_keyframe=st.none() | st.booleans(),
    **timed,
)
unprobed = st.builds(
    Unprobed,
    size_bytes=st.none() | sizes,
    code=st.sampled_from(get_args(UnprobedCode)),
    reason=st.text().map(lambda reason: reason + "."),
)
requests = st.builds(
    RequestFacts,
    kind=st.sampled_from(["text_image", "multi_input"]),
    text=st.none() | texts,
    placeholders=st.lists(names, unique=True, max_size=4).map(tuple),
    names=st.lists(st.none() | names, max_size=12).map(tuple),
    images=st.lists(images | unprobed, max_size=12).map(tuple),
)
OF_KIND = {"text": texts, "image": images, "audio": audios, "video": videos}
any_facts = texts | images | audios | videos | unprobed | requests


def codes_in_parts(facts: Facts, profile: str) -> set[tuple[str | None, str]]:
    return {(finding.part, finding.code) for finding in findings(facts, profile)}


@settings(unhurried, max_examples=300)
@given(any_facts, st.sampled_from(BOTH))
def test_no_rule_raises_and_every_finding_is_well_formed(facts, profile):
    report = check_facts("x", facts, load(profile))
    for finding in report.findings:
        assert finding.code in CODES
        assert finding.message.endswith(".")
        assert finding.docs.startswith("https://docs.twelvelabs.io/")
        assert finding.severity in {"error", "warning"}
        assert not (finding.fixable and finding.severity == "warning"), "nothing needs mending"
        assert finding.part is None or isinstance(facts, RequestFacts)
    hopeless = [f for f in report.findings if f.severity == "error" and not f.fixable]
    mendable = [f for f in report.findings if f.fixable]
    assert report.verdict == ("rejected" if hopeless else "fixable" if mendable else "pass")


@unhurried
@given(any_facts)
def test_what_passes_the_strictest_reading_passes_every_reading(facts):
    assert codes_in_parts(facts, NEWEST) <= codes_in_parts(facts, STRICT)


@unhurried
@given(any_facts, st.sampled_from(BOTH))
def test_no_number_that_breaks_its_limit_reads_as_the_limit(facts, profile):
    for finding in findings(facts, profile):
        assert isinstance(finding.measured, str | None) or finding.measured != finding.limit


@unhurried
@given(requests.filter(lambda facts: facts.kind == "multi_input"), st.sampled_from(BOTH))
def test_a_part_is_judged_as_if_it_stood_alone(facts, profile):
    parts = {f"media_sources[{index}]": image for index, image in enumerate(facts.images)}
    if facts.text is not None:
        parts["text"] = facts.text
    of_whole = {each.code for each in (*request.RULES, *mixed.RULES)} - {"request_invalid"}  # said of Unprobed
    asked = [f for f in findings(facts, profile) if f.part is not None and f.code not in of_whole]
    found = [(f.part, f.code, f.severity, f.measured) for f in asked]
    for part, alone in parts.items():
        expected = [(part, f.code, f.severity, f.measured) for f in findings(alone, profile)]
        assert [each for each in found if each[0] == part] == expected


@pytest.mark.parametrize(
    ("kind", "field", "code"),
    [
        ("text", "tokens", "token_limit_exceeded"),
        ("image", "size_bytes", "image_filesize_too_large"),
        ("image", "width", "image_pixels_too_many"),
        ("image", "height", "image_pixels_too_many"),
        ("image", "frames", "image_animated"),
        ("audio", "size_bytes", "audio_filesize_too_large"),
        ("video", "size_bytes", "video_filesize_too_large"),
        ("video", "damaged_packets", "video_packets_damaged"),
    ],
)
@unhurried
@given(st.data(), st.sampled_from(BOTH), near(27_000_000))
def test_more_of_it_never_mends(kind, field, code, data, profile, more):
    facts = data.draw(OF_KIND[kind])
    grown = replace(facts, **{field: (getattr(facts, field) or 0) + more})
    before, after = ({f.code for f in findings(each, profile)} for each in (facts, grown))
    assert code in after or code not in before


@pytest.mark.parametrize("profile", BOTH)
@unhurried
@given(audios | videos, st.floats(0, 1e6), st.booleans())
def test_longer_is_never_less_too_long_nor_more_too_short(profile, facts, more_s, in_the_header):
    field = "claimed_duration_s" if in_the_header else "duration_s"
    longer = replace(facts, **{field: (getattr(facts, field) or 0.0) + more_s})
    before, after = ({f.code for f in findings(each, profile)} for each in (facts, longer))
    too_long, too_short = f"{facts.kind}_duration_too_long", f"{facts.kind}_duration_too_short"
    assert too_long in after or too_long not in before
    if facts.duration_s is not None:
        assert too_short in before or too_short not in after


@pytest.mark.parametrize("profile", BOTH)
@unhurried
@given(videos, st.integers(2, 100))
def test_a_picture_scaled_up_is_never_less_too_high_nor_more_too_low(profile, facts, factor):
    facts = replace(facts, sample_aspect_ratio=Fraction(1))
    larger = replace(facts, width=facts.width * factor, height=facts.height * factor)
    before, after = ({f.code for f in findings(each, profile)} for each in (facts, larger))
    assert "video_resolution_too_high" in after or "video_resolution_too_high" not in before
    assert "video_resolution_too_low" in before or "video_resolution_too_low" not in after
