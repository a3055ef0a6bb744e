"""`/v1.3/assets/multipart-uploads` against CONTRACT 6, as a client sees it."""

from __future__ import annotations

import re
from datetime import UTC, datetime

import pytest

from preflight.emulator import uploads
from tests.emulator.calls import EPOCH, report, serving

CHUNK = 100_000


@pytest.fixture
def calls():
    with serving(chunk_bytes=CHUNK, first_urls=3) as made:
        yield made


@pytest.fixture(scope="module")
def content(sound):
    return sound(1).read_bytes()  # 705,644 bytes: eight chunks


def parts(content):
    return {index: content[start : start + CHUNK] for index, start in enumerate(range(0, len(content), CHUNK), start=1)}


def test_a_session(calls, content):
    opened = calls.begin(content, name="song.wav")

    assert re.fullmatch(r"[0-9a-f]{24}", opened["upload_id"])
    assert (opened["chunk_size"], opened["total_chunks"]) == (CHUNK, 8)
    assert [url["chunk_index"] for url in opened["upload_urls"]] == [1, 2, 3]
    in_an_hour = f"{datetime.fromtimestamp(int(EPOCH) + 3600, UTC):%Y-%m-%dT%H:%M:%SZ}"
    assert {url["expires_at"] for url in opened["upload_urls"]} == {in_an_hour}
    asset = calls.get(f"/assets/{opened['asset_id']}").json()
    assert (asset["method"], asset["status"], asset["filename"]) == ("multipart", "processing", "song.wav")

    more = calls.post(
        f"/assets/multipart-uploads/{opened['upload_id']}/presigned-urls", {"start": 4, "count": 5}
    ).json()
    assert (more["upload_id"], more["start_index"], more["count"]) == (opened["upload_id"], 4, 5)
    opened["upload_urls"] += more["upload_urls"]
    path = f"/assets/multipart-uploads/{opened['upload_id']}"
    for index in (2, 1, 8, 7, 6, 5, 4, 3):  # in any order
        put = calls.put(opened, index, content)
        assert put.status_code == 200
        assert put.headers["etag"] == f'"{report(index, parts(content)[index])["proof"]}"'
    first = calls.post(path, {"completed_chunks": [report(n, parts(content)[n]) for n in (1, 2, 3)]})
    assert first.status_code == 200
    assert first.json() == {
        "asset_id": opened["asset_id"],
        "processed_chunks": 3,
        "duplicate_chunks": 0,
        "total_completed": 3,
    }
    status = calls.get(path).json()
    assert (status["status"], status["chunks_completed"], status["chunks_pending"]) == ("active", 3, 5)
    assert (status["total_size"], status["uploaded_size"]) == (len(content), 3 * CHUNK)
    assert [(c["index"], c["status"]) for c in status["uploaded_chunks"][2:4]] == [(3, "completed"), (4, "pending")]
    [listed] = calls.get("/assets/multipart-uploads").json()["data"]
    assert (listed["upload_id"], listed["status"], listed["total_chunks"]) == (opened["upload_id"], "active", 8)

    last = calls.post(path, {"completed_chunks": [report(n, parts(content)[n]) for n in range(3, 9)]}).json()
    assert (last["processed_chunks"], last["duplicate_chunks"], last["total_completed"]) == (5, 1, 8)
    assert last["url"]
    assert calls.get(path).json()["status"] == "completed"
    assert calls.get("/assets/multipart-uploads").json()["data"] == []
    asset = calls.over(f"/assets/{opened['asset_id']}")
    assert (asset["status"], asset["size"], asset["duration"]) == ("ready", len(content), 8.0)
    assert calls.embed_of({"asset_id": opened["asset_id"]}).status_code == 200


def test_a_url_is_good_for_an_hour_and_once(calls, content):
    opened = calls.begin(content)
    calls.clock.now += 3599
    assert calls.put(opened, 1, content).status_code == 200
    again = calls.put(opened, 1, content)
    assert (again.status_code, "SignatureDoesNotMatch" in again.text) == (403, True)
    calls.clock.now += 1
    late = calls.put(opened, 2, content)
    assert (late.status_code, "Request has expired" in late.text) == (403, True)
    assert late.headers["content-type"].startswith("application/xml")

    more = calls.post(
        f"/assets/multipart-uploads/{opened['upload_id']}/presigned-urls", {"start": 2, "count": 1}
    ).json()
    assert calls.put(opened, 2, content, url=more["upload_urls"][0]["url"]).status_code == 200


def test_what_storage_refuses(calls, content):
    opened = calls.begin(content)
    url = opened["upload_urls"][0]["url"]
    assert calls.put(opened, 1, content, url=url.replace("signature=", "signature=x")).status_code == 403
    assert calls.put(opened, 1, content, url=url.replace("/1?", "/2?")).status_code == 403
    assert calls.http.put(url, content=b"a" * 10).status_code == 403  # without what `upload_headers` names
    assert calls.http.put(url, content=b"a" * (CHUNK + 1), headers=opened["upload_headers"]).status_code == 400
    assert calls.http.put(url, content=iter([b"a"]), headers=opened["upload_headers"]).status_code == 411
    assert calls.put(opened, 1, content).status_code == 200


