"""Each rule is tested by the examples that it carries; a rule without any cannot exist."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from preflight import limits
from preflight.errors import UsageError
from preflight.media import Unprobed
from preflight.rules import PLAN_RULES, RULES, Report, check_facts, examples, rule
from preflight.rules.interface import Example, told_apart
from tests.rules.asking import NEWEST, STRICT, error, mendable, warning

CODES = [
    "input_type_unsupported",
    "file_empty",
    "file_unreadable",
    "unsupported_file_type",
    "text_encoding_unknown",
    "image_file_broken",
    "audio_file_broken",
    "video_file_broken",
    "document_file_broken",
    "text_encoding_detected",
    "text_lone_surrogate",
    "text_empty",
    "token_limit_exceeded",
    "text_filesize_too_large",
    "image_resolution_too_low",
    "image_filesize_too_large",
    "image_pixels_too_many",
    "image_animated",
    "image_metadata_unreadable",
    "image_has_location",
    "video_packets_damaged",
    "video_duration_mismatch",
    "audio_packets_damaged",
    "audio_frames_missing",
    "audio_duration_mismatch",
    "video_duration_too_long",
    "video_duration_too_short",
    "video_filesize_too_large",
    "audio_duration_too_long",
    "audio_duration_too_short",
    "audio_filesize_too_large",
    "audio_junk",
    "video_resolution_too_low",
    "video_resolution_too_high",
    "video_resolution_invalid_aspect_ratio",
    "video_starts_without_keyframe",
    "video_without_timestamps",
    "video_sound_broken",
    "audio_has_location",
    "video_has_location",
    "video_frames_damaged",
    "audio_frames_damaged",
    "video_truncated",
    "audio_truncated",
    "decode_unfinished",
    "streams_length_differ",
    "audio_silent",
    "video_black",
    "video_frozen",
    "document_filesize_too_large",
    "document_encrypted",
    "document_pages_too_many",
    "request_invalid",
    "media_sources_count",
    "name_invalid",
    "name_not_unique",
    "placeholder_unresolved",
    "placeholder_malformed",
    "name_unreferenced",
    "media_type_unsupported",
    "text_missing",
    "document_not_alone",
    "texts_alone",
    "body_too_large",
]


@pytest.mark.parametrize("each", RULES, ids=lambda r: r.code)
def test_accepts_and_refuses_its_own_examples(each):
    assert each.accepted, "without examples there is no rule"
    assert each.refused
    for example in each.accepted:
        assert each.check(example.facts, limits.load(example.profile)) is None, example.what
    for example in each.refused:
        finding = each.check(example.facts, limits.load(example.profile))
        assert finding is not None, example.what
        assert finding.code == each.code
        assert finding.message.endswith("."), "a finding ends with its next step"


@pytest.mark.parametrize("each", RULES, ids=lambda r: r.code)
def test_what_a_rule_accepts_passes_every_other_rule(each):
    for example in each.accepted:
        assert not isinstance(example.facts, Unprobed)
        report = check_facts("x", example.facts, limits.load(example.profile))
        assert report.verdict == "pass", (example.what, report.findings)


@pytest.mark.parametrize("each", RULES, ids=lambda r: r.code)
def test_explains_itself(each):
    assert each.__doc__
    assert len(each.__doc__) > 40
    assert each.docs.startswith("https://")


@pytest.mark.parametrize("each", RULES, ids=lambda r: r.code)
def test_the_severity_that_a_rule_states_is_that_of_its_findings_in_the_default_profile(each):
    """And in the profile of its examples, where the default knows nothing of such a thing."""
    of_default = [a for a in each.refused if a.profile == limits.DEFAULT_PROFILE]
    asked = of_default or each.refused
    assert {each.check(a.facts, limits.load(a.profile)).severity for a in asked} == {each.severity}


def test_findings_come_in_the_order_of_the_rules_which_is_part_of_the_output():
    assert [each.code for each in RULES] == CODES
    assert len(set(CODES)) == len(CODES)


@pytest.mark.parametrize("code", CODES)
def test_a_rule_is_found_by_its_code(code):
    assert rule(code).code == code


def test_an_unknown_code_is_a_usage_error_that_lists_the_codes():
    said = (
        f"there is no rule 'no_such_rule'. The rules are: {', '.join([*CODES, *(each.code for each in PLAN_RULES)])}."
    )
    with pytest.raises(UsageError, match=f"^{re.escape(said)}"):
        rule("no_such_rule")


def test_an_example_is_of_the_default_profile():
    assert Example("a text", examples.text()).profile == limits.DEFAULT_PROFILE


def test_all_findings_are_reported_not_the_first():
    facts = examples.video(width=300, height=100, size_bytes=30_000_000, duration_s=700.0, claimed_duration_s=700.0)
    report = check_facts("x", facts, limits.load())
    assert [f.code for f in report.findings] == [
        "video_duration_too_long",
        "video_filesize_too_large",
        "video_resolution_too_low",
        "video_resolution_invalid_aspect_ratio",
    ]
    assert report.errors == report.findings
    assert report.verdict == "fixable"


@pytest.mark.parametrize(
    ("facts", "kind"),
    [
        (examples.text(), "text"),
        (examples.image(), "image"),
        (examples.audio(), "audio"),
        (examples.video(), "video"),
        (examples.multi_input(), "multi_input"),
        (examples.document(), "document"),
        (Unprobed(size_bytes=0, code="file_empty", reason="it holds no bytes"), "unknown"),
    ],
)
@pytest.mark.parametrize("profile", [STRICT, NEWEST])
def test_a_report_says_of_what_and_by_which_profile(facts, kind, profile):
    report = check_facts("a.mp4", facts, limits.load(profile))
    assert (report.source, report.profile, report.kind) == ("a.mp4", profile, kind)
    assert report.facts is facts


WARNING, MENDABLE, FATAL = warning("a", "Look."), mendable("b", "Mend."), error("c", "No.")


@pytest.mark.parametrize(
    ("findings", "verdict"),
    [
        ((), "pass"),
        ((WARNING,), "pass"),
        ((MENDABLE,), "fixable"),
        ((MENDABLE, MENDABLE), "fixable"),
        ((WARNING, MENDABLE), "fixable"),
        ((FATAL,), "rejected"),
        ((WARNING, FATAL), "rejected"),
        ((MENDABLE, FATAL), "rejected"),
        ((FATAL, MENDABLE), "rejected"),
    ],
)
def test_the_verdict_is_that_of_the_worst_error(findings, verdict):
    report = Report(source="x", profile=STRICT, facts=examples.text(), findings=findings)
    assert report.verdict == verdict
    assert report.errors == tuple(f for f in findings if f is not WARNING)


def test_one_error_that_cannot_be_mended_rejects():
    facts = examples.image(format="HEIF", damage="the end is missing")
    report = check_facts("x", facts, limits.load())
    assert [f.fixable for f in report.errors] == [True, False]
    assert report.verdict == "rejected"


def test_a_warning_alone_passes():
    facts = examples.video(duration_s=3.0, claimed_duration_s=3.0)
    report = check_facts("x", facts, limits.load(STRICT))
    assert [f.severity for f in report.findings] == ["warning"]
    assert report.verdict == "pass"
    assert check_facts("x", facts, limits.load(NEWEST)).verdict == "rejected"


def test_a_part_that_can_be_mended_makes_the_request_fixable_but_a_text_too_long_does_not():
    request = replace(examples.multi_input(), images=(examples.image(format="WEBP"),))
    assert check_facts("x", request, limits.load()).verdict == "fixable"
    request = replace(examples.multi_input(), text=examples.text(tokens=501))
    assert check_facts("x", request, limits.load()).verdict == "rejected"


@pytest.mark.parametrize(
    ("value", "limit", "decimals", "text"),
    [
        (700.0, 600.0, 2, "700.00"),
        (600.01, 600.0, 2, "600.01"),
        (600.001, 600.0, 2, "600.001"),
        (599.9999, 600.0, 2, "599.9999"),
        (600.000_04, 600.0, 2, "600.00004"),
        (600.005_9, 600.0, 3, "600.006"),
        (3.996, 4.0, 2, "3.996"),
        (4.0, 4.0, 2, "4.00"),
        (float("inf"), 4.0, 2, "inf"),
    ],
)
def test_a_number_is_told_apart_from_its_limit(value, limit, decimals, text):
    assert told_apart(value, limit, decimals) == text
