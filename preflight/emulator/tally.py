"""What the emulator embedded, and how often: so that a test can say that nothing was lost and nothing counted twice.

Over HTTP, `GET /emulator/tally`: `{"requests": 3, "embedded": 2, "delivered": 1, "by_sha256": {"9f8…": [2, 1]}}`.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256

from preflight.emulator.any_kind import AnyKindRequest
from preflight.emulator.intake import Spooled
from preflight.emulator.schema import (
    AssetId,
    Given,
    ImageRequest,
    MultiInputRequest,
    Request,
    TextImageRequest,
    TextRequest,
    TimedRequest,
)

TALLY_PATH = "/emulator/tally"
DIGEST = "preflight.digest"
"""In the scope of a request that was embedded: what the tally knows it by."""


@dataclass(frozen=True, slots=True)
class Count:
    """Of one content, or of all."""

    embedded: int = 0
    """Requests that were accepted and worked out: what the real service would put on the bill."""
    delivered: int = 0
    """Those whose answer went out whole, and as it should be. A client that had left by then is not always noticed."""


class Tally:
    """Counts from when the emulator was made. Its methods may be called from any thread.

    A content is known by `Payload.sha256`: of a medium or of a text in UTF-8, and of several media of their hashes in
    hexadecimal, joined. What else a request says (a window, options) makes no difference.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._requests = 0
        self._counts: dict[bytes, Count] = {}

    @property
    def requests(self) -> int:
        """Requests for embeddings whose body arrived whole, whatever became of them."""
        return self._requests

    @property
    def total(self) -> Count:
        """Of all contents."""
        with self._lock:
            counts = self._counts.values()
            return Count(sum(each.embedded for each in counts), sum(each.delivered for each in counts))

    @property
    def by_sha256(self) -> Mapping[str, Count]:
        """Contents that were embedded at least once, in hexadecimal: a copy, as of now."""
        with self._lock:
            return {digest.hex(): count for digest, count in self._counts.items()}

    def clear(self) -> None:
        """Begin anew."""
        with self._lock:
            self._requests = 0
            self._counts.clear()

    def arrived(self) -> None:
        """A request for embeddings is there."""
        with self._lock:
            self._requests += 1

    def embedded(self, digest: bytes) -> None:
        """Worked out, and about to be answered with 200."""
        self._add(digest, 1, 1)

    def spoilt(self, digest: bytes) -> None:
        """The answer did not go out as it should."""
        self._add(digest, 0, -1)

    def _add(self, digest: bytes, embedded: int, delivered: int) -> None:
        with self._lock:
            before = self._counts.get(digest, _NONE)
            self._counts[digest] = Count(before.embedded + embedded, before.delivered + delivered)

    def shown(self) -> dict[str, object]:
        """As `GET /emulator/tally` answers: by content, [embedded, delivered]."""
        total = self.total
        by_sha256 = {digest: [count.embedded, count.delivered] for digest, count in self.by_sha256.items()}
        return {
            "requests": self.requests,
            "embedded": total.embedded,
            "delivered": total.delivered,
            "by_sha256": by_sha256,
        }


_NONE = Count()


def digest_of(request: Request | AnyKindRequest) -> bytes:
    """What the tally knows a request by. Of an asset, its id stands for its bytes."""
    match request:
        case TextRequest(text):
            return sha256(text.encode(errors="surrogatepass")).digest()
        case ImageRequest(image) | TextImageRequest(_, image):
            media: tuple[Given, ...] = (image,)
        case MultiInputRequest(_, named):
            media = tuple(part.image for part in named)
        case TimedRequest():
            media = (request.media,)
        case AnyKindRequest(text=str(text), parts=()):
            return sha256(text.encode(errors="surrogatepass")).digest()
        case AnyKindRequest(parts=parts):
            media = tuple(part.media for part in parts)
    digests = [_digest(one) for one in media]
    return digests[0] if len(digests) == 1 else sha256("".join(one.hex() for one in digests).encode()).digest()


def _digest(medium: Given) -> bytes:
    match medium:
        case AssetId(asset_id):
            return sha256(asset_id.encode()).digest()
        case Spooled(digest=digest):
            return digest
        case _:
            return sha256(medium).digest()
