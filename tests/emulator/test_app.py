"""The endpoint as a client sees it."""

from __future__ import annotations

import base64
import json
import logging
import socket
import threading
import time

import httpx2
import numpy as np
import pytest
from PIL import Image

import preflight
from preflight.emulator import LocalServer, app, create_app
from preflight.errors import UsageError
from preflight.limits import DEFAULT_PROFILE, load
from preflight.testing import catalogue

MODEL = {"model_name": "marengo3.0"}
BEYOND_LIMITS = {
    f"{case.truth.kind}: {code}": case
    for case in catalogue.cases("image/*", "audio/*", "video/*")
    if case.truth is not None and case.expected[DEFAULT_PROFILE].gives != "identical"
    for code in sorted(case.expected[DEFAULT_PROFILE].codes)
}
"""One for each kind and finding."""
NOT_SEEN = ("bad/folder", "bad/broken_link")
"""What is no file has no bytes to be sent."""
REJECTED = [
    case
    for case in catalogue.cases("bad/*")
    if case.expected[DEFAULT_PROFILE].gives == "rejected" and case.name not in NOT_SEEN
]


def text_body(text: str) -> dict:
    return {"input_type": "text", **MODEL, "text": {"input_text": text}}


def test_a_text_is_answered_with_one_vector(post):
    answer = post(text_body("man walking a dog"))

    assert answer.status == 200
    assert list(answer.json) == ["data"]
    [row] = answer.json["data"]
    nothing = {"embedding_option": None, "embedding_scope": None, "start_sec": None, "end_sec": None}
    assert row == {"embedding": row["embedding"]} | nothing
    assert len(row["embedding"]) == 512
    assert all(type(number) is float for number in row["embedding"])


def test_every_answer_says_that_it_is_not_marengo(post, server):
    said = "preflight; not Marengo"
    page = httpx2.get(server.url, trust_env=False)

    assert post(text_body("a")).headers["x-emulator"] == said
    assert post(text_body("")).headers["x-emulator"] == said
    assert page.headers["x-emulator"] == said
    assert page.headers["content-type"].startswith("text/html")
    assert "This is not Marengo" in page.text
    assert "<code>marengo3.0</code>" in page.text


def test_the_same_media_give_the_same_vectors(post, media_body, film):
    body = media_body("video", film((1, 2), (5.0, 5.0), name="two.mp4"))

    assert post(body).json == post(body).json


def test_an_image_and_its_copies(post, media_body, draw, encode):
    def vector(image, **options):
        answer = post(media_body("image", encode(image, **options)))
        assert answer.json["metadata"] == {"input_type": "image"}
        return answer.vectors()[0]

    assert vector(draw(1), quality=95) @ vector(draw(1).resize((320, 240)), quality=80) > 0.95
    assert vector(draw(1)) @ vector(draw(2)) < 0.6


def test_text_and_image_together_lie_between_both(post, media_body, draw, encode):
    image = media_body("image", encode(draw(1)))
    both = {
        "input_type": "text_image",
        **MODEL,
        "text_image": {"media_source": image["image"]["media_source"], "input_text": "a dog"},
    }

    answer = post(both)

    [vector] = answer.vectors()
    assert answer.json["metadata"] == {"input_type": "text_image"}
    assert vector @ post(image).vectors()[0] > 0.6
    assert vector @ post(text_body("a dog")).vectors()[0] > 0.6


def multi_input(*images: bytes, names: tuple[str | None, ...] = (), text: str | None = None) -> dict:
    sources = [{"media_type": "image", "base64_string": base64.b64encode(image).decode()} for image in images]
    for source, name in zip(sources, names, strict=False):
        source.update({"name": name} if name is not None else {})
    inner = {"media_sources": sources} | ({"input_text": text} if text is not None else {})
    return {"input_type": "multi_input", **MODEL, "multi_input": inner}


