"""The ASGI application: embed-v2, its tasks and the assets that both refer to, as the service answers them."""

from __future__ import annotations

import asyncio
import hmac
import os
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from functools import partial
from typing import TypeVar
from weakref import WeakKeyDictionary

import msgspec
from anyio import from_thread, to_thread
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from preflight.emulator import any_kind, invoke
from preflight.emulator.answer import answer
from preflight.emulator.assets import Assets
from preflight.emulator.intake import Intake, Taken
from preflight.emulator.judges import of_requests, of_tasks
from preflight.emulator.meter import Meter, group_of
from preflight.emulator.page import page
from preflight.emulator.schema import Request as GivenRequest
from preflight.emulator.schema import parse
from preflight.emulator.settings import Settings
from preflight.emulator.shelf import Shelf
from preflight.emulator.tally import DIGEST, TALLY_PATH, Tally, digest_of
from preflight.emulator.tasks import Tasks
from preflight.emulator.uploads import Uploads
from preflight.emulator.vectors import DIMENSIONS
from preflight.emulator.wire import Refusal, nested
from preflight.limits import DEFAULT_PROFILE, Limits
from preflight.limits import Route as Means
from preflight.payload import base64_length
from preflight.pipeline import Preflight

T = TypeVar("T")

_PATHS: dict[Means, str] = {"sync": "/v1.3/embed-v2", "invoke": "/model/{model_id}/invoke"}
HEADERS = {"X-Emulator": "preflight; not Marengo"}
"""In every answer."""
_UPLOADS = ("/v1.3/assets", "/v1.3/assets/multipart-uploads")
"""What begins one."""
_BESIDES_MEDIA_BYTES = 1_000_000
"""JSON and texts of a request."""
_DRAINED = 4
"""Times the largest body: how much of a body that is too large is read before it is refused. A client that is
cut off while it still sends sees a broken connection and never the refusal."""


def create_app(
    *, profile: str = DEFAULT_PROFILE, api_key: str | None = None, settings: Settings | None = None
) -> Starlette:
    """An emulator of embed-v2 that enforces `profile`. **Its vectors are not Marengo's.**

    Without `api_key` any key is accepted, but there must be one; at Bedrock, where requests are signed, none is asked
    for. `settings` are of tasks and assets, which have limits of their own. What is uploaded lies in a folder that is
    gone with the application. Tasks are judged as their profiles have it, whatever `profile` is; where it is one of
    them, so is what is answered at once, by the default profile: it is one service. Raises UsageError for an unknown
    profile.
    """
    preflight = Preflight(limits=profile)
    if preflight.limits.route not in _PATHS:
        preflight = Preflight(limits=DEFAULT_PROFILE)
    limits = preflight.limits
    service = _Service(preflight, api_key, settings or Settings())
    app = Starlette(
        routes=[
            Route("/", service.page),
            Route(TALLY_PATH, service.counts),
            Route(_PATHS[limits.route], service.embed, methods=["POST"]),
            *service.tasks.routes(),
            *service.uploads.routes(),
            *service.assets.routes(),
        ],
        exception_handlers={
            Refusal: _refused,
            HTTPException: _no_such_route,
            ClientDisconnect: _gone,
            Exception: _failed,
        },
    )
    app.state.tally = service.tally
    app.state.endpoint = limits.endpoint
    app.router.redirect_slashes = False  # the service has no such address either
    return app


