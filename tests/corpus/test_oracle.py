"""The promise itself, on real media: what `prepare` writes is accepted by a judge that imports nothing of ours."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from preflight.cli.app import run
from preflight.limits import DEFAULT_PROFILE
from preflight.probers import tokens
from preflight.testing import catalogue

pytestmark = pytest.mark.corpus

SAMPLES = Path(__file__).resolve().parents[2] / "sample_media"

# Sent byte for byte, as they fit: what the judge's decoder complains of is in the files themselves. Two have frames
# so close together that its *muxer* sees the same time twice, one has 90,000 as its rate; one is cut off in a frame.
COMPLAINED_OF = {
    "auto-editor__h264-mjpeg.mkv",
    "auto-editor__h264-png.mkv",
    "moviepy__fire2.mp4",
    "exiftool__M2TS.mts",
}


# Where tiktoken looks for cl100k_base before it would download it; without it the judge only estimates. It checks
# the hash itself.
RANKS = "9b5ad71b2ce5302211f9c61530b329a4922fc6a4"


@pytest.fixture(scope="module")
def monkeypatch_module():
    with pytest.MonkeyPatch.context() as patch:
        yield patch


@pytest.fixture(scope="module")
def judges(corpus, tmp_path_factory, monkeypatch_module) -> Path:
    cache = tmp_path_factory.mktemp("ranks")
    shutil.copyfile(Path(tokens.__file__).with_name("cl100k_base.tiktoken"), cache / RANKS)
    monkeypatch_module.setenv("TIKTOKEN_CACHE_DIR", str(cache))
    if shutil.which("ffprobe") is None:
        pytest.fail("the judges need ffprobe; install it: apt-get install ffmpeg")
    return corpus.parent / "checks"


def judged(judges: Path, *arguments: str) -> tuple[int, str]:
    done = subprocess.run([sys.executable, *arguments], cwd=judges, capture_output=True, text=True, check=False)
    return done.returncode, done.stdout + done.stderr


@pytest.mark.parametrize("kind", ["text", "image", "audio", "video", "bad"])
def test_all_that_is_prepared_of_the_corpus_is_accepted(kind, corpus, judges, tmp_path):
    out = tmp_path / "out"
    files = sorted(map(str, (corpus / kind).iterdir()))
    assert run(["prepare", *files, "--out", str(out), *(["--as", "text"] if kind == "text" else [])]) == 1
    records = [json.loads(line) for line in (out / "manifest.ndjson").read_text().splitlines()]
    sources = {r["request"]: Path(r["source"]).name for r in records if r["request"] is not None}
    assert len({r["source"] for r in records}) == len(files), "none is passed over"
    for record in records:
        if record["request"] is None:
            assert record["findings"], record
            assert all(f["severity"] == "error" and f["message"].endswith(".") for f in record["findings"])
    _, said = judged(judges, "oracle.py", str(out), "--decode")
    refused = {sources[name] for name in re.findall(r"^refused (\d+\.json)", said, re.MULTILINE)}
    assert refused <= COMPLAINED_OF, said
    assert f"{len(sources) - len(refused)} accepted" in said


# Edge cases that fit by all that can be known without decoding every frame, and are sent byte for byte.
COMPLAINED_OF_CASES = {
    "grows_ts": "the last frame of one part and the first of the next have the same time for the judge's muxer",
    "clock_jumps_ts": "25 pictures a second and one step of 69 ms: in steps of the average rate, by which the judge's "
    "muxer counts, two pictures 40 ms apart have one time",
    "ts_cut": "its last picture is not whole, which no packet says",
    "mp4_wrong_bits_in_data": "wrong bits in its pictures",
}


@pytest.mark.parametrize("kind", ["text", "image", "audio", "video", "bad"])
def test_all_that_is_prepared_of_the_edge_cases_is_accepted(kind, judges, tmp_path):
    files = [each for each in catalogue.cases(f"{kind}/*") if each.is_file and each.path.is_file()]
    kinds = {each.as_kind for each in files}
    for number, as_kind in enumerate(kinds):
        paths = [str(each.path) for each in files if each.as_kind == as_kind]
        part = tmp_path / f"part{number}"
        assert run(["prepare", *paths, "--out", str(part), *(["--as", as_kind] if as_kind else [])]) in (0, 1)
        records = [json.loads(line) for line in (part / "manifest.ndjson").read_text().splitlines()]
        sources = {r["request"]: Path(r["source"]).stem for r in records if r["request"] is not None}
        _, said = judged(judges, "oracle.py", str(part), "--decode")
        refused = {sources[name] for name in re.findall(r"^refused (\d+\.json)", said, re.MULTILINE)}
        assert refused <= set(COMPLAINED_OF_CASES), said
        assert f"{len(sources) - len(refused)} accepted" in said


def test_all_that_is_prepared_of_the_samples_is_accepted(judges, tmp_path):
    out = tmp_path / "out"
    assert run(["prepare", str(SAMPLES), "--out", str(out)]) == 0
    code, said = judged(judges, "oracle.py", str(out), "--decode")
    assert code == 0, said


def test_nothing_of_the_talk_is_lost(judges, tmp_path):
    out = tmp_path / "out"
    assert run(["prepare", str(SAMPLES / "talk.mp4"), "--out", str(out)]) == 0
    code, said = judged(judges, "nothing_lost.py", str(SAMPLES / "talk.mp4"), str(out))
    assert code == 0, said
    assert re.search(r"v:0: \d+ packets, each in exactly one of 3 clips", said)
    assert re.search(r"a:0: \d+ packets, each in exactly one of 3 clips", said)


COPIED = [
    each
    for each in catalogue.cases("audio/*", "video/*", "bad/*")
    if each.is_file and each.as_kind is None and each.expected[DEFAULT_PROFILE].gives == "lossless"
]
# What the judge counts as lost was not there, or could not be copied.
NOT_THERE = {
    "video/no_keyframe_first_ts": "copied from its first keyframe on: what hangs on nothing is left out",
    "video/no_keyframe_first_mp4": "copied from its first keyframe on: what hangs on nothing is left out",
    "video/header_claims_an_hour_mp4": "the judge believes the hour",
    "video/clock_jumps_ts": "the judge believes the hour between its parts",
    "video/long_open_gop_mp4": "encoded again, a shortfall",
    "bad/avi_cut": "the torn last packet is left out",
    "bad/webm_wrong_bits_in_vorbis_header": "the judge's FFmpeg does not read it at all",
    "audio/mp3_behind_junk": "the judge's FFmpeg takes it for AMR",
    "audio/mp3_joined": "the judge takes the tag in the middle and the frame behind it for one frame of 122 bytes",
}


@pytest.mark.parametrize("case", [each for each in COPIED if each.name not in NOT_THERE], ids=str)
def test_nothing_of_an_edge_case_that_is_copied_is_lost(case, judges, tmp_path):
    out = tmp_path / "out"
    assert run(["prepare", str(case.path), "--out", str(out)]) == 0
    code, said = judged(judges, "nothing_lost.py", str(case.path), str(out))
    assert code == 0, said
    assert "each in exactly one of" in said


def test_with_decoding_the_judge_has_nothing_to_complain_of_in_damaged_media(judges, tmp_path):
    out = tmp_path / "out"
    cases = [each for each in catalogue.cases("bad/*") if each.is_file and each.as_kind is None and each.path.is_file()]
    assert run(["prepare", "--decode", *(str(each.path) for each in cases), "--out", str(out)]) == 1
    records = [json.loads(line) for line in (out / "manifest.ndjson").read_text().splitlines()]
    made = {Path(r["source"]).stem for r in records if r["request"] is not None}
    assert {"ts_cut", "mp4_wrong_bits_in_data"} <= made
    code, said = judged(judges, "oracle.py", str(out), "--decode")
    assert code == 0, said
