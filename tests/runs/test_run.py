"""Many inputs through one client that does as a test wants it."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest

from preflight.emulator import Double, Reply
from preflight.errors import (
    AuthenticationError,
    PreflightError,
    RateLimitError,
    RejectedError,
    RequestRefusedError,
    ServiceUnavailableError,
    UnreadableError,
    UsageError,
)
from preflight.media import Text
from preflight.payload import Payload
from preflight.pipeline import Preflight
from preflight.runs import Run, RunProgress
from preflight.submitter import AutoRoute, Client, Embeddings, Row
from preflight.submitter.journal import Journal, read_status

SAMPLES = Path(__file__).resolve().parents[2] / "sample_media"


class Service:
    """Answers each body with a vector of its own; `does` may wait or raise before that."""

    def __init__(self, does: Callable[[str], None] = lambda source: None) -> None:
        self._does = does
        self._lock = threading.Lock()
        self.inside = self.most_inside = 0
        self.sent: list[str] = []

    takes = frozenset({"sync"})

    def embed(self, payload: Payload, *, request: int = 1) -> Embeddings:
        with self._lock:
            self.sent.append(payload.source)
            self.inside += 1
            self.most_inside = max(self.inside, self.most_inside)
        try:
            self._does(payload.source)
            body = b"".join(payload.chunks())
        finally:
            with self._lock:
                self.inside -= 1
        vector = np.frombuffer(np.random.default_rng(list(body[-40:])).bytes(2048), np.uint16)[:512]
        row = Row(
            source=payload.source,
            input_type=payload.input_type,
            embedding_option=None,
            embedding_scope=None,
            start_s=None,
            end_s=None,
            request=request,
        )
        return Embeddings(vector.astype(np.float32)[None], (row,))


def texts(count: int) -> list[Text]:
    return [Text(f"text {n}", name=f"t{n}") for n in range(count)]


def told(run: Run) -> list[tuple[str, object]]:
    return [(r.source, r.outcome.rows if isinstance(r.outcome, Embeddings) else type(r.outcome)) for r in run]


@pytest.fixture(params=[False, True], ids=["without", "with_journal"])
def journal(request, tmp_path):
    if not request.param:
        yield None
        return
    with Journal(tmp_path / "run.db") as opened:
        yield opened


class TestOrder:
    def test_results_are_in_that_of_the_inputs(self, journal) -> None:
        """Though the first takes longest."""
        service = Service(lambda source: time.sleep(0.2 if source == "t0" else 0.002))
        with Run(Preflight(), service, texts(40), journal=journal) as run:
            results = list(run)
        assert [(r.position, r.source) for r in results] == [(n, f"t{n}") for n in range(40)]
        assert [r.outcome.rows[0].source for r in results] == [f"t{n}" for n in range(40)]
        assert service.most_inside > 1

    def test_a_text_of_several_requests_is_one_result(self, journal) -> None:
        long = Text("One sentence that is a little longer than the others. " * 200, name="long")
        with Run(Preflight(), Service(), [*texts(2), long, *texts(1)], journal=journal) as run:
            results = [r.outcome for r in run]
        assert [row.request for row in results[2].rows] == list(range(1, len(results[2]) + 1))
        assert len(results[2]) > 3

    def test_nothing_and_one(self, journal) -> None:
        with Run(Preflight(), Service(), [], journal=journal) as run:
            assert list(run) == []

    def test_any_iterable_is_read_only_a_little_ahead(self) -> None:
        read = []

        def endless():
            for n in range(10_000):
                read.append(n)
                yield Text(f"text {n}", name=f"t{n}")

        with Run(Preflight(), Service(), endless()) as run:
            results = iter(run)
            assert [next(results).source for _ in range(10)] == [f"t{n}" for n in range(10)]
        assert len(read) < 100


class TestWhatFails:
    def test_does_not_stop_the_others(self, journal, media) -> None:
        def refuse(source: str) -> None:
            if source == "t1":
                raise RequestRefusedError("no", status=400, permanent=True)
            if source == "t2":
                raise ServiceUnavailableError("down", status=503)

        inputs = [*texts(4), media("bad/empty"), "not/there", Text("last", name="last")]
        with Run(Preflight(), Service(refuse), inputs, journal=journal) as run:
            found = dict(told(run))
        assert [name for name, value in found.items() if isinstance(value, tuple)] == ["t0", "t3", "last"]
        assert found["t1"] is RequestRefusedError
        assert found["t2"] is ServiceUnavailableError
        assert found["not/there"] is found[str(media("bad/empty"))] is RejectedError

    @pytest.mark.parametrize("max_held_bytes", [1, 10**9])
    def test_stops_the_rest_of_its_own_requests(self, journal, max_held_bytes: int) -> None:
        """Those that are to be made, and those that wait already."""

        def refuse(source: str) -> None:
            if source == "long":
                raise RequestRefusedError("no", status=400, permanent=True)

        long = Text("One sentence that is a little longer than the others. " * 2_000, name="long")
        service = Service(refuse)
        with Run(
            Preflight(), service, [long, *texts(3)], journal=journal, workers=1, max_held_bytes=max_held_bytes
        ) as run:
            assert [value is RequestRefusedError for _, value in told(run)] == [True, False, False, False]
        assert service.sent == ["long", "t0", "t1", "t2"]

    @pytest.mark.parametrize("error", [AuthenticationError("key"), RateLimitError("wait"), UsageError("wrong")])
    def test_what_would_fail_all_ends_the_run(self, journal, error: PreflightError) -> None:
        def refuse(source: str) -> None:
            if source == "t5":
                raise error

        service = Service(refuse)
        with Run(Preflight(), service, texts(200), journal=journal, workers=2) as run:
            found = []
            with pytest.raises(type(error)):
                found.extend(r.position for r in run)
            found += [r.position for r in run.rest()]
        assert set(range(5)) <= set(found)
        assert found == sorted(found)
        assert len(service.sent) < 20
        assert len(found) == len(service.sent) - 1

    @pytest.mark.parametrize(("workers", "failed"), [(1, 12), (8, 24)])
    def test_a_service_that_is_down_ends_the_run(self, journal, workers: int, failed: int) -> None:
        """Three rounds of all workers, a dozen inputs at least; what was answered before is given."""

        def fail(source: str) -> None:
            if source not in ("t0", "t1"):
                raise ServiceUnavailableError("down", status=503)

        service = Service(fail)
        with Run(Preflight(), service, texts(500), journal=journal, workers=workers) as run:
            found = []
            with pytest.raises(ServiceUnavailableError, match=f"^{failed} inputs failed one after the other.*down$"):
                found.extend(run)
            found += run.rest()
        assert [r.source for r in found if isinstance(r.outcome, Embeddings)] == ["t0", "t1"]
        # Each of the two answers may be written down late, and begins anew.
        assert failed <= len(found) - 2 < 3 * failed + workers
        assert len(service.sent) == len(found)

    def test_one_that_fails_half_of_the_time_does_not(self, journal) -> None:
        def fail(source: str) -> None:
            if int(source[1:]) % 12:
                raise ServiceUnavailableError("down", status=503)

        with Run(Preflight(), Service(fail), texts(120), journal=journal, workers=1) as run:
            assert len(list(run)) == 120

    def test_what_nobody_foresaw_is_raised_where_it_is_iterated(self, journal) -> None:
        def fail(source: str) -> None:
            raise ZeroDivisionError(source)

        with Run(Preflight(), Service(fail), texts(3), journal=journal) as run, pytest.raises(ZeroDivisionError):
            list(run)

    def test_an_iterable_that_fails(self, journal) -> None:
        def failing():
            yield from texts(2)
            raise OSError("the list of inputs is gone")

        with Run(Preflight(), Service(), failing(), journal=journal) as run, pytest.raises(OSError, match="is gone"):
            list(run)


class TestBounds:
    def test_so_many_uploads_at_once(self) -> None:
        service = Service(lambda source: time.sleep(0.01))
        with Run(Preflight(), service, texts(30), workers=3) as run:
            list(run)
        assert service.most_inside == 3

    def test_so_many_bytes_at_once(self, media) -> None:
        """Each image is made anew, and is held until it was answered."""
        image = media("image/tiff_lzw")
        size = next(Preflight().prepare(image)).media_bytes
        service = Service(lambda source: time.sleep(0.05))
        with Run(Preflight(), service, [image] * 6, workers=6, max_held_bytes=int(2.5 * size)) as run:
            assert len(list(run)) == 6
        assert service.most_inside == 2

    @pytest.mark.parametrize("bounds", [{"workers": 0}, {"max_held_bytes": 0}])
    def test_that_mean_nothing(self, bounds) -> None:
        with pytest.raises(UsageError):
            Run(Preflight(), Service(), [], **bounds)


class TestJournal:
    def test_a_second_run_sends_nothing(self, tmp_path) -> None:
        first, second = Service(), Service()
        for service in (first, second):
            with Journal(tmp_path / "run.db") as journal, Run(Preflight(), service, texts(20), journal=journal) as run:
                found = list(run)
                assert [r.outcome.rows[0].source for r in found] == [f"t{n}" for n in range(20)]
        assert (len(first.sent), second.sent) == (20, [])

    def test_what_is_there_twice_is_sent_once(self, tmp_path) -> None:
        service = Service(lambda source: time.sleep(0.05))
        inputs = [Text("the same", name=f"t{n}") for n in range(30)]
        with Journal(tmp_path / "run.db") as journal, Run(Preflight(), service, inputs, journal=journal) as run:
            assert [r.outcome.rows[0].source for r in run] == [f"t{n}" for n in range(30)]
        assert len(service.sent) == 1
        assert read_status(tmp_path / "run.db").inputs.done == 30

    def test_so_is_what_comes_out_the_same(self, tmp_path) -> None:
        """Two inputs that differ, and become the same requests: their answer is for both."""
        service = Service(lambda source: time.sleep(0.05))
        inputs = [b"words", "words".encode("utf-8-sig"), Text("words", name="given")]
        with Journal(tmp_path / "run.db") as journal, Run(Preflight(), service, inputs, journal=journal) as run:
            vectors = [r.outcome.vectors.tobytes() for r in run]
        assert len(set(vectors)) == 1
        assert len(service.sent) == 1

    def test_it_fails_for_both(self, tmp_path) -> None:
        def refuse(source: str) -> None:
            time.sleep(0.05)
            raise RequestRefusedError("no", status=400, permanent=True)

        service = Service(refuse)
        inputs = [b"words", "words".encode("utf-8-sig"), Text("words", name="given")]
        for _ in range(2):
            with Journal(tmp_path / "run.db") as journal, Run(Preflight(), service, inputs, journal=journal) as run:
                assert [type(r.outcome) for r in run] == [RequestRefusedError] * 3
        assert len(service.sent) == 1
        assert read_status(tmp_path / "run.db").failures == {"HTTP 400": 3}

    def test_what_failed_for_now_is_tried_again(self, tmp_path) -> None:
        is_down = True

        def refuse(source: str) -> None:
            if is_down and source in ("t3", "t7"):
                raise ServiceUnavailableError("down", status=503)

        service = Service(refuse)
        for errors in (2, 0):
            with Journal(tmp_path / "run.db") as journal, Run(Preflight(), service, texts(10), journal=journal) as run:
                assert sum(isinstance(r.outcome, PreflightError) for r in run) == errors
            is_down = False
        assert Counter(service.sent) == {f"t{n}": 2 if n in (3, 7) else 1 for n in range(10)}

    def test_a_refusal_is_of_the_request_by_whatever_name_it_comes(self, tmp_path) -> None:
        """Our own judgement hangs on the ending of a name, and is made anew; the service's does not."""

        def refuse(source: str) -> None:
            raise RequestRefusedError("no", status=400, permanent=True)

        service = Service(refuse)
        for name in ("a.txt", "a.md"):
            inputs = [Text("words", name=name)]
            with Journal(tmp_path / "run.db") as journal, Run(Preflight(), service, inputs, journal=journal) as run:
                assert [type(r.outcome) for r in run] == [RequestRefusedError]
        assert service.sent == ["a.txt"]

    def test_a_file_that_changes_while_it_is_sent_is_not_remembered(self, tmp_path, media) -> None:
        """Not even where it is as long as it was: what was answered is not what it is known by."""
        image = tmp_path / "a.jpg"
        image.write_bytes(media("image/gray_jpeg").read_bytes())

        def change(source: str) -> None:
            image.write_bytes(image.read_bytes()[:-2] + b"\0\0")

        with Journal(tmp_path / "run.db") as journal:
            with Run(Preflight(), Service(change), [image], journal=journal) as run:
                (result,) = run
            assert isinstance(result.outcome, UnreadableError)
            assert read_status(tmp_path / "run.db").requests.done == 0

    def test_a_task_that_a_run_left_is_the_next_ones(self, tmp_path, media, monkeypatch) -> None:
        """Left while it was processed: asked for by its id, and not made, nor paid, again."""
        monkeypatch.setattr("preflight.runs.board.GRACE_S", 0.0)
        processing = {"_id": "t1", "status": "processing", "data": None}
        vector = {"embedding": [0.5] * 512, "start_sec": 0, "end_sec": 5, "embedding_scope": "asset"}

        @contextmanager
        def run() -> Iterator[Run]:
            with Client("any", base_url=double.url) as client, Journal(tmp_path / "run.db") as journal:
                route = AutoRoute(client).remembering(journal.memory(double.url))
                preflight = Preflight(limits="marengo3.0-async")
                with Run(preflight, route, [media("audio/wav_s16")], journal=journal, wish="async") as opened:
                    yield opened

        with Double() as double:
            double.will(*[Reply(status=202, body=processing)], *[Reply(status=200, body=processing)] * 9)
            with run():
                while len(double.requests) < 2:
                    time.sleep(0.01)
            double.clear()
            double.will(Reply(status=200, body={"_id": "t1", "status": "ready", "data": [vector]}))
            with run() as second:
                assert [len(result.outcome) for result in second] == [1]
            asked = [(request.method, request.path) for request in double.requests]
        assert asked == [("GET", "/v1.3/embed-v2/tasks/t1")]

    def test_what_an_interruption_leaves_is_taken_up(self, tmp_path) -> None:
        service = Service(lambda source: time.sleep(0.01))
        inputs = texts(50)
        with Journal(tmp_path / "run.db") as journal, Run(Preflight(), service, inputs, journal=journal) as run:
            for result in run:
                if result.position == 10:
                    break
        status = read_status(tmp_path / "run.db")
        assert status.requests.done == len(service.sent)
        assert status.requests.in_flight == 0
        assert status.ended_at is not None
        with Journal(tmp_path / "run.db") as journal, Run(Preflight(), service, inputs, journal=journal) as run:
            assert len(list(run)) == 50
        assert len(service.sent) == 50


