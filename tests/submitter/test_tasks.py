"""Tasks against the emulator itself, and against one that does as a script says."""

from __future__ import annotations

import itertools
import json
from contextlib import contextmanager

import numpy as np
import pytest

from preflight.emulator import Reply
from preflight.errors import (
    AuthenticationError,
    BadResponseError,
    RequestRefusedError,
    ServiceUnavailableError,
    StillProcessingError,
    UsageError,
)
from preflight.pipeline import Preflight
from preflight.submitter import TasksRoute
from preflight.submitter.journal import Journal
from preflight.submitter.polling import Pace
from preflight.submitter.service import Body
from tests.submitter.routes import Time, client_of, payload_of

TASKS = "/v1.3/embed-v2/tasks"
VECTOR = {
    "embedding": [0.5] * 512,
    "embedding_option": "audio",
    "embedding_scope": "clip",
    "start_sec": 0,
    "end_sec": 6,
}


@pytest.fixture
def time():
    return Time()


@pytest.fixture
def route(double, time):
    with client_of(double.url, time) as client:
        yield TasksRoute(client, clock=time.clock)


@pytest.fixture
def song(media):
    return payload_of(media("audio/wav_s16"), "audio", duration_s=5.0)


def told(status, **more):
    return Reply(status=200, body={"_id": "t1", "status": status, "data": None, **more})


MADE = Reply(status=202, body={"_id": "t1", "status": "processing", "data": None})
READY = told("ready", data=[VECTOR])


def failed(message):
    return told("failed", error={"message": message})


def calls(double):
    return [(request.method, request.path.partition("?")[0]) for request in double.requests]


def test_a_task_of_real_media_lies_on_the_timeline_of_its_source(double, route, media, time):
    path = media("video/h264_aac_mp4")
    with client_of(double.url, Time()) as client:
        at_once = Preflight().embed(path, client)
    embeddings = Preflight().embed(path, route)

    assert embeddings.rows == at_once.rows
    assert np.array_equal(embeddings.vectors, at_once.vectors)
    assert calls(double)[1] == ("POST", TASKS)
    assert ("GET", TASKS) not in calls(double)
    body = [request.body for request in double.requests if request.method == "POST"]
    assert body[0] == body[1]  # the very same body goes to either


def test_a_clip_in_mid_source_is_placed_there(double, route, media, song):
    embeddings = route.embed(song, request=3)

    assert {row.request for row in embeddings.rows} == {3}
    assert min(row.start_s for row in embeddings.rows) == 100.0
    assert max(row.end_s for row in embeddings.rows) == 105.0


def test_it_is_asked_for_at_growing_intervals(double, route, song, time):
    double.will(MADE, *[told("processing")] * 12, READY)
    assert len(route.embed(song)) == 1

    assert calls(double) == [("POST", TASKS), *[("GET", f"{TASKS}/t1")] * 13]
    assert time.slept_s[0] <= 1.0
    assert all(later > earlier for earlier, later in itertools.pairwise(time.slept_s[:8]))
    assert max(time.slept_s) <= 30.0


def test_at_the_deadline_the_task_can_be_fetched_later(double, song, time):
    double.will(MADE, *[told("processing")] * 20)
    made = []
    with client_of(double.url, time) as client:
        pace = Pace(deadline_s=9.5)
        route = TasksRoute(client, pace=pace, clock=time.clock, created=lambda payload, task_id: made.append(task_id))
        with pytest.raises(StillProcessingError, match=r"t1.*not lost") as raised:
            route.embed(song)
        assert (raised.value.what, raised.value.identifier, made) == ("task", "t1", ["t1"])
        assert sum(time.slept_s) == pytest.approx(9.5)

        double.clear()
        double.will(READY)
        assert len(route.fetch("t1", song)) == 1
        assert calls(double) == [("GET", f"{TASKS}/t1")]
        double.will(failed("The embedding task failed. Please try again later."))
        with pytest.raises(ServiceUnavailableError):
            route.fetch("t1", song)


def test_a_failure_that_may_pass_makes_another_task(double, route, song, time):
    unstable = "The embedding service is temporarily unstable. Please try again later."
    double.will(MADE, failed(unstable), MADE, failed(unstable), MADE, READY)

    assert len(route.embed(song)) == 1
    assert [method for method, _ in calls(double)] == ["POST", "GET"] * 3
    assert len(time.slept_s) == 2


def test_one_that_goes_on_is_given_up(double, time, song):
    double.will(*[MADE, failed("The embedding task failed. Please try again later.")] * 3)
    given_up = pytest.raises(ServiceUnavailableError, match="made 3 times")
    with client_of(double.url, time, retries=2) as client, given_up as raised:
        TasksRoute(client, clock=time.clock).embed(song)
    assert raised.value.retried == 2


