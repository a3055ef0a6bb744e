"""`/v1.3/assets`: files that are uploaded once and referred to by `asset_id` (CONTRACT 6).

Every asset is first `processing`, then `ready` or `failed`: what is no medium at all fails, what no model takes does
not. An asset stays until it is deleted: how long the service keeps one is not documented.
"""

from __future__ import annotations

import secrets
import threading
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Literal

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from preflight.emulator import form
from preflight.emulator.desk import Desk, not_found
from preflight.emulator.paging import Page, only, stamp
from preflight.emulator.schema import AssetId
from preflight.emulator.settings import Settings
from preflight.emulator.shelf import Shelf
from preflight.emulator.wire import Refusal, invalid, missing, unknown
from preflight.errors import PreflightError
from preflight.media import AudioFacts, MediaFacts, Source, Unprobed, VideoFacts
from preflight.probers import probe
from preflight.probers.sniff import HEAD_BYTES, sniff

DIRECT_MOST_BYTES = 200_000_000
IMAGE_MOST_BYTES = 32_000_000

_FIELDS = ("method", "url", "filename", "enable_hls", "enable_thumbnail", "user_metadata")
_LISTED_BY = ("page", "page_limit", "asset_ids", "asset_types", "filename")
_PDF = b"%PDF-"


@dataclass(slots=True)
class Asset:
    """One uploaded file, or one that is still being uploaded."""

    asset_id: str
    method: Literal["direct", "multipart"]
    filename: str
    path: Path
    created_at: float
    user_metadata: dict[str, object] | None = None
    kind: str | None = None
    """image, audio, video, document: once it was looked at."""
    size_bytes: int = 0
    duration_s: float | None = None
    error: str | None = None
    is_looked_at: bool = False
    ready_from: float = float("inf")
    """By the emulator's clock; infinite as long as its bytes are not all there."""
    used_by: set[str] = field(default_factory=set)
    """Tasks that still need it."""

    def status(self, now: float) -> Literal["processing", "ready", "failed"]:
        if not self.is_looked_at or now < self.ready_from:
            return "processing"
        return "failed" if self.error is not None else "ready"


