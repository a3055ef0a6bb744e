"""`/v1.3/embed-v2/tasks`: embeddings of up to four hours in one request, made later and fetched (CONTRACT 2)."""

from __future__ import annotations

import random
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

import msgspec

from preflight.errors import BadResponseError, StillProcessingError, SubmitError, UsageError
from preflight.limits import Route as Means
from preflight.payload import Payload
from preflight.submitter import answer, failure, timeline
from preflight.submitter.decision import GiveUp, decide
from preflight.submitter.doubt import Listed, Sought, recognised
from preflight.submitter.embeddings import Embeddings
from preflight.submitter.memory import Made, Memory, is_gone, task_key
from preflight.submitter.polling import TASK_PACE, Pace, next_poll_s
from preflight.submitter.referring import AssetPayload
from preflight.submitter.service import Body, Response, Service

PATH = "/v1.3/embed-v2/tasks"

# 4 hours in segments of 2 s for three options are 21,600 vectors: about 140 MB of JSON.
_MOST_RESULT_BYTES = 512 * 1024 * 1024
_MOST_LISTED = 50
_PAGES = 20
"""Of the list, when a task is looked for: a thousand tasks since it was asked for."""
_MOST_KNOWN = 10_000
"""Ids of tasks of ours: more than are made in the time that one request takes."""
_SLACK = timedelta(seconds=5)
"""`created_at` and `Date` are in whole seconds, and by clocks of different machines of the service."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Task:
    """As the service last told of it."""

    task_id: str
    status: str
    """processing, ready, failed."""
    error: str | None
    response: Response = field(repr=False)


class _Error(msgspec.Struct, frozen=True):
    message: str = ""


class _Task(msgspec.Struct, frozen=True):
    id: str = msgspec.field(name="_id")
    status: str = "processing"
    error: _Error | None = None


class _Metadata(msgspec.Struct, frozen=True):
    input_filename: str | None = None
    duration: float | None = None


class _Described(msgspec.Struct, frozen=True):
    metadata: _Metadata | None = None


class _ListedTask(msgspec.Struct, frozen=True):
    id: str = msgspec.field(name="_id")
    model_name: str | None = None
    created_at: datetime | None = None
    video_embedding: _Described | None = None
    audio_embedding: _Described | None = None


class _PageInfo(msgspec.Struct, frozen=True):
    total_page: int = 1


class _List(msgspec.Struct, frozen=True):
    data: list[_ListedTask]
    page_info: _PageInfo = _PageInfo()


def create(service: Service, body: Body, *, found: Callable[[], str | None] = lambda: None) -> str:
    """The id of a new task. `found`: looks for one that was made by a request whose answer was lost."""

    def settle() -> Response | None:
        task_id = found()
        if task_id is None:
            return None
        return Response(status=202, headers={}, body=msgspec.json.encode({"_id": task_id, "status": "processing"}))

    # 202 is documented; whatever else made a task must not make another.
    return _read(service.request("POST", PATH, body=body, success=(200, 201, 202), settle=settle)).task_id


def retrieve(service: Service, task_id: str, *, deadline_s: float | None = None) -> Task:
    """How it stands; with its embeddings, once it is ready."""
    where = f"{PATH}/{task_id}"
    return _read(service.request("GET", where, most_answer_bytes=_MOST_RESULT_BYTES, deadline_s=deadline_s))


def listed(service: Service, *, started_at: datetime | None = None) -> Iterator[Listed]:
    """Tasks of the account, page by page; with `started_at`, those that were created after it."""
    since = {"started_at": f"{started_at.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"} if started_at is not None else {}
    for page in range(1, _PAGES + 1):
        query = {**since, "page": str(page), "page_limit": str(_MOST_LISTED)}
        response = service.request("GET", PATH, query=query)
        try:
            found = msgspec.json.decode(response.body, type=_List)
        except (msgspec.MsgspecError, ValueError, RecursionError) as error:
            raise response.unlike(f"its list of tasks is not as documented ({error})") from error
        yield from map(_listed, found.data)
        if page >= found.page_info.total_page or not found.data:
            return


class TasksRoute:
    """Audio and video, of up to four hours, as tasks of `client`.

    `pace` says how often and how long a task is asked for. `is_sole`: nobody else makes tasks in this account
    meanwhile; then a task whose creation was answered by nobody is recognised in the list by the length of its medium.
    Otherwise only one of an asset is, by its name; else another is made, which may be billed twice: the service knows
    no idempotency key. `memory` keeps the id of each task: the next `embed` of the same asks for that one, be it after
    a crash or a deadline, and makes another only where it is gone; results are kept for seven days. `created` is told
    each id, for whoever keeps them otherwise and will `fetch`. `clock` counts seconds, for tests that do not wait.

    Several threads may share one.
    """

    def __init__(
        self,
        client: Service,
        *,
        pace: Pace = TASK_PACE,
        is_sole: bool = False,
        created: Callable[[Payload, str], None] = lambda _payload, _task_id: None,
        memory: Memory | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._client = client
        self._pace = pace
        self._is_sole = is_sole
        self._created = created
        self._memory = memory
        self._clock = clock
        self._known: deque[str] = deque(maxlen=_MOST_KNOWN)
        self._in_flight = 0
        self._lock = threading.Lock()

    @property
    def takes(self) -> frozenset[Means]:
        return frozenset({"sync", "async"})

    def embed(self, payload: Payload, *, request: int = 1) -> Embeddings:
        """As `Client.embed`: vectors on the source's own timeline.

        A task that failed for a trouble that may pass is made again, as often as the client's patience allows.
        Raises what `Client.embed` does; UsageError for a text or an image; StillProcessingError at the deadline.
        """
        if payload.input_type not in ("audio", "video"):
            raise UsageError(
                f"tasks take audio and video, not {payload.input_type}. Send it through the client itself."
            )
        if (task := self._recalled(payload)) is not None and task.status == "ready":
            try:
                return _placed(task, payload, request, 0)
            except BadResponseError:  # not for the first time: it would be no better ever after
                self._forget(payload)
                raise
        began, retried = self._clock(), 0
        while True:
            if task is None:
                task_id = self._made(payload)
                if self._memory is not None:
                    self._memory.remember(task_key(payload), Made(task_id))
                self._created(payload, task_id)
                task = self._waited_for(task_id)
            if task.status == "ready":
                return _placed(task, payload, request, retried)
            self._forget(payload)
            self._made_again_or_raise(task, payload, retried, self._clock() - began)
            retried += 1
            task = None

    def fetch(self, task_id: str, payload: Payload, *, request: int = 1) -> Embeddings:
        """The embeddings of a task that was created before, for this payload. Raises as `embed` does; it makes none."""
        task = self._waited_for(task_id)
        if task.status != "ready":
            raise self._failure(task, payload).error(task_id, retried=0)
        return _placed(task, payload, request, 0)

    def _recalled(self, payload: Payload) -> Task | None:
        """The task that was made for this before, ready or failed; None where there is none."""
        made = self._memory.recall(task_key(payload)) if self._memory is not None else None
        if made is None:
            return None
        try:
            return self._waited_for(made.identifier)
        except SubmitError as error:
            if not is_gone(error):
                raise
        self._forget(payload)
        return None

    def _forget(self, payload: Payload) -> None:
        if self._memory is not None:
            self._memory.forget(task_key(payload))

    def _made(self, payload: Payload) -> str:
        began = self._clock()
        filenames = payload.filenames if isinstance(payload, AssetPayload) else ()
        with self._lock:
            self._in_flight += 1
            was_alone = self._in_flight == 1

        def found() -> str | None:
            """Another of ours that is on its way might be of the same length."""
            with self._lock:
                is_alone = was_alone and self._in_flight == 1
                known = frozenset(self._known)
            sought = Sought(
                kind=payload.input_type,
                earliest=self._service_time() - timedelta(seconds=self._clock() - began) - _SLACK,
                filename=filenames[0] if filenames else None,
                duration_s=payload.span.duration_s if payload.span is not None else None,
            )
            return recognised(
                listed(self._client, started_at=sought.earliest),
                sought,
                known=known,
                is_sole=self._is_sole and is_alone,
            )

        try:
            task_id = create(self._client, Body.of(payload), found=found)
        finally:
            with self._lock:
                self._in_flight -= 1
        with self._lock:
            self._known.append(task_id)
        return task_id

    def _service_time(self) -> datetime:
        """By the service's own clock: ours may be off by more than a task takes."""
        response = self._client.request("GET", PATH, query={"page": "1", "page_limit": "1"})
        try:
            date = parsedate_to_datetime(response.headers.get("date", ""))
            return date if date.tzinfo else date.replace(tzinfo=UTC)
        except (ValueError, TypeError, IndexError):
            return datetime.now(UTC)

    def _waited_for(self, task_id: str) -> Task:
        """Ready or failed."""
        began, polled = self._clock(), 0
        while True:
            left_s = max(1.0, self._pace.deadline_s - (self._clock() - began))
            task = retrieve(self._client, task_id, deadline_s=left_s)
            if task.status in ("ready", "failed"):
                return task
            polled += 1
            wait_s = next_poll_s(
                self._pace,
                polled=polled,
                elapsed_s=self._clock() - began,
                jitter=random.random(),  # noqa: S311 (spreads questions, guards nothing)
            )
            if wait_s is None:
                raise StillProcessingError("task", task_id, waited_s=self._pace.deadline_s)
            self._client.pause(wait_s)

    def _failure(self, task: Task, payload: Payload) -> failure.Failure:
        return failure.read(self._client.shown(task.error or ""), kind=payload.input_type)

    def _made_again_or_raise(self, task: Task, payload: Payload, retried: int, elapsed_s: float) -> None:
        failed = self._failure(task, payload)
        decision = decide(
            failed.patience(self._client.patience),
            failed.outcome(),
            retried=retried,
            elapsed_s=elapsed_s,
            now=time.time(),
            jitter=random.random(),  # noqa: S311
        )
        if isinstance(decision, GiveUp):
            raise failed.error(task.task_id, retried=retried) from None
        self._client.pause(getattr(decision, "after_s", 0.0))


def _read(response: Response) -> Task:
    try:
        told = msgspec.json.decode(response.body, type=_Task)
    except (msgspec.MsgspecError, ValueError, RecursionError) as error:
        raise response.unlike(f"its task is not as documented ({error})") from error
    # It becomes part of a path.
    if not told.id.isascii() or not told.id.replace("-", "").replace("_", "").isalnum():
        raise response.unlike("the id of its task is none")
    message = told.error.message if told.error is not None else None
    return Task(task_id=told.id, status=told.status, error=message, response=response)


def _listed(told: _ListedTask) -> Listed:
    kind, described = ("video", told.video_embedding) if told.video_embedding else ("audio", told.audio_embedding)
    metadata = (described.metadata if described is not None else None) or _Metadata()
    return Listed(
        task_id=told.id,
        model_name=told.model_name,
        kind=kind if described is not None else None,
        created_at=told.created_at,
        filename=metadata.input_filename,
        duration_s=metadata.duration,
    )


def _placed(task: Task, payload: Payload, request: int, retried: int) -> Embeddings:
    return timeline.place_answer(answer.read(task.response.body, retried=retried), payload, request=request)
