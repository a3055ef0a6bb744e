"""The JSON shapes of DESIGN.md, byte for byte where it matters."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import math
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import preflight
from preflight import MultiInput, NamedImage, Text, TextImage
from preflight.media import Fidelity, ImageFacts, Media, Source, Span, StreamFacts, VideoFacts
from preflight.payload import Payload, media_body, text_body
from preflight.reports import records
from preflight.rules import Report
from preflight.submitter.embeddings import Embeddings, Row

SAMPLES = Path(__file__).resolve().parents[2] / "sample_media"
FINDING_KEYS = ["code", "severity", "message", "measured", "limit", "fixable", "docs"]
VIDEO = VideoFacts(
    size_bytes=1000,
    container="mov,mp4,m4a,3gp,3g2,mj2",
    video_codec="h264",
    audio_codec=None,
    duration_s=6.25,
    duration_source="index",
    claimed_duration_s=6.0,
    start_s=0.0,
    damaged_packets=0,
    width=1440,
    height=1080,
    rotation=90,
    sample_aspect_ratio=Fraction(4, 3),
    frame_rate=Fraction(30000, 1001),
    starts_with_keyframe=True,
    has_timestamps=True,
    sample_rate=None,
    channels=None,
    streams=(StreamFacts(index=0, type="video", codec="h264"),),
)


def strictly(text: str) -> object:
    """As a parser reads it that knows JSON and nothing more."""

    def refuse(constant: str) -> None:
        raise AssertionError(f"{constant} is no JSON")

    return json.loads(text, parse_constant=refuse)


def report_of(facts: object, source: str = "a.mp4") -> Report:
    return Report(source=source, profile="marengo3.0", facts=facts, findings=())


ABCD = Media(Source.of(b"abcd"), 4)


def payload(**changes: object) -> Payload:
    made = Payload(
        source="talk.mp4",
        input_type="video",
        fragments=media_body("marengo3.0", "video", ABCD),
        span=Span(0.0, 499.5),
        offset=None,
        fidelity=Fidelity.LOSSLESS,
        steps=("cut into mp4", "left out 1 other stream"),
        verified=(ABCD,),
    )
    return dataclasses.replace(made, **changes)


class TestReport:
    def test_shape(self) -> None:
        record = records.of_report(preflight.check(SAMPLES / "icon.png"))
        assert list(record) == ["source", "kind", "verdict", "findings", "facts"]
        assert (record["source"], record["kind"], record["verdict"]) == (str(SAMPLES / "icon.png"), "image", "fixable")
        (finding,) = record["findings"]
        assert list(finding) == FINDING_KEYS
        assert finding["code"] == "image_resolution_too_low"
        assert finding["measured"] == "100x80"
        assert finding["fixable"] is True
        assert record["facts"]["displayed_width"] == 100

    def test_every_fact_of_a_video(self) -> None:
        facts = records.of_report(report_of(VIDEO))["facts"]
        assert facts["kind"] == "video"
        assert facts["sample_aspect_ratio"] == pytest.approx(4 / 3, abs=1e-6)
        assert facts["frame_rate"] == pytest.approx(29.97, abs=1e-3)
        assert facts["streams"] == [{"index": 0, "type": "video", "codec": "h264", "cover_art": False, "broken": False}]
        assert (facts["displayed_width"], facts["displayed_height"]) == (1080, 1920)
        assert facts["audio_codec"] is None
        assert facts["starts_with_keyframe"] is True
        assert {field.name for field in dataclasses.fields(VideoFacts)} <= set(facts)

    def test_parts_are_named(self) -> None:
        record = records.of_report(preflight.check(TextImage(" ", b"")))
        assert [list(f) for f in record["findings"]] == [[*FINDING_KEYS, "part"]] * 2
        assert [f["part"] for f in record["findings"]] == ["text", "image"]

    @pytest.mark.parametrize(
        "source",
        [
            *sorted(p for p in SAMPLES.iterdir() if p.suffix not in (".py", ".toml")),
            b"",
            b"\0\1\2",
            Text("x"),
            TextImage("x", SAMPLES / "icon.png"),
            MultiInput([NamedImage(SAMPLES / "icon.png", "a")], "<@a>"),
        ],
        ids=str,
    )
    def test_of_anything_it_is_one_line_of_json(self, source) -> None:
        report = preflight.check(source)
        text = records.line(records.of_report(report))
        assert "\n" not in text
        assert strictly(text)["source"] == report.source

    @pytest.mark.parametrize("odd", [math.nan, math.inf, -math.inf])
    def test_a_number_that_is_none_is_unknown(self, odd: float) -> None:
        record = records.of_report(report_of(dataclasses.replace(VIDEO, duration_s=odd)))
        assert strictly(records.line(record))["facts"]["duration_s"] is None

    def test_image(self) -> None:
        facts = ImageFacts(
            size_bytes=9, format="JPEG", width=40, height=30, orientation=6, mode="RGB", frames=None, damage=None
        )
        record = records.of_facts(facts)
        assert (record["displayed_width"], record["displayed_height"], record["frames"]) == (30, 40, None)

    def test_what_is_no_json_is_a_mistake_of_ours(self) -> None:
        with pytest.raises(TypeError, match="set has no place in a report"):
            records.of_facts(dataclasses.replace(VIDEO, streams={1}))


class TestManifest:
    def test_of_a_request(self) -> None:
        record = records.of_payload(payload(), "000007.json")
        assert records.line(record) == (
            '{"source": "talk.mp4", "request": "000007.json", "input_type": "video", "start_s": 0.0, "end_s": 499.5, '
            '"fidelity": "lossless", "media_bytes": 4, "base64_bytes": 8, "sha256": '
            f'"{hashlib.sha256(b"abcd").hexdigest()}", '
            '"steps": ["cut into mp4", "left out 1 other stream"]}'
        )

    def test_of_a_text(self) -> None:
        fragments = text_body("marengo3.0", "hello")
        record = records.of_payload(payload(input_type="text", fragments=fragments, span=None, steps=()), "1.json")
        assert (record["start_s"], record["end_s"], record["media_bytes"], record["steps"]) == (None, None, 0, [])

    def test_of_a_refusal(self) -> None:
        record = records.of_refusal("a.mp4", preflight.check(b"").errors)
        assert list(record) == ["source", "request", "findings"]
        assert (record["source"], record["request"]) == ("a.mp4", None)
        assert [f["code"] for f in record["findings"]] == ["file_empty"]


def test_embeddings() -> None:
    rows = tuple(
        Row(
            source="a.mp4",
            input_type="video",
            embedding_option="visual",
            embedding_scope=scope,
            start_s=start,
            end_s=6.0,
            request=2,
        )
        for scope, start in (("clip", 1.5), ("asset", 0.0))
    )
    found = records.of_embeddings(Embeddings(np.array([[0.5, -1], [0, 2]], np.float32), rows))
    keys = ["source", "input_type", "embedding", "embedding_option", "embedding_scope", "start_s", "end_s", "request"]
    assert [list(r) for r in found] == [[*keys, "id", "offset"]] * 2
    assert records.line(found[0]) == (
        '{"source": "a.mp4", "input_type": "video", "embedding": [0.5, -1.0], "embedding_option": "visual", '
        '"embedding_scope": "clip", "start_s": 1.5, "end_s": 6.0, "request": 2, '
        f'"id": "{rows[0].id}", "offset": null}}'
    )
    assert records.of_embeddings(Embeddings(np.empty((0, 0), np.float32), ())) == []


class TestLine:
    def test_names_that_are_no_utf8_lose_only_what_has_none(self) -> None:
        text = records.line({"source": "caf\udce9 日本.mp4"})
        assert text == '{"source": "caf\ufffd 日本.mp4"}'
        assert text.encode()  # not every str has UTF-8

    def test_control_characters_are_escaped(self) -> None:
        assert records.line({"source": "a\n\x1b[31m\x00"}) == '{"source": "a\\n\\u001b[31m\\u0000"}'

    @given(st.text(st.characters(exclude_categories=[])))
    def test_any_name_stays_one_line_and_valid(self, name: str) -> None:
        text = records.line({"source": name})
        assert "\n" not in text
        read = strictly(text.encode().decode())["source"]
        assert read == "".join("\ufffd" if "\ud800" <= c <= "\udfff" else c for c in name)

    def test_never_nan(self) -> None:
        with pytest.raises(ValueError, match="JSON"):
            records.line({"measured": math.nan})
