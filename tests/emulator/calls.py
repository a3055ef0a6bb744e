"""One emulator in this process, its clock put forward at will, and the calls that the contract names."""

from __future__ import annotations

import base64
import hashlib
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx2

from preflight.emulator import LocalServer, Settings, create_app

KEY = {"x-api-key": "any key"}
EPOCH = 1_795_000_000.25


class Clock:
    def __init__(self) -> None:
        self.now = EPOCH

    def __call__(self) -> float:
        return self.now


class Calls:
    """What a client of another make would send: nothing of the submitter's."""

    def __init__(self, http: httpx2.Client, clock: Clock) -> None:
        self.http = http
        self.clock = clock

    def get(self, path: str, **query: object) -> httpx2.Response:
        return self.http.get(f"/v1.3{path}", params=query, headers=KEY)

    def post(self, path: str, body: object) -> httpx2.Response:
        return self.http.post(f"/v1.3{path}", json=body, headers=KEY)

    def delete(self, path: str, **query: object) -> httpx2.Response:
        return self.http.delete(f"/v1.3{path}", params=query, headers=KEY)

    def upload(
        self, media: bytes | Path, *, name: str = "a.wav", method: str = "direct", **fields: str
    ) -> httpx2.Response:
        content = media.read_bytes() if isinstance(media, Path) else media
        return self.http.post(
            "/v1.3/assets", data={"method": method, **fields}, files={"file": (name, content)}, headers=KEY
        )

    def task(self, media: bytes | Path, kind: str = "audio", **more: object) -> httpx2.Response:
        content = media.read_bytes() if isinstance(media, Path) else media
        return self.task_of({"base64_string": base64.b64encode(content).decode()}, kind, **more)

    def task_of(self, source: dict, kind: str = "audio", **more: object) -> httpx2.Response:
        body = {"input_type": kind, "model_name": "marengo3.0", kind: {"media_source": source, **more}}
        return self.post("/embed-v2/tasks", body)

    def embed_of(self, source: dict, kind: str = "audio", **more: object) -> httpx2.Response:
        body = {"input_type": kind, "model_name": "marengo3.0", kind: {"media_source": source, **more}}
        return self.post("/embed-v2", body)

    def over(self, path: str) -> dict:
        """What is at a path once it is no longer `processing`."""
        until = time.monotonic() + 30
        while (found := self.get(path).json())["status"] == "processing":
            assert time.monotonic() < until, found
            time.sleep(0.005)
        return found

    def ready(self, media: bytes | Path, **fields: str) -> str:
        """The id of an asset that is ready."""
        asset_id = self.upload(media, **fields).json()["_id"]
        found = self.over(f"/assets/{asset_id}")
        assert found["status"] == "ready", found
        return asset_id

    def begin(self, content: bytes, *, name: str = "a.wav", kind: str = "audio") -> dict:
        """A multipart upload that was opened."""
        body = {"filename": name, "type": kind, "total_size": len(content)}
        return self.post("/assets/multipart-uploads", body).json()

    def put(self, upload: dict, index: int, content: bytes, url: str | None = None) -> httpx2.Response:
        """A chunk, to the URL that the upload has for it."""
        size = upload["chunk_size"]
        url = url or next(each["url"] for each in upload["upload_urls"] if each["chunk_index"] == index)
        return self.http.put(url, content=content[(index - 1) * size : index * size], headers=upload["upload_headers"])


def report(index: int, content: bytes, **changed: object) -> dict:
    """A chunk of `completed_chunks`, whose ETag the test works out by itself."""
    etag = hashlib.md5(content, usedforsecurity=False).hexdigest()
    return {"chunk_index": index, "proof": etag, "proof_type": "etag", "chunk_size": len(content), **changed}


@contextmanager
def serving(**settings: object) -> Iterator[Calls]:
    clock = Clock()
    app = create_app(settings=Settings(clock=clock, **settings))
    with LocalServer(app) as server, httpx2.Client(base_url=server.url, timeout=60, trust_env=False) as http:
        yield Calls(http, clock)
