"""`/v1.3/embed-v2/tasks`: embeddings that are made later and fetched (CONTRACT 2).

Creating a task looks at the request and the medium's metadata, and answers 202; what only decoding finds fails the
task. Its result is kept for seven days.
"""

from __future__ import annotations

import re
import secrets
import threading
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Literal

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from preflight.emulator.answer import Examined, examined, timed
from preflight.emulator.assets import Assets
from preflight.emulator.desk import Desk, not_found
from preflight.emulator.intake import Spooled, Taken
from preflight.emulator.judges import Judges
from preflight.emulator.paging import Page, only, stamp, time_of
from preflight.emulator.schema import AssetId, Given, TimedKind, TimedRequest, parse
from preflight.emulator.settings import Settings
from preflight.emulator.shelf import Shelf
from preflight.emulator.wire import Refusal, invalid
from preflight.media import Source
from preflight.payload import base64_length

PATH = "/v1.3/embed-v2/tasks"
KEPT_S = 7 * 86_400.0
# From the list in SDK:types/embedding_task_response_error.py.
UNPROCESSABLE = "We could not process your media for embedding. Please verify the input file and try again."
INCOMPLETE = "The embedding task could not complete processing."
INVALID = "The embedding request was invalid."
UNFETCHED = "failed to fetch or materialize source media"
GONE = "The embedding result is no longer available and cannot be retrieved."

_BESIDES_MEDIA_BYTES = 1_000_000
_LISTED_BY = ("started_at", "ended_at", "status", "page", "page_limit")
_STATUSES = ("processing", "ready", "failed")


@dataclass(slots=True)
class Task:
    """One request, until long after it was answered."""

    task_id: str
    model_name: str
    kind: TimedKind
    created_at: float
    ready_from: float
    """By the emulator's clock."""
    metadata: dict[str, object]
    """What is known of it when it is created; all of it, once it is ready."""
    updated_at: float
    result: Path | None = None
    """JSON of `data`."""
    error: str | None = None

    def status(self, now: float) -> Literal["processing", "ready", "failed"]:
        if (self.result is None and self.error is None) or now < self.ready_from:
            return "processing"
        return "failed" if self.error is not None or now >= self.updated_at + KEPT_S else "ready"

    def fault(self, now: float) -> str:
        """That a result which was kept long enough makes its task a failed one is read from the list of messages,
        where the words for it stand among those of failed tasks.
        """
        return GONE if self.error is None or now >= self.updated_at + KEPT_S else self.error


