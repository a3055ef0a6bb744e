"""A policy, carried through: what may be lost, what is left out, where it is cut."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Sequence
from pathlib import Path

import pytest

import preflight
from preflight import Policy, Preflight, Text, pipeline
from preflight.errors import BrokenMediaError, RejectedError
from preflight.media import Fidelity, Source
from preflight.payload import Payload
from preflight.probers.moments import Moment
from preflight.progress import Progress
from preflight.transformers import transform as real_transform

SAMPLES = Path(__file__).resolve().parents[2] / "sample_media"
LONG_TEXT = Text("The quick brown fox jumps over the lazy dog. " * 80)

# What each needs.
NEEDS = {
    SAMPLES / "silent.mp4": "identical",
    SAMPLES / "talk.mp4": "lossless",
    SAMPLES / "screen_recording.mp4": "transcoded",
    SAMPLES / "voice_memo.m4a": "transcoded",
    SAMPLES / "icon.png": "transcoded",
    SAMPLES / "print_cmyk.jpg": "identical",
    LONG_TEXT: "lossless",
    Text("hello"): "identical",
}
LADDER = list(Fidelity)


def name_of(value: object) -> str:
    return getattr(value, "name", str(value))


class TestMaxLoss:
    @pytest.mark.parametrize("source", NEEDS, ids=name_of)
    def test_no_more_than_is_allowed(self, source):
        needed = preflight.plan(source).fidelity
        assert needed == NEEDS[source]
        for allowed in LADDER:
            policy = Policy(max_loss=allowed)
            if LADDER.index(needed) <= LADDER.index(allowed):
                assert preflight.plan(source, policy=policy).fidelity == needed
                continue
            pf = Preflight(policy=policy)
            for refused in (pf.plan, lambda given, pf=pf: next(pf.prepare(given))):
                with pytest.raises(RejectedError) as caught:
                    refused(source)
                finding = caught.value.findings[-1]
                assert (finding.code, finding.measured, finding.limit) == ("policy_max_loss", needed, allowed)
                assert "Allow max_loss=" in finding.message

    def test_short_clips_are_better_than_none(self, monkeypatch):
        talk = SAMPLES / "talk.mp4"
        assert preflight.plan(talk, policy=Policy(min_clip_s=600)).fidelity == "transcoded"
        plan = preflight.plan(talk, policy=Policy(min_clip_s=600, max_loss=Fidelity.LOSSLESS))
        assert (plan.fidelity, len(plan.outputs)) == ("lossless", 3)

    def test_no_next_rung_half_way(self, monkeypatch):
        def broken(source, facts, plan, limits, *watch, **_):
            if plan.fidelity == "lossless":
                raise BrokenMediaError("its packets are damaged")
            yield from real_transform(source, facts, plan, limits, *watch)

        monkeypatch.setattr(pipeline, "transform", broken)
        with pytest.raises(RejectedError) as caught:
            next(preflight.prepare(SAMPLES / "talk.mp4", policy=Policy(max_loss=Fidelity.LOSSLESS)))
        finding = caught.value.findings[-1]
        assert finding.code == "policy_max_loss"
        assert "its packets are damaged" in finding.message

    def test_of_a_part_of_a_request(self):
        request = preflight.TextImage("an icon", SAMPLES / "icon.png")
        with pytest.raises(RejectedError) as caught:
            next(preflight.prepare(request, policy=Policy(max_loss=Fidelity.LOSSLESS)))
        assert [(f.code, f.part) for f in caught.value.findings][-1] == ("policy_max_loss", "image")


def tags_of(path: Path) -> dict[str, object]:
    """By the independent judge, but what a muxer makes of the file itself."""
    entries = "format_tags:stream_tags:stream=codec_type:chapter_tags:stream_side_data=rotation"
    call = ["ffprobe", "-v", "error", "-show_chapters", "-show_entries", entries, "-of", "json", path]
    found = json.loads(subprocess.run(call, check=True, capture_output=True).stdout)
    tags = [found["format"].get("tags", {}), *(s.get("tags", {}) for s in found["streams"])]
    own = {"major_brand", "minor_version", "compatible_brands", "vendor_id", "DURATION"}
    plain = {"und", "VideoHandler", "SoundHandler", "Lavf"}
    return {
        "told": {v for each in tags for k, v in each.items() if k not in own and v not in plain},
        "streams": [s["codec_type"] for s in found["streams"]],
        "chapters": len(found["chapters"]),
        "rotation": [d["rotation"] for s in found["streams"] for d in s.get("side_data_list", []) if "rotation" in d],
    }


def written(payloads: Sequence[Payload], folder: Path) -> list[Path]:
    paths = []
    for number, payload in enumerate(payloads):
        (medium,) = payload.media
        paths.append(folder / f"{number}.media")
        paths[-1].write_bytes(medium.source.read())
    return paths


@pytest.fixture
def telltale(tmp_path: Path, media) -> Path:
    """A film that says its title, its place and its chapters."""
    chapters = tmp_path / "chapters.txt"
    chapters.write_text(";FFMETADATA1\n[CHAPTER]\nTIMEBASE=1/1000\nSTART=0\nEND=1000\ntitle=My garden\n")
    path = tmp_path / "telltale.mp4"
    source = media("video/h264_aac_mp4")
    told = ["-metadata", "title=My garden", "-metadata", "location=+48.1+011.5/", "-metadata:s:a", "language=deu"]
    call = ["ffmpeg", "-v", "error", "-i", source, "-i", chapters, "-map_chapters", "1", *told, "-c", "copy", path]
    subprocess.run(call, check=True)
    return path


class TestStripMetadata:
    def test_what_says_who_and_where_is_left_out(self, telltale, tmp_path):
        assert "My garden" in tags_of(telltale)["told"]
        (plain,) = preflight.prepare(telltale)
        assert plain.fidelity == "identical"
        (stripped,) = preflight.prepare(telltale, policy=Policy(strip_metadata=True))
        assert stripped.fidelity == "lossless"
        (path,) = written([stripped], tmp_path)
        assert tags_of(path) == {"told": set(), "streams": ["video", "audio"], "chapters": 0, "rotation": []}
        assert b"My garden" not in path.read_bytes()
        assert b"+48.1" not in path.read_bytes()

    def test_what_was_stripped_needs_no_more(self, telltale, tmp_path):
        policy = Policy(strip_metadata=True)
        (path,) = written(list(preflight.prepare(telltale, policy=policy)), tmp_path)
        assert preflight.check(path).facts.has_metadata is False
        assert preflight.plan(path, policy=policy).fidelity == "identical"

    def test_it_stays_upright(self, tmp_path):
        phone = SAMPLES / "phone_portrait.mp4"
        (path,) = written(list(preflight.prepare(phone, policy=Policy(strip_metadata=True))), tmp_path)
        assert tags_of(path)["rotation"] == tags_of(phone)["rotation"] != []

    def test_clips_and_what_is_encoded_say_nothing_either(self, tmp_path):
        for name in ("talk.mp4", "small_240x180.mp4"):
            payloads = list(preflight.prepare(SAMPLES / name, policy=Policy(strip_metadata=True)))
            for path in written(payloads, tmp_path):
                assert tags_of(path)["told"] == set()

    def test_a_plan_does_not_promise_to_copy_what_is_too_small(self, media, tmp_path):
        small = tmp_path / "small.mkv"
        told = ["-metadata", "title=My garden", "-c", "copy"]
        subprocess.run(["ffmpeg", "-v", "error", "-i", media("video/small_mp4"), *told, small], check=True)
        policy = Policy(strip_metadata=True)
        (payload,) = preflight.prepare(small, policy=policy)
        assert preflight.plan(small, policy=policy).fidelity == payload.fidelity == "transcoded"

    def test_without_the_policy_nothing_is_touched(self, telltale):
        assert preflight.plan(telltale).fidelity == "identical"


class TestCutAt:
    def test_only_what_is_cut_is_listened_to(self, monkeypatch):
        monkeypatch.setattr("preflight.probers.moments.find_moments", None)
        assert len(preflight.plan(SAMPLES / "silent.mp4", policy=Policy(cut_at="quiet")).outputs) == 1

    @pytest.mark.parametrize("source", ["talk.mp4", "talk.m4a"])
    def test_at_the_moments_and_no_more_clips(self, monkeypatch, source, tmp_path):
        path = SAMPLES / "talk.mp4"
        kind = "video" if source.endswith("mp4") else "audio"
        even = Preflight().plan(path, kind=kind)
        moments = tuple(Moment(at_s - 6, at_s + 6, 3.0) for at_s in (450.0, 950.0))
        monkeypatch.setattr("preflight.probers.moments.find_moments", lambda *_: moments)
        plan = Preflight(policy=Policy(cut_at="quiet")).plan(path, kind=kind)
        assert len(plan.outputs) == len(even.outputs)
        cuts = [o.span.start_s for o in plan.outputs[1:]]
        if len(cuts) == len(moments):
            assert cuts == [pytest.approx(450.0, abs=6), pytest.approx(950.0, abs=6)]
        assert "cut where it is quiet" in plan.steps


def test_the_first_clip_comes_before_the_rest_is_made_and_progress_with_it():
    told: list[Progress] = []
    payloads = Preflight(on_progress=told.append).prepare(SAMPLES / "talk.mp4")
    first = next(payloads)
    assert first.span.end_s < 600
    assert all(p.done_s < 600 for p in told)
    payloads.close()


def test_progress_is_told_of_the_source_that_is_worked_on():
    told: list[Progress] = []
    list(Preflight(on_progress=told.append).prepare(Source.of(SAMPLES / "talk.mp4")))
    assert [p.requests for p in told if p.requests][-1] == 3
    assert told[-1].done_s == pytest.approx(told[-1].total_s, abs=0.1)
    done = [p.done_s for p in told]
    assert done == sorted(done)
