"""The ASGI application: `POST /v1.3/embed-v2` as the service answers it, from the key to the vectors."""

from __future__ import annotations

import asyncio
import hmac
import os
from weakref import WeakKeyDictionary

import msgspec
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from preflight.emulator import any_kind, invoke
from preflight.emulator.answer import answer
from preflight.emulator.page import page
from preflight.emulator.schema import parse
from preflight.emulator.vectors import DIMENSIONS
from preflight.emulator.wire import Refusal, nested
from preflight.errors import UsageError
from preflight.limits import DEFAULT_PROFILE, Limits
from preflight.limits import Route as Means
from preflight.payload import base64_length
from preflight.pipeline import Preflight

_PATHS: dict[Means, str] = {"sync": "/v1.3/embed-v2", "invoke": "/model/{model_id}/invoke"}
HEADERS = {"X-Emulator": "preflight; not Marengo"}
"""In every answer."""
_BESIDES_MEDIA_BYTES = 1_000_000
"""JSON and texts of a request."""
_DRAINED = 4
"""Times the largest body: how much of a body that is too large is read before it is refused. A client that is
cut off while it still sends sees a broken connection and never the refusal."""


def create_app(*, profile: str = DEFAULT_PROFILE, api_key: str | None = None) -> Starlette:
    """An emulator of embed-v2 that enforces `profile`. **Its vectors are not Marengo's.**

    Without `api_key` any key is accepted, but there must be one; at Bedrock, where requests are signed, none is asked
    for. Raises UsageError for a profile whose requests are not answered at once.
    """
    preflight = Preflight(limits=profile)
    limits = preflight.limits
    if limits.route not in _PATHS:
        raise UsageError(
            f"the emulator answers requests at once; {profile} is of tasks ({limits.endpoint}). Choose another profile."
        )
    service = _Service(preflight, api_key)
    app = Starlette(
        routes=[
            Route("/", service.page),
            Route(_PATHS[limits.route], service.embed, methods=["POST"]),
        ],
        exception_handlers={
            Refusal: _refused,
            HTTPException: _no_such_route,
            ClientDisconnect: _gone,
            Exception: _failed,
        },
    )
    app.state.endpoint = limits.endpoint
    app.router.redirect_slashes = False  # the service has no such address either
    return app


class _Service:
    def __init__(self, preflight: Preflight, api_key: str | None) -> None:
        self._preflight = preflight
        self._api_key = api_key
        self._largest_body = _largest_body(preflight.limits)
        self._busy: WeakKeyDictionary[asyncio.AbstractEventLoop, asyncio.Semaphore] = WeakKeyDictionary()

    async def page(self, _request: Request) -> Response:
        text = page(self._preflight.limits, dimensions=DIMENSIONS, any_key=self._api_key is None)
        return HTMLResponse(text, headers=HEADERS)

    async def embed(self, request: Request) -> Response:
        if self._preflight.limits.route != "invoke":
            self._check_key(request.headers.get("x-api-key", ""))
        if request.headers.get("content-type", "").partition(";")[0].strip().lower() != "application/json":
            raise Refusal(400, "content_type_invalid", "The Content-Type header must be application/json.")
        body = await self._body(request)
        async with self._turn():
            return _json(200, await run_in_threadpool(self._answer, body))

    def _turn(self) -> asyncio.Semaphore:
        """Decoding keeps a core busy; more at once would only hold more media in memory. A semaphore belongs to the
        loop that it first made wait, and an application in a test may see one loop after another.
        """
        return self._busy.setdefault(asyncio.get_running_loop(), asyncio.Semaphore(os.cpu_count() or 1))

    def _check_key(self, given: str) -> None:
        expected = given if self._api_key is None else self._api_key
        if not given or not hmac.compare_digest(given.encode(), expected.encode()):
            raise Refusal(401, "api_key_invalid", "The x-api-key header is missing or its key is invalid.")

    async def _body(self, request: Request) -> bytes:
        chunks, size = [], 0
        async for chunk in request.stream():
            size += len(chunk)
            if size <= self._largest_body:
                chunks.append(chunk)
            elif size > _DRAINED * self._largest_body:
                break
            else:
                chunks.clear()
        if size > self._largest_body:
            most = f"{self._largest_body:,} bytes are the most that any valid request takes."
            raise Refusal(413, "content_too_large", f"The request body is too large: {most}")
        return b"".join(chunks)

    def _answer(self, body: bytes) -> bytes:
        limits = self._preflight.limits
        if limits.route == "invoke":
            return msgspec.json.encode(invoke.in_its_words(answer(invoke.parse(body, limits), self._preflight)))
        if limits.model_name == any_kind.MODEL:
            return msgspec.json.encode(any_kind.answer(any_kind.parse(body), self._preflight))
        return msgspec.json.encode(answer(parse(body, model_name=limits.model_name), self._preflight))


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
    return _json(error.status, msgspec.json.encode(error.body()))


async def _no_such_route(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    code = {404: "not_found", 405: "method_not_allowed"}.get(error.status_code, "request_invalid")
    message = (
        f"{request.method} {request.url.path}: {error.detail}. The emulator has {request.app.state.endpoint} only."
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
