"""`preflight limits`."""

from __future__ import annotations

import pytest

from preflight.limits import load, names


@pytest.mark.parametrize("profile", names())
def test_every_number_with_its_source_and_day(preflight, profile: str) -> None:
    ended = preflight("limits", profile)
    assert (ended.code, ended.err) == (0, "")
    chosen = load(profile)
    assert ended.out.startswith(f"{profile}: {chosen.summary}\nPOST /v1.3/embed-v2, model_name marengo3.0\n")
    assert ended.out.endswith("profiles: marengo3.0, marengo3.0-2026-08\n")
    for group in ("text", "image", "audio", "video", "request"):
        assert f"\n{group}\n" in ended.out
    assert ended.out.count("(read 2026-") == 23
    assert chosen.video.max_duration_s.source in ended.out


def test_numbers_as_people_read_them(preflight) -> None:
    lines = {line.split()[0]: line.split()[1:] for line in preflight("limits").out.splitlines() if line[:2] == "  "}
    assert lines["max_tokens"][0] == "500"
    assert lines["max_base64_bytes"][0] == "36,000,000"
    assert lines["max_aspect_ratio"][0] == "2.4"
    assert lines["box_turns_with_portrait"][0] == "no"
    assert preflight("limits").out == preflight("limits", "marengo3.0").out