def test_reports_that_are_refused(calls, content):
    opened = calls.begin(content)
    path = f"/assets/multipart-uploads/{opened['upload_id']}"
    part = parts(content)[1]

    def refused(**changed):
        answer = calls.post(path, {"completed_chunks": [report(1, part, **changed)]})
        assert (answer.status_code, answer.json()["code"]) == (400, "parameter_invalid")
        return answer.json()["message"]

    assert "proof" in refused()  # nothing was put yet
    assert calls.put(opened, 1, content).status_code == 200
    assert "proof" in refused(proof="d41d8cd98f00b204e9800998ecf8427e")
    assert "chunk_size" in refused(chunk_size=len(part) - 1)
    assert "chunk_index" in refused(chunk_index=9)
    assert "proof_type" in refused(proof_type="sha256")
    assert "checksum" in refused(checksum="abc")
    assert calls.get(path).json()["chunks_completed"] == 0
    assert calls.post(path, {"completed_chunks": [report(1, part)]}).status_code == 200


def test_a_chunk_that_was_put_short_is_not_taken(calls, content):
    opened = calls.begin(content)
    put = calls.http.put(opened["upload_urls"][0]["url"], content=b"a" * 10, headers=opened["upload_headers"])
    assert put.status_code == 200  # as S3 would
    told = report(1, b"a" * 10)
    answer = calls.post(f"/assets/multipart-uploads/{opened['upload_id']}", {"completed_chunks": [told]})
    assert "chunk_size" in answer.json()["message"]


def test_a_session_ends_after_a_day(calls, content):
    opened = calls.begin(content)
    path = f"/assets/multipart-uploads/{opened['upload_id']}"
    calls.clock.now += 24 * 3600
    assert calls.get(path).json()["status"] == "expired"
    assert calls.post(f"{path}/presigned-urls", {"start": 1, "count": 1}).status_code == 400
    assert calls.post(path, {"completed_chunks": []}).status_code == 400


@pytest.mark.parametrize(
    ("body", "code", "named"),
    [
        ({"type": "video", "total_size": 1}, "parameter_not_provided", "filename"),
        ({"filename": "a", "total_size": 1}, "parameter_not_provided", "type"),
        ({"filename": "a", "type": "video"}, "parameter_not_provided", "total_size"),
        ({"filename": "a", "type": "document", "total_size": 1}, "parameter_invalid", "type"),
        ({"filename": "a", "type": "video", "total_size": 0}, "parameter_invalid", "total_size"),
        ({"filename": "a", "type": "video", "total_size": "1"}, "parameter_invalid", "total_size"),
        ({"filename": "a", "type": "video", "total_size": 10_000_000_001}, "parameter_invalid", "file"),
        ({"filename": "a", "type": "image", "total_size": 32_000_001}, "parameter_invalid", "file"),
        (
            {"filename": "a", "type": "video", "total_size": 1, "user_metadata": "a"},
            "parameter_invalid",
            "user_metadata",
        ),
        ({"filename": "a", "type": "video", "total_size": 1, "size": 1}, "parameter_unknown", "size"),
    ],
)
def test_a_session_that_is_not_opened(calls, body, code, named):
    refused = calls.post("/assets/multipart-uploads", body)

    assert (refused.status_code, refused.json()["code"]) == (400, code)
    assert f"`{named}`" in refused.json()["message"]


@pytest.mark.parametrize(("start", "count"), [(0, 1), (1, 0), (1, 51), (8, 2), (9, 1), ("1", 1)])
def test_urls_that_are_not_made(calls, content, start, count):
    path = f"/assets/multipart-uploads/{calls.begin(content)['upload_id']}/presigned-urls"
    assert calls.post(path, {"start": start, "count": count}).status_code == 400


def test_the_documented_sizes(calls):
    assert uploads.MOST_BYTES == {"video": 10_000_000_000, "audio": 10_000_000_000, "image": 32_000_000}
    largest = {"filename": "a", "type": "video", "total_size": 10_000_000_000}
    opened = calls.post("/assets/multipart-uploads", largest).json()
    assert opened["total_chunks"] == 10_000


def test_an_unknown_session(calls):
    for method, path in (("GET", "/a"), ("POST", "/a"), ("POST", "/a/presigned-urls")):
        body = {"start": 1, "count": 1} if path.endswith("urls") else {"completed_chunks": []}
        kind = {} if method == "GET" else {"json": body}
        found = calls.http.request(method, f"/v1.3/assets/multipart-uploads{path}", headers={"x-api-key": "k"}, **kind)
        assert (found.status_code, found.json()["code"]) == (404, "resource_not_exist")
