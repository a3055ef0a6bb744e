"""Assets against the emulator itself, and against one that does as a script says."""

from __future__ import annotations

import hashlib
from contextlib import contextmanager

import numpy as np
import pytest

from preflight.emulator import Double, Reply, Settings
from preflight.errors import (
    AuthenticationError,
    BadResponseError,
    RequestRefusedError,
    ServiceUnavailableError,
    StillProcessingError,
    UnreadableError,
    UsageError,
)
from preflight.media import MultiInput, NamedImage
from preflight.pipeline import Preflight
from preflight.submitter import AssetRoute, TasksRoute
from preflight.submitter.journal import Journal
from preflight.submitter.polling import Pace
from tests.submitter.routes import Time, client_of, payload_of

ASSETS = "/v1.3/assets"
CHUNK = 128 * 1024
UPLOADS = f"{ASSETS}/multipart-uploads"
ROW = {"embedding": [0.5] * 512, "embedding_option": "audio", "embedding_scope": "asset", "start_sec": 0, "end_sec": 5}
EMBEDDED = Reply(status=200, body={"data": [ROW]})


@pytest.fixture
def time():
    return Time()


@pytest.fixture
def song(media):
    return payload_of(media("audio/wav_s16"), "audio", duration_s=5.0)  # 882,044 bytes: seven chunks


@pytest.fixture
def double(caplog):
    """Chunks small enough for several in a small file, and few URLs at first."""
    with Double(settings=Settings(chunk_bytes=CHUNK, first_urls=2)) as served:
        yield served
    assert not served.left, "the client asked less often than the script expects"


@pytest.fixture
def client(double, time):
    with client_of(double.url, time) as made:
        yield made


def asset(status, **more):
    return Reply(status=200, body={"_id": "a1", "method": "direct", "status": status, "filename": "a.wav", **more})


def calls(double):
    return [(request.method, request.path.partition("?")[0]) for request in double.requests]


def paths(double, method, start):
    return [path for verb, path in calls(double) if verb == method and path.startswith(start)]


def in_chunks(client, time, **more):
    return AssetRoute(client, through=client, direct_most_bytes=100_000, clock=time.clock, **more)


@pytest.mark.parametrize("large", [False, True])
def test_an_asset_is_embedded_as_its_bytes_are(double, client, time, song, large):
    expected = client.embed(song)
    route = in_chunks(client, time) if large else AssetRoute(client, through=client, clock=time.clock)
    embeddings = route.embed(song)

    assert embeddings.rows == expected.rows
    assert np.array_equal(embeddings.vectors, expected.vectors)
    assert song.source.removesuffix(".wav") in client.request("GET", ASSETS).body.decode()


def test_a_video_through_an_asset_and_a_task(double, client, time, media):
    path = media("video/h264_aac_mp4")
    expected = Preflight().embed(path, client)
    through = TasksRoute(client, clock=time.clock)
    embeddings = Preflight().embed(path, AssetRoute(client, through=through, clock=time.clock))

    assert embeddings.rows == expected.rows
    assert np.array_equal(embeddings.vectors, expected.vectors)
    [task] = [request for request in double.requests if request.path == "/v1.3/embed-v2/tasks"]
    assert "base64_string" not in task.body.decode()


def test_images_of_a_request_become_an_asset_each(double, client, time, media):
    images = [NamedImage(media("image/bare_jpeg"), "one"), NamedImage(media("image/png_alpha"), "two")]
    request = MultiInput(images, "A <@one> beside a <@two>.")
    expected = Preflight().embed(request, client)
    embeddings = Preflight().embed(request, AssetRoute(client, through=client, clock=time.clock))

    assert np.array_equal(embeddings.vectors, expected.vectors)
    assert len(paths(double, "POST", ASSETS)) == 2


def test_what_is_sent_in_one_request(double, client, time, song):
    AssetRoute(client, through=client, clock=time.clock).embed(song)
    [upload] = [request for request in double.requests if (request.method, request.path) == ("POST", ASSETS)]

    assert int(upload.headers["content-length"]) == upload.size_bytes
    assert "transfer-encoding" not in upload.headers
    assert upload.headers["content-type"].startswith("multipart/form-data; boundary=")
    # Of different defaults in different documents, so always said (CONTRACT 9, 13).
    assert b'name="enable_hls"\r\n\r\nfalse\r\n' in upload.body
    assert b'name="method"\r\n\r\ndirect\r\n' in upload.body