def test_several_images_lie_between_each(post, media_body, draw, encode):
    files = [encode(draw(seed)) for seed in (1, 2)]

    answer = post(multi_input(*files, names=("one", "two"), text="<@one> with <@two>"))

    [vector] = answer.vectors()
    assert answer.json["metadata"] == {"input_type": "multi_input"}
    assert all(vector @ post(media_body("image", file)).vectors()[0] > 0.4 for file in files)


@pytest.fixture
def image_file(draw, encode):
    return encode(draw(1, (200, 200)))


@pytest.mark.parametrize(
    ("count", "said", "code"),
    [
        (0, {"text": "a"}, "media_sources_count"),
        (11, {}, "media_sources_count"),
        (1, {"names": ("one",), "text": "<@two>"}, "placeholder_unresolved"),
        (2, {"names": ("one", "one")}, "name_not_unique"),
        (1, {"names": ("o n e",)}, "name_invalid"),
    ],
)
def test_the_rules_about_whole_requests_are_enforced(post, image_file, count, said, code):
    answer = post(multi_input(*[image_file] * count, **said))

    assert (answer.status, answer.json["code"]) == (400, code)


def test_a_bad_image_among_several_is_named(post, draw, encode):
    answer = post(multi_input(encode(draw(1)), encode(draw(2, (100, 100)))))

    assert (answer.status, answer.json["code"]) == (400, "image_resolution_too_low")
    assert answer.json["message"].startswith("media_sources[1]: ")


def test_audio_is_answered_by_segment_and_option(post, media_body, sound):
    answer = post(media_body("audio", sound(1, 14.0)))

    spans = [(0, 6), (6, 12), (12, 14)]
    expected = [(option, "clip", *span) for span in spans for option in ("audio", "transcription")]
    expected += [(option, "asset", 0, 14) for option in ("audio", "transcription")]
    keys = ("embedding_option", "embedding_scope", "start_sec", "end_sec")
    assert [tuple(row[key] for key in keys) for row in answer.data] == expected
    assert answer.json["metadata"] == {
        "input_type": "audio",
        "embedding_options": ["audio", "transcription"],
        "embedding_scopes": ["clip", "asset"],
        "duration": 14.0,
    }


def test_a_window_and_what_is_asked_of_it(post, media_body, sound):
    answer = post(
        media_body(
            "audio",
            sound(1, 14.0),
            start_sec=2,
            end_sec=12.5,
            segmentation={"strategy": "fixed", "fixed": {"duration_sec": 5}},
            embedding_option=["audio"],
            embedding_scope=["clip"],
        )
    )

    assert [(row["start_sec"], row["end_sec"]) for row in answer.data] == [(2, 7), (7, 12), (12, 12.5)]
    assert answer.json["metadata"]["start_offset_sec"] == 2
    assert answer.json["metadata"]["end_offset_sec"] == 12.5
    assert answer.json["metadata"]["embedding_scopes"] == ["clip"]


def test_a_window_sounds_like_the_same_stretch_cut_out(post, media_body, sound, convert):
    asked = {"embedding_option": ["audio"], "embedding_scope": ["clip"]}
    stretch = convert(sound(1, 14.0), "stretch.wav", ss=4, t=6)

    window = post(media_body("audio", sound(1, 14.0), start_sec=4, end_sec=10, **asked))
    alone = post(media_body("audio", stretch, **asked))

    assert window.vectors("audio", "clip")[0] @ alone.vectors("audio", "clip")[0] > 0.99


@pytest.mark.parametrize(
    ("window", "parameter"),
    [({"start_sec": 14}, "audio.start_sec"), ({"end_sec": 15}, "audio.end_sec")],
)
def test_a_window_outside_the_media_is_refused(post, media_body, sound, window, parameter):
    answer = post(media_body("audio", sound(1, 14.0), **window))

    assert (answer.status, answer.json["code"]) == (400, "parameter_invalid")
    assert f"`{parameter}`" in answer.json["message"]