class Assets:
    """All of one emulator, by id; and their endpoints."""

    def __init__(self, desk: Desk, shelf: Shelf, settings: Settings) -> None:
        self._desk = desk
        self._shelf = shelf
        self._settings = settings
        self._assets: dict[str, Asset] = {}
        self._lock = threading.Lock()

    def routes(self) -> list[Route]:
        return [
            Route("/v1.3/assets", self.create, methods=["POST"]),
            Route("/v1.3/assets", self.listed, methods=["GET"]),
            Route("/v1.3/assets/{asset_id}", self.retrieve, methods=["GET"]),
            Route("/v1.3/assets/{asset_id}", self.delete, methods=["DELETE"]),
        ]

    async def create(self, request: Request) -> Response:
        """201 is what the SDK takes as it takes any 2xx: the contract does not say which one it is."""
        self._desk.admit(request)
        path = self._shelf.new()
        try:
            asset = await self._received(request, path)
        except BaseException:
            path.unlink(missing_ok=True)
            raise
        self.examine(asset)
        return self._desk.json(201, self._shown(asset, in_full=False))

    async def _received(self, request: Request, path: Path) -> Asset:
        given = await form.received(
            request.stream(), request.headers.get("content-type", ""), path, most_file_bytes=DIRECT_MOST_BYTES
        )
        if strangers := [name for name in given.fields if name not in _FIELDS]:
            raise unknown(strangers)
        match given.fields.get("method"):
            case None:
                raise missing("method")
            case "direct":
                pass
            case "url":
                # Not even of loopback: whoever may post here could have anything fetched that this machine can reach.
                raise invalid("method", "The emulator fetches no URL. Upload the file with `direct`.")
            case _:
                raise invalid("method", "It must be one of: direct, url.")
        if "url" in given.fields:
            raise invalid("url", "It needs the method `url`.")
        if not given.has_file:
            raise missing("file")
        if given.file_bytes > DIRECT_MOST_BYTES:
            raise too_large(DIRECT_MOST_BYTES)
        if not given.file_bytes:
            raise invalid("file", "It is empty.")
        for flag in ("enable_hls", "enable_thumbnail"):
            if given.fields.get(flag, "true") not in ("true", "false"):
                raise invalid(flag, "It must be true or false.")
        with path.open("rb") as file:
            if given.file_bytes > IMAGE_MOST_BYTES and sniff(file.read(HEAD_BYTES), "file") == "image":
                raise too_large(IMAGE_MOST_BYTES)
        filename = given.fields.get("filename") or given.filename or "file"
        return self.add("direct", filename, path, user_metadata=_metadata(given.fields.get("user_metadata")))

    def add(
        self,
        method: Literal["direct", "multipart"],
        filename: str,
        path: Path,
        user_metadata: dict[str, object] | None = None,
    ) -> Asset:
        asset = Asset(secrets.token_hex(12), method, filename, path, self._settings.clock(), user_metadata)
        with self._lock:
            self._assets[asset.asset_id] = asset
        return asset

    def examine(self, asset: Asset) -> None:
        """Its bytes are there: look at them, in time."""
        asset.ready_from = self._settings.clock() + self._settings.processing_s
        self._desk.later(partial(_examine, asset))

    def taken(self, wanted: AssetId, *, by: str | None = None) -> Source:
        """The file of an asset that a request refers to. `by`: the task that needs it until it is `released`.

        Raises Refusal: with 400, as CONTRACT 5.1 has it for an inaccessible asset; 404 is for its own address.
        """
        with self._lock:
            asset = self._assets.get(wanted.asset_id)
            status = asset.status(self._settings.clock()) if asset is not None else None
            if asset is None:
                missed = not_found("assets", wanted.asset_id)
                raise Refusal(400, missed.code, missed.message)
            if status == "processing":
                raise Refusal(400, "asset_not_ready", f"The asset {wanted.asset_id} is still being processed.")
            if status == "failed":  # it will never be ready, so that waiting for it is no use
                raise invalid(wanted.parameter, f"The processing of the asset {wanted.asset_id} failed.")
            if by is not None:
                asset.used_by.add(by)
            return Source.of(asset.path, name=asset.filename)

    def released(self, wanted: AssetId, *, by: str) -> None:
        with self._lock:
            if wanted.asset_id in self._assets:
                self._assets[wanted.asset_id].used_by.discard(by)

    async def listed(self, request: Request) -> Response:
        self._desk.admit(request)
        query = request.query_params
        only(query, _LISTED_BY)
        page = Page.of(query)
        ids, kinds = query.getlist("asset_ids"), query.getlist("asset_types")
        named = query.get("filename", "").lower()
        with self._lock:
            newest_first = [*reversed(self._assets.values())]
        found = [
            asset
            for asset in newest_first
            if (not ids or asset.asset_id in ids)
            and (not kinds or asset.kind in kinds)
            and named in asset.filename.lower()
        ]
        shown = [self._shown(asset) for asset in found if asset in page.part_of(found)]
        return self._desk.json(200, {"data": shown, "page_info": page.info(len(found))})

    async def retrieve(self, request: Request) -> Response:
        self._desk.admit(request)
        return self._desk.json(200, self._shown(self._of(request)))

    async def delete(self, request: Request) -> Response:
        """An asset is in use, here, while a task that is not over refers to it."""
        self._desk.admit(request)
        only(request.query_params, ("force",))
        force = request.query_params.get("force", "false")
        if force not in ("true", "false"):
            raise invalid("force", "It must be true or false.")
        asset = self._of(request)
        with self._lock:
            if asset.used_by and force == "false":
                # The code is not documented, the status is.
                raise Refusal(409, "asset_in_use", f"The asset {asset.asset_id} is in use. Use `force` to delete it.")
            self._assets.pop(asset.asset_id, None)
        asset.path.unlink(missing_ok=True)
        return self._desk.json(204, None)

    def _of(self, request: Request) -> Asset:
        asset_id: str = request.path_params["asset_id"]
        with self._lock:
            if asset_id not in self._assets:
                raise not_found("assets", asset_id)
            return self._assets[asset_id]

    def _shown(self, asset: Asset, *, in_full: bool = True) -> dict[str, object]:
        """As SDK:types/asset.py and asset_detail.py have it; the optional rest (hls, thumbnail, ...) is left out."""
        status = asset.status(self._settings.clock())
        shown: dict[str, object] = {
            "_id": asset.asset_id,
            "method": asset.method,
            "status": status,
            "filename": asset.filename,
            "created_at": stamp(asset.created_at),
        }
        if asset.user_metadata is not None:
            shown["user_metadata"] = asset.user_metadata
        if not in_full or status == "processing":
            return shown
        if status == "failed":
            return shown | {"error": {"message": asset.error}}
        timed = {"duration": round(asset.duration_s, 3)} if asset.duration_s is not None else {}
        return shown | {"size": asset.size_bytes} | timed


def too_large(most_bytes: int) -> Refusal:
    """The code that this has for assets is not documented; 400 is what CONTRACT 5.1 has for what is too large."""
    return invalid("file", f"It is too large: {most_bytes:,} bytes are the most.")


def _metadata(text: str | None) -> dict[str, object] | None:
    if text is None:
        return None
    try:
        return msgspec.json.decode(text, type=dict[str, object])
    except (msgspec.MsgspecError, ValueError, RecursionError) as error:
        raise invalid("user_metadata", f"It must be a JSON object ({error}).") from error


def _examine(asset: Asset) -> None:
    """In a thread. What it is and whether it can be read at all, from its metadata."""
    try:
        source = Source.of(asset.path, name=asset.filename)
        asset.size_bytes = source.size_bytes()
        if source.head(len(_PDF)) == _PDF:
            asset.kind = "document"
            return
        facts = probe(source)
        asset.kind = {"text": "document", "unknown": None}.get(facts.kind, facts.kind)
        asset.error = _fault(facts)
        if isinstance(facts, AudioFacts | VideoFacts):
            asset.duration_s = facts.duration_s
    except (PreflightError, OSError) as error:  # deleted meanwhile
        asset.error = f"The file could not be read ({error})."
    finally:
        asset.is_looked_at = True


def _fault(facts: MediaFacts) -> str | None:
    match facts:
        case Unprobed(reason=reason):
            return f"The file is corrupted or unsupported: {reason}."
        case AudioFacts(duration_s=None) | VideoFacts(duration_s=None):
            return "The file failed a playability check: it has no length."
        case _:
            return None
