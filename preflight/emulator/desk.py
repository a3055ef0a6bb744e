"""What all endpoints have in common, as those of tasks and assets see it; and what a medium in a request may be."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractAsyncContextManager
from typing import Protocol, TypeVar

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from preflight.emulator.intake import Taken
from preflight.emulator.meter import Meter
from preflight.emulator.wire import Refusal

T = TypeVar("T")


class Desk(Protocol):
    """The application."""

    @property
    def meter(self) -> Meter:
        """Of all endpoints together."""

    def admit(self, request: Request) -> None:
        """Raises Refusal (401) for a wrong key."""

    async def body(self, request: Request, most_bytes: int) -> bytes:
        """Of a request in JSON. Raises Refusal: 400 for another type, 413 for more bytes than any valid request has."""

    def taken(self, request: Request, most_bytes: int) -> AbstractAsyncContextManager[Taken]:
        """The same, its media decoded; they are gone at the end of the block."""

    async def work(self, function: Callable[[], T]) -> T:
        """In a thread, when it is its turn."""

    def later(self, function: Callable[[], None]) -> None:
        """The same, without being waited for. `function` raises nothing."""

    def json(self, status: int, value: object, headers: Mapping[str, str] | None = None) -> Response:
        """None as `value`: without a body."""


def not_found(what: str, identifier: str) -> Refusal:
    return Refusal(404, "resource_not_exist", f"Resource with id `{identifier}` does not exist in `{what}`.")


def json_object(body: bytes) -> dict[str, object]:
    """Raises Refusal (400)."""
    try:
        value: object = msgspec.json.decode(body)
    except (msgspec.MsgspecError, ValueError, RecursionError) as error:
        raise Refusal(400, "parameter_invalid", f"The request body is not valid JSON ({error}).") from error
    if not isinstance(value, dict):
        raise Refusal(400, "parameter_invalid", "The request body must be a JSON object.")
    return value
