"""Each rule is tested by the examples that it carries; a rule without any cannot exist."""

from __future__ import annotations

from dataclasses import replace

import pytest

from preflight import limits
from preflight.errors import UsageError
from preflight.media import RequestFacts, Unprobed
from preflight.rules import RULES, check_facts, examples, rule


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
        assert finding.message[0].isupper() or finding.message[0].islower()
        assert finding.message.endswith("."), "a finding ends with its next step"


@pytest.mark.parametrize("each", RULES, ids=lambda r: r.code)
def test_what_a_rule_accepts_passes_every_other_rule(each):
    for example in each.accepted:
        if isinstance(example.facts, Unprobed):
            continue
        report = check_facts("x", example.facts, limits.load(example.profile))
        assert report.verdict == "pass", (example.what, report.findings)


@pytest.mark.parametrize("each", RULES, ids=lambda r: r.code)
def test_explains_itself(each):
    assert each.__doc__
    assert len(each.__doc__) > 40
    assert each.docs.startswith("https://")


def test_codes_are_unique():
    codes = [each.code for each in RULES]
    assert len(codes) == len(set(codes))


def test_an_unknown_code_is_a_usage_error_that_lists_the_codes():
    with pytest.raises(UsageError, match="video_duration_too_long"):
        rule("no_such_rule")


def test_all_findings_are_reported_not_the_first():
    facts = examples.video(width=300, height=100, size_bytes=30_000_000, duration_s=700.0, claimed_duration_s=700.0)
    report = check_facts("x", facts, limits.load())
    assert {f.code for f in report.errors} == {
        "video_resolution_too_low",
        "video_resolution_invalid_aspect_ratio",
        "video_filesize_too_large",
        "video_duration_too_long",
    }
    assert report.verdict == "fixable"


def test_one_error_that_cannot_be_mended_rejects():
    facts = examples.image(format="HEIF", damage="the end is missing")
    report = check_facts("x", facts, limits.load())
    assert report.verdict == "rejected"


def test_a_warning_alone_passes():
    report = check_facts("x", examples.video(duration_s=3.0, claimed_duration_s=3.0), limits.load())
    assert [f.severity for f in report.findings] == ["warning"]
    assert report.verdict == "pass"
    assert (
        check_facts(
            "x", examples.video(duration_s=3.0, claimed_duration_s=3.0), limits.load("marengo3.0-2026-08")
        ).verdict
        == "rejected"
    )


def test_findings_of_parts_name_the_part_and_a_part_text_is_not_cut():
    request = replace(examples.multi_input(("a", "b"), ("a", "b")), text=examples.text(tokens=600))
    broken = Unprobed(size_bytes=3, code="image_file_broken", reason="no header")
    request = RequestFacts(
        kind="multi_input",
        text=request.text,
        placeholders=request.placeholders,
        names=request.names,
        images=(request.images[0], broken),
    )
    report = check_facts("x", request, limits.load())
    found = {(f.part, f.code, f.fixable) for f in report.errors}
    assert found == {
        ("text", "token_limit_exceeded", False),
        ("media_sources[1]", "image_file_broken", False),
    }
