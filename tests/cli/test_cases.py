"""`preflight cases`."""

from __future__ import annotations

import json

import pytest

from preflight.testing import catalogue, medium
from preflight.testing.truth import PROFILES


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
    assert list(record) == ["name", "what", "as", "file", "truth", "expected"]
    assert record["file"] == "text/501_tokens.txt"
    assert (record["truth"]["kind"], record["truth"]["tokens"]) == ("text", 501)
    assert set(record["expected"]) == set(PROFILES)
    assert record["expected"]["marengo3.0"] == {
        "codes": ["token_limit_exceeded"],
        "gives": "lossless",
        "requests": 2,
    }


def test_makes_the_files(preflight, tmp_path):
    done = preflight("cases", "bad/*", "request/11_images", "--out", tmp_path / "made")
    assert done.code == 0
    assert done.out == ""
    expected = {each.file_name for each in catalogue.cases("bad/*")}
    made = {str(p.relative_to(tmp_path / "made")) for p in (tmp_path / "made").glob("*/*")}
    assert made == expected
    assert done.err == f"{len(expected)} files in {tmp_path / 'made'}; 1 cases are requests and no files\n"


def test_the_files_come_with_what_is_true_of_them(preflight, tmp_path):
    preflight("cases", "video/rotated_90_h264", "request/11_images", "--out", tmp_path / "made")
    lines = (tmp_path / "made" / "cases.ndjson").read_text().splitlines()
    film, request = sorted(map(json.loads, lines), key=lambda record: record["name"], reverse=True)
    assert (tmp_path / "made" / film["file"]).is_file()
    assert (film["truth"]["rotation"], film["truth"]["displayed_width"]) == (90, 360)
    assert (film["truth"]["sample_aspect_ratio"], film["truth"]["duration_s"]) == (1.0, 5.0)
    assert (request["file"], request["truth"]["images"]) == (None, 11)


def test_every_case_can_be_said_in_json(preflight):
    lines = preflight("cases", "--format", "ndjson").out.splitlines()
    assert [json.loads(line)["name"] for line in lines] == [each.name for each in catalogue.cases()]


def test_a_cache_that_cannot_be_written_is_not_blamed_on_the_folder(preflight, tmp_path, monkeypatch):
    (tmp_path / "file").touch()
    monkeypatch.setenv("PREFLIGHT_TESTING_CACHE", str(tmp_path / "file"))
    medium.store.cache_clear()
    done = preflight("cases", "image/width_127", "--out", tmp_path / "made")
    medium.store.cache_clear()
    assert done.code == 2
    assert "edge cases cannot be made" in done.err
    assert "PREFLIGHT_TESTING_CACHE" in done.err
    assert list((tmp_path / "made").iterdir()) == []


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
