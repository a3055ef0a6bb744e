"""`/v1.3/assets/multipart-uploads`: a large file in chunks, each to a presigned URL (CONTRACT 6).

The contract names what is answered and the paths are those of the official SDK (multipart_upload/raw_client.py):
POST and GET of `multipart-uploads`, POST (report chunks) and GET (status) of one, POST of its `presigned-urls`.
Statuses of success are not documented but for being 2xx. The URLs lead back here, to `/uploads/...`: they ask for no
key, as those of S3 do not, and refuse in XML.
"""

from __future__ import annotations

import hashlib
import secrets
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal
from xml.sax.saxutils import escape

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from preflight.emulator.assets import IMAGE_MOST_BYTES, Asset, Assets, too_large
from preflight.emulator.desk import Desk, json_object, not_found
from preflight.emulator.paging import Page, only, stamp
from preflight.emulator.settings import Settings
from preflight.emulator.shelf import Shelf
from preflight.emulator.wire import Refusal, invalid, missing, unknown

MOST_BYTES: Mapping[str, int] = {"video": 10_000_000_000, "audio": 10_000_000_000, "image": IMAGE_MOST_BYTES}
_SESSION_S = 24 * 3600.0
_URL_S = 3600.0
_MOST_URLS = 50
_MOST_CHUNKS = 10_000
_HEADERS = {"Content-Type": "application/octet-stream"}
"""`upload_headers`: what they hold is not documented; these are signed, so that a client that leaves them out fails."""


@dataclass(slots=True)
class Chunk:
    """One part of a file, by its index from 1."""

    size_bytes: int
    signature: str = ""
    url_expires_at: float = 0.0
    etag: str | None = None
    """Of what was last put, and not of what was reported."""
    put_bytes: int = 0
    reported_at: float | None = None


@dataclass(slots=True)
class Upload:
    upload_id: str
    asset: Asset
    total_bytes: int
    chunk_bytes: int
    created_at: float
    chunks: dict[int, Chunk] = field(default_factory=dict)

    @property
    def reported(self) -> list[Chunk]:
        return [chunk for chunk in self.chunks.values() if chunk.reported_at is not None]

    def status(self, now: float) -> Literal["active", "completed", "expired"]:
        if len(self.reported) == len(self.chunks):
            return "completed"
        return "expired" if now >= self.created_at + _SESSION_S else "active"


