"""`/v1.3/assets` against CONTRACT 6, as a client sees it."""

from __future__ import annotations

import asyncio
import gc
import re
import time

import httpx2
import pytest

from preflight.emulator import Settings, assets, create_app
from preflight.errors import UsageError
from tests.emulator.calls import KEY, serving


@pytest.fixture(scope="module")
def calls():
    with serving() as made:
        yield made


def test_a_file_is_uploaded_examined_and_ready(calls, sound):
    created = calls.upload(sound(1), name="song.wav", user_metadata='{"title": "a"}', enable_hls="false")

    assert created.status_code == 201
    asset = created.json()
    assert re.fullmatch(r"[0-9a-f]{24}", asset["_id"])
    assert (asset["method"], asset["status"], asset["filename"]) == ("direct", "processing", "song.wav")
    assert asset["user_metadata"] == {"title": "a"}
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", asset["created_at"])

    asset = calls.over(f"/assets/{asset['_id']}")
    assert asset["status"] == "ready"
    assert asset["size"] == sound(1).stat().st_size
    assert asset["duration"] == 8.0
    assert "error" not in asset


def test_the_name_in_the_form_goes_before_that_of_the_file(calls, sound):
    assert calls.upload(sound(1), name="a.wav", filename="b.wav").json()["filename"] == "b.wav"


@pytest.mark.parametrize(
    "content", [b"no medium at all \x00\x01\x02", b"\x89PNG\r\n\x1a\n torn", b"RIFF\x04\0\0\0WAVE"]
)
def test_what_is_no_medium_fails_later(calls, content):
    created = calls.upload(content, name="a.mp4")

    assert created.status_code == 201
    asset = calls.over(f"/assets/{created.json()['_id']}")
    assert asset["status"] == "failed"
    assert asset["error"]["message"]
    refused = calls.embed_of({"asset_id": asset["_id"]})
    assert (refused.status_code, refused.json()["code"]) == (400, "parameter_invalid")


def test_an_asset_that_is_not_ready_cannot_be_used(sound):
    with serving(processing_s=5) as calls:
        asset_id = calls.upload(sound(1)).json()["_id"]
        time.sleep(0.2)

        refused = calls.embed_of({"asset_id": asset_id})
        assert (refused.status_code, refused.json()["code"]) == (400, "asset_not_ready")
        assert calls.task_of({"asset_id": asset_id}).json()["code"] == "asset_not_ready"
        calls.clock.now += 5
        assert calls.over(f"/assets/{asset_id}")["status"] == "ready"
        assert calls.embed_of({"asset_id": asset_id}).status_code == 200


def test_an_asset_is_embedded_as_its_bytes_are(calls, sound, post, media_body, draw, encode):
    asset = {"asset_id": calls.ready(sound(1))}
    assert calls.embed_of(asset).json()["data"] == post(media_body("audio", sound(1))).json["data"]

    picture = encode(draw(1))
    asset = {"asset_id": calls.ready(picture, name="a.jpg")}
    inline = post(media_body("image", picture)).json["data"]
    assert calls.embed_of(asset, "image").json()["data"] == inline
    several = {
        "input_type": "multi_input",
        "model_name": "marengo3.0",
        "multi_input": {"media_sources": [{"media_type": "image", **asset}]},
    }
    assert calls.post("/embed-v2", several).json()["data"] == inline


def test_an_asset_that_is_not_there(calls):
    unknown = "6298d673f1090f1100476d4c"
    by_address = calls.get(f"/assets/{unknown}")
    assert (by_address.status_code, by_address.json()["code"]) == (404, "resource_not_exist")
    # An inaccessible asset is an invalid request (CONTRACT 5.1).
    in_request = calls.embed_of({"asset_id": unknown})
    assert (in_request.status_code, in_request.json()["code"]) == (400, "resource_not_exist")


def test_an_asset_is_deleted_unless_it_is_in_use(sound, monkeypatch):
    with serving(processing_s=60) as calls:
        asset_id = calls.upload(sound(1)).json()["_id"]
        calls.clock.now += 60
        calls.over(f"/assets/{asset_id}")
        monkeypatch.setattr(
            "preflight.emulator.tasks.timed", lambda *_: time.sleep(0.5) or {"data": [], "metadata": {}}
        )
        task_id = calls.task_of({"asset_id": asset_id}).json()["_id"]

        in_use = calls.delete(f"/assets/{asset_id}")
        assert in_use.status_code == 409
        assert calls.get(f"/assets/{asset_id}").status_code == 200
        assert calls.delete(f"/assets/{asset_id}", force="yes").status_code == 400
        calls.clock.now += 60
        calls.over(f"/embed-v2/tasks/{task_id}")
        deleted = calls.delete(f"/assets/{asset_id}")
        assert (deleted.status_code, deleted.content) == (204, b"")
        assert calls.get(f"/assets/{asset_id}").status_code == 404
        assert calls.delete(f"/assets/{asset_id}").status_code == 404


def test_an_asset_in_use_is_deleted_by_force_and_its_task_fails(sound, monkeypatch):
    monkeypatch.setattr("preflight.emulator.app._Service.later", lambda self, work: kept.append(work))
    kept = []
    with serving() as calls:
        asset_id = calls.upload(sound(1)).json()["_id"]
        kept.pop()()
        task_id = calls.task_of({"asset_id": asset_id}).json()["_id"]

        assert calls.delete(f"/assets/{asset_id}").status_code == 409
        assert calls.delete(f"/assets/{asset_id}", force="true").status_code == 204
        kept.pop()()
        task = calls.get(f"/embed-v2/tasks/{task_id}").json()
        assert task["error"]["message"] == "failed to fetch or materialize source media"


