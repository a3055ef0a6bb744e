"""`/v1.3/embed-v2/tasks` against CONTRACT 2, as a client sees it."""

from __future__ import annotations

import time
from datetime import UTC, datetime

import numpy as np
import pytest

from preflight.emulator import tasks
from preflight.emulator.wire import invalid
from tests.emulator.calls import EPOCH, serving

WEEK_S = 7 * 24 * 3600
MODEL = {"model_name": "marengo3.0"}
BROKEN = {"base64_string": "AAAA"}
WRAPPED = {"strategy": "dynamic", "dynamic": {"min_duration_sec": 4}}
"""As marengo3.5 wants it, and 3.0 does not (CONTRACT 2)."""


@pytest.fixture(scope="module")
def calls():
    with serving() as made:
        yield made


@pytest.fixture
def calls_of_its_own():
    with serving(processing_s=10) as made:
        yield made


def test_a_task_is_created_polled_and_ready(calls, sound, post, media_body):
    created = calls.task(sound(1))

    assert created.status_code == 202
    task_id = created.json()["_id"]
    assert created.json() == {"_id": task_id, "status": "processing", "data": None}
    assert created.headers["location"] == f"/v1.3/embed-v2/tasks/{task_id}"
    assert created.headers["x-emulator"]

    task = calls.over(f"/embed-v2/tasks/{task_id}")
    assert set(task) == {"_id", "status", "created_at", "updated_at", "data", "metadata"}
    assert (task["_id"], task["status"]) == (task_id, "ready")
    assert task["created_at"] == f"{datetime.fromtimestamp(int(EPOCH), UTC):%Y-%m-%dT%H:%M:%SZ}"
    same = post(media_body("audio", sound(1))).json
    assert task["data"] == same["data"]
    assert task["metadata"] == same["metadata"]
    # Fixed segments of 6 s of 8 s of sound, and the whole, for each of two options (CONTRACT 1.4).
    assert len(task["data"]) == 6


def test_what_is_being_processed_has_no_data(calls_of_its_own, sound):
    calls = calls_of_its_own
    task_id = calls.task(sound(1)).json()["_id"]
    path = f"/embed-v2/tasks/{task_id}"
    time.sleep(0.3)  # long enough for its work; but its time is not come

    task = calls.get(path).json()
    assert (task["status"], task["data"]) == ("processing", None)
    assert not {"error", "metadata"} & set(task)
    calls.clock.now += 10
    assert calls.over(path)["status"] == "ready"


def test_a_result_is_kept_for_seven_days(sound):
    with serving() as calls:
        path = f"/embed-v2/tasks/{calls.task(sound(1)).json()['_id']}"
        assert calls.over(path)["status"] == "ready"

        calls.clock.now = EPOCH + WEEK_S - 1
        assert calls.get(path).json()["status"] == "ready"
        calls.clock.now = EPOCH + WEEK_S
        gone = calls.get(path).json()
        assert gone["status"] == "failed"
        assert gone["data"] is None
        assert gone["error"] == {"message": "The embedding result is no longer available and cannot be retrieved."}


def test_a_file_whose_damage_only_decoding_finds_fails_its_task(calls, film):
    """An MP4 whose index is whole, and whose pictures are not."""
    media = bytearray(film((1,), (5.0,), name="one.mp4").read_bytes())
    start, end = media.index(b"mdat") + 4, media.index(b"moov") - 4
    media[start + 20_000 : end] = b"\x5a" * (end - start - 20_000)

    created = calls.task(bytes(media), "video")
    assert created.status_code == 202, created.text
    task = calls.over(f"/embed-v2/tasks/{created.json()['_id']}")
    assert task["status"] == "failed"
    assert task["data"] is None
    assert task["error"]["message"] == (
        "We could not process your media for embedding. Please verify the input file and try again."
    )
    assert "metadata" not in task


def test_a_task_that_cannot_be_worked_on_fails_as_documented(calls, sound, monkeypatch):
    def fail(request, found):
        raise RuntimeError("secret detail")

    monkeypatch.setattr(tasks, "timed", fail)
    task = calls.over(f"/embed-v2/tasks/{calls.task(sound(1)).json()['_id']}")
    assert task["error"]["message"] == "The embedding task could not complete processing."

    def refuse(request, found):
        raise invalid("audio.embedding_option", "The video has no sound.")

    monkeypatch.setattr(tasks, "timed", refuse)
    task = calls.over(f"/embed-v2/tasks/{calls.task(sound(1)).json()['_id']}")
    assert task["error"]["message"] == "The embedding request was invalid."


@pytest.mark.parametrize(
    ("body", "code", "parameter"),
    [
        ({"input_type": "text", **MODEL, "text": {"input_text": "a"}}, "parameter_invalid", "input_type"),
        ({"input_type": "document", **MODEL, "document": {}}, "parameter_invalid", "input_type"),
        (
            {"input_type": "video", **MODEL, "video": {"media_source": BROKEN, "segmentation": {"temporal": WRAPPED}}},
            "parameter_unknown",
            "video.segmentation.temporal",
        ),
        ({"input_type": "audio", **MODEL}, "parameter_not_provided", "audio"),
        ([], "parameter_invalid", "object"),
    ],
)  # fmt: skip
def test_what_no_task_can_be_made_of(calls, body, code, parameter):
    refused = calls.post("/embed-v2/tasks", body)

    assert refused.status_code == 400
    assert refused.json()["code"] == code
    assert parameter in refused.json()["message"]