def test_an_end_rounded_up_is_the_end(post, media_body, sound):
    assert post(media_body("audio", sound(1, 14.0), end_sec=14.4)).data[-1]["end_sec"] == 14.0


def test_fused_lies_between_the_options(post, media_body, film):
    both = ["separate_embedding", "fused_embedding"]
    body = media_body("video", film((1, 2), (5.0, 5.0), name="two.mp4"), embedding_type=both)

    answer = post(body)

    fused = answer.vectors("fused", "asset")[0]
    assert len(answer.data) == 4 * 3  # four kinds for two clips and the whole
    assert all(fused @ answer.vectors(option, "asset")[0] > 0.4 for option in ("visual", "audio", "transcription"))


def test_dynamic_segments_follow_the_scenes(post, media_body, film, draw, encode):
    answer = post(media_body("video", film((1, 2, 3), (5.0, 6.0, 5.0), name="source.mp4")))

    clips = [row for row in answer.data if (row["embedding_option"], row["embedding_scope"]) == ("visual", "clip")]
    starts = [row["start_sec"] for row in clips]
    assert starts == pytest.approx([0, 5, 11], abs=0.15)
    for seed, clip in zip((1, 2, 3), answer.vectors("visual", "clip"), strict=True):
        still = post(media_body("image", encode(draw(seed, (640, 360))))).vectors()[0]
        assert clip @ still > 0.9
    assert "clip_length" not in answer.json["metadata"]


def test_fixed_segments_of_video_state_their_length(post, media_body, film):
    segmentation = {"strategy": "fixed", "fixed": {"duration_sec": 5}}
    body = media_body("video", film((1, 2, 3), (5.0, 6.0, 5.0), name="source.mp4"), segmentation=segmentation)

    answer = post(body)

    assert answer.json["metadata"]["clip_length"] == 5
    assert len(answer.vectors("visual", "clip")) == 4


def test_a_video_without_sound_has_no_vectors_of_sound(post, media_body, media):
    silent = media("video/silent_mp4")

    assert {row["embedding_option"] for row in post(media_body("video", silent)).data} == {"visual"}
    refused = post(media_body("video", silent, embedding_option=["audio"]))
    assert (refused.status, refused.json["code"]) == (400, "parameter_invalid")


@pytest.mark.parametrize("case", BEYOND_LIMITS.values(), ids=BEYOND_LIMITS)
def test_the_limits_are_those_of_check(post, media_body, case):
    found = preflight.check(case.path, kind=case.truth.kind).errors[0]

    answer = post(media_body(case.truth.kind, case.path))

    assert answer.status == 400
    assert answer.json == {"code": found.code, "message": found.message, "docs_url": found.docs}


def test_too_many_tokens_are_refused(post):
    long = "dog " * 600
    [found] = preflight.check(preflight.Text(long)).errors

    answer = post(text_body(long))

    assert (answer.status, answer.json["code"]) == (400, found.code)


@pytest.mark.parametrize("kind", ["image", "audio", "video"])
@pytest.mark.parametrize("content", [b"", b"\0", b"not media at all " * 99, bytes(99_999)])
def test_what_is_no_media_is_refused(post, media_body, kind, content):
    answer = post(media_body(kind, content))

    assert answer.status == 400
    assert set(answer.json) == {"code", "message", "docs_url"}


@pytest.mark.parametrize("case", REJECTED, ids=str)
@pytest.mark.parametrize("kind", ["image", "audio", "video"])
def test_what_is_broken_is_refused_and_not_failed_over(post, media_body, kind, case):
    answer = post(media_body(kind, case.path))

    assert answer.status == 400
    assert set(answer.json) == {"code", "message", "docs_url"}


