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


class _Vector:
    """Becomes float32 as soon as it is parsed: four hours of Python's floats are 350 MB, of these 44."""

    __slots__ = ("numbers",)

    def __init__(self, numbers: list[float]) -> None:
        # JSON has neither NaN nor infinity, but a double can be too large for a float32.
        with np.errstate(over="ignore"):
            self.numbers: NDArray[np.float32] = np.array(numbers, dtype=np.float32)


class _Item(msgspec.Struct, frozen=True):
    embedding: _Vector
    embedding_option: str | None = None
    embedding_scope: str | None = None
    start_sec: float | None = None
    end_sec: float | None = None


class _Body(msgspec.Struct, frozen=True):
    data: list[_Item]


def _vector(_type: type, given: object) -> _Vector:
    try:
        return _Vector(msgspec.convert(given, list[float]))
    except msgspec.ValidationError as error:
        what, _, place = str(error).partition(" - at `$")
        # A ValueError is told where in the answer it was.
        raise ValueError(f"{what} at {place.rstrip('`')}" if place else what) from error


_BODY = msgspec.json.Decoder(_Body, dec_hook=_vector)


def read(body: bytes, *, retried: int = 0) -> Answer:
    """Parse and verify; `retried` is what the error will carry. Keys that we do not know are passed over."""

    def bad(what: str) -> BadResponseError:
        return BadResponseError(f"The service said 200, but {what}. {_NEXT}", status=200, retried=retried)

    try:
        items = _BODY.decode(body).data
    except (msgspec.MsgspecError, ValueError, OverflowError, RecursionError) as error:
        raise bad(f"its answer is not as documented ({error})") from error
    if not items:
        raise bad("its answer holds no embedding")
    each = [item.embedding.numbers for item in items]
    for index, vector in enumerate(each):
        if len(vector) != DIMENSION:
            raise bad(f"vector {index} has {len(vector)} numbers instead of {DIMENSION}")
    vectors = np.stack(each)
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