@pytest.mark.parametrize(("seconds", "code"), [(3, "audio_duration_too_short"), (5, None)])
def test_metadata_are_judged_when_a_task_is_created(calls, sound, seconds, code):
    created = calls.task(sound(1, float(seconds)))

    assert created.status_code == (202 if code is None else 400)
    assert created.json().get("code") == code


def test_a_task_may_be_longer_than_a_request(calls, sound):
    """Ten minutes and a bit, at 8 kHz so that it is small."""
    import ffmpeg

    from preflight.testing.recipes.encoder import write

    path = sound(1).with_name("long.flac")
    write(path, ffmpeg.input("anoisesrc=d=603:c=pink:r=8000:a=0.01", f="lavfi"))
    asset = {"asset_id": calls.ready(path, name="long.flac")}

    refused = calls.embed_of(asset)
    assert (refused.status_code, refused.json()["code"]) == (400, "audio_duration_too_long")
    options = {"embedding_option": ["audio"], "embedding_scope": ["clip"]}
    created = calls.task_of(asset, segmentation={"strategy": "fixed", "fixed": {"duration_sec": 10}}, **options)
    task = calls.over(f"/embed-v2/tasks/{created.json()['_id']}")
    assert [row["start_sec"] for row in task["data"]] == [*np.arange(0.0, 603.0, 10)]
    assert task["data"][-1]["end_sec"] == pytest.approx(603, abs=0.01)
    assert task["metadata"]["duration"] == pytest.approx(603, abs=0.01)


def test_who_has_no_key_gets_no_task(calls):
    for method, path in (("GET", ""), ("POST", ""), ("GET", "/abc")):
        refused = calls.http.request(method, f"/v1.3/embed-v2/tasks{path}")
        assert (refused.status_code, refused.json()["code"]) == (401, "api_key_invalid")


def test_an_unknown_task(calls):
    refused = calls.get("/embed-v2/tasks/6298d673f1090f1100476d4c")

    assert refused.status_code == 404
    assert refused.json()["code"] == "resource_not_exist"
    assert refused.json()["message"] == "Resource with id `6298d673f1090f1100476d4c` does not exist in `tasks`."


def test_the_list_has_pages(sound, film):
    with serving() as calls:
        ids = []
        for number in range(12):
            calls.clock.now = EPOCH + 60 * number
            ids.append(calls.task(sound(1, 4.5)).json()["_id"])
        calls.clock.now = EPOCH + 720
        ids.append(calls.task(film((1,), (5.0,), name="one.mp4"), "video").json()["_id"])
        for task_id in ids:
            calls.over(f"/embed-v2/tasks/{task_id}")

        first = calls.get("/embed-v2/tasks").json()
        assert first["page_info"] == {"limit_per_page": 10, "page": 1, "total_page": 2, "total_results": 13}
        assert [task["_id"] for task in first["data"]] == ids[:2:-1]
        assert [task["_id"] for task in calls.get("/embed-v2/tasks", page=2).json()["data"]] == ids[2::-1]
        assert calls.get("/embed-v2/tasks", page=3).json()["data"] == []
        whole = calls.get("/embed-v2/tasks", page_limit=50).json()
        assert whole["page_info"] == {"limit_per_page": 50, "page": 1, "total_page": 1, "total_results": 13}

        video, audio = whole["data"][0], whole["data"][1]
        dated = {"_id", "model_name", "status", "created_at", "updated_at"}
        assert set(video) == dated | {"video_embedding"}
        assert set(audio) == dated | {"audio_embedding"}
        assert (audio["model_name"], audio["status"]) == ("marengo3.0", "ready")
        assert audio["audio_embedding"]["metadata"]["duration"] == 4.5

        def listed(**query):
            return [task["_id"] for task in calls.get("/embed-v2/tasks", page_limit=50, **query).json()["data"]]

        minute_3, minute_5 = (f"{datetime.fromtimestamp(EPOCH + 60 * n, UTC):%Y-%m-%dT%H:%M:%SZ}" for n in (3, 5))
        assert listed(started_at=minute_3, ended_at=minute_5) == ids[5:2:-1]
        assert listed(status="ready") == ids[::-1]
        assert listed(status="processing") == []


@pytest.mark.parametrize(
    ("query", "name"),
    [
        ({"page": 0}, "page"),
        ({"page": "one"}, "page"),
        ({"page_limit": 51}, "page_limit"),
        ({"page_limit": 0}, "page_limit"),
        ({"status": "done"}, "status"),
        ({"started_at": "yesterday"}, "started_at"),
        ({"ended_at": "2026-02-31T00:00:00Z"}, "ended_at"),
        ({"sort": "up"}, "sort"),
    ],
)
def test_a_list_that_cannot_be_made(calls, query, name):
    refused = calls.get("/embed-v2/tasks", **query)

    assert refused.status_code == 400
    assert f"`{name}`" in refused.json()["message"]