class Uploads:
    """All of one emulator, by id; and their endpoints."""

    def __init__(self, desk: Desk, assets: Assets, shelf: Shelf, settings: Settings) -> None:
        self._desk = desk
        self._assets = assets
        self._shelf = shelf
        self._settings = settings
        self._uploads: dict[str, Upload] = {}
        self._lock = threading.Lock()

    def routes(self) -> list[Route]:
        home = "/v1.3/assets/multipart-uploads"
        return [
            Route(home, self.create, methods=["POST"]),
            Route(home, self.listed, methods=["GET"]),
            Route(home + "/{upload_id}", self.report, methods=["POST"]),
            Route(home + "/{upload_id}", self.retrieve, methods=["GET"]),
            Route(home + "/{upload_id}/presigned-urls", self.more_urls, methods=["POST"]),
            Route("/uploads/{upload_id}/{index:int}", self.put, methods=["PUT"]),
        ]

    async def create(self, request: Request) -> Response:
        self._desk.admit(request)
        given = json_object(await self._desk.body(request, 64 * 1024))
        known = ("filename", "type", "total_size", "enable_hls", "enable_thumbnail", "user_metadata")
        if strangers := [key for key in given if key not in known]:
            raise unknown(strangers)
        filename, kind = _text(given, "filename"), _text(given, "type")
        total_bytes = _whole(given, "total_size")
        if kind not in MOST_BYTES:
            raise invalid("type", f"It must be one of: {', '.join(MOST_BYTES)}.")
        if total_bytes < 1:
            raise invalid("total_size", "It must be 1 or more.")
        if total_bytes > MOST_BYTES[kind]:
            raise too_large(MOST_BYTES[kind])
        metadata = given.get("user_metadata")
        if metadata is not None and not isinstance(metadata, dict):
            raise invalid("user_metadata", "It must be an object.")
        path = self._shelf.new()
        path.touch()
        asset = self._assets.add("multipart", filename, path, user_metadata=metadata)
        chunk_bytes = max(self._settings.chunk_bytes, -(-total_bytes // _MOST_CHUNKS))
        now = self._settings.clock()
        upload = Upload(secrets.token_hex(12), asset, total_bytes, chunk_bytes, now)
        for index, start in enumerate(range(0, total_bytes, chunk_bytes), start=1):
            upload.chunks[index] = Chunk(min(chunk_bytes, total_bytes - start))
        with self._lock:
            self._uploads[upload.upload_id] = upload
            urls = self._signed(request, upload, 1, min(self._settings.first_urls, len(upload.chunks)))
        answer = {
            "upload_id": upload.upload_id,
            "asset_id": asset.asset_id,
            "upload_urls": urls,
            "upload_headers": _HEADERS,
            "chunk_size": chunk_bytes,
            "total_chunks": len(upload.chunks),
            "expires_at": stamp(now + _SESSION_S),
        }
        return self._desk.json(201, answer)

    async def listed(self, request: Request) -> Response:
        """Those that are not complete."""
        self._desk.admit(request)
        only(request.query_params, ("page", "page_limit"))
        page = Page.of(request.query_params)
        now = self._settings.clock()
        with self._lock:
            found = [upload for upload in reversed(self._uploads.values()) if upload.status(now) != "completed"]
            shown = [
                {
                    "upload_id": upload.upload_id,
                    "status": upload.status(now),
                    "total_size": upload.total_bytes,
                    "chunk_size": upload.chunk_bytes,
                    "total_chunks": len(upload.chunks),
                    "created_at": stamp(upload.created_at),
                    "expires_at": stamp(upload.created_at + _SESSION_S),
                }
                for upload in found
                if upload in page.part_of(found)
            ]
        return self._desk.json(200, {"data": shown, "page_info": page.info(len(found))})

    async def retrieve(self, request: Request) -> Response:
        self._desk.admit(request)
        only(request.query_params, ("page", "page_limit"))
        page = Page.of(request.query_params)
        now = self._settings.clock()
        with self._lock:
            upload = self._of(request)
            done, status = upload.reported, upload.status(now)
            shown = [_status_of(index, upload.chunks[index]) for index in page.part_of([*upload.chunks])]
        answer = {
            "upload_id": upload.upload_id,
            "status": status,
            "uploaded_chunks": shown,
            "chunks_completed": len(done),
            "chunks_failed": 0,
            "chunks_pending": len(upload.chunks) - len(done),
            "page_info": page.info(len(upload.chunks)),
            "total_size": upload.total_bytes,
            "uploaded_size": sum(chunk.size_bytes for chunk in done),
            "created_at": stamp(upload.created_at),
        }
        return self._desk.json(200, answer)

    async def more_urls(self, request: Request) -> Response:
        self._desk.admit(request)
        given = json_object(await self._desk.body(request, 64 * 1024))
        if strangers := [key for key in given if key not in ("start", "count")]:
            raise unknown(strangers)
        start, count = _whole(given, "start"), _whole(given, "count")
        now = self._settings.clock()
        with self._lock:
            upload = self._active(request, now)
            if not 1 <= count <= _MOST_URLS:
                raise invalid("count", f"It must be an integer from 1 to {_MOST_URLS}.")
            if not 1 <= start <= start + count - 1 <= len(upload.chunks):
                raise invalid("start", f"The upload has {len(upload.chunks)} chunks, counted from 1.")
            urls = self._signed(request, upload, start, count)
        answer = {
            "upload_id": upload.upload_id,
            "start_index": start,
            "count": count,
            "upload_urls": urls,
            "generated_at": stamp(now),
            "expires_at": stamp(now + _URL_S),
        }
        return self._desk.json(200, answer)

    def _signed(self, request: Request, upload: Upload, start: int, count: int) -> list[dict[str, object]]:
        """New URLs; those that these chunks had before are void."""
        expires_at = self._settings.clock() + _URL_S
        urls: list[dict[str, object]] = []
        for index in range(start, start + count):
            chunk = upload.chunks[index]
            chunk.signature, chunk.url_expires_at = secrets.token_urlsafe(18), expires_at
            url = f"{request.base_url}uploads/{upload.upload_id}/{index}?signature={chunk.signature}"
            urls.append({"chunk_index": index, "url": url, "expires_at": stamp(expires_at)})
        return urls

    async def put(self, request: Request) -> Response:
        """As S3 answers: an ETag, or an error in XML. A URL is good for one chunk that arrives whole."""
        index: int = request.path_params["index"]
        given = request.query_params.get("signature", "")
        with self._lock:
            upload = self._uploads.get(request.path_params["upload_id"])
            chunk = upload.chunks.get(index) if upload is not None else None
            if upload is None or chunk is None or not secrets.compare_digest(given, chunk.signature or "-"):
                return _xml(403, "SignatureDoesNotMatch", "The request signature does not match.")
            if self._settings.clock() >= chunk.url_expires_at:
                return _xml(403, "AccessDenied", "Request has expired")
        if any(request.headers.get(name) != value for name, value in _HEADERS.items()):
            return _xml(403, "SignatureDoesNotMatch", "A header that was signed is missing or another.")
        digest, size = hashlib.md5(usedforsecurity=False), 0
        with upload.asset.path.open("r+b") as file:
            file.seek((index - 1) * upload.chunk_bytes)
            async for block in request.stream():
                size += len(block)
                if size > chunk.size_bytes:
                    return _xml(400, "EntityTooLarge", f"The chunk has {chunk.size_bytes} bytes.")
                file.write(block)
                digest.update(block)
        stated = request.headers.get("content-length")
        if stated is None:
            return _xml(411, "MissingContentLength", "You must provide the Content-Length HTTP header.")
        with self._lock:
            chunk.etag, chunk.put_bytes = f'"{digest.hexdigest()}"', size
            if chunk.signature == given:
                chunk.signature = ""
        return self._desk.json(200, None, {"ETag": chunk.etag})

    async def report(self, request: Request) -> Response:
        self._desk.admit(request)
        completed = _completed(await self._desk.body(request, 4 * 1024 * 1024))
        now = self._settings.clock()
        processed = duplicates = 0
        with self._lock:
            upload = self._active(request, now, or_completed=True)
            for number, report in enumerate(completed):
                _verify(upload, report, f"completed_chunks[{number}]")
            for report in completed:
                chunk = upload.chunks[report.chunk_index]
                duplicates += chunk.reported_at is not None
                processed += chunk.reported_at is None
                chunk.reported_at = chunk.reported_at or now
            total = len(upload.reported)
        answer: dict[str, object] = {
            "asset_id": upload.asset.asset_id,
            "processed_chunks": processed,
            "duplicate_chunks": duplicates,
            "total_completed": total,
        }
        if total == len(upload.chunks):
            if processed:
                self._assets.examine(upload.asset)
            # What is at this URL is not documented; here it is the asset's own address.
            answer["url"] = f"{request.base_url}v1.3/assets/{upload.asset.asset_id}"
        return self._desk.json(200, answer)

    def _of(self, request: Request) -> Upload:
        upload_id: str = request.path_params["upload_id"]
        if upload_id not in self._uploads:
            raise not_found("multipart-uploads", upload_id)
        return self._uploads[upload_id]

    def _active(self, request: Request, now: float, *, or_completed: bool = False) -> Upload:
        upload = self._of(request)
        status = upload.status(now)
        if status == "expired" or (status == "completed" and not or_completed):
            raise invalid("upload_id", f"The upload session is {status}.")  # how it is worded is not documented
        return upload


class _Report(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    chunk_index: int
    proof: str
    proof_type: Literal["etag"]
    chunk_size: int


class _Reports(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    completed_chunks: list[_Report]


def _completed(body: bytes) -> list[_Report]:
    try:
        return msgspec.json.decode(body, type=_Reports).completed_chunks
    except (msgspec.MsgspecError, ValueError, RecursionError) as error:
        raise Refusal(400, "parameter_invalid", f"The `completed_chunks` parameter is invalid. {error}") from error


def _verify(upload: Upload, report: _Report, where: str) -> None:
    """Whether the service takes an ETag with its quotes is not documented: the SDK sends it without, and here either
    will do.
    """
    chunk = upload.chunks.get(report.chunk_index)
    if chunk is None:
        raise invalid(f"{where}.chunk_index", f"The upload has {len(upload.chunks)} chunks, counted from 1.")
    if chunk.etag is None or report.proof.strip('"') != chunk.etag.strip('"'):
        raise invalid(f"{where}.proof", "It is not the ETag that the chunk got when it was uploaded.")
    if report.chunk_size != chunk.size_bytes or chunk.put_bytes != chunk.size_bytes:
        raise invalid(f"{where}.chunk_size", f"The chunk should have {chunk.size_bytes} bytes.")


def _status_of(index: int, chunk: Chunk) -> dict[str, object]:
    reported = chunk.reported_at
    return {
        "index": index,
        "status": "pending" if reported is None else "completed",
        "uploaded_at": stamp(reported) if reported is not None else None,
    }


def _text(given: Mapping[str, object], key: str) -> str:
    if key not in given:
        raise missing(key)
    value = given[key]
    if not isinstance(value, str) or not value:
        raise invalid(key, "It must be a string that is not empty.")
    return value


def _whole(given: Mapping[str, object], key: str) -> int:
    if key not in given:
        raise missing(key)
    value = given[key]
    if isinstance(value, bool) or not isinstance(value, int):
        raise invalid(key, "It must be an integer.")
    return value


def _xml(status: int, code: str, message: str) -> Response:
    error = f"<Error><Code>{code}</Code><Message>{escape(message)}</Message></Error>"
    text = f"<?xml version='1.0' encoding='UTF-8'?>\n{error}"
    return Response(text, status, media_type="application/xml")
