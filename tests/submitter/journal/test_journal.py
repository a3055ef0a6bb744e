"""What a journal is told, it knows: by the next process, too, and after whatever ended the last one."""

from __future__ import annotations

import sqlite3
import threading
from contextlib import closing

import pytest

from preflight.errors import RejectedError, RequestRefusedError, ServiceUnavailableError
from preflight.rules import Finding
from preflight.submitter.journal import Done, Failed, Journal, Pending, read_status
from preflight.submitter.memory import Made
from tests.submitter.journal.made import embeddings, expected, key, same


@pytest.fixture
def place(tmp_path):
    return tmp_path / "run.db"


def began(journal: Journal, inputs: int | None = None) -> Journal:
    journal.begin_run(inputs=inputs, profile="marengo3.0", route="emulator")
    return journal


def enter(journal: Journal, what: object, *, position: int = 0, name: str = "a.txt", made_by: str = "1.0"):
    return journal.enter(position, key(what), name, made_by=made_by)


def embedded(journal: Journal, what: object, position: int = 0) -> None:
    """An input of one request, from its beginning to its end."""
    known = enter(journal, what, position=position)
    request = journal.expect(known.id, 1, expected(what))
    journal.begin(request.id)
    journal.answered(request.id, embeddings(1), start_s=None)
    journal.made(known.id, 1)
    journal.finish(known.id)


class TestWhatIsDone:
    def test_is_known_to_the_next_process_under_another_name(self, place):
        with began(Journal(place)) as journal:
            embedded(journal, "x")
        with began(Journal(place)) as journal:
            known = enter(journal, "x", name="b.txt")
            assert isinstance(known, Done)
            assert same(journal.embeddings(known.id, "b.txt"), embeddings(1, source="b.txt"))

    def test_is_not_to_be_sent_for_another_input(self, place):
        with began(Journal(place)) as journal:
            embedded(journal, "x")
            other = enter(journal, "y", position=1)
            assert isinstance(other, Pending)
            assert isinstance(journal.expect(other.id, 1, expected("x")), Done)

    def test_lies_elsewhere_on_another_timeline(self, place):
        with began(Journal(place)) as journal:
            for name, start_s in (("x", 500.25), ("y", 7.0)):
                known = enter(journal, name)
                request = journal.expect(known.id, 1, expected("clip", start_s=start_s, media_s=30.0))
                if isinstance(request, Pending):
                    journal.begin(request.id)
                    answer = embeddings(3, rows=4, start_s=500.25)
                    journal.answered(request.id, answer, start_s=500.25)
                journal.made(known.id, 1)
                journal.finish(known.id)
            assert same(journal.embeddings(enter(journal, "x").id, "a"), embeddings(3, rows=4, start_s=500.25))
            moved = journal.embeddings(enter(journal, "y").id, "a")
            assert [row.start_s for row in moved.rows] == [7.0, 13.0, 19.0, 25.0]

    def test_needs_all_its_requests(self, place):
        with began(Journal(place)) as journal:
            known = enter(journal, "x")
            requests = [journal.expect(known.id, n, expected(f"x{n}")) for n in (1, 2)]
            journal.made(known.id, 2)
            for number, request in enumerate(requests, start=1):
                assert isinstance(enter(journal, "x"), Pending)
                journal.begin(request.id)
                journal.answered(request.id, embeddings(number, request=number), start_s=None)
        with began(Journal(place)) as journal:  # killed before it was told that the input is finished
            known = enter(journal, "x")
            assert isinstance(known, Done)
            assert [row.request for row in journal.embeddings(known.id, "a").rows] == [1, 2]

    def test_is_what_it_is_cut_into_now(self, place):
        with began(Journal(place)) as journal:
            known = enter(journal, "x")
            for n in (1, 2, 3):
                journal.expect(known.id, n, expected(f"old {n}"))
            request = journal.expect(known.id, 1, expected("new"))
            journal.begin(request.id)
            journal.answered(request.id, embeddings(1), start_s=None)
            journal.made(known.id, 1)
            journal.finish(known.id)
            assert len(journal.embeddings(known.id, "a")) == 1


