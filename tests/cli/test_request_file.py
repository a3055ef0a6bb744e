"""Requests of several parts as files: read where that is asked for, and nothing outside their folder."""

from __future__ import annotations

import io
import json
import shutil
import sys
import time
from pathlib import Path

import msgspec
import pytest

from preflight.cli.app import run
from preflight.cli.request_file import RequestFile, read_request, schema
from preflight.media import InvalidRequest, MultiInput, TextImage

SAMPLES = Path(__file__).resolve().parents[2] / "sample_media"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    place = tmp_path / "look"
    place.mkdir()
    shutil.copy(SAMPLES / "icon.png", place)
    shutil.copy(SAMPLES / "print_cmyk.jpg", place)
    return place


def written(folder: Path, content: object, name: str = "look.json") -> str:
    path = folder / name
    path.write_text(content if isinstance(content, str) else json.dumps(content))
    return str(path)


def why_not(path: str) -> str:
    request = read_request(path)
    assert isinstance(request, InvalidRequest)
    assert request.name == path
    return request.reason


TEN = {"text": "a <@shoe>", "images": [{"path": "icon.png", "name": "shoe"}, "print_cmyk.jpg"]}
PAIR = {"text": "a shoe", "image": "icon.png"}


def test_a_text_and_an_image(folder: Path) -> None:
    request = read_request(written(folder, PAIR))
    assert isinstance(request, TextImage)
    assert (request.text, request.image.name) == ("a shoe", "icon.png")
    assert request.image.path == (folder / "icon.png").resolve()


def test_several_images_with_and_without_names(folder: Path) -> None:
    request = read_request(written(folder, TEN))
    assert isinstance(request, MultiInput)
    assert [(each.image.name, each.name) for each in request.images] == [("icon.png", "shoe"), ("print_cmyk.jpg", None)]


def test_the_same_in_yaml(folder: Path) -> None:
    yaml = "text: a <@shoe>\nimages:\n  - path: icon.png\n    name: shoe\n  - print_cmyk.jpg\n"
    request = read_request(written(folder, yaml, "look.yaml"))
    assert isinstance(request, MultiInput)
    assert [each.name for each in request.images] == ["shoe", None]


@pytest.mark.parametrize(
    "yaml",
    [
        "a: &a [x, x, x, x, x, x, x, x, x]\n"
        + "".join(f"{b}: &{b} [{', '.join(['*' + a] * 9)}]\n" for a, b in zip("abcdefgh", "bcdefghi", strict=True)),
        "text: &t a\nimage: *t\n",
        "text: &t\n  x: *t\nimage: icon.png\n",
    ],
    ids=["a billion", "one", "in a circle"],
)
def test_yaml_with_references_is_refused_before_anything_is_built(yaml: str, folder: Path) -> None:
    path = written(folder, yaml, "bomb.yaml")
    start = time.process_time()
    assert "alias" in why_not(path)
    assert time.process_time() - start < 1


def test_yaml_asks_for_its_extra(folder: Path, monkeypatch: pytest.MonkeyPatch, capsys) -> None:
    monkeypatch.setitem(sys.modules, "yaml", None)
    assert run(["check", written(folder, "text: a", "look.yml"), "--as", "request"]) == 2
    assert "embed-preflight[yaml]" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("{", "is no request"),
        ("[]", "is no request: Expected `object`, got `array`"),
        ({"text": "a", "picture": "b"}, "unknown field `picture`"),
        ({"text": 3, "image": "icon.png"}, "got `int` - at `$.text`"),
        ({"images": [{"name": "a"}]}, "missing required field `path`"),
        ({"text": "a"}, "it needs `text` and `image`, or `images`"),
        ({"image": "icon.png"}, "it needs `text` and `image`, or `images`"),
        ({"text": "a", "image": "icon.png", "images": []}, "it needs `text` and `image`, or `images`"),
        ({"images": ["icon.png"] * 101}, "Expected `array` of length <= 100"),
        ("[" * 100_000, "is no request"),
        ("{" + " " * 1_000_000 + "}", "over 1,000,000 bytes"),
        ({"text": "a", "image": ""}, "Expected `str` of length >= 1"),
        ("", "it is empty"),
        (" \n", "it is empty"),
        ('{"text": "a cat", "image": "icon.png", "text": "a dog"}', "the key `text` stands in it twice"),
        ('{"images": [{"path": "icon.png", "name": "a", "name": "b"}]}', "the key `name` stands in it twice"),
        ('{"text": "a", "image": "icon.png",}', "trailing comma"),
        ('{"text": NaN, "image": "icon.png"}', "JSON is malformed"),
    ],
)
def test_what_is_wrong_is_said_with_its_field(folder: Path, content: object, said: str, capsys) -> None:
    path = written(folder, content)
    assert run(["check", path, "--as", "request"]) == 1
    shown = capsys.readouterr().out
    assert shown.startswith(f"REJECTED {path}\n    error: request_invalid: It ")
    assert said in shown


