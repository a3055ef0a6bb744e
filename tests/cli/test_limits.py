"""`preflight limits`."""

from __future__ import annotations

from importlib import resources

import pytest

from preflight import limits
from preflight.limits import load, names


@pytest.mark.parametrize("profile", names())
def test_every_number_with_its_source_and_day(preflight, profile: str) -> None:
    ended = preflight("limits", profile)
    assert (ended.code, ended.err) == (0, "")
    chosen = load(profile)
    assert ended.out.startswith(f"{profile}: {chosen.summary}\n{chosen.endpoint}, model_name {chosen.model_name}\n")
    assert ended.out.endswith(f"profiles: {', '.join(names())}\n")
    groups = {"text", "image", "audio", "video", "document", "request"}
    shown = {group for group in groups if f"\n{group}\n" in ended.out}
    assert shown == {group for group in groups if chosen.takes("multi_input" if group == "request" else group)}
    stated = resources.files(limits).joinpath(f"{profile}.toml").read_text(encoding="utf-8").count("read_on")
    assert ended.out.count("(read 2026-") == stated > 10
    assert chosen.input_types.source in ended.out


def test_numbers_as_people_read_them(preflight) -> None:
    lines = {line.split()[0]: line.split()[1:] for line in preflight("limits").out.splitlines() if line[:2] == "  "}
    assert lines["max_tokens"][0] == "500"
    assert lines["max_base64_bytes"][0] == "36,000,000"
    assert lines["max_aspect_ratio"][0] == "2.4"
    assert lines["box_turns_with_portrait"][0] == "no"
    assert preflight("limits").out == preflight("limits", "marengo3.0").out