@pytest.mark.parametrize(
    ("kind", "name", "code"),
    [
        ("image", "bad/png_wrong_checksum", "image_file_broken"),
        ("image", "bad/jpeg_cut_in_half", "image_file_broken"),
        ("video", "bad/mp4_cut_before_its_index", "video_file_broken"),
        ("video", "bad/mp4_of_zeros", "video_starts_without_keyframe"),
    ],
)
def test_what_is_broken_is_called_so(post, media_body, media, kind, name, code):
    answer = post(media_body(kind, media(name)))

    assert (answer.status, answer.json["code"]) == (400, code)


@pytest.mark.parametrize("key", [None, ""])
def test_a_key_is_wanted(post, key):
    answer = post(text_body("a"), key=key)

    assert (answer.status, answer.json["code"]) == (401, "api_key_invalid")


def test_a_given_key_is_the_only_one():
    with LocalServer(api_key="schlüssel") as server, httpx2.Client(base_url=server.url, trust_env=False) as client:

        def status(key: bytes) -> int:
            headers = {b"x-api-key": key}
            return client.post("/v1.3/embed-v2", headers=headers, json=text_body("a")).status_code

        assert status(b"another") == 401
        assert status("schlüssel".encode("latin-1")) == 200  # as HTTP carries it


@pytest.mark.parametrize("content_type", ["text/plain", "multipart/form-data", ""])
def test_only_json_is_taken(post, content_type):
    answer = post(text_body("a"), content_type=content_type)

    assert (answer.status, answer.json["code"]) == (400, "content_type_invalid")


def test_json_may_state_its_charset(post):
    assert post(text_body("a"), content_type="application/json; charset=utf-8").status == 200


def test_schema_errors_reach_the_client(post):
    answer = post(text_body("a") | {"user": "me"})

    assert answer.status == 400
    assert answer.json == {
        "code": "parameter_unknown",
        "message": "The `user` parameter is unknown.",
        "docs_url": "https://docs.twelvelabs.io/api-reference/error-codes",
    }


def test_a_body_beyond_any_valid_request_is_too_large(server):
    largest = app._largest_body(load())
    url = f"{server.url}/v1.3/embed-v2"
    headers = {"x-api-key": "k", "content-type": "application/json"}

    def answer(size):
        chunk = b" " * 1_000_000
        body = (chunk[: size - at] for at in range(0, size, len(chunk)))
        return httpx2.post(url, headers=headers, content=body, timeout=60, trust_env=False)

    assert answer(largest).status_code == 400  # read, and found to be no JSON
    refused = answer(largest + 1)
    assert refused.status_code == 413
    assert refused.json()["error"]["code"] == "content_too_large"


@pytest.mark.parametrize("profile", ["marengo3.0", "marengo3.0-2026-08"])
def test_the_largest_valid_media_fit_into_a_body(profile):
    limits = load(profile)

    assert app._largest_body(limits) > limits.video.max_media_bytes * 4 / 3
    assert app._largest_body(limits) > limits.image.max_file_bytes.value * 10 * 4 / 3


def test_the_profile_decides(encode, media_body):
    noise = np.random.default_rng(0).integers(0, 256, (1500, 1500, 3), np.uint8)
    body = media_body("image", encode(Image.fromarray(noise), "PNG"))  # 6.8 MB
    with LocalServer(profile="marengo3.0-2026-08") as newest, LocalServer() as strict:
        statuses = [
            httpx2.post(
                f"{server.url}/v1.3/embed-v2", headers={"x-api-key": "k"}, json=body, timeout=60, trust_env=False
            ).status_code
            for server in (newest, strict)
        ]

    assert statuses == [200, 400]


@pytest.mark.parametrize("profile", ["marengo3.0-async", "marengo3.0-asset"])
def test_a_profile_of_tasks_has_the_whole_service(profile, encode, media_body):
    """What is answered at once goes by the default profile."""
    noise = np.random.default_rng(0).integers(0, 256, (1500, 1500, 3), np.uint8)
    bodies = [media_body("image", encode(Image.fromarray(array), "PNG")) for array in (noise[:200, :200], noise)]
    with LocalServer(profile=profile) as server:
        call = {"headers": {"x-api-key": "k"}, "timeout": 60, "trust_env": False}
        statuses = [httpx2.post(f"{server.url}/v1.3/embed-v2", json=body, **call).status_code for body in bodies]
        tasks = httpx2.get(f"{server.url}/v1.3/embed-v2/tasks", **call).json()

    assert statuses == [200, 400]
    assert tasks["data"] == []