@pytest.mark.parametrize(
    ("yaml", "said"),
    [
        ("text: a\nimage: icon.png\ntext: b\n", "the key `text` stands in it twice"),
        ("images: [{path: icon.png, name: a, name: b}]", "the key `name` stands in it twice"),
        ('text: !!timestamp "x"\nimage: icon.png\n', "it has a tag (`!!timestamp`)"),
        ('text: !!bool "abc"\nimage: icon.png\n', "it has a tag (`!!bool`)"),
        ("text: !!python/object/apply:os.getcwd []\nimage: icon.png\n", "it has a tag (`!!python/object/apply:"),
        ("text: !mine a\nimage: icon.png\n", "it has a tag (`!mine`)"),
        ("<<: {text: a}\nimage: icon.png\n", "unknown field `<<`"),
        ("? [text]\n: a\n", "unhashable key"),
        ("text: [a]\nimage: icon.png\n", "got `array` - at `$.text`"),
        ("text: a\nimage: icon.png\n---\ntext: b\n", "expected a single document"),
        ("text: null\nimage: icon.png\n", "it needs `text` and `image`"),
        ("text:\nimage: icon.png\n", "it needs `text` and `image`"),
        ("text: ~\nimage: icon.png\n", "it needs `text` and `image`"),
        ("[" * 100_000, "nesting depth"),
        ("- a\n", "Expected `object`, got `array`"),
        ("text: a: b\n", "mapping values are not allowed"),
    ],
)
def test_what_is_wrong_with_yaml_is_said(folder: Path, yaml: str, said: str) -> None:
    assert said in why_not(written(folder, yaml, "look.yaml"))


@pytest.mark.parametrize(
    "value",
    ["no", "2024-01-01", "2024-13-45", "3", "1:30", ".nan", "0x1F", "'null'", '"~"', "!!str no", "! no", "|-\n  no"],
)
def test_in_yaml_words_are_words(folder: Path, value: str) -> None:
    """Which a YAML that knows dates and truths makes of many of them."""
    request = read_request(written(folder, f"text: {value}\nimage: icon.png\n", "look.yml"))
    assert isinstance(request, TextImage)
    assert request.text == value.rpartition(" ")[2].strip("'\"")


@pytest.mark.parametrize(
    ("content", "name"),
    [(b'\xef\xbb\xbf{"text": "a", "image": "icon.png"}', "look.json")]
    + [("\ufefftext: a\nimage: icon.png\n".encode(code), "look.yaml") for code in ("utf-8", "utf-16-le", "utf-16-be")],
)
def test_a_byte_order_mark_is_no_part_of_it(folder: Path, content: bytes, name: str) -> None:
    (folder / name).write_bytes(content)
    request = read_request(str(folder / name))
    assert isinstance(request, TextImage)
    assert request.text == "a"


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-be", "utf-32"])
def test_json_in_utf_16_is_told_so(folder: Path, encoding: str) -> None:
    (folder / "look.json").write_bytes(json.dumps(PAIR).encode(encoding))
    assert why_not(str(folder / "look.json")) == "It is in UTF-16 or UTF-32, and JSON is UTF-8. Save it as UTF-8."


@pytest.mark.parametrize(
    "image", ["https://example.com/a.png", "file:///icon.png", "data:image/png;base64," + "A" * 9_000]
)
def test_a_url_is_not_fetched_and_that_is_said(folder: Path, image: str, capsys) -> None:
    assert run(["check", written(folder, {"text": "a", "image": image}), "--as", "request", "--format", "ndjson"]) == 1
    (finding,) = json.loads(capsys.readouterr().out)["findings"]
    assert (finding["code"], finding["part"]) == ("file_unreadable", "image")
    assert finding["message"].endswith(
        "is a URL, and nothing is fetched here. Download it, and give the path of the file."
    )
    assert len(finding["message"]) < 250


