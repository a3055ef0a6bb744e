"""What a double received, for a test to look at."""

from __future__ import annotations

import hashlib
import time
from dataclasses import dataclass, field

import msgspec
import pybase64
from starlette.datastructures import Headers
from starlette.types import Message, Scope

from preflight.errors import UsageError


@dataclass(frozen=True, kw_only=True, slots=True)
class Received:
    """One request that arrived whole, and how it was answered."""

    method: str
    path: str
    """With its query, as it stood in the request."""
    headers: Headers = field(repr=False)  # the API key is among them
    """A mapping that ignores case; `getlist` gives all values of a name."""
    size_bytes: int
    """Of the body, without what chunked transfer adds."""
    sha256: str
    """Of the body, in hexadecimal."""
    body: bytes | None = field(repr=False)
    """None where it is longer than the double's `keep_bytes`: then `sha256` speaks for it."""
    status: int | None
    """What was answered; None as long as nothing is, and where the connection was reset before that."""
    at_s: float
    """When its headers arrived, on the clock of `time.monotonic()`."""

    @property
    def json(self) -> object:
        """The body, decoded. Raises UsageError where it was not kept, or is no JSON."""
        if self.body is None:
            raise UsageError(
                f"the body of {self.size_bytes} bytes was not kept. Compare its sha256, or use "
                f"Double(keep_bytes={self.size_bytes})."
            )
        try:
            value: object = msgspec.json.decode(self.body)
        except (msgspec.MsgspecError, ValueError, RecursionError) as error:
            raise UsageError(f"the body of {self.size_bytes} bytes is not JSON ({error}). See its `body`.") from error
        return value

    @property
    def input_type(self) -> str | None:
        """`text`, `image`, ... as the body has it; None where it has none. Raises UsageError as `json` does."""
        found = _at(self.json, "input_type")
        return found if isinstance(found, str) else None

    @property
    def media(self) -> tuple[bytes, ...]:
        """What was sent as base64, decoded, in order: one for audio, video or an image, several for `multi_input`.

        Raises UsageError as `json` does, and for what is no base64.
        """
        request = _at(self.json, self.input_type or "")
        several = _at(request, "media_sources")
        sources = several if isinstance(several, list) else [_at(request, "media_source")]
        encoded = [text for source in sources if isinstance(text := _at(source, "base64_string"), str)]
        try:
            return tuple(pybase64.b64decode(text, validate=True) for text in encoded)
        except ValueError as error:
            raise UsageError(f"a base64_string of the request is not base64 ({error}). See its `json`.") from error


def _at(value: object, key: str) -> object:
    return value.get(key) if isinstance(value, dict) else None


class Recorder:
    """Takes the ASGI messages of one request, and keeps of its body what may be kept."""

    def __init__(self, scope: Scope, *, keep_bytes: int) -> None:
        self._method: str = scope["method"]
        raw_path: bytes = scope.get("raw_path") or scope["path"].encode()
        query: bytes = scope.get("query_string", b"")
        self._path = (raw_path + (b"?" + query if query else b"")).decode("latin-1")
        self._headers = Headers(raw=list(scope["headers"]))
        self._at_s = time.monotonic()
        self._digest = hashlib.sha256()
        self._keep_bytes = keep_bytes
        # The very chunks that the application gets; begun in vain, they would be held for nothing.
        stated = self._headers.get("content-length", "")
        self._chunks: list[bytes] | None = None if stated.isdecimal() and int(stated) > keep_bytes else []
        self.size_bytes = 0
        self.is_whole = False
        self.is_broken_off = False

    @property
    def is_over(self) -> bool:
        """Nothing follows."""
        return self.is_whole or self.is_broken_off

    def take(self, message: Message) -> None:
        if self.is_whole:
            return
        if message["type"] == "http.disconnect":
            self.is_broken_off = True
            return
        chunk: bytes = message.get("body", b"")
        self.is_whole = not message.get("more_body", False)
        self.size_bytes += len(chunk)
        self._digest.update(chunk)
        if self.size_bytes > self._keep_bytes:
            self._chunks = None
        elif self._chunks is not None:
            self._chunks.append(chunk)

    def received(self) -> Received:
        """Not answered yet."""
        body = None if self._chunks is None else b"".join(self._chunks)
        self._chunks = None
        return Received(
            method=self._method,
            path=self._path,
            headers=self._headers,
            size_bytes=self.size_bytes,
            sha256=self._digest.hexdigest(),
            body=body,
            status=None,
            at_s=self._at_s,
        )