def test_it_is_embedded_when_it_is_ready_and_not_before(double, client, time, song):
    double.will(asset("processing"), *[asset("processing")] * 5, asset("ready"), EMBEDDED)
    AssetRoute(client, through=client, clock=time.clock).embed(song)

    assert calls(double) == [("POST", ASSETS), *[("GET", f"{ASSETS}/a1")] * 6, ("POST", "/v1.3/embed-v2")]
    assert len(time.slept_s) == 5
    assert time.slept_s == sorted(time.slept_s)


def test_one_that_is_not_ready_after_all_is_asked_for_again(double, client, time, song):
    """CONTRACT 5.1: `asset_not_ready` is polled, then retried."""
    double.will(asset("processing"), asset("ready"), Reply.refused("asset_not_ready"), EMBEDDED)
    assert len(AssetRoute(client, through=client, clock=time.clock).embed(song)) == 1
    assert len(time.slept_s) == 1


def test_one_that_fails_later_is_refused_with_the_rule_that_should_have_caught_it(double, client, time, tmp_path):
    path = tmp_path / "no.wav"
    path.write_bytes(b"RIFF\x04\0\0\0WAVE")
    with pytest.raises(RequestRefusedError, match="local rule `audio_file_broken` should have caught") as raised:
        AssetRoute(client, through=client, clock=time.clock).embed(payload_of(path, "audio"))
    assert raised.value.code == "audio_file_broken"
    assert paths(double, "POST", "/v1.3/embed") == []


def test_the_key_is_not_said_by_one_that_fails(double, client, time, song):
    message = "\x1b[1mof tlk_TESTKEY0123456789 nothing is taken"
    double.will(asset("processing"), asset("failed", error={"message": message}))
    with pytest.raises(RequestRefusedError, match=r"of \[API key\] nothing is taken") as raised:
        AssetRoute(client, through=client, clock=time.clock).embed(song)
    assert "TESTKEY" not in str(raised.value)
    assert str(raised.value).isprintable()


def test_at_the_deadline_it_is_said_that_the_asset_is_not_lost(double, client, time, song):
    double.will(*[asset("processing")] * 20)
    route = AssetRoute(client, through=client, pace=Pace(deadline_s=9.0), clock=time.clock)
    with pytest.raises(StillProcessingError) as raised:
        route.embed(song)
    assert (raised.value.what, raised.value.identifier) == ("asset", "a1")
    assert sum(time.slept_s) == pytest.approx(9.0)

    double.clear()
    double.will(asset("ready"), EMBEDDED)
    route.embed(song)  # the same media: the asset is asked for, and nothing uploaded
    assert calls(double) == [("GET", f"{ASSETS}/a1"), ("POST", "/v1.3/embed-v2")]


def test_an_upload_whose_answer_was_lost_is_found_by_its_name(double, client, time, song):
    double.will(Reply(reset="midway"))
    AssetRoute(client, through=client, clock=time.clock).embed(song)

    assert paths(double, "POST", ASSETS) == [ASSETS]
    assert paths(double, "GET", ASSETS)[0] == ASSETS


def test_an_upload_that_did_not_arrive_is_sent_again(double, client, time, song):
    double.will(Reply.unavailable())
    AssetRoute(client, through=client, clock=time.clock).embed(song)

    assert paths(double, "POST", ASSETS) == [ASSETS, ASSETS]


def test_it_is_deleted_after_that_if_asked(double, client, time, song):
    route = AssetRoute(client, through=client, is_kept=False, clock=time.clock)
    route.embed(song)
    assert calls(double)[-1][0] == "DELETE"
    assert client.request("GET", ASSETS).body.count(b"_id") == 0
    assert route.left == ()


def test_one_that_cannot_be_deleted_costs_no_embeddings(double, client, time, song):
    in_use = Reply.refused("asset_in_use", status=409)
    double.will(asset("processing"), asset("ready"), EMBEDDED, in_use)
    route = AssetRoute(client, through=client, is_kept=False, clock=time.clock)
    assert len(route.embed(song)) == 1
    assert route.left == ("a1",)


def test_one_that_was_embedded_is_uploaded_anew_the_next_time(double, client, time, song):
    route = AssetRoute(client, through=client, clock=time.clock)
    route.embed(song)
    route.embed(song)
    assert len(paths(double, "POST", ASSETS)) == 2


