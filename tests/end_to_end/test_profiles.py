"""Media of every kind under every profile: what is prepared is accepted by the emulator of that profile, and by judges
who know nothing of preflight.
"""

from __future__ import annotations

import base64
import io
import itertools
import json
import random
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx2
import pytest
from PIL import Image

from preflight import MultiInput, NamedImage, NamedSource, Preflight, Text, TextImage
from preflight.emulator import LocalServer
from preflight.emulator.answer import answer
from preflight.emulator.schema import parse
from preflight.errors import RejectedError
from preflight.limits import load
from preflight.payload import Payload
from preflight.testing import catalogue
from tests.judges import complaints, strictest_duration_s

ANY_KIND, BEDROCK, TASK = "marengo3.5", "bedrock-marengo3.0", "marengo3.0-async"
TEXTS = ("text/501_tokens", "text/prose_100_kb", "text/lone_surrogate", "text/shift_jis")
IMAGES = ("image/one_pixel", "image/jpg_of_5000001", "image/png_alpha", "image/webp_animated", "image/tiff_cmyk")
SOUNDS = ("audio/wav_mulaw", "audio/m4a_aac", "audio/duration_4", "audio/two_tracks", "audio/size_170_s_of_stereo")
FILMS = (
    "video/h264_aac_mp4",
    "video/rotated_90_h264",
    "video/one_keyframe_30_s",
    "video/duration_25",
)


def posted(payload: Payload) -> bytes:
    return b"".join(payload.chunks())


def document(pages: int) -> bytes:
    pictures = [Image.new("RGB", (20, 30), (page, 0, 0)) for page in range(pages)]
    file = io.BytesIO()
    pictures[0].save(file, "PDF", save_all=True, append_images=pictures[1:])
    return file.getvalue()


Post = Callable[[bytes], list[float]]


def poster(url: str, headers: dict[str, str]) -> Iterator[Post]:
    with httpx2.Client(headers=headers, timeout=60, trust_env=False) as client:

        def vector_of(body: bytes) -> list[float]:
            given = client.post(url, content=body)
            assert given.status_code == 200, given.text
            (row,) = given.json()["data"]
            assert len(row["embedding"]) == 512
            return row["embedding"]

        yield vector_of


@pytest.fixture(scope="module")
def any_kind() -> Iterator[Post]:
    with LocalServer(profile=ANY_KIND) as server:
        yield from poster(f"{server.url}/v1.3/embed-v2", {"x-api-key": "any", "content-type": "application/json"})


@pytest.fixture(scope="module")
def bedrock() -> Iterator[Post]:
    with LocalServer(profile=BEDROCK) as server:
        url = f"{server.url}/model/{load(BEDROCK).model_name}/invoke"
        yield from poster(url, {"content-type": "application/json"})


def judge_media(kind: str, encoded: str, tmp_path: Path, *, most_s: float, most_bytes: int) -> None:
    """By FFmpeg and Pillow, against the numbers of CONTRACT 11."""
    data = base64.b64decode(encoded, validate=True)
    assert len(data) <= most_bytes
    if kind == "image":
        with Image.open(io.BytesIO(data)) as picture:
            assert picture.format in ("JPEG", "PNG")
            assert min(picture.size) >= 128
            picture.load()
        return
    path = tmp_path / "media"
    path.write_bytes(data)
    assert strictest_duration_s(path) <= most_s
    assert complaints(path) == ""