class TestWhatFailed:
    def test_for_good_is_never_pending_again(self, place):
        error = RequestRefusedError("too small", status=400, code="video_resolution_too_low")
        with began(Journal(place)) as journal:
            known = enter(journal, "x")
            request = journal.expect(known.id, 1, expected("x"))
            journal.begin(request.id)
            journal.failed(request.id, error, for_good=True)
            journal.give_up(known.id, error, for_good=True, made_by="1.0")
        with began(Journal(place)) as journal:
            found = enter(journal, "x")
            assert isinstance(found, Failed)
            told = found.failure.error("b.txt")
            assert isinstance(told, RequestRefusedError)
            assert (str(told), told.status, told.code) == ("too small", 400, "video_resolution_too_low")
            # Of another preflight the input may be tried, but not the same request.
            again = enter(journal, "x", made_by="1.1")
            assert isinstance(again, Pending)
            assert isinstance(journal.expect(again.id, 1, expected("x")), Failed)
            journal.begin(request.id)
            assert isinstance(journal.expect(again.id, 1, expected("x")), Failed)

    def test_for_now_is_tried_by_the_next_run(self, place):
        with began(Journal(place)) as journal:
            known = enter(journal, "x")
            request = journal.expect(known.id, 1, expected("x"))
            journal.begin(request.id)
            journal.failed(request.id, ServiceUnavailableError("down", status=503), for_good=False)
            journal.give_up(known.id, ServiceUnavailableError("down", status=503), for_good=False, made_by="1.0")
            assert read_status(place).failures == {"HTTP 503": 1}
        with began(Journal(place)) as journal:
            known = enter(journal, "x")
            assert isinstance(known, Pending)
            assert isinstance(journal.expect(known.id, 1, expected("x")), Pending)

    def test_a_rejection_has_its_findings_and_todays_name(self, place):
        finding = Finding(
            code="file_empty", severity="error", message="it is empty", measured=0, limit=None, fixable=False, docs="d"
        )
        with began(Journal(place)) as journal:
            known = enter(journal, "x")
            journal.give_up(known.id, RejectedError("a.txt", [finding]), for_good=True, made_by="1.0")
            found = enter(journal, "x", name="b.txt")
            assert isinstance(found, Failed)
            told = found.failure.error("b.txt")
            assert isinstance(told, RejectedError)
            assert (told.source, told.findings) == ("b.txt", (finding,))

    def test_an_answer_that_comes_late_counts(self, place):
        """A run that was told to end waits only so long; what failed for now may have been answered meanwhile."""
        with began(Journal(place)) as journal:
            known = enter(journal, "x")
            request = journal.expect(known.id, 1, expected("x"))
            journal.begin(request.id)
            journal.answered(request.id, embeddings(1), start_s=None)
            journal.failed(request.id, ServiceUnavailableError("down"), for_good=False)
            assert isinstance(journal.expect(known.id, 1, expected("x")), Done)


def test_what_was_on_its_way_is_pending_again_and_counted(place):
    with began(Journal(place)) as journal:
        known = enter(journal, "x")
        request = journal.expect(known.id, 1, expected("x"))
        journal.begin(request.id)
        assert read_status(place).inputs.in_flight == 1
        assert read_status(place).requests.in_flight == 1
    for _ in range(2):
        with began(Journal(place)) as journal:
            known = enter(journal, "x")
            assert isinstance(journal.expect(known.id, 1, expected("x")), Pending)
            assert read_status(place).requests.lost == 1


def test_many_threads_at_once(place):
    with began(Journal(place)) as journal:
        threads = [threading.Thread(target=embedded, args=(journal, n, n)) for n in range(40)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        status = read_status(place)
        assert (status.inputs.done, status.requests.done) == (40, 40)
        for n in range(40):
            assert isinstance(enter(journal, n, position=n), Done)


class TestMemory:
    def test_what_was_made_is_known_to_the_next_process_until_it_is_forgotten(self, place):
        with Journal(place) as journal:
            journal.memory("here").remember(key("x"), Made("t1"))
            journal.memory("here").remember(key("x"), Made("t2", "film.mp4"))
        with Journal(place) as journal:
            memory = journal.memory("here")
            assert memory.recall(key("x")) == Made("t2", "film.mp4")
            assert journal.memory("elsewhere").recall(key("x")) is None
            for _ in range(2):
                memory.forget(key("x"))
            assert memory.recall(key("x")) is None

    def test_a_journal_that_was_begun_without_one_goes_on(self, place):
        with began(Journal(place)) as journal:
            embedded(journal, "x")
        with closing(sqlite3.connect(place)) as old:
            old.execute("DROP TABLE made")
            old.commit()
        assert read_status(place).inputs.done == 1
        with Journal(place) as journal:
            assert isinstance(enter(journal, "x"), Done)
            assert journal.memory("here").recall(key("x")) is None