class Tasks:
    """All of one emulator, by id; and their endpoints."""

    def __init__(self, desk: Desk, assets: Assets, shelf: Shelf, settings: Settings, judges: Judges) -> None:
        self._desk = desk
        self._assets = assets
        self._shelf = shelf
        self._settings = settings
        self._judges = judges
        self._tasks: dict[str, Task] = {}
        self._lock = threading.Lock()
        limits = judges.inline.limits
        inline_bytes = max(limits.audio.max_media_bytes, limits.video.max_media_bytes)
        self._most_bytes = base64_length(inline_bytes) + _BESIDES_MEDIA_BYTES

    def routes(self) -> list[Route]:
        return [
            Route(PATH, self.create, methods=["POST"]),
            Route(PATH, self.listed, methods=["GET"]),
            Route(PATH + "/{task_id}", self.retrieve, methods=["GET"]),
        ]

    async def create(self, request: Request) -> Response:
        self._desk.admit(request)
        async with self._desk.taken(request, self._most_bytes) as taken:
            task = await self._desk.work(partial(self._created, taken))
        shown = {"_id": task.task_id, "status": "processing", "data": None}
        # How the address of `Location` is written, from the root or with the host, is not documented.
        return self._desk.json(
            202, shown, {"Location": f"{PATH}/{task.task_id}", **self._desk.meter.remaining("media")}
        )

    def _created(self, taken: Taken) -> Task:
        model_name = self._judges.inline.limits.model_name
        given = parse(taken.json, model_name=model_name, media=taken.media)
        if not isinstance(given, TimedRequest):
            raise invalid("input_type", "It must be one of: audio, video.")
        self._desk.meter.request("media")
        task_id, media = secrets.token_hex(12), given.media
        try:
            # On disk, so that tasks which wait for their turn take no memory.
            source = self._assets.taken(media, by=task_id) if isinstance(media, AssetId) else self._shelved(media)
            judge = self._judges.by_asset if isinstance(media, AssetId) else self._judges.inline
            found = examined(given, source, judge)
            self._desk.meter.media("media", found.window.duration_s)
        except BaseException:
            self._release(media, None, task_id)
            raise
        now = self._settings.clock()
        metadata: dict[str, object] = {"input_type": given.kind}
        metadata |= {"input_filename": source.name} if isinstance(media, AssetId) else {}
        metadata |= {"embedding_options": given.options, "embedding_scopes": given.scopes}
        metadata |= {"duration": round(found.facts.duration_s or 0.0, 3)}
        ready_from = now + self._settings.processing_s
        task = Task(task_id, model_name, given.kind, now, ready_from, metadata, now)
        with self._lock:
            self._tasks[task_id] = task
        self._desk.later(partial(self._process, task, given, found))
        return task

    def _shelved(self, media: bytes | Spooled) -> Source:
        path = self._shelf.new()
        if isinstance(media, Spooled):
            media.path.rename(path)  # or it would be gone with its request
        else:
            path.write_bytes(media)
        return Source.of(path, name="media")

    def _release(self, media: Given, source: Source | None, task_id: str) -> None:
        if isinstance(media, AssetId):
            self._assets.released(media, by=task_id)
        elif source is not None and source.path is not None:
            source.path.unlink(missing_ok=True)

    def _process(self, task: Task, given: TimedRequest, found: Examined) -> None:
        """In a thread."""
        result, error = None, None
        try:
            if found.source.path is not None and not found.source.path.exists():  # the asset was deleted by force
                error = UNFETCHED
            else:
                answered = timed(given, found)
                metadata = answered["metadata"]
                assert isinstance(metadata, dict)
                task.metadata |= metadata
                result = self._shelf.new()
                result.write_bytes(msgspec.json.encode(answered["data"]))
        except Refusal as refusal:
            broken = re.fullmatch(r"\w+_file_broken", refusal.code)
            error = UNPROCESSABLE if broken else INVALID
        except Exception:  # noqa: BLE001 (whatever it is, the task is over, and says so)
            error = INCOMPLETE
        finally:
            self._release(given.media, found.source, task.task_id)
            task.updated_at = max(self._settings.clock(), task.ready_from)
            task.result, task.error = result, error

    async def retrieve(self, request: Request) -> Response:
        self._desk.admit(request)
        task_id: str = request.path_params["task_id"]
        with self._lock:
            task = self._tasks.get(task_id)
        if task is None:
            raise not_found("tasks", task_id)
        now = self._settings.clock()
        status = task.status(now)
        shown = self._dated(task, now)
        match status:
            case "processing":
                shown["data"] = None
            case "failed":
                shown |= {"data": None, "error": {"message": task.fault(now)}}
            case "ready":
                assert task.result is not None
                shown |= {"data": msgspec.Raw(task.result.read_bytes()), "metadata": task.metadata}
        return self._desk.json(200, {"_id": task.task_id, "status": status, **shown})

    async def listed(self, request: Request) -> Response:
        """Newest first, as assets are: the contract names no order. `started_at` and `ended_at` bound `created_at`
        (SDK:embed/v_2/tasks/client.py: created after, created before); here both are included.
        """
        self._desk.admit(request)
        query = request.query_params
        only(query, _LISTED_BY)
        page = Page.of(query)
        earliest, latest = time_of(query, "started_at"), time_of(query, "ended_at")
        wanted = query.get("status")
        if wanted is not None and wanted not in _STATUSES:
            raise invalid("status", f"It must be one of: {', '.join(_STATUSES)}.")
        now = self._settings.clock()
        with self._lock:
            newest_first = [*reversed(self._tasks.values())]
        found = [
            task
            for task in newest_first
            # As they are shown: in whole seconds.
            if (earliest is None or int(task.created_at) >= earliest)
            and (latest is None or int(task.created_at) <= latest)
            and wanted in (None, task.status(now))
        ]
        shown = [
            {
                "_id": task.task_id,
                "model_name": task.model_name,
                "status": task.status(now),
                **self._dated(task, now),
                f"{task.kind}_embedding": {"metadata": task.metadata},
            }
            for task in page.part_of(found)
        ]
        return self._desk.json(200, {"data": shown, "page_info": page.info(len(found))})

    def _dated(self, task: Task, now: float) -> dict[str, object]:
        changed = task.created_at if task.status(now) == "processing" else task.updated_at
        return {"created_at": stamp(task.created_at), "updated_at": stamp(changed)}