def test_a_file_that_is_no_request_stops_no_other(folder: Path, capsys) -> None:
    empty, pair, twice = (
        written(folder, content, f"{number}.json")
        for number, content in enumerate(("{}", PAIR, '{"text": "a", "text": "b", "image": "icon.png"}'))
    )
    out = folder.parent / "out"
    assert run(["prepare", empty, pair, twice, "--as", "request", "--out", str(out)]) == 1
    lines = [json.loads(line) for line in (out / "manifest.ndjson").read_text().splitlines()]
    assert [(line["source"], line["request"]) for line in lines] == [
        (empty, None),
        (pair, "000001.json"),
        (twice, None),
    ]
    assert [f["code"] for line in lines[::2] for f in line["findings"]] == ["request_invalid"] * 2
    assert json.loads((out / "000001.json").read_text())["text_image"]["input_text"] == "a shoe"
    capsys.readouterr()
    assert run(["plan", empty, pair, twice, "--as", "request", "--format", "ndjson"]) == 1
    assert [json.loads(line)["requests"] for line in capsys.readouterr().out.splitlines()] == [0, 1, 0]


@pytest.mark.parametrize("with_journal", [False, True])
def test_nor_from_being_embedded(folder: Path, capsys, with_journal: bool) -> None:
    paths = [written(folder, content, f"{number}.json") for number, content in enumerate(("{}", PAIR))]
    journal = ["--journal", str(folder.parent / "run.db")] if with_journal else []
    for _ in range(2):  # again, from the journal
        assert run(["embed", *paths, "--as", "request", "--emulator", *journal]) == 1
        shown = capsys.readouterr()
        assert [json.loads(line)["source"] for line in shown.out.splitlines()] == [paths[1]]
        assert "request_invalid: It is no request: it needs" in shown.err
    assert run(["embed", *paths, "--as", "request", "--emulator", "--estimate", *journal]) == 1
    assert "request_invalid" in capsys.readouterr().err


def test_what_is_not_there_is_said_before_anything_is_made(folder: Path, capsys) -> None:
    out = folder.parent / "out"
    missing = str(folder / "missing.json")
    assert run(["prepare", written(folder, PAIR), missing, "--as", "request", "--out", str(out)]) == 2
    assert f"{missing} is not there. Check the path." in capsys.readouterr().err
    assert run(["check", "-", "-", "--as", "request"]) == 2
    assert "only once" in capsys.readouterr().err
    assert not out.exists()


@pytest.mark.parametrize("image", ["../secret.png", "/etc/passwd", "link.png", "away/secret.png", "a/../../secret.png"])
def test_no_image_is_outside_the_folder(folder: Path, image: str) -> None:
    (folder.parent / "secret.png").write_bytes((folder / "icon.png").read_bytes())
    (folder / "link.png").symlink_to("../secret.png")
    (folder / "away").symlink_to("..")
    assert "outside its own folder" in why_not(written(folder, {"text": "a", "image": image}))


def test_a_path_that_is_none(folder: Path) -> None:
    (folder / "circle").symlink_to("circle")
    for image in ("a\0b", "circle"):
        request = read_request(written(folder, {"text": "a", "image": image}))
        assert isinstance(request, TextImage) or "no path" in request.reason  # else it is not there
        assert run(["check", str(folder / "look.json"), "--as", "request"]) == 1


def test_only_where_it_is_asked_for(folder: Path, capsys) -> None:
    assert run(["check", written(folder, PAIR)]) == 0
    assert "text, " in capsys.readouterr().out


def test_a_folder_is_no_request(folder: Path, capsys) -> None:
    assert run(["check", str(folder), "--as", "request"]) == 2
    assert "Name the request files in it" in capsys.readouterr().err


def test_from_standard_input(folder: Path, monkeypatch: pytest.MonkeyPatch, capsys) -> None:
    monkeypatch.chdir(folder)
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(json.dumps(PAIR).encode())))
    assert run(["check", "-", "--as", "request", "--format", "ndjson"]) == 1
    (record,) = map(json.loads, capsys.readouterr().out.splitlines())
    assert (record["source"], record["kind"], record["verdict"]) == ("<stdin>", "text_image", "fixable")
    assert {f["part"] for f in record["findings"]} == {"image"}


