"""Assertions about media that say what was measured, the limit, and how far off it is."""

from __future__ import annotations

from preflight import limits as profiles
from preflight.limits import DEFAULT_PROFILE, Limits
from preflight.media import Kind
from preflight.pipeline import Input, Preflight
from preflight.reports.text import shown, summary
from preflight.rules import Finding, Report, rule
from preflight.testing.margins import margin


def assert_fits(source: Input, *, profile: str = DEFAULT_PROFILE, kind: Kind | None = None) -> Report:
    """Fail unless the service would accept `source` as it is; the report, for whatever else is to be asserted.

    `source` is all that `preflight.check` takes: a path, bytes, a file object, a `Text` or a request of several parts.

        assert_fits("clip.mp4")
        assert_fits(upload.read(), profile="marengo3.0-2026-08")

    Raises AssertionError with each finding, its measured value, its limit and the distance between them; UsageError
    for an unknown profile.
    """
    __tracebackhide__ = True
    bounds = profiles.load(profile)
    report = Preflight(limits=bounds).check(source, kind=kind)
    if report.verdict != "pass":
        lines = [f"{_subject(report)} does not fit {profile}:", *(_found(f, report, bounds) for f in report.errors)]
        raise AssertionError("\n".join(lines))
    return report


def assert_refused(source: Input, code: str, *, profile: str = DEFAULT_PROFILE, kind: Kind | None = None) -> Finding:
    """Fail unless `source` would be refused with `code`, among others perhaps; the finding.

        finding = assert_refused("banner.mp4", "video_resolution_invalid_aspect_ratio")
        assert finding.measured == 3.2

    A warning is no refusal. Raises AssertionError with how far `source` is from being refused so, and what was found
    instead; UsageError for an unknown profile or code (`preflight explain` lists the codes).
    """
    __tracebackhide__ = True
    rule(code)
    bounds = profiles.load(profile)
    report = Preflight(limits=bounds).check(source, kind=kind)
    for finding in report.errors:
        if finding.code == code:
            return finding
    lines = [f"{_subject(report)} is not refused with {code} by {profile}:"]
    if any(finding.code == code for finding in report.findings):
        lines.append(f"  {code}: only a warning in this profile")
    if (distance := margin(code, report.facts, bounds)) is not None:
        lines.append(f"  {code}: {distance}")
    lines += [_found(f, report, bounds) for f in report.errors] or ["  nothing else is wrong with it either"]
    raise AssertionError("\n".join(lines))


def _subject(report: Report) -> str:
    what = summary(report.facts)
    return f"{shown(report.source)} ({shown(what)})" if what else shown(report.source)


def _found(finding: Finding, report: Report, limits: Limits) -> str:
    distance = margin(finding.code, report.facts, limits)
    if distance is not None:
        detail = str(distance)
    elif finding.measured is not None or finding.limit is not None:
        detail = f"measured {finding.measured}, limit {finding.limit}"
    else:
        detail = ""
    part = f" ({finding.part})" if finding.part else ""
    head = f"  {finding.code}{part}: {shown(detail)}".rstrip(": ")
    return f"{head}\n      {shown(finding.message)}"