class _Service:
    """What its own endpoint and those of tasks and assets (see Desk) have in common."""

    def __init__(self, preflight: Preflight, api_key: str | None, settings: Settings) -> None:
        self._preflight = preflight
        self._of_assets = of_requests(preflight.limits).by_asset
        self._api_key = api_key
        self.tally = Tally()
        self.meter = Meter(settings.rates, style=settings.rate_style, clock=settings.clock)
        self._shelf = shelf = Shelf()
        self.assets = Assets(self, shelf, settings)
        self.uploads = Uploads(self, self.assets, shelf, settings)
        self.tasks = Tasks(self, self.assets, shelf, settings, of_tasks())
        self._unfinished: set[asyncio.Task[None]] = set()
        self._largest_body = _largest_body(preflight.limits)
        self._busy: WeakKeyDictionary[asyncio.AbstractEventLoop, asyncio.Semaphore] = WeakKeyDictionary()

    async def page(self, _request: Request) -> Response:
        text = page(self._preflight.limits, dimensions=DIMENSIONS, any_key=self._api_key is None)
        return HTMLResponse(text, headers=HEADERS)

    async def embed(self, request: Request) -> Response:
        self.admit(request)
        async with self.taken(request, self._largest_body) as taken:
            self.tally.arrived()
            answered, given = await self.work(partial(self._answer, taken))
        digest = digest_of(given)
        self.tally.embedded(digest)
        request.scope[DIGEST] = digest
        response = _json(200, answered)
        response.headers.update(self.meter.remaining(group_of(given)))
        return response

    async def counts(self, _request: Request) -> Response:
        return self.json(200, self.tally.shown())

    def admit(self, request: Request) -> None:
        if self._preflight.limits.route != "invoke":
            self._check_key(request.headers.get("x-api-key", ""))
        if request.method == "POST" and request.url.path in _UPLOADS:
            self.meter.request("upload")

    async def body(self, request: Request, most_bytes: int) -> bytes:
        _require_json(request)
        chunks: list[bytes] = []
        await _fed(request, most_bytes, chunks.append)
        return b"".join(chunks)

    @asynccontextmanager
    async def taken(self, request: Request, most_bytes: int) -> AsyncIterator[Taken]:
        _require_json(request)
        intake = Intake(self._shelf.new)
        try:
            await _fed(request, most_bytes, intake.feed)
        except BaseException:
            intake.abandon()
            raise
        taken = intake.finish()
        try:
            yield taken
        finally:
            taken.close()

    async def work(self, function: Callable[[], T]) -> T:
        async with self._turn():
            return await run_in_threadpool(function)

    def later(self, function: Callable[[], None]) -> None:
        """Called from the loop or from one of its threads."""
        try:
            self._begin(function)
        except RuntimeError:  # no loop in this thread
            from_thread.run_sync(self._begin, function)

    def _begin(self, function: Callable[[], None]) -> None:
        begun = asyncio.get_running_loop().create_task(self._in_turn(function))
        self._unfinished.add(begun)  # or it could be collected half-way
        begun.add_done_callback(self._unfinished.discard)

    async def _in_turn(self, function: Callable[[], None]) -> None:
        async with self._turn():
            # A server that stops does not wait for it.
            await to_thread.run_sync(function, abandon_on_cancel=True)

    def json(self, status: int, value: object, headers: Mapping[str, str] | None = None) -> Response:
        if value is None:
            return Response(status_code=status, headers=HEADERS | dict(headers or {}))
        response = _json(status, msgspec.json.encode(value))
        response.headers.update(headers or {})
        return response

    def _turn(self) -> asyncio.Semaphore:
        """Decoding keeps a core busy; more at once would only hold more media in memory. A semaphore belongs to the
        loop that it first made wait, and an application in a test may see one loop after another.
        """
        return self._busy.setdefault(asyncio.get_running_loop(), asyncio.Semaphore(os.cpu_count() or 1))

    def _check_key(self, given: str) -> None:
        expected = given if self._api_key is None else self._api_key
        if not given or not hmac.compare_digest(given.encode(), expected.encode()):
            raise Refusal(401, "api_key_invalid", "The x-api-key header is missing or its key is invalid.")

    def _answer(self, taken: Taken) -> tuple[bytes, GivenRequest | any_kind.AnyKindRequest]:
        """And the request."""
        limits = self._preflight.limits
        if limits.model_name == any_kind.MODEL:
            of_any = any_kind.parse(taken.json, taken.media)
            self.meter.request(group_of(of_any))
            return msgspec.json.encode(any_kind.answer(of_any, self._preflight, stored=self.assets.taken)), of_any
        request = (
            invoke.parse(taken.json, limits, taken.media)
            if limits.route == "invoke"
            else parse(taken.json, model_name=limits.model_name, media=taken.media)
        )
        group = group_of(request)
        self.meter.request(group)
        answered = answer(
            request,
            self._preflight,
            stored=self.assets.taken,
            of_assets=self._of_assets,
            admit=partial(self.meter.media, group),
        )
        return msgspec.json.encode(invoke.in_its_words(answered) if limits.route == "invoke" else answered), request


def _require_json(request: Request) -> None:
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != "application/json":
        raise Refusal(400, "content_type_invalid", "The Content-Type header must be application/json.")


async def _fed(request: Request, most_bytes: int, take: Callable[[bytes], object]) -> None:
    """A body of at most so many bytes. Raises Refusal (413), once a longer one was read."""
    size = 0
    async for chunk in request.stream():
        size += len(chunk)
        if size <= most_bytes:
            take(chunk)
        elif size > _DRAINED * most_bytes:
            break
    if size > most_bytes:
        most = f"{most_bytes:,} bytes are the most that any valid request takes."
        raise Refusal(413, "content_too_large", f"The request body is too large: {most}")


def _largest_body(limits: Limits) -> int:
    """The service's own cap is not documented but for Bedrock; elsewhere this is the first size that no valid request
    can have.
    """
    if limits.request.max_body_bytes is not None:
        return limits.request.max_body_bytes.value
    timed = max(limits.audio.max_media_bytes, limits.video.max_media_bytes)
    media = {
        "image": limits.image.max_file_bytes.value,
        "audio": timed,
        "video": timed,
        "document": limits.document.max_file_bytes.value,
    }
    each = max(media[kind] for kind in limits.request.media_types.value)
    several = limits.request.max_sources.value * base64_length(each)
    return max(several, base64_length(timed)) + _BESIDES_MEDIA_BYTES


def _json(status: int, body: bytes) -> Response:
    return Response(body, status, HEADERS, "application/json")


async def _refused(_request: Request, error: Exception) -> Response:
    assert isinstance(error, Refusal)
    response = _json(error.status, msgspec.json.encode(error.body()))
    response.headers.update(error.headers)
    return response


async def _no_such_route(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    code = {404: "not_found", 405: "method_not_allowed"}.get(error.status_code, "request_invalid")
    message = (
        f"{request.method} {request.url.path}: {error.detail}. The emulator has {request.app.state.endpoint}, tasks, "
        "and assets."
    )
    response = await _refused(request, Refusal(error.status_code, code, message))
    response.headers.update(error.headers or {})
    return response


async def _gone(_request: Request, _error: Exception) -> Response:
    return Response(status_code=499)  # nobody is left to read it


async def _failed(_request: Request, _error: Exception) -> Response:
    """A defect of ours. Starlette raises it again after this, so that the server logs its traceback."""
    message = "Something went wrong inside the emulator. This is a defect of preflight: please report it."
    return _json(500, msgspec.json.encode(nested("INTERNAL_SERVER_ERROR", message)))