def test_one_that_somebody_deleted_is_uploaded_again(double, client, time, song):
    gone = Reply.refused("resource_not_exist")
    double.will(asset("processing"), asset("ready"), gone, asset("processing"), asset("ready"), EMBEDDED)
    route = AssetRoute(client, through=client, clock=time.clock)
    with pytest.raises(RequestRefusedError, match="make it again"):
        route.embed(song)
    route.embed(song)
    assert len(paths(double, "POST", ASSETS)) == 2


def test_a_chunk_that_fails_twice_is_put_a_third_time(double, client, time, song):
    # The session, then the first chunk three times; one worker, so that the order is known.
    double.on_call(2, Reply.unavailable()).on_call(3, Reply(reset="before"))
    in_chunks(client, time, workers=1).embed(song)

    puts = paths(double, "PUT", "/uploads/")
    assert [int(path.rpartition("/")[2]) for path in puts] == [1, 1, 1, 2, 3, 4, 5, 6, 7]
    assert len(time.slept_s) >= 2


def test_chunks_are_put_side_by_side_and_arrive_whole(double, client, time, song):
    in_chunks(client, time, workers=4).embed(song)

    whole = song.media[0].source.read()
    sent = {int(r.path.partition("?")[0].rpartition("/")[2]): r.body for r in double.requests if r.method == "PUT"}
    assert b"".join(sent[index] for index in sorted(sent)) == whole
    assert all("x-api-key" not in r.headers for r in double.requests if r.method == "PUT"), "the key is no storage's"
    # 2 URLs come with the session, the other 5 at one go.
    assert len([path for path in paths(double, "POST", UPLOADS) if path.endswith("presigned-urls")]) == 1
    [report] = [r for r in double.requests if r.method == "POST" and b"completed_chunks" in (r.body or b"")]
    first = report.json["completed_chunks"][0]
    assert first == {
        "chunk_index": 1,
        "proof": hashlib.md5(whole[:CHUNK], usedforsecurity=False).hexdigest(),
        "proof_type": "etag",
        "chunk_size": CHUNK,
    }


def test_a_url_that_expired_is_replaced(time, song):
    """The hour passes between the session and its chunks."""
    now = [1_795_000_000.0]
    with Double(settings=Settings(clock=lambda: now[0], chunk_bytes=CHUNK, first_urls=7)) as double:
        with client_of(double.url, time) as client:
            route = in_chunks(client, time, workers=1)
            opened = route._uploads._opened

            def late(*given):
                session = opened(*given)
                now[0] += 3600
                return session

            route._uploads._opened = late
            assert len(route.embed(song))
        refused = [r for r in double.requests if r.method == "PUT" and r.status == 403]
        assert len(refused) == 7
        assert len([r for r in double.requests if r.method == "PUT" and r.status == 200]) == 7


def test_a_url_that_was_used_by_a_try_without_an_answer_is_replaced(double, time, song):
    double.on_call(2, Reply(delay_s=60))
    with client_of(double.url, time, timeout_s=0.5) as client:
        in_chunks(client, time, workers=1).embed(song)
    statuses = [r.status for r in double.requests if r.method == "PUT"][:3]
    assert statuses == [None, 403, 200]  # done, but nobody heard; the same URL again; another


def test_storage_that_refuses_for_good_is_given_up(double, client, time, song):
    refused = Reply(status=403, body="<Error><Code>AccessDenied</Code></Error>")
    # The session; then between two puts, other URLs are asked for.
    double.will(Reply(), refused, *[Reply(), refused] * 3)
    with pytest.raises(ServiceUnavailableError, match="chunk 1 of") as raised:
        in_chunks(client, time, workers=1).embed(song)
    assert raised.value.status == 403


def test_an_upload_that_broke_off_goes_on_where_it_was(double, client, time, song):
    route = in_chunks(client, time, workers=1)
    # The session, chunks 1 and 2, more URLs, chunk 3; then nothing more for as long as it is tried.
    for number in range(6, 12):
        double.on_call(number, Reply.unavailable())
    with pytest.raises(ServiceUnavailableError):
        route.embed(song)
    assert not double.left
    before = len(double.requests)

    assert len(route.embed(song))
    again = double.requests[before:]
    puts = [int(r.path.partition("?")[0].rpartition("/")[2]) for r in again if r.method == "PUT"]
    assert puts == [4, 5, 6, 7]
    assert UPLOADS not in [r.path for r in again], "no other session"