def test_a_run_that_is_left_ends_all_its_threads(media) -> None:
    before = threading.active_count()
    with Run(Preflight(), Service(), [media("video/h264_aac_mp4"), *texts(5)]) as run:
        next(iter(run))
    assert threading.active_count() == before


def test_an_encode_is_stopped_in_the_middle(media) -> None:
    """It would take three seconds or more, and give one clip at its end."""
    before = threading.active_count()
    service = Service()
    with Run(Preflight(), service, [media("video/long_small_mp4"), Text("x", name="x")]) as run:
        time.sleep(0.5)
        began = time.monotonic()
        assert [r.source for r in run.rest()] == ["x"]
    assert time.monotonic() - began < 1.5
    assert threading.active_count() == before
    assert service.sent == ["x"]


def test_texts_need_not_wait_for_an_encode(media) -> None:
    service = Service()
    with Run(Preflight(), service, [media("video/small_mp4"), *texts(20)]) as run:
        assert len(list(run)) == 21
    assert service.sent[-1].endswith(media("video/small_mp4").name)


def test_progress_is_told_where_it_is_iterated() -> None:
    seen: list[RunProgress] = []
    threads = set()

    def hear(progress: RunProgress) -> None:
        seen.append(progress)
        threads.add(threading.current_thread())

    service = Service(lambda source: time.sleep(0.6 if source == "t0" else 0.0))
    with Run(Preflight(), service, texts(3), on_progress=hear) as run:
        list(run)
    assert threads == {threading.current_thread()}
    assert [(p.inputs, p.total) for p in seen][-1] == (3, 3)
    assert any(p.in_flight == ("t0",) and p.inputs == 0 for p in seen)


