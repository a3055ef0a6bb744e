"""The body of a 200 → segments and vectors, or BadResponseError (CONTRACT 1.4)."""

from __future__ import annotations

from dataclasses import dataclass

import msgspec
import numpy as np
from numpy.typing import NDArray

from preflight.errors import BadResponseError

DIMENSION = 512
"""Numbers in a vector: of marengo3.0, and of marengo3.5 unless another is asked for (CONTRACT 1.4, 3)."""

_NEXT = "Check that the base URL is the service's; if it is, run it again, and report it if that goes on."


@dataclass(frozen=True, kw_only=True, slots=True)
class Segment:
    """What one vector is of, by the clock of its request; each part may be missing."""

    option: str | None = None
    scope: str | None = None
    start_s: float | None = None
    """Seconds from the start of the request's media."""
    end_s: float | None = None


@dataclass(frozen=True, eq=False, slots=True)
class Answer:
    """Segments in the service's order, which means nothing, and their vectors."""

    segments: tuple[Segment, ...]
    vectors: NDArray[np.float32]
    """Shape (n, 512), finite, in the order of `segments`; n is at least 1."""


class _Item(msgspec.Struct, frozen=True):
    embedding: list[float]
    embedding_option: str | None = None
    embedding_scope: str | None = None
    start_sec: float | None = None
    end_sec: float | None = None


class _Body(msgspec.Struct, frozen=True):
    data: list[_Item]


def read(body: bytes, *, retried: int = 0) -> Answer:
    """Parse and verify; `retried` is what the error will carry. Keys that we do not know are passed over."""

    def bad(what: str) -> BadResponseError:
        return BadResponseError(f"The service said 200, but {what}. {_NEXT}", status=200, retried=retried)

    try:
        items = msgspec.json.decode(body, type=_Body).data
    except (msgspec.MsgspecError, ValueError, RecursionError) as error:
        raise bad(f"its answer is not as documented ({error})") from error
    if not items:
        raise bad("its answer holds no embedding")
    for index, item in enumerate(items):
        if len(item.embedding) != DIMENSION:
            raise bad(f"vector {index} has {len(item.embedding)} numbers instead of {DIMENSION}")
    # JSON has neither NaN nor infinity, but a double can be too large for a float32.
    with np.errstate(over="ignore"):
        vectors = np.array([item.embedding for item in items], dtype=np.float32)
    finite = np.isfinite(vectors).all(axis=1)
    if not finite.all():
        raise bad(f"vector {int(np.argmin(finite))} holds a number that no float32 can")
    segments = tuple(
        Segment(
            option=item.embedding_option,
            scope=item.embedding_scope,
            start_s=item.start_sec,
            end_s=item.end_sec,
        )
        for item in items
    )
    return Answer(segments, vectors)