def test_planned_and_prepared(folder: Path, capsys) -> None:
    path = written(folder, TEN)
    assert run(["plan", path, "--as", "request"]) == 0
    planned = capsys.readouterr().out
    assert "media_sources[0]: scale 100x80 to 160x128, then " in planned
    out = folder.parent / "out"
    assert run(["prepare", path, "--as", "request", "--out", str(out)]) == 0
    body = json.loads((out / "000001.json").read_text())
    assert body["multi_input"]["input_text"] == "a <@shoe>"
    assert [each.get("name") for each in body["multi_input"]["media_sources"]] == ["shoe", None]
    (line,) = map(json.loads, (out / "manifest.ndjson").read_text().splitlines())
    assert (line["source"], line["input_type"], line["fidelity"]) == (path, "multi_input", "transcoded")
    assert line["steps"] == ["media_sources[0]: scale 100x80 to 160x128", "media_sources[0]: encode as PNG"]


def test_equal_steps_of_two_parts_are_two(folder: Path) -> None:
    path = written(folder, {"images": ["icon.png", "print_cmyk.jpg", "icon.png"]})
    out = folder.parent / "out"
    assert run(["prepare", path, "--as", "request", "--out", str(out)]) == 0
    (line,) = map(json.loads, (out / "manifest.ndjson").read_text().splitlines())
    assert line["steps"] == [
        f"media_sources[{number}]: {step}" for number in (0, 2) for step in ("scale 100x80 to 160x128", "encode as PNG")
    ]


def test_what_a_truncated_text_no_longer_names_is_said(folder: Path, capsys) -> None:
    text = f"<@shoe> {'word ' * 600} <@hat> and <@shoe>"
    images = [{"path": "print_cmyk.jpg", "name": "shoe"}, {"path": "print_cmyk.jpg", "name": "hat"}]
    path = written(folder, {"text": text, "images": images})
    assert run(["check", path, "--as", "request"]) == 1
    assert "(`--text truncate`)" in capsys.readouterr().out
    assert run(["plan", path, "--as", "request", "--text", "truncate"]) == 0
    assert "text: leave out <@hat>, which the text names no more" in capsys.readouterr().out
    out = folder.parent / "out"
    assert run(["prepare", path, "--as", "request", "--text", "truncate", "--out", str(out)]) == 0
    (line,) = map(json.loads, (out / "manifest.ndjson").read_text().splitlines())
    assert line["steps"][-1] == "text: leave out <@hat>, which the text names no more"
    sent = json.loads((out / "000001.json").read_text())["multi_input"]["input_text"]
    assert "<@shoe>" in sent
    assert "<@hat>" not in sent


def test_media_alone_are_no_request(folder: Path, capsys) -> None:
    out = str(folder.parent / "out")
    assert run(["prepare", written(folder, TEN), "--as", "request", "--media", "--out", out]) == 2
    assert "Leave it out" in capsys.readouterr().err


def test_embedded(folder: Path, capsys) -> None:
    assert run(["embed", written(folder, TEN), "--as", "request", "--emulator"]) == 0
    (record,) = map(json.loads, capsys.readouterr().out.splitlines())
    assert (record["input_type"], len(record["embedding"])) == ("multi_input", 512)


def test_its_schema_is_published(capsys) -> None:
    assert run(["explain", "request"]) == 0
    assert json.loads(capsys.readouterr().out) == schema()
    assert set(schema()["$defs"]["RequestFile"]["properties"]) == {"text", "image", "images", "sources"}
    assert msgspec.json.decode(json.dumps(PAIR), type=RequestFile).image == "icon.png"


def test_sources_of_any_kind(folder: Path, samples: Path, tmp_path: Path) -> None:
    (folder / "words.txt").write_text("a few words")
    entry = {"path": "words.txt", "name": "words", "media_type": "document"}
    made = read_request(written(folder, {"text": "<@words>", "sources": ["icon.png", entry]}))
    assert [(part.name, part.media_type) for part in made.parts] == [(None, None), ("words", "document")]
    assert "Invalid enum value" in why_not(written(folder, {"sources": [entry | {"media_type": "pdf"}]}))
    assert "it needs" in why_not(written(folder, {"images": ["icon.png"], "sources": ["icon.png"]}))
