"""Whatever a run does in whatever order, and wherever it is cut off: what was answered is there, and is asked for
never again.
"""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, initialize, invariant, precondition, rule

from preflight.errors import RejectedError, RequestRefusedError, ServiceUnavailableError
from preflight.submitter.journal import Done, Failed, Journal, Pending, read_status
from tests.submitter.journal.made import embeddings, expected, key, same

# Inputs and the requests that each needs: two of them share one, and one is all of another.
NEEDS = {0: (0,), 1: (1, 2), 2: (2, 3, 4), 3: (0,)}
REQUESTS = sorted({request for needs in NEEDS.values() for request in needs})
RUN = {"profile": "marengo3.0", "route": "r"}


class Journals(RuleBasedStateMachine):
    """Rules are what a run may do; the model is what the service saw and said."""

    flying = Bundle("flying")

    @initialize()
    def start(self) -> None:
        self.folder = Path(tempfile.mkdtemp())
        self.opened = 0
        self.answered: set[int] = set()
        self.refused: set[int] = set()
        self.rejected: set[int] = set()
        self.sent: set[int] = set()
        """By the process at hand: on their way."""
        self.lost = 0
        self._open(self.folder / "0.db")

    def _open(self, place: Path) -> None:
        self.place = place
        self.journal = Journal(place)
        self.journal.begin_run(inputs=len(NEEDS), **RUN)
        self.entered: dict[int, int] = {}
        self.numbers: dict[int, int] = {}

    def teardown(self) -> None:
        if hasattr(self, "journal"):
            self.journal.close()
            shutil.rmtree(self.folder)

    @rule(which=st.sampled_from(sorted(NEEDS)))
    def enter(self, which: int) -> None:
        known = self.journal.enter(which, key(f"input {which}"), f"{which}.txt", made_by="1")
        self.entered[which] = known.id
        if which in self.rejected:
            assert isinstance(known, Failed)
        elif isinstance(known, Done):
            assert set(NEEDS[which]) <= self.answered
            self._must_be_whole(which)
        else:
            assert isinstance(known, Pending)

    @precondition(lambda self: self.entered)
    @rule(target=flying, data=st.data())
    def send(self, data: st.DataObject) -> int | None:
        which = data.draw(st.sampled_from(sorted(self.entered)))
        number = data.draw(st.integers(1, len(NEEDS[which])))
        request = NEEDS[which][number - 1]
        known = self.journal.expect(self.entered[which], number, expected(request))
        self.numbers[request] = known.id
        match known:
            case Done():
                assert request in self.answered
            case Failed():
                assert request in self.refused
            case Pending():
                assert request not in self.answered | self.refused
                self.journal.begin(known.id)
                self.sent.add(request)
        return request

    @rule(request=consumes(flying), how=st.sampled_from(["answered", "answered", "refused", "failed"]))
    def end(self, request: int, how: str) -> None:
        if request not in self.sent:  # it never was, or its process was killed
            return
        self.sent.discard(request)
        match how:
            case "answered":
                self.journal.answered(self.numbers[request], embeddings(request), start_s=None)
                self.answered.add(request)
            case "refused":
                error = RequestRefusedError("no", status=400, code="parameter_invalid")
                self.journal.failed(self.numbers[request], error, for_good=True)
                self.refused.add(request)
            case _:
                self.journal.failed(self.numbers[request], ServiceUnavailableError("down"), for_good=False)

    @precondition(lambda self: self.entered)
    @rule(data=st.data())
    def finish(self, data: st.DataObject) -> None:
        which = data.draw(st.sampled_from(sorted(self.entered)))
        if which in self.rejected or not set(NEEDS[which]) <= self.answered:
            return
        for number, request in enumerate(NEEDS[which], start=1):
            assert isinstance(self.journal.expect(self.entered[which], number, expected(request)), Done)
        self.journal.made(self.entered[which], len(NEEDS[which]))
        self.journal.finish(self.entered[which])
        self._must_be_whole(which)

    @precondition(lambda self: self.entered)
    @rule(data=st.data(), for_good=st.booleans())
    def give_up(self, data: st.DataObject, for_good: bool) -> None:
        which = data.draw(st.sampled_from(sorted(self.entered)))
        if set(NEEDS[which]) & self.answered:  # it is not what a run does with one that may be done
            return
        self.journal.give_up(self.entered[which], RejectedError("x", ()), for_good=for_good, made_by="1")
        if for_good:
            self.rejected.add(which)
        else:
            self.rejected.discard(which)

    @rule(is_killed=st.booleans())
    def another_process(self, is_killed: bool) -> None:
        """Of a killed one, the files are as they are at that moment: what it wrote last may be beside the journal."""
        self.opened += 1
        place = self.folder / f"{self.opened}.db"
        if is_killed:
            self._copy_to(place)
        self.journal.close()
        if not is_killed:
            self._copy_to(place)
        self.lost += len(self.sent)
        self.sent.clear()
        self._open(place)

    def _copy_to(self, place: Path) -> None:
        for ending in ("", "-wal", "-shm"):
            if (there := self.place.with_name(self.place.name + ending)).exists():
                shutil.copy(there, place.with_name(place.name + ending))

    def _must_be_whole(self, which: int) -> None:
        found = self.journal.embeddings(self.entered[which], "b")
        wanted = [embeddings(r, source="b", request=n) for n, r in enumerate(NEEDS[which], start=1)]
        assert same(found, type(found).joined(wanted))

    @invariant()
    def nothing_is_lost_or_counted_twice(self) -> None:
        status = read_status(self.place)
        assert status.requests.done == len(self.answered)
        assert sum(use.requests for use in status.billed.values()) == len(self.answered)
        assert status.requests.failed == len(self.refused)
        assert status.requests.in_flight == len(self.sent)
        assert status.requests.lost == self.lost
        inputs = status.inputs
        total = inputs.pending + inputs.in_flight + inputs.done + inputs.failed + inputs.failed_for_now
        assert total + (inputs.not_reached or 0) == len(NEEDS)
        assert total == len(self.entered)


Journals.TestCase.settings = settings(max_examples=40, stateful_step_count=30, deadline=None)
TestJournals = Journals.TestCase
