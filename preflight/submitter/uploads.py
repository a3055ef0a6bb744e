"""A file in chunks to presigned URLs, side by side; an upload that broke off goes on where it was (CONTRACT 6)."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import FIRST_COMPLETED, FIRST_EXCEPTION, Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from dataclasses import dataclass, field

import msgspec

from preflight.errors import AuthenticationError, RequestRefusedError, ServiceUnavailableError, UsageError
from preflight.media import Media
from preflight.submitter import parts
from preflight.submitter.allowance import Cost
from preflight.submitter.service import Body, Response, Service

PATH = "/v1.3/assets/multipart-uploads"
MOST_BYTES = 10_000_000_000
_URLS_AT_ONCE = 50
_REPORTED_AT_ONCE = 50
_NEW_URLS = 3
"""How often a chunk gets another URL because its own was refused: expired, or used by a try whose answer was lost."""
_MOST_CHUNKS = 100_000


class _Url(msgspec.Struct, frozen=True):
    chunk_index: int
    url: str


class _Opened(msgspec.Struct, frozen=True):
    upload_id: str
    asset_id: str
    chunk_size: int
    total_chunks: int
    upload_urls: list[_Url] = []
    upload_headers: dict[str, str] | None = None


class _More(msgspec.Struct, frozen=True):
    upload_urls: list[_Url]


class _Reported(msgspec.Struct, frozen=True):
    total_completed: int | None = None


@dataclass(slots=True)
class _Session:
    """One upload, as far as it got."""

    media: Media
    filename: str
    opened: _Opened
    urls: dict[int, str]
    etags: dict[int, str] = field(default_factory=dict)
    """Of chunks that are there."""
    reported: set[int] = field(default_factory=set)
    is_over: bool = False
    """The service knows it no more: it is a day old, as a rule."""
    lock: threading.Lock = field(default_factory=threading.Lock)

    def stretch(self, index: int) -> tuple[int, int]:
        """Where a chunk starts, and how long it is, in bytes."""
        start = (index - 1) * self.opened.chunk_size
        return start, min(self.opened.chunk_size, self.media.size_bytes - start)


class Uploads:
    """Uploads of one client, `workers` chunks of a file at a time. Several threads may share one."""

    def __init__(self, client: Service, *, workers: int = 4) -> None:
        if workers < 1:
            raise UsageError("workers must be 1 or more.")
        self._client = client
        self._workers = workers
        self._unfinished: dict[tuple[str, int], _Session] = {}
        self._lock = threading.Lock()

    def send(self, media: Media, filename: str, *, kind: str) -> tuple[str, str]:
        """The id of the asset and the name that it got: another than `filename` where an upload of the same media, that
        broke off, was taken up again. `kind`: video, audio or image.

        Raises a SubmitError; then the next `send` of the same media goes on with the chunks that are missing.
        """
        if media.size_bytes > MOST_BYTES:
            raise UsageError(f"{media.source.name} is larger than {MOST_BYTES:,} bytes. Split it.")
        key = (media.sha256, media.size_bytes)
        with self._lock:
            session = self._unfinished.pop(key, None)
        if session is None:
            session = self._opened(media, filename, kind)
        else:
            session.media = media
        try:
            self._put_all(session)
            self._report_all(session)
        except BaseException:
            if not session.is_over:
                with self._lock:
                    self._unfinished[key] = session
            raise
        return session.opened.asset_id, session.filename

    def _opened(self, media: Media, filename: str, kind: str) -> _Session:
        # A session whose answer is lost costs nothing and is gone after a day: another is opened.
        asked = {
            "filename": filename,
            "type": kind,
            "total_size": media.size_bytes,
            "enable_hls": False,
            "enable_thumbnail": False,
        }
        response = self._post(PATH, asked, filename, Cost(group="upload"))
        try:
            opened = msgspec.json.decode(response.body, type=_Opened)
        except (msgspec.MsgspecError, ValueError, RecursionError) as error:
            raise response.unlike(f"its upload is not as documented ({error})") from error
        size, count = opened.chunk_size, opened.total_chunks
        if size < 1 or count > _MOST_CHUNKS or count != -(-media.size_bytes // size):
            raise response.unlike(f"{count} chunks of {size} bytes are not the {media.size_bytes} of the file")
        return _Session(media, filename, opened, {each.chunk_index: each.url for each in opened.upload_urls})

    def _put_all(self, session: _Session) -> None:
        missing = [n for n in range(1, session.opened.total_chunks + 1) if n not in session.etags]
        # Two views of one file object would move each other's position.
        workers = min(self._workers, len(missing)) if session.media.source.opens_anew else 1
        with ThreadPoolExecutor(max(1, workers), "preflight-upload") as pool:
            running: set[Future[None]] = set()
            try:
                for index in missing:
                    if len(running) >= workers:
                        done, running = wait(running, return_when=FIRST_COMPLETED)
                        for each in done:
                            each.result()
                    running.add(pool.submit(self._put, session, index))
                done, running = wait(running, return_when=FIRST_EXCEPTION)
                for each in done:
                    each.result()
            finally:  # what runs is let finish: it counts when the upload is taken up again
                pool.shutdown(cancel_futures=True)

    def _put(self, session: _Session, index: int) -> None:
        start, size = session.stretch(index)
        headers = dict(session.opened.upload_headers or {})
        kind = next((headers.pop(name) for name in list(headers) if name.lower() == "content-type"), None)
        body = parts.chunk(session.media, start, size, kind or "application/octet-stream")
        for _ in range(_NEW_URLS + 1):
            url = self._url(session, index)
            try:
                response = self._client.request("PUT", url, headers=headers, body=body, success=(200, 201, 204))
            except AuthenticationError as refused:  # 403, and of storage, which knows no key: another URL is needed
                last = refused
                with session.lock:
                    if session.urls.get(index) == url:
                        del session.urls[index]
                continue
            etag = response.headers.get("etag", "").removeprefix("W/").strip('"')
            if not etag:
                raise response.unlike(f"the storage gave no ETag for chunk {index}")
            session.etags[index] = etag
            return
        raise ServiceUnavailableError(
            f"The storage refuses chunk {index} of {session.media.source.name}, with each of {_NEW_URLS + 1} URLs "
            f"(status {last.status}). Check this machine's clock, then run it again: it goes on where it was.",
            status=last.status,
            retried=_NEW_URLS,
        )

    def _url(self, session: _Session, index: int) -> str:
        with session.lock:  # which has the others wait for the URLs that are on their way
            if index not in session.urls:
                later = range(index, min(index + _URLS_AT_ONCE, session.opened.total_chunks + 1))
                wanted: list[int] = []
                for each in later:  # a run without gaps of chunks that have none: a new URL voids an old one
                    if each in session.urls or each in session.etags:
                        break
                    wanted.append(each)
                path = f"{PATH}/{session.opened.upload_id}/presigned-urls"
                with _live(session):
                    response = self._post(path, {"start": index, "count": len(wanted)}, session.filename)
                try:
                    more = msgspec.json.decode(response.body, type=_More).upload_urls
                except (msgspec.MsgspecError, ValueError, RecursionError) as error:
                    raise response.unlike(f"its URLs are not as documented ({error})") from error
                session.urls |= {each.chunk_index: each.url for each in more}
                if index not in session.urls:
                    raise response.unlike(f"it has no URL for chunk {index}")
            return session.urls[index]

    def _report_all(self, session: _Session) -> None:
        """Chunks that are reported twice are counted once: a lost answer does no harm."""
        done: int | None = None
        for batch in _batches(sorted(session.etags.keys() - session.reported), _REPORTED_AT_ONCE):
            told = [
                {
                    "chunk_index": index,
                    "proof": session.etags[index],
                    "proof_type": "etag",
                    "chunk_size": session.stretch(index)[1],
                }
                for index in batch
            ]
            path = f"{PATH}/{session.opened.upload_id}"
            with _live(session):
                response = self._post(path, {"completed_chunks": told}, session.filename)
            session.reported |= set(batch)
            try:
                done = msgspec.json.decode(response.body, type=_Reported).total_completed
            except (msgspec.MsgspecError, ValueError, RecursionError) as error:
                raise response.unlike(f"its report is not as documented ({error})") from error
        if done is not None and done != session.opened.total_chunks:
            session.reported.clear()
            raise response.unlike(f"it has {done} of {session.opened.total_chunks} chunks")

    def _post(self, path: str, asked: object, name: str, cost: Cost | None = None) -> Response:
        body = Body.json(msgspec.json.encode(asked), name=name, cost=cost)
        return self._client.request("POST", path, body=body, success=(200, 201, 202))


@contextmanager
def _live(session: _Session) -> Iterator[None]:
    """A session that the service refuses is not taken up again: the next `send` opens another."""
    try:
        yield
    except RequestRefusedError:
        session.is_over = True
        raise


def _batches(indices: list[int], size: int) -> Iterator[list[int]]:
    for start in range(0, len(indices), size):
        yield indices[start : start + size]