def test_the_list_is_newest_first_and_filtered(draw, encode, sound):
    with serving() as calls:
        ids = [calls.ready(sound(1), name=f"song {n}.wav") for n in range(3)]
        ids.append(calls.ready(encode(draw(1)), name="Picture.JPG"))

        def listed(**query):
            answer = calls.get("/assets", **query).json()
            return [asset["_id"] for asset in answer["data"]], answer["page_info"]["total_results"]

        assert listed() == (ids[::-1], 4)
        assert listed(page_limit=2, page=2) == (ids[1::-1], 4)
        assert listed(filename="picture") == ([ids[3]], 1)
        assert listed(asset_types="image") == ([ids[3]], 1)
        assert listed(asset_ids=[ids[0], ids[2]]) == ([ids[2], ids[0]], 2)


@pytest.mark.parametrize(
    ("fields", "code", "named"),
    [
        ({"method": "url", "url": "http://127.0.0.1:1/a.wav"}, "parameter_invalid", "method"),
        ({"method": "telepathy"}, "parameter_invalid", "method"),
        ({"url": "https://example.com/a.wav"}, "parameter_invalid", "url"),
        ({"user_metadata": "title"}, "parameter_invalid", "user_metadata"),
        ({"enable_hls": "perhaps"}, "parameter_invalid", "enable_hls"),
        ({"base64_string": "AAAA"}, "parameter_unknown", "base64_string"),
    ],
)
def test_a_form_that_is_refused(calls, sound, fields, code, named):
    refused = calls.upload(sound(1), **fields)

    assert (refused.status_code, refused.json()["code"]) == (400, code)
    assert f"`{named}`" in refused.json()["message"]


DISPOSED = b"--x\r\nContent-Disposition: form-data; name="
FORM = "multipart/form-data; boundary=x"


@pytest.mark.parametrize(
    ("body", "content_type", "code"),
    [
        (b"{}", "application/json", "content_type_invalid"),
        (b"", "multipart/form-data", "content_type_invalid"),
        (b"", FORM, "parameter_invalid"),
        (b"no form", FORM, "parameter_invalid"),
        (DISPOSED + b'"method"\r\n\r\ndirect\r\n--x--\r\n', FORM, "parameter_not_provided"),
        (DISPOSED + b'"file"; filename="a"\r\n\r\nabc\r\n--x--\r\n', FORM, "parameter_not_provided"),
        (DISPOSED + b'"file"; filename="a"\r\n\r\nabc', FORM, "parameter_invalid"),
        (DISPOSED + b'"method"\r\n\r\n\xff\r\n--x--\r\n', FORM, "parameter_invalid"),
        ((DISPOSED + b'"a"\r\n\r\n1\r\n') * 40 + b"--x--\r\n", FORM, "parameter_invalid"),
        (DISPOSED + b'"a"\r\n\r\n' + b"1" * 70_000 + b"\r\n--x--\r\n", FORM, "parameter_invalid"),
    ],
)
def test_a_body_that_is_no_such_form(calls, body, content_type, code):
    refused = calls.http.post("/v1.3/assets", content=body, headers=KEY | {"content-type": content_type})

    assert (refused.status_code, refused.json()["code"]) == (400, code)


def test_files_that_are_too_large(calls, monkeypatch, draw, encode, sound):
    monkeypatch.setattr(assets, "DIRECT_MOST_BYTES", sound(1).stat().st_size)
    assert calls.upload(sound(1)).status_code == 201
    refused = calls.upload(sound(1).read_bytes() + b"\0")
    assert (refused.status_code, "too large" in refused.json()["message"]) == (400, True)

    picture = encode(draw(1))
    monkeypatch.setattr(assets, "IMAGE_MOST_BYTES", len(picture))
    assert calls.upload(picture).status_code == 201
    assert calls.upload(encode(draw(2), quality=95)).status_code == 400


def test_the_documented_sizes():
    assert assets.DIRECT_MOST_BYTES == 200_000_000
    assert assets.IMAGE_MOST_BYTES == 32_000_000


def test_what_was_uploaded_is_gone_with_the_emulator(tmp_path, monkeypatch, sound):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    with serving() as calls:
        calls.ready(sound(1))
        refused = calls.upload(b"", name="empty.wav")
        assert refused.status_code == 400
        [folder] = tmp_path.iterdir()
        kept = [path.stat().st_size for path in folder.iterdir() if not path.name.startswith("lock")]
        assert kept == [sound(1).stat().st_size]
    del calls
    gc.collect()
    assert list(tmp_path.iterdir()) == []


def test_a_key_is_asked_for():
    app = create_app(api_key="right")
    transport = httpx2.ASGITransport(app)

    async def statuses():
        async with httpx2.AsyncClient(transport=transport, base_url="http://emulator") as http:
            made = [("GET", "/v1.3/assets"), ("POST", "/v1.3/assets"), ("DELETE", "/v1.3/assets/a")]
            made += [("POST", "/v1.3/assets/multipart-uploads"), ("GET", "/v1.3/assets/multipart-uploads/a")]
            return {(await http.request(*each, headers={"x-api-key": "wrong"})).status_code for each in made}

    assert asyncio.run(statuses()) == {401}


@pytest.mark.parametrize("wrong", [{"processing_s": -1}, {"chunk_bytes": 0}, {"first_urls": 0}])
def test_settings_that_cannot_be(wrong):
    with pytest.raises(UsageError):
        Settings(**wrong)