def test_a_session_that_is_over_is_opened_anew(double, client, time, song):
    route = in_chunks(client, time, workers=1)
    double.will(Reply(), Reply(), Reply(), Reply.refused("parameter_invalid", "The upload session is expired."))
    with pytest.raises(RequestRefusedError):
        route.embed(song)
    assert len(route.embed(song))
    assert paths(double, "POST", UPLOADS).count(UPLOADS) == 2


@pytest.mark.parametrize(
    "opened",
    [
        {"upload_id": "u", "asset_id": "a", "chunk_size": 0, "total_chunks": 1},
        {"upload_id": "u", "asset_id": "a", "chunk_size": 10, "total_chunks": 1},
        {"upload_id": "u", "asset_id": "a", "chunk_size": 1, "total_chunks": 882_044},
        {"upload_id": "u", "chunk_size": 882_044, "total_chunks": 1},
    ],
)
def test_a_session_that_makes_no_sense(double, client, time, song, opened):
    double.will(Reply(status=201, body=opened))
    with pytest.raises(BadResponseError):
        in_chunks(client, time).embed(song)


def test_storage_without_tls_gets_nothing_of_a_service_with_it(time):
    with client_of("https://service.invalid", time) as client, pytest.raises(UsageError, match="https"):
        client.request("PUT", "http://storage.invalid/1")


def test_a_file_that_is_gone_is_our_own_error(double, client, time, song, tmp_path):
    path = tmp_path / "gone.wav"
    path.write_bytes(b"RIFF" + bytes(200_000))
    payload = payload_of(path, "audio")
    path.unlink()
    with pytest.raises(UnreadableError):
        AssetRoute(client, through=client, clock=time.clock).embed(payload)


def test_wrong_workers(client):
    with pytest.raises(UsageError):
        AssetRoute(client, through=client, workers=0)


class TestMemory:
    """Of a journal: what was uploaded before a crash is embedded, and not uploaded again."""

    @pytest.fixture
    def again(self, double, time, tmp_path):
        @contextmanager
        def opened(**more):
            with Journal(tmp_path / "run.db") as journal, client_of(double.url, time) as client:
                memory = journal.memory(double.url)
                through = TasksRoute(client, clock=time.clock, memory=memory)
                yield AssetRoute(client, through=through, clock=time.clock, memory=memory, **more)

        return opened

    def test_neither_uploaded_nor_made_again(self, double, again, song):
        made = Reply(status=202, body={"_id": "t1", "status": "processing", "data": None})
        killed = Reply.refused("api_key_invalid", status=401)
        double.will(asset("processing"), killed)
        with again(is_kept=False) as route, pytest.raises(AuthenticationError):
            route.embed(song)
        double.will(asset("ready"), made, killed)
        with again(is_kept=False) as route, pytest.raises(AuthenticationError):
            route.embed(song)
        ready = Reply(status=200, body={"_id": "t1", "status": "ready", "data": [ROW]})
        double.will(asset("ready"), ready, Reply(status=204))
        with again(is_kept=False) as route:
            assert len(route.embed(song)) == 1
            assert route.left == ()
        posts = [path for method, path in calls(double) if method == "POST"]
        assert posts == [ASSETS, "/v1.3/embed-v2/tasks"]
        assert calls(double)[-1] == ("DELETE", f"{ASSETS}/a1")

    def test_one_that_is_gone_is_uploaded_again(self, double, again, song):
        double.will(asset("processing"), Reply.refused("api_key_invalid", status=401))
        with again() as route, pytest.raises(AuthenticationError):
            route.embed(song)
        double.will(Reply.refused("resource_not_exist", status=404))
        with again() as route:
            assert len(route.embed(song)) > 0
        assert paths(double, "POST", ASSETS) == [ASSETS] * 2

    def test_one_that_was_deleted_is_forgotten(self, double, again, song):
        for _ in range(2):
            with again(is_kept=False) as route:
                assert len(route.embed(song)) > 0
        assert paths(double, "POST", ASSETS) == [ASSETS] * 2
        assert len(paths(double, "DELETE", ASSETS)) == 2
