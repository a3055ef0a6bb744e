"""What the routes need of whatever sends for them: one HTTP request, as often as was decided."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Protocol

from preflight.errors import BadResponseError
from preflight.limits.rates import group_of
from preflight.payload import Payload
from preflight.submitter.allowance import Cost
from preflight.submitter.decision import Patience


@dataclass(frozen=True, kw_only=True, slots=True)
class Body:
    """Of a request: how long it is, and its bytes as often as they are needed."""

    name: str
    """What it is made from, for messages."""
    content_type: str
    content_length: int
    """Bytes, exactly."""
    chunks: Callable[[], Iterator[bytes]]
    """From the first byte on, each time that it is called."""
    cost: Cost | None = None
    """What it uses of the plan; None for what is not metered."""

    @classmethod
    def of(cls, payload: Payload) -> Body:
        return cls(
            name=payload.source,
            content_type="application/json",
            content_length=payload.content_length,
            chunks=payload.chunks,
            cost=Cost(
                group=group_of(payload.input_type),
                media_s=payload.span.duration_s if payload.span is not None else 0.0,
            ),
        )

    @classmethod
    def json(cls, content: bytes, *, name: str, cost: Cost | None = None) -> Body:
        return cls(
            name=name,
            content_type="application/json",
            content_length=len(content),
            chunks=lambda: iter((content,)),
            cost=cost,
        )


@dataclass(frozen=True, kw_only=True, slots=True)
class Response:
    """An answer of success."""

    status: int
    headers: Mapping[str, str] = field(repr=False)
    """Names in lower case."""
    body: bytes = field(repr=False)
    retried: int = 0
    """How often the request was sent again before."""

    def unlike(self, why: str) -> BadResponseError:
        """The error for an answer that is not as the contract has it."""
        return BadResponseError(
            f"The service said {self.status}, but {why}. "
            "Check that the base URL is the service's; if it is, run it again, and report it if that goes on.",
            status=self.status,
            retried=self.retried,
        )


Settle = Callable[[], Response | None]
"""Asked before a request is sent again of which nobody knows whether the service did it: the answer that was lost,
as far as it can be found out; None where the service did not do it."""


class Service(Protocol):
    """What `Client` is to the routes."""

    @property
    def patience(self) -> Patience: ...

    def request(
        self,
        method: str,
        where: str,
        *,
        query: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        body: Body | None = None,
        success: Collection[int] = (200,),
        most_answer_bytes: int | None = None,
        deadline_s: float | None = None,
        settle: Settle | None = None,
    ) -> Response:
        """Send one request, and again where `decision.decide` says so.

        `where`: a path of the service, from `/v1.3` on, or the whole URL of another server: to that, the API key is not
        sent. `success`: the statuses whose answer is wanted. `most_answer_bytes`: what is longer is no answer of the
        service; None for what suits embed-v2. `deadline_s`: seconds for this request with all its waits, besides the
        client's own. Raises as `Client.embed` does.
        """

    def pause(self, seconds: float) -> None: ...

    def shown(self, text: str) -> str:
        """What the service wrote in an answer of success, made fit to be shown: printable, cut to size, and without
        the API key.
        """