class TestWaits:
    """Of a real client, for as long as the service says."""

    @pytest.fixture
    def double(self):
        with Double() as double:
            yield double

    @pytest.fixture
    def limited(self, double):
        body = {"code": "too_many_requests", "message": "By the hour."}
        double.on_call(2, Reply(status=429, headers={"Retry-After": "3000"}, body=body))
        with Client("tlk_KEY", base_url=double.url, max_wait_s=3600) as client:
            yield client

    def test_are_no_sending_and_are_told(self, limited, double, tmp_path) -> None:
        seen: list[RunProgress] = []
        began = time.time()
        with (
            Journal(tmp_path / "run.db") as journal,
            Run(Preflight(), limited, texts(2), journal=journal, workers=1, on_progress=seen.append) as run,
        ):
            results = iter(run)
            assert next(results).source == "t0"
            until = time.monotonic() + 10
            while not seen or seen[-1].pause is None:
                assert time.monotonic() < until
                run._on_progress(run._board.progress(None))
            (told, status) = (seen[-1], read_status(tmp_path / "run.db"))
            ended = time.monotonic()
            assert list(run.rest()) == []
        assert time.monotonic() - ended < 1  # neither for the hour nor for what is on its way and is not
        assert (told.in_flight, told.waiting) == ((), 1)
        assert told.pause.why == "the service limits the rate (429 too_many_requests: By the hour)"
        assert told.pause.until == pytest.approx(began + 3000, abs=60)
        assert (status.requests.in_flight, status.requests.pending) == (0, 1)
        with Journal(tmp_path / "run.db"):
            assert read_status(tmp_path / "run.db").requests.lost == 0
        assert len(double.requests) == 2

    def test_that_end_within_the_grace_are_waited(self, double) -> None:
        """An answer that is paid for is near."""
        double.will(Reply.unavailable())
        with Client("tlk_KEY", base_url=double.url) as client, Run(Preflight(), client, texts(1)) as run:
            while not double.requests:
                time.sleep(0.01)
            assert [result.source for result in run.rest()] == ["t0"]


def test_what_a_journal_remembers_says_all_that_the_first_answer_said(tmp_path, embed_emulator):
    """A text in chunks, a film and its copy under another name: rows with offsets, spans, hashes and fidelity."""
    copy = tmp_path / "copy.mp4"
    copy.write_bytes((SAMPLES / "silent.mp4").read_bytes())
    inputs = [Text("a dog " * 400), SAMPLES / "silent.mp4", copy, SAMPLES / "icon.png"]

    def rows() -> list[Row]:
        with (
            Client("any", base_url=embed_emulator.url) as client,
            Journal(tmp_path / "run.db") as journal,
            Run(Preflight(), client, inputs, journal=journal, route="emulator") as run,
        ):
            return [row for result in run for row in result.outcome.rows]

    first = rows()
    sent = len(embed_emulator.requests)
    assert rows() == first
    assert len(embed_emulator.requests) == sent
    with Client("any", base_url=embed_emulator.url) as client:
        plain = [row for each in inputs for row in Preflight().embed(each, client).rows]
    assert first == plain
    assert {row.fidelity for row in first} == {"identical", "lossless", "transcoded"}
    assert all(row.media_sha256 and row.fingerprint and row.model_name for row in first)
