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
from preflight.errors import UsageError
from preflight.media import MultiInput, TextImage

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
    with pytest.raises(UsageError, match="alias"):
        read_request(path)
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
    ],
)
def test_what_is_wrong_is_said_with_its_field(folder: Path, content: object, said: str, capsys) -> None:
    path = written(folder, content)
    assert run(["check", path, "--as", "request"]) == 2
    shown = capsys.readouterr().err
    assert said in shown
    assert path in shown


@pytest.mark.parametrize("image", ["../secret.png", "/etc/passwd", "link.png", "away/secret.png", "a/../../secret.png"])
def test_no_image_is_outside_the_folder(folder: Path, image: str) -> None:
    (folder.parent / "secret.png").write_bytes((folder / "icon.png").read_bytes())
    (folder / "link.png").symlink_to("../secret.png")
    (folder / "away").symlink_to("..")
    with pytest.raises(UsageError, match="outside its own folder"):
        read_request(written(folder, {"text": "a", "image": image}))


def test_a_path_that_is_none(folder: Path) -> None:
    (folder / "circle").symlink_to("circle")
    for image in ("a\0b", "circle"):
        try:
            request = read_request(written(folder, {"text": "a", "image": image}))
        except UsageError as error:
            assert "no path" in str(error)  # noqa: PT017 (either this, or it is not there)
        else:
            assert isinstance(request, TextImage)
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
    assert "media_sources[0]: " in capsys.readouterr().out
    out = folder.parent / "out"
    assert run(["prepare", path, "--as", "request", "--out", str(out)]) == 0
    body = json.loads((out / "000001.json").read_text())
    assert body["multi_input"]["input_text"] == "a <@shoe>"
    assert [each.get("name") for each in body["multi_input"]["media_sources"]] == ["shoe", None]
    (line,) = map(json.loads, (out / "manifest.ndjson").read_text().splitlines())
    assert (line["source"], line["input_type"], line["fidelity"]) == (path, "multi_input", "transcoded")


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
    with pytest.raises(UsageError, match="Invalid enum value"):
        read_request(written(folder, {"sources": [entry | {"media_type": "pdf"}]}))
    with pytest.raises(UsageError, match="it needs"):
        read_request(written(folder, {"images": ["icon.png"], "sources": ["icon.png"]}))
