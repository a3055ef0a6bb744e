"""What the assertions say when they fail is what they are for."""

from __future__ import annotations

import pytest

from preflight.errors import UsageError
from preflight.limits import load
from preflight.media import Text
from preflight.rules import RULES
from preflight.testing.assertions import assert_fits, assert_refused
from preflight.testing.catalogue import case
from preflight.testing.margins import margin


def said(assertion, *arguments, **keywords) -> str:
    with pytest.raises(AssertionError) as caught:
        assertion(*arguments, **keywords)
    return str(caught.value)


def test_what_fits_gives_its_report():
    assert assert_fits(case("video/square_360").path).facts.width == 360


def test_what_is_refused_gives_its_finding():
    assert assert_refused(case("text/501_tokens").path, "token_limit_exceeded").measured == 501


def test_says_what_was_measured_the_limit_and_how_far_off():
    path = case("video/height_359").path
    assert said(assert_fits, path) == (
        f"{path} (h264 video, 480x359, 5.00 s, {path.stat().st_size:,} bytes) does not fit marengo3.0:\n"
        "  video_resolution_too_low: measured 359 pixels, limit 360 pixels, 1 pixel short\n"
        "      The video is 480x359 pixels, both sides need 360. `preflight prepare` scales it up."
    )


def test_says_how_far_inside_it_is_when_it_should_be_refused():
    message = said(assert_refused, Text("word " * 3), "token_limit_exceeded")
    assert message == (
        "<text> (text, 4 tokens) is not refused with token_limit_exceeded by marengo3.0:\n"
        "  token_limit_exceeded: measured 4 tokens, limit 500 tokens, 496 tokens inside\n"
        "  nothing else is wrong with it either"
    )


def test_says_what_was_found_instead():
    message = said(assert_refused, Text("word " * 600), "text_empty")
    assert "is not refused with text_empty" in message
    assert "token_limit_exceeded: measured 601 tokens, limit 500 tokens, 101 tokens too many" in message


def test_a_warning_is_no_refusal():
    path = case("audio/duration_3_9").path
    message = said(assert_refused, path, "audio_duration_too_short")
    assert "audio_duration_too_short: only a warning in this profile" in message
    assert "measured 3.9 s, limit 4 s, 0.1 s short" in message
    assert_refused(path, "audio_duration_too_short", profile="marengo3.0-2026-08")
    assert_fits(path)


def test_findings_without_a_number_are_said_too():
    message = said(assert_fits, case("image/webp_lossy").path)
    assert "unsupported_file_type: measured WEBP, limit JPEG, PNG" in message


def test_takes_bytes_and_requests():
    assert_fits(b"a few words")
    assert_refused(case("request/11_images").input, "media_sources_count")
    assert "11 images, limit 10 images, 1 image too many" in said(assert_fits, case("request/11_images").input)


def test_a_code_that_does_not_exist_is_a_mistake_of_the_test():
    with pytest.raises(UsageError, match="there is no rule 'video_too_long'"):
        assert_refused(Text("x"), "video_too_long")


def test_a_profile_that_does_not_exist_is_one_too():
    with pytest.raises(UsageError, match="there is no profile"):
        assert_fits(Text("x"), profile="marengo9")


@pytest.mark.parametrize(
    ("rule", "example", "accepts"),
    [
        (each, example, accepts)
        for each in RULES
        for accepts, examples in ((True, each.accepted), (False, each.refused))
        for example in examples
    ],
    ids=lambda value: getattr(value, "code", None) or getattr(value, "what", None),
)
def test_the_distance_agrees_with_the_verdict(rule, example, accepts):
    """Found without asking the rules, it must still be on the side that they say."""
    distance = margin(rule.code, example.facts, load(example.profile))
    if distance is not None:
        assert (distance.beyond <= 0) is accepts
    elif not accepts:
        finding = rule.check(example.facts, load(example.profile))
        assert finding is not None
        assert not isinstance(finding.measured, int | float) or finding.code in NO_BOUND


NO_BOUND = {
    # Reckoned from all parts of a request; of a document, pages and megabytes go together; else all or nothing.
    "body_too_large",
    "document_pages_too_many",
    "document_file_broken",
    "document_not_alone",
    "texts_alone",
    # Nothing is near or far here: a byte lost is a byte lost.
    "audio_packets_damaged",
    "audio_frames_missing",
    "audio_junk",
    "video_sound_broken",
    "video_packets_damaged",
    "audio_frames_damaged",
    "video_frames_damaged",
    "audio_truncated",
    "video_truncated",
    # How far two streams are apart is said, but is no limit of the service.
    "streams_length_differ",
    "audio_duration_mismatch",
    "video_duration_mismatch",
    "name_not_unique",
    "text_empty",
    # Measured: how many bytes could not be read.
    "file_empty",
    "audio_file_broken",
    "video_file_broken",
    "text_encoding_unknown",
    "text_filesize_too_large",
    "text_lone_surrogate",
}