def test_what_could_not_complete_is_made_again_once(double, route, song):
    double.will(*[MADE, failed("The embedding task could not complete processing.")] * 2)
    with pytest.raises(ServiceUnavailableError):
        route.embed(song)


def test_a_failure_for_good_is_not_tried_again_and_names_the_local_rule(double, route, song):
    double.will(MADE, failed("Duration (15000.0 seconds) exceeds maximum limit of 14400 seconds (240 minutes)"))
    with pytest.raises(RequestRefusedError, match="local rule `audio_duration_too_long` should have caught") as raised:
        route.embed(song)
    assert raised.value.code == "audio_duration_too_long"


def test_a_refused_task_is_refused(double, route, song):
    double.will(Reply.refused("audio_duration_too_short"))
    with pytest.raises(RequestRefusedError) as raised:
        route.embed(song)
    assert raised.value.code == "audio_duration_too_short"
    double.will(Reply.refused("api_key_invalid", status=401))
    with pytest.raises(AuthenticationError):
        route.embed(song)


def test_after_a_rate_limit_nothing_is_looked_for(double, route, song, time):
    """429: "the platform has not processed the request" (CONTRACT 5.1)."""
    double.will(Reply.rate_limited(retry_after_s=7), MADE, READY)
    route.embed(song)
    assert time.slept_s == [pytest.approx(7.35, abs=0.35)]
    assert calls(double) == [("POST", TASKS), ("POST", TASKS), ("GET", f"{TASKS}/t1")]


@pytest.mark.parametrize("lost", [Reply(reset="midway"), Reply(delay_s=5), Reply(status=502, body="<html>")])
def test_a_task_whose_answer_was_lost_is_found_in_the_list(double, time, song, lost):
    """The emulator made it; only its answer did not arrive."""
    if lost.status is not None:
        double.will(Reply(), lost)  # the first POST makes the task that the second would have been answered with
    else:
        double.will(lost)
    with client_of(double.url, time, timeout_s=1.0) as client:
        route = TasksRoute(client, is_sole=True, clock=time.clock)
        if lost.status is not None:
            client.request("POST", TASKS, body=Body.of(song), success=(202,))
        embeddings = route.embed(song)

    assert max(row.end_s for row in embeddings.rows) == 105.0
    made = [call for call in calls(double) if call == ("POST", TASKS)]
    assert len(made) == (1 if lost.status is None else 2)
    assert calls(double).count(("GET", TASKS)) == 2


def test_without_proof_it_is_made_again(double, route, song):
    double.will(Reply(reset="midway"))
    embeddings = route.embed(song)

    assert len(embeddings)
    assert calls(double).count(("POST", TASKS)) == 2


def test_two_that_are_alike_are_not_mistaken_for_each_other(double, time, song):
    with client_of(double.url, time) as client:
        route = TasksRoute(client, is_sole=True, clock=time.clock)
        for _ in range(2):  # of somebody else, after all
            client.request("POST", TASKS, body=Body.of(song), success=(202,))
        double.will(Reply(reset="midway"))
        route.embed(song)
    assert calls(double).count(("POST", TASKS)) == 4


def test_a_list_that_cannot_be_had_does_not_hide_what_failed(double, time, song):
    double.will(Reply.unavailable(), Reply.unavailable())
    with client_of(double.url, time, retries=0) as client, pytest.raises(ServiceUnavailableError, match="tried once"):
        TasksRoute(client, is_sole=True, clock=time.clock).embed(song)


def test_questions_are_sent_again_too(double, route, song):
    double.will(MADE, Reply.unavailable(), Reply(reset="before"), READY)
    assert len(route.embed(song)) == 1


@pytest.mark.parametrize(
    "answer",
    [
        Reply(status=202, body="no JSON"),
        Reply(status=202, body={"status": "processing"}),
        Reply(status=202, body={"_id": "../assets", "status": "processing"}),
        Reply(status=202, body={"_id": "", "status": "processing"}),
    ],
)
def test_an_answer_that_is_no_task(double, route, song, answer):
    double.will(answer)
    with pytest.raises(BadResponseError):
        route.embed(song)


@pytest.mark.parametrize("data", [None, [], [{"embedding": [0.5] * 3}]])
def test_a_result_that_is_none(double, route, song, data):
    double.will(MADE, told("ready", data=data))
    with pytest.raises(BadResponseError):
        route.embed(song)


def test_texts_and_images_are_for_other_routes(double, route, media):
    with pytest.raises(UsageError, match="audio and video"):
        route.embed(payload_of(media("image/bare_jpeg"), "image"))
    assert double.requests == []


def test_the_key_is_sent_and_not_said(double, route, song):
    double.will(Reply.refused("parameter_invalid", "your key tlk_TESTKEY0123456789 is odd"))
    with pytest.raises(RequestRefusedError) as raised:
        route.embed(song)
    assert "TESTKEY" not in str(raised.value)
    assert double.requests[0].headers["x-api-key"] == "tlk_TESTKEY0123456789"


