"""`/v1.3/assets`: media that are too large to be sent inline, uploaded once and referred to by id (CONTRACT 6)."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, replace

import msgspec

from preflight.errors import RequestRefusedError, StillProcessingError, SubmitError
from preflight.limits import Route as Means
from preflight.media import Media
from preflight.payload import Payload
from preflight.submitter import parts
from preflight.submitter.embeddings import Embeddings
from preflight.submitter.memory import Made, Memory, asset_key, is_gone
from preflight.submitter.polling import ASSET_PACE, Pace, next_poll_s
from preflight.submitter.referring import referring
from preflight.submitter.route import Route
from preflight.submitter.service import Response, Service
from preflight.submitter.uploads import Uploads

PATH = "/v1.3/assets"
DIRECT_MOST_BYTES = 200_000_000
"""SDK:assets/client.py: video and audio, local files; images only up to 32 MB."""

_NOT_READY = "asset_not_ready"


@dataclass(frozen=True, slots=True)
class Asset:
    asset_id: str
    filename: str
    """That no other asset has."""
    is_recalled: bool = False
    """Whoever remembered it does not know whether it is still there."""


class _Error(msgspec.Struct, frozen=True):
    message: str = ""


class _Asset(msgspec.Struct, frozen=True):
    id: str = msgspec.field(name="_id")
    status: str = "processing"
    filename: str | None = None
    error: _Error | None = None


class _List(msgspec.Struct, frozen=True):
    data: list[_Asset]


class AssetRoute:
    """Uploads the media of each payload as assets, and embeds these by `through`: a client, or a `TasksRoute`.

    Files of up to `direct_most_bytes` go in one request, larger ones in chunks, `workers` at a time. `pace` says how
    often and how long an asset is asked for. `is_kept` False deletes each asset once it was embedded; one that could
    not be deleted is in `left`. What was uploaded and then not embedded is not uploaded again by the next `embed` of
    the same media, and an upload in chunks that broke off goes on where it was, for as long as this object lives;
    assets that are whole, for as long as `memory` does.

    Several threads may share one.
    """

    def __init__(
        self,
        client: Service,
        *,
        through: Route,
        pace: Pace = ASSET_PACE,
        is_kept: bool = True,
        workers: int = 4,
        direct_most_bytes: int = DIRECT_MOST_BYTES,
        memory: Memory | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._client = client
        self._through = through
        self._pace = pace
        self._is_kept = is_kept
        self._direct_most_bytes = direct_most_bytes
        self._memory = memory
        self._clock = clock
        self._uploads = Uploads(client, workers=workers)
        self._uploaded: dict[tuple[str, int], Asset] = {}
        """By hash and size; what was embedded is no longer among them."""
        self._left: list[str] = []
        self._lock = threading.Lock()

    @property
    def left(self) -> tuple[str, ...]:
        """Ids of assets that should have been deleted and could not be."""
        with self._lock:
            return tuple(self._left)

    @property
    def takes(self) -> frozenset[Means]:
        """What goes through what it hands on to; an asset that has to be a task goes through tasks."""
        through = self._through.takes
        return through | {"asset"} if "async" in through else through

    def embed(self, payload: Payload, *, request: int = 1) -> Embeddings:
        """As `Client.embed`: vectors on the source's own timeline.

        Raises what `through` does; RequestRefusedError for an asset that failed, StillProcessingError for one that is
        not ready at the deadline.
        """
        began = self._clock()
        uploaded = [self._asset_of(media, payload) for media in payload.media]
        assets = [self._ready(*each, payload, began) for each in zip(payload.media, uploaded, strict=True)]
        found = self._embedded(payload, assets, request, began)
        for media, asset in zip(payload.media, assets, strict=True):
            self._done_with(media, asset)
        return found

    def _asset_of(self, media: Media, payload: Payload) -> Asset:
        key = (media.sha256, media.size_bytes)
        with self._lock:
            known = self._uploaded.get(key)
        if known is None and self._memory is not None and (made := self._memory.recall(asset_key(*key))) is not None:
            known = Asset(made.identifier, made.name or "", is_recalled=True)
            with self._lock:
                self._uploaded[key] = known
        if known is not None:
            return known
        filename = parts.unique_name(media, payload.source)
        if media.size_bytes <= self._direct_most_bytes:
            asset = Asset(self._sent_whole(media, filename), filename)
        else:
            asset_id, filename = self._uploads.send(media, filename, kind=_kind(payload))
            asset = Asset(asset_id, filename)
        with self._lock:
            self._uploaded[key] = asset
        if self._memory is not None:
            self._memory.remember(asset_key(*key), Made(asset.asset_id, asset.filename))
        return asset

    def _ready(self, media: Media, asset: Asset, payload: Payload, began: float) -> Asset:
        """When it is; another where it is one that was made before, and is gone."""
        try:
            self._wait_for(asset, payload, began)
        except SubmitError as error:
            if not is_gone(error):
                raise
            self._forget(asset)
            if not asset.is_recalled:
                raise
            asset = self._asset_of(media, payload)
            self._wait_for(asset, payload, began)
        return asset

    def _sent_whole(self, media: Media, filename: str) -> str:
        fields = {"method": "direct", "filename": filename}
        # Of no use to an embedding, and of different defaults in different documents (CONTRACT 9, 13).
        fields |= {"enable_hls": "false", "enable_thumbnail": "false"}

        def settle() -> Response | None:
            """The upload whose answer was lost: nobody else's has this name."""
            found = self._client.request("GET", PATH, query={"filename": filename, "page_limit": "50"})
            try:
                listed = msgspec.json.decode(found.body, type=_List).data
            except (msgspec.MsgspecError, ValueError, RecursionError) as error:
                raise found.unlike(f"its list of assets is not as documented ({error})") from error
            same = next((asset for asset in listed if asset.filename == filename), None)
            return replace(found, body=msgspec.json.encode({"_id": same.id})) if same is not None else None

        body = parts.form(media, filename, fields)
        return _read(self._client.request("POST", PATH, body=body, success=(200, 201, 202), settle=settle)).id

    def _wait_for(self, asset: Asset, payload: Payload, began: float) -> None:
        """Until it is ready. Raises RequestRefusedError where it failed."""
        polled = 0
        while True:
            left_s = max(1.0, self._pace.deadline_s - (self._clock() - began))
            told = _read(self._client.request("GET", f"{PATH}/{asset.asset_id}", deadline_s=left_s))
            if told.status == "ready":
                return
            if told.status == "failed":
                self._forget(asset)
                message = self._client.shown(told.error.message if told.error is not None else "")
                raise _failed(asset, message, payload)
            polled += 1
            self._wait_to_ask_again(asset, polled, began)

    def _wait_to_ask_again(self, asset: Asset, polled: int, began: float) -> None:
        wait_s = next_poll_s(
            self._pace,
            polled=polled,
            elapsed_s=self._clock() - began,
            jitter=random.random(),  # noqa: S311 (spreads questions, guards nothing)
        )
        if wait_s is None:
            raise StillProcessingError("asset", asset.asset_id, waited_s=self._pace.deadline_s)
        self._client.pause(wait_s)

    def _embedded(self, payload: Payload, assets: list[Asset], request: int, began: float) -> Embeddings:
        by_asset = referring(payload, [(asset.asset_id, asset.filename) for asset in assets])
        asked = 0
        while True:
            try:
                return self._through.embed(by_asset, request=request)
            except RequestRefusedError as error:
                if error.code == "resource_not_exist":  # deleted by somebody: the next `embed` uploads it again
                    for asset in assets:
                        self._forget(asset)
                # It said `ready`; but there are more servers than one (CONTRACT 5.1: poll, then retry).
                if error.code != _NOT_READY:
                    raise
            asked += 1
            self._wait_to_ask_again(assets[0], asked, began)

    def _done_with(self, media: Media, asset: Asset) -> None:
        with self._lock:
            self._uploaded.pop((media.sha256, media.size_bytes), None)
        if self._is_kept:
            return
        try:
            self._client.request("DELETE", f"{PATH}/{asset.asset_id}", success=(200, 202, 204, 404))
            if self._memory is not None:
                self._memory.forget(asset_key(media.sha256, media.size_bytes))
        except SubmitError:
            # Its embeddings are there and paid for: they are not lost for this.
            with self._lock:
                self._left.append(asset.asset_id)

    def _forget(self, asset: Asset) -> None:
        with self._lock:
            keys = [key for key, known in self._uploaded.items() if known == asset]
            for key in keys:
                del self._uploaded[key]
        if self._memory is not None:
            for key in keys:
                self._memory.forget(asset_key(*key))


def _kind(payload: Payload) -> str:
    return payload.input_type if payload.input_type in ("audio", "video") else "image"


def _failed(asset: Asset, message: str, payload: Payload) -> RequestRefusedError:
    """Its message, fit to be shown, is no contract (SDK:types/asset_error.py): it is quoted, and not read."""
    code = f"{_kind(payload)}_file_broken"
    told = message.rstrip(".") or "no reason is given"
    return RequestRefusedError(
        f"The service failed the asset {asset.asset_id}: {told}. "
        f"The local rule `{code}` should have caught this: run `preflight check` and report the file.",
        status=200,
        code=code,
        permanent=True,
    )


def _read(response: Response) -> _Asset:
    try:
        told = msgspec.json.decode(response.body, type=_Asset)
    except (msgspec.MsgspecError, ValueError, RecursionError) as error:
        raise response.unlike(f"its asset is not as documented ({error})") from error
    # It becomes part of a path, and of a body.
    if not told.id.isascii() or not told.id.replace("-", "").replace("_", "").isalnum():
        raise response.unlike("the id of its asset is none")
    return told