@pytest.mark.parametrize("name", [*TEXTS, *IMAGES, *SOUNDS, *FILMS, "video/small_mp4"])
def test_everything_alone_in_marengo_3_5(name: str, any_kind: Post, tmp_path: Path) -> None:
    case = catalogue.case(name)
    payloads = list(Preflight(limits=ANY_KIND).prepare(case.input, kind=case.as_kind))
    for payload in payloads:
        body = posted(payload)
        sent = json.loads(body)
        assert list(sent) == ["input_type", "model_name", "multi_input"]
        assert (
            (sent["input_type"], sent["model_name"]) == ("multi_input", "marengo3.5") == (payload.input_type, ANY_KIND)
        )
        for source in sent["multi_input"].get("media_sources", []):
            assert source["media_type"] == case.truth.kind
            if payload not in (payloads[0], payloads[-1]):
                continue
            judge_media(case.truth.kind, source["base64_string"], tmp_path, most_s=30.0, most_bytes=32_000_000)
    for payload in (payloads[0], payloads[-1]):
        any_kind(posted(payload))
    spans = [payload.span for payload in payloads if payload.span is not None]
    assert all(a.end_s == pytest.approx(b.start_s) for a, b in itertools.pairwise(spans))
    if spans:
        assert spans[0].start_s == 0
        assert len(spans) >= spans[-1].end_s // 30


def test_a_long_film_is_cut_losslessly_into_clips_of_half_a_minute() -> None:
    """As it is cut into longer ones elsewhere: what the policy asks of a clip is what the profile lets it have."""
    plan = Preflight(limits=ANY_KIND).plan(catalogue.case("video/long_mp4").path)
    assert plan.fidelity == "lossless"
    assert all(15 <= output.span.duration_s <= 29.5 for output in plan.outputs[:-1])


@pytest.mark.parametrize("name", [*TEXTS, *IMAGES])
def test_texts_and_images_at_bedrock(name: str, bedrock: Post, tmp_path: Path) -> None:
    case = catalogue.case(name)
    payloads = list(Preflight(limits=BEDROCK).prepare(case.input, kind=case.as_kind))
    for payload in payloads:
        body = posted(payload)
        sent = json.loads(body)
        assert len(body) == payload.content_length <= 24_990_000
        assert set(sent) == {"inputType", sent["inputType"]}
        if sent["inputType"] == "image":
            encoded = sent["image"]["mediaSource"]["base64String"]
            judge_media("image", encoded, tmp_path, most_s=0, most_bytes=5_000_000)
    bedrock(posted(payloads[0]))


@pytest.mark.parametrize("name", [*SOUNDS, *FILMS, "video/long_mp4"])
def test_sound_and_film_in_a_task(name: str, tmp_path: Path) -> None:
    case = catalogue.case(name)
    preflight = Preflight(limits=TASK)
    payloads = list(preflight.prepare(case.input, kind=case.as_kind))
    assert len(payloads) == 1
    (payload,) = payloads
    sent = json.loads(body := posted(payload))
    kind = case.truth.kind
    assert (list(sent), payload.route) == (["input_type", "model_name", kind], "async")
    judge_media(kind, sent[kind]["media_source"]["base64_string"], tmp_path, most_s=14_400, most_bytes=36_000_000)
    if payload.span.duration_s < 60:
        assert answer(parse(body, model_name=load(TASK).model_name), preflight)["data"]