# The last of them has it where the message is cut.
@pytest.mark.parametrize("before", ["", "Duration (5.0 seconds) exceeds maximum limit, says ", "x" * 290])
def test_nor_is_it_by_a_task_that_failed(double, route, song, before):
    double.will(*[MADE, failed(f"{before}tlk_TESTKEY0123456789 was not welcome")])
    with pytest.raises(RequestRefusedError, match=r"\[API") as raised:
        route.embed(song)
    double.will(failed(f"{before}tlk_TESTKEY0123456789 was not welcome"))
    with pytest.raises(RequestRefusedError, match=r"\[API") as fetched:
        route.fetch("t1", song)
    assert "tlk_" not in f"{raised.value} {fetched.value}"


def test_four_hours_in_one_request(double, time, tmp_path):
    """Vectors of a task of four hours are placed as those of ten minutes are, and a list of 2,400 is no trouble."""
    rows = [VECTOR | {"start_sec": 6.0 * n, "end_sec": 6.0 * (n + 1)} for n in range(2400)]
    body = json.dumps({"_id": "t1", "status": "ready", "data": rows}).encode()
    path = tmp_path / "a.wav"
    path.write_bytes(b"RIFF")
    double.will(MADE, Reply(status=200, body=body))
    with client_of(double.url, time) as client:
        embeddings = TasksRoute(client).embed(payload_of(path, "audio", duration_s=14_400.0, start_s=0.0))
    assert [row.start_s for row in embeddings.rows] == [6.0 * n for n in range(2400)]
    assert embeddings.rows[-1].end_s == 14_400.0


class TestMemory:
    """Of a journal: what was made before a crash, or given up at a deadline, is not made and paid again."""

    @pytest.fixture
    def again(self, double, time, tmp_path):
        """The route of another process each time."""

        @contextmanager
        def opened():
            pace = Pace(deadline_s=9.5)
            with Journal(tmp_path / "run.db") as journal, client_of(double.url, time) as client:
                yield TasksRoute(client, pace=pace, clock=time.clock, memory=journal.memory(double.url))

        return opened

    def made(self, double):
        return calls(double).count(("POST", TASKS))

    def test_what_is_still_processed_is_asked_for_again(self, double, again, song):
        double.will(MADE, *[told("processing")] * 20)
        with again() as route, pytest.raises(StillProcessingError):
            route.embed(song)
        double.clear()
        double.will(told("processing"), READY)
        with again() as route:
            assert len(route.embed(song, request=7)) == 1
        double.will(READY)  # as long as nobody else has it safe
        with again() as route:
            assert {row.request for row in route.embed(song, request=8).rows} == {8}
        assert calls(double) == [("GET", f"{TASKS}/t1")] * 3

    def test_what_is_not_the_same_is_another(self, double, again, song, media):
        other = payload_of(media("audio/flac"), "audio", duration_s=5.0)
        double.will(MADE, READY, MADE, READY)
        with again() as route:
            route.embed(song)
            route.embed(other)
        assert self.made(double) == 2

    @pytest.mark.parametrize("gone", [Reply.refused("resource_not_exist", status=404), Reply(status=404, body="")])
    def test_what_is_gone_is_made_again(self, double, again, song, gone):
        double.will(MADE, READY, gone, MADE, READY, READY)
        for made in (1, 2, 2):
            with again() as route:
                assert len(route.embed(song)) == 1
            assert self.made(double) == made

    def test_one_that_failed_meanwhile_counts_as_one_that_failed_now(self, double, again, song):
        double.will(MADE, Reply.refused("api_key_invalid", status=401))
        with again() as route, pytest.raises(AuthenticationError):
            route.embed(song)
        double.will(failed("The embedding task failed."), MADE, failed("We could not process your media."))
        with again() as route, pytest.raises(RequestRefusedError):
            route.embed(song)
        double.will(MADE, READY)
        with again() as route:
            route.embed(song)
        assert self.made(double) == 3

    def test_a_result_that_is_none_is_fetched_once_more_and_then_made_again(self, double, again, song):
        bad = told("ready", data=[])
        double.will(MADE, bad, bad, MADE, READY)
        for made in (1, 1):
            with again() as route, pytest.raises(BadResponseError):
                route.embed(song)
            assert self.made(double) == made
        with again() as route:
            route.embed(song)
        assert self.made(double) == 2

    def test_another_service_knows_nothing_of_it(self, double, time, song, tmp_path):
        double.will(MADE, READY, MADE, READY)
        with Journal(tmp_path / "run.db") as journal, client_of(double.url, time) as client:
            for where in ("here", "there"):
                TasksRoute(client, clock=time.clock, memory=journal.memory(where)).embed(song)
        assert self.made(double) == 2
