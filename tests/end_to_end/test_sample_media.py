"""The main promise on one real input of every kind, against what is known of how each was made."""

from __future__ import annotations

import base64
import io
import json
import tomllib
from collections import defaultdict
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import preflight
from preflight.cli.app import run
from preflight.cli.request_file import read_request
from preflight.emulator import LocalServer
from preflight.submitter import Client

FOLDER = Path(__file__).resolve().parents[2] / "sample_media"
TRUTH = tomllib.loads((FOLDER / "truth.toml").read_text())
# A codec works in frames: the last one may reach past the end of what was put in.
FRAME_S = 0.06


@pytest.fixture(params=sorted(TRUTH))
def name(request) -> str:
    return request.param


def test_every_file_has_its_truth_and_all_together_are_small():
    files = {path.name for path in FOLDER.iterdir()} - {"make.py", "truth.toml"}
    assert files == set(TRUTH)
    assert sum((FOLDER / file).stat().st_size for file in files) <= 16_000_000


def test_check_finds_what_is_known(name):
    truth = TRUTH[name]
    report = preflight.check(FOLDER / name)
    facts = report.facts
    assert report.kind == truth["kind"]
    assert [f.code for f in report.errors] == truth["findings"]
    assert report.verdict == ("fixable" if truth["findings"] else "pass")
    if "width" in truth:
        assert (facts.displayed_width, facts.displayed_height) == (truth["width"], truth["height"])
    for key in ("rotation", "orientation", "video_codec", "audio_codec", "sample_rate", "channels", "tokens"):
        if key in truth and hasattr(facts, key):
            assert getattr(facts, key) == truth[key], key
    if "duration_s" in truth:
        assert facts.duration_s == pytest.approx(truth["duration_s"], abs=FRAME_S)


def test_the_request_is_what_is_known_of_it(tmp_path):
    truth = TRUTH["outfit.json"]["as_request"]
    request = read_request(str(FOLDER / "outfit.json"))
    report = preflight.check(request)
    assert report.kind == truth["input_type"]
    assert [f.code for f in report.errors] == truth["findings"]
    assert list(report.facts.names) == truth["names"]
    assert list(report.facts.placeholders) == truth["placeholders"]
    (payload,) = preflight.prepare(request)
    assert payload.fidelity == truth["fidelity"]
    body = json.loads(b"".join(payload.chunks()))["multi_input"]
    assert [each["name"] for each in body["media_sources"]] == truth["names"]
    assert run(["prepare", "--as", "request", str(FOLDER / "outfit.json"), "--out", str(tmp_path / "out")]) == 0


def test_plan_and_prepare_keep_their_word(name):
    truth = TRUTH[name]
    plan = preflight.plan(FOLDER / name)
    payloads = list(preflight.prepare(FOLDER / name))
    assert plan.fidelity == truth["fidelity"]
    assert {p.fidelity for p in payloads} == {truth["fidelity"]}
    assert len(payloads) == len(plan.outputs)
    if "requests" in truth:
        assert len(payloads) == truth["requests"]
    assert len(payloads) >= truth.get("min_requests", 1)
    if "duration_s" in truth:
        edges = [(p.span.start_s, p.span.end_s) for p in payloads]
        assert edges[0][0] == 0
        assert edges[-1][1] == pytest.approx(truth["duration_s"], abs=FRAME_S)
        assert all(a[1] == b[0] for a, b in pairwise(edges))


@pytest.mark.parametrize("name", [name for name, truth in TRUTH.items() if truth["fidelity"] == "identical"])
def test_what_fits_is_sent_byte_for_byte(name):
    (payload,) = preflight.prepare(FOLDER / name)
    body = json.loads(b"".join(payload.chunks()))
    content = body[body["input_type"]]
    is_text = body["input_type"] == "text"
    sent = content["input_text"].encode() if is_text else base64.b64decode(content["media_source"]["base64_string"])
    assert sent == (FOLDER / name).read_bytes()


def test_the_text_is_all_there():
    source = (FOLDER / "three_languages.txt").read_text(encoding="utf-8")
    bodies = [json.loads(b"".join(p.chunks())) for p in preflight.prepare(FOLDER / "three_languages.txt")]
    assert "".join(body["text"]["input_text"] for body in bodies) == source


def test_the_photograph_stands_upright():
    (payload,) = preflight.prepare(FOLDER / "photo.jpg")
    body = json.loads(b"".join(payload.chunks()))
    picture = Image.open(io.BytesIO(base64.b64decode(body["image"]["media_source"]["base64_string"])))
    assert picture.getexif().get(0x0112, 1) == 1
    pixels = np.asarray(picture.convert("RGB"), float)
    height = len(pixels)
    sky, grass = pixels[: height // 8].mean((0, 1)), pixels[-height // 8 :].mean((0, 1))
    assert sky.argmax() == 2, "blue above"
    assert grass.argmax() == 1, "green below"


def test_all_of_it_is_embedded_on_its_own_timeline(tmp_path):
    out = tmp_path / "embeddings.ndjson"
    assert run(["embed", str(FOLDER), "--emulator", "--out", str(out)]) == 0
    rows = defaultdict(list)
    for line in out.read_text().splitlines():
        row = json.loads(line)
        rows[Path(row["source"]).name].append(row)
        assert list(row) == [
            "source",
            "input_type",
            "embedding",
            "embedding_option",
            "embedding_scope",
            "start_s",
            "end_s",
            "request",
            "id",
            "offset",
        ]
        assert len(row["embedding"]) == 512
    assert set(rows) == set(TRUTH) - {"outfit.json"}  # of a folder, only media and plain texts are taken
    for name, truth in TRUTH.items():
        if "duration_s" not in truth:
            continue
        clips = [r for r in rows[name] if r["embedding_scope"] == "clip"]
        assert min(r["start_s"] for r in clips) == 0
        assert max(r["end_s"] for r in clips) == pytest.approx(truth["duration_s"], abs=FRAME_S)
        assert {r["request"] for r in clips} == set(range(1, truth["requests"] + 1))
    visual = [r for r in rows["talk.mp4"] if (r["embedding_option"], r["embedding_scope"]) == ("visual", "clip")]
    assert all(a["end_s"] == pytest.approx(b["start_s"], abs=0.05) for a, b in pairwise(visual))


def test_embed_from_python_gives_vectors_and_rows():
    with LocalServer() as server, Client("any-key", base_url=server.url) as client:
        result = preflight.Preflight().embed(FOLDER / "voice_memo.m4a", client)
    assert result.vectors.shape == (len(result.rows), 512)
    assert result.vectors.dtype == np.float32
    assert {row.input_type for row in result.rows} == {"audio"}