class TestSeveralSources:
    def test_of_many_kinds(self, any_kind: Post, tmp_path: Path) -> None:
        request = MultiInput(
            [NamedImage(catalogue.case("image/webp_animated").path, "still")],
            "the sound of <@song> under <@still>, as in <@film> and in words",
            sources=[
                NamedSource(catalogue.case("audio/m4a_aac").path, "song"),
                NamedSource(catalogue.case("video/small_mp4").path, "film"),
                NamedSource(b"a few words", "words", "document"),
            ],
        )
        (payload,) = Preflight(limits=ANY_KIND).prepare(request)
        body = posted(payload)
        sources = json.loads(body)["multi_input"]["media_sources"]
        assert [s["media_type"] for s in sources] == ["image", "audio", "video", "document"]
        assert [s["name"] for s in sources] == ["still", "song", "film", "words"]
        for source in sources[:3]:
            judge_media(source["media_type"], source["base64_string"], tmp_path, most_s=30, most_bytes=32_000_000)
        assert base64.b64decode(sources[3]["base64_string"]) == b"a few words"
        any_kind(body)
        plan = Preflight(limits=ANY_KIND).plan(request)
        assert (plan.input_type, len(plan.outputs)) == ("multi_input", 1)

    def test_a_document_goes_alone_and_as_it_is(self, any_kind: Post) -> None:
        data = document(3)
        (payload,) = Preflight(limits=ANY_KIND).prepare(data)
        (source,) = json.loads(posted(payload))["multi_input"]["media_sources"]
        assert (source["media_type"], base64.b64decode(source["base64_string"])) == ("document", data)
        assert payload.fidelity == "identical"
        any_kind(posted(payload))

    def test_a_text_and_an_image(self, any_kind: Post, bedrock: Post) -> None:
        request = TextImage("a dog", catalogue.case("image/png_alpha").path)
        (payload,) = Preflight(limits=ANY_KIND).prepare(request)
        assert payload.input_type == "multi_input"
        any_kind(posted(payload))
        (payload,) = Preflight(limits=BEDROCK).prepare(request)
        assert payload.input_type == "text_image"
        bedrock(posted(payload))

    def test_a_source_that_is_too_long_is_not_cut(self) -> None:
        request = MultiInput(sources=[NamedSource(catalogue.case("video/long_mp4").path)])
        report = Preflight(limits=ANY_KIND).check(request)
        (finding,) = report.errors
        assert (finding.code, finding.part, finding.fixable) == ("video_duration_too_long", "media_sources[0]", False)
        assert finding.message.endswith("Cut it: what is a part of a request cannot become several.")

    def test_images_of_five_megabytes_become_a_body_that_bedrock_takes(self, bedrock: Post) -> None:
        images = [NamedImage(noise(seed, 1_350), f"n{seed}") for seed in range(6)]
        small = noise(9, 130)
        request = MultiInput([*images, NamedImage(small)])
        report = Preflight(limits=BEDROCK).check(request)
        assert ([f.code for f in report.errors], report.verdict) == (["body_too_large"], "fixable")
        (payload,) = Preflight(limits=BEDROCK).prepare(request)
        body = posted(payload)
        assert len(body) == payload.content_length <= 24_990_000
        assert len(body) > 20_000_000  # no smaller than it has to be
        sources = json.loads(body)["multi_input"]["mediaSources"]
        assert base64.b64decode(sources[-1]["base64String"]) == small
        assert all("name" not in source for source in sources)  # Bedrock wants no name that the text does not use
        bedrock(body)


def noise(seed: int, side: int) -> bytes:
    file = io.BytesIO()
    Image.frombytes("RGB", (side, side), random.Random(seed).randbytes(side * side * 3)).save(
        file, "JPEG", quality=95, subsampling=0
    )
    return file.getvalue()


@pytest.mark.parametrize(
    ("given", "profile", "code", "next_step"),
    [
        (Text("a dog"), TASK, "input_type_unsupported", "--profile marengo3.0, "),
        (catalogue.case("image/png_alpha").input, TASK, "input_type_unsupported", "--profile marengo3.0, "),
        (catalogue.case("audio/wav_s16").input, BEDROCK, "input_type_unsupported", "--profile marengo3.0, "),
        (catalogue.case("video/small_mp4").path, TASK, "video_duration_too_short", "Join it"),
        (document(1), "marengo3.0", "unsupported_file_type", "--profile marengo3.5."),
        (document(17), ANY_KIND, "document_pages_too_many", "Split it"),
        (MultiInput(sources=[NamedSource(document(1))], text="a"), ANY_KIND, "document_not_alone", "of its own."),
        (MultiInput(sources=[NamedSource(b"a"), NamedSource(b"b")]), ANY_KIND, "texts_alone", "Join them"),
        (
            MultiInput(sources=[NamedSource(catalogue.case("audio/wav_s16").path)], text="a"),
            "marengo3.0",
            "media_type_unsupported",
            "--profile marengo3.5.",
        ),
    ],
)
def test_what_a_profile_does_not_take_says_where_to_go(given, profile: str, code: str, next_step: str) -> None:
    report = Preflight(limits=profile).check(given)
    assert code in [f.code for f in report.errors]
    assert next_step in next(f.message for f in report.errors if f.code == code)
    with pytest.raises(RejectedError, match=code):
        list(Preflight(limits=profile).prepare(given))
