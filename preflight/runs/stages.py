"""What each thread of a run does: reads and probes inputs, makes what takes long, uploads.

inputs ──read──▶ known from the journal ─────────────────────▶ settled
             ├─▶ texts, images, recordings as they are ──┐
             └─▶ recordings to be cut or encoded ──make──┴──▶ requests ──upload (several)──▶ settled
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass
from typing import TYPE_CHECKING

from preflight.errors import PreflightError, RejectedError, UnreadableError
from preflight.inputs import Input, Opened, opened_once
from preflight.media import Kind
from preflight.payload import Payload
from preflight.pipeline import Preflight
from preflight.planner.route import Wish
from preflight.routing import route
from preflight.rules import Report
from preflight.runs import identity
from preflight.runs.board import Abandoned, Board, Stopped
from preflight.runs.fate import fate_of
from preflight.runs.outage import Outage
from preflight.runs.work import Item, Work, memory_of
from preflight.submitter.journal import Done, Expected, Failed, Journal, Origin
from preflight.submitter.waits import Wait, heard_by

if TYPE_CHECKING:
    from preflight.submitter import Embeddings
    from preflight.submitter.route import Route


@dataclass(frozen=True, kw_only=True, slots=True)
class Stages:
    """Each method without an underscore is the work of one thread, from the beginning of the run to its end."""

    board: Board
    preflight: Preflight
    """That tells the board how far it is."""
    client: Route
    journal: Journal | None
    route: str
    wish: Wish
    kind: Kind | None
    settings: bytes
    outage: Outage

    def guarded(self, stage: Callable[[], None]) -> None:
        """What nobody foresaw ends the run, and is raised where it is iterated."""
        try:
            stage()
        except Stopped:
            pass
        except BaseException as error:  # noqa: BLE001 (raised again, in another thread)
            self.board.stop(error)

    def read(self, inputs: Iterable[Input]) -> None:
        """One input after the other; what is quick to make is made here, so that it need not wait for an encode."""
        for given in inputs:
            opened = opened_once(given)
            try:
                held_bytes = identity.held_bytes(opened)
            except PreflightError:  # which is told when it is read
                held_bytes = 0
            position = self.board.admit(held_bytes)
            work = Work(name=opened.name, opened=opened, places=[(position, opened.name)], held_bytes=held_bytes)
            try:
                if self._is_new(work, opened, position):
                    self.board.start(work)
                    self._begin(work, opened)
            except PreflightError as error:
                self._fail(work, error)
        self.board.all_came()

    def make_long(self) -> None:
        """One recording after the other: an encode takes all cores by itself."""
        while True:
            work = self.board.take_long()
            self._make(work)
            self.board.made_long()

    def upload(self) -> None:
        """One request after the other; several threads do this."""
        while True:
            item = self.board.take()
            try:
                self._send(item)
            finally:
                self.board.landed(item)

    def _is_new(self, work: Work, opened: Opened, position: int) -> bool:
        """Whether it is to be worked on: not what the journal knows, nor what is being worked on at another place."""
        if self.journal is None:
            return True
        try:
            work.state = identity.state_of(opened)
            key = identity.input_key(opened, self.settings, self.board.check)
        except PreflightError as error:
            report = self.preflight.check(opened, kind=self.kind)
            # As it is said without a journal.
            said = RejectedError(work.name, report.errors) if report.verdict == "rejected" else error
            self.journal.unread(position, said)
            raise said from error
        if (same := self.board.at_it(key, position, work.name)) is not None:
            assert same.input_id is not None
            self.journal.again(position, same.input_id)
            self.board.not_held(work)
            return False
        known = self.journal.enter(position, key, work.name, made_by=identity.made_by(work.name))
        work.key, work.input_id = key, known.id
        match known:
            case Done():
                work.is_over = True
                self.board.settle(work, work)
            case Failed(failure=failure):
                work.is_over = True
                self.board.settle(work, failure.error(work.name))
        return not work.is_over

    def _begin(self, work: Work, opened: Opened) -> None:
        work.report = self.preflight.check(opened, kind=self.kind)
        if work.report.kind in ("audio", "video") and work.report.verdict == "fixable":
            self.board.put_long(work)
        else:
            self._make(work)

    def _make(self, work: Work) -> None:
        """All its requests, handed on as they come."""
        assert work.opened is not None
        opened, number = work.opened, 0
        try:
            prepared = self._prepared(opened, work.report)
            with closing(prepared):  # type: ignore[type-var]  # a generator, whose threads end where it is closed
                for number, payload in enumerate(prepared, start=1):
                    self._hand_on(work, number, payload)
            if self.journal is not None:
                if identity.state_of(opened) != work.state:
                    raise _changed(work.name)
                assert work.input_id is not None
                self.journal.made(work.input_id, number)
        except Abandoned:
            return
        except PreflightError as error:
            self._fail(work, error)
        else:
            self._finish(work, made=True)

    def _prepared(self, opened: Opened, report: Report | None) -> Iterator[Payload]:
        if self.wish == "sync":
            return self.preflight.prepare(opened, kind=self.kind, report=report)
        return route(self.preflight, opened, kind=self.kind, wish=self.wish, report=report).prepare()

    def _hand_on(self, work: Work, number: int, payload: Payload) -> None:
        """Raises Abandoned where the input has failed meanwhile, and what is known of the request from the journal."""
        item = Item(payload=payload, number=number, works=[work], held_bytes=memory_of(payload))
        if self.journal is None:
            self.board.want(item)
            self.board.put(item)
            return
        assert work.input_id is not None
        item.state = _state_of(payload)
        item.key = identity.request_key(payload, self.route)
        is_first = self.board.want(item)
        span = payload.span
        known = self.journal.expect(
            work.input_id,
            number,
            Expected(
                key=item.key,
                input_type=payload.input_type,
                media_s=span.duration_s if span is not None else None,
                start_s=item.start_s,
                origin=Origin.of(payload),
            ),
        )
        if not is_first:
            return  # whoever sends it tells this input, too
        item.request_id = known.id
        match known:
            case Done():
                self._answered(item, None)
            case Failed(failure=failure):
                self._failed(item, failure.error(work.name))
            case _:
                self.board.put(item)

    def _send(self, item: Item) -> None:
        if self.journal is not None:
            assert item.request_id is not None
            self.journal.begin(item.request_id)
        try:
            with heard_by(_Waiting(self.board, self.journal, item)):
                embeddings = self.client.embed(item.payload, request=item.number)
            if self.journal is not None and _state_of(item.payload) != item.state:
                raise _changed(item.payload.source)  # or this would be remembered as the answer to other bytes
        except PreflightError as error:
            if self.journal is not None and item.request_id is not None:
                self.journal.failed(item.request_id, error, for_good=fate_of(error) == "for good")
            if self._failed(item, error) and (ended := self.outage.failed(error)) is not None:
                self.board.stop(ended)
            return
        if self.journal is not None and item.request_id is not None:
            self.journal.answered(item.request_id, embeddings, start_s=item.start_s)
        self.outage.heard()
        self._answered(item, embeddings)

    def _answered(self, item: Item, embeddings: Embeddings | None) -> None:
        """None: the journal had its answer."""
        if self.journal is None and embeddings is not None:
            item.works[0].parts[item.number] = embeddings
        for work in self.board.answered(item, sent=embeddings is not None):
            self._finish(work)

    def _finish(self, work: Work, *, made: bool = False) -> None:
        if not self.board.is_answered(work, made=made):
            return
        if self.journal is not None:
            assert work.input_id is not None
            self.journal.finish(work.input_id)
        self.board.settle(work, work)

    def _failed(self, item: Item, error: PreflightError) -> bool:
        """Whether an input failed by it that had not before."""
        failed = [self._fail(work, error) for work in self.board.failed(item)]  # each of them
        return any(failed)

    def _fail(self, work: Work, error: PreflightError) -> bool:
        """Whether it had not failed before."""
        fate = fate_of(error)
        if fate == "ends the run":
            self.board.stop(error)
            return False
        if not self.board.is_given_up(work):
            return False
        if self.journal is not None and work.input_id is not None:
            made_by = identity.made_by(work.name)
            self.journal.give_up(work.input_id, error, for_good=fate == "for good", made_by=made_by)
        self.board.settle(work, error)
        return True


@dataclass(frozen=True, slots=True)
class _Waiting:
    """What a client says of one request."""

    board: Board
    journal: Journal | None
    item: Item

    def waits(self, wait: Wait) -> None:
        if self.journal is not None and self.item.request_id is not None and not wait.is_open:
            self.journal.held(self.item.request_id)
        self.board.waits(self.item, wait)

    def goes_on(self) -> None:
        self.board.waits(self.item, None)
        if self.journal is not None and self.item.request_id is not None:
            self.journal.begin(self.item.request_id)

    def sleep(self, seconds: float) -> None:
        self.board.sleep(seconds)


def _state_of(payload: Payload) -> tuple[tuple[int, int], ...]:
    return tuple(state for medium in payload.media for state in identity.state_of(medium.source))


def _changed(name: str) -> UnreadableError:
    return UnreadableError(f"{name} was written to while it was worked on. Run it again.")
