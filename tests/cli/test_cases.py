"""`preflight cases`."""

from __future__ import annotations

import json

import pytest

from preflight.testing import catalogue


def test_lists_every_case_by_name(preflight):
    done = preflight("cases")
    assert done.code == 0
    assert [line.split()[0] for line in done.out.splitlines()] == [each.name for each in catalogue.cases()]
    assert all(line.endswith(".") for line in done.out.splitlines())


def test_lists_what_a_pattern_matches(preflight):
    names = [line.split()[0] for line in preflight("cases", "text/*", "audio/wav_*").out.splitlines()]
    assert names
    assert all(name.startswith(("text/", "audio/wav_")) for name in names)


def test_lists_for_programs_what_must_become_of_them(preflight):
    (line,) = preflight("cases", "text/501_tokens", "--format", "ndjson").out.splitlines()
    record = json.loads(line)
    assert list(record) == ["name", "what", "as", "expected"]
    assert record["expected"]["marengo3.0"] == {
        "codes": ["token_limit_exceeded"],
        "gives": "lossless",
        "requests": 2,
    }


def test_makes_the_files(preflight, tmp_path):
    done = preflight("cases", "bad/*", "request/11_images", "--out", tmp_path / "made")
    assert done.code == 0
    assert done.out == ""
    expected = {f"{each.name}{each.made.recipe.suffix}" for each in catalogue.cases("bad/*")}
    made = {str(p.relative_to(tmp_path / "made")) for p in (tmp_path / "made").glob("*/*")}
    assert made == expected
    assert done.err == f"{len(expected)} files in {tmp_path / 'made'}; 1 cases are requests and no files\n"


def test_what_it_makes_may_be_changed(preflight, tmp_path):
    preflight("cases", "image/square_128", "--out", tmp_path / "made")
    (made,) = (tmp_path / "made" / "image").iterdir()
    made.write_bytes(b"changed")
    assert catalogue.case("image/square_128").path.read_bytes() != b"changed"


def test_a_folder_that_holds_something_is_left_alone(preflight, tmp_path):
    (tmp_path / "mine.txt").write_text("mine")
    done = preflight("cases", "text/*", "--out", tmp_path)
    assert done.code == 2
    assert "is not empty" in done.err
    assert [p.name for p in tmp_path.iterdir()] == ["mine.txt"]


@pytest.mark.parametrize("pattern", ["text/no_such_case", "film/*"])
def test_a_pattern_that_matches_nothing_is_a_mistake(preflight, pattern):
    done = preflight("cases", pattern)
    assert done.code == 2
    assert f"no case matches '{pattern}'" in done.err