def test_an_unknown_profile_is_refused():
    with pytest.raises(UsageError, match="no profile"):
        create_app(profile="marengo9")


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "/v1.3/embed-v2", 405, "method_not_allowed"),
        ("POST", "/v1.3/embed-v2/", 404, "not_found"),
        ("POST", "/v1.3/embed", 404, "not_found"),
        ("POST", "/v1.3/embed-v2/tasks/", 404, "not_found"),
        ("DELETE", "/v1.3/embed-v2/tasks", 405, "method_not_allowed"),
    ],
)
def test_other_addresses_are_refused_in_json(server, method, path, status, code):
    answer = httpx2.request(method, server.url + path, trust_env=False)

    assert answer.status_code == status
    assert answer.json()["code"] == code
    assert answer.headers["x-emulator"]


def test_a_defect_of_ours_is_a_500_without_its_traceback(post, monkeypatch, caplog):
    def fail(request, preflight, **_):
        raise RuntimeError("secret detail")

    monkeypatch.setattr(app, "answer", fail)

    answer = post(text_body("a"))

    assert answer.status == 500
    assert answer.json["error"]["code"] == "INTERNAL_SERVER_ERROR"
    assert "secret" not in json.dumps(answer.json)
    deadline = time.monotonic() + 5  # it is logged after the answer
    while "secret detail" not in caplog.text and time.monotonic() < deadline:
        time.sleep(0.01)
    assert "secret detail" in caplog.text


def test_a_client_that_leaves_is_no_error(server, post, caplog):
    port = int(server.url.rpartition(":")[2])
    with socket.create_connection(("127.0.0.1", port)) as leaving:
        leaving.sendall(
            b"POST /v1.3/embed-v2 HTTP/1.1\r\nHost: a\r\nx-api-key: k\r\n"
            b"content-type: application/json\r\ncontent-length: 1000\r\n\r\n{"
        )
        time.sleep(0.1)

    assert post(text_body("a")).status == 200
    assert [record for record in caplog.records if record.levelno >= logging.ERROR] == []


def test_the_loop_answers_while_media_are_worked_on(server, post, monkeypatch):
    working, done = threading.Event(), threading.Event()

    def slow(request, preflight, **_):
        working.set()
        assert done.wait(10)
        return {"data": []}

    monkeypatch.setattr(app, "answer", slow)
    thread = threading.Thread(target=post, args=(text_body("a"),))
    thread.start()
    try:
        assert working.wait(10)
        assert httpx2.get(server.url, timeout=5, trust_env=False).status_code == 200
    finally:
        done.set()
        thread.join()


def test_no_more_is_worked_on_than_there_are_cores(monkeypatch):
    monkeypatch.setattr(app.os, "cpu_count", lambda: 2)
    at_once, most, lock = 0, 0, threading.Lock()

    def counted(request, preflight, **_):
        nonlocal at_once, most
        with lock:
            at_once += 1
            most = max(most, at_once)
        time.sleep(0.05)
        with lock:
            at_once -= 1
        return {"data": []}

    monkeypatch.setattr(app, "answer", counted)
    statuses = []
    with LocalServer() as server:

        def ask():
            url, headers = f"{server.url}/v1.3/embed-v2", {"x-api-key": "k"}
            answer = httpx2.post(url, headers=headers, json=text_body("a"), timeout=30, trust_env=False)
            statuses.append(answer.status_code)

        threads = [threading.Thread(target=ask) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    assert statuses == [200] * 8
    assert most == 2
