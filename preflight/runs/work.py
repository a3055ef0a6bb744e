"""An input on its way through a run, and a request of it on its way to the service."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from preflight.inputs import Opened
from preflight.payload import Payload
from preflight.rules import Report

if TYPE_CHECKING:
    from preflight.submitter import Embeddings


@dataclass(eq=False, slots=True)
class Work:
    """One input, wherever in the order it stands: what has the same content is worked on once."""

    name: str
    opened: Opened | None
    """None once nobody needs it any more."""
    places: list[tuple[int, str]]
    """Position and name of each input that it is."""
    key: bytes | None = None
    """None where there is no journal."""
    input_id: int | None = None
    """Of the journal."""
    held_bytes: int = 0
    state: tuple[tuple[int, int], ...] = ()
    """Of its files, when they were read to be known."""
    report: Report | None = None
    waiting: int = 0
    """Requests that are made and not answered."""
    is_made: bool = False
    """All its requests are."""
    is_over: bool = False
    """It is answered, or has failed."""
    parts: dict[int, Embeddings] = field(default_factory=dict)
    """Answers by the number of the request; with a journal they are there instead."""

    def embeddings(self) -> Embeddings:
        from preflight.submitter import Embeddings

        return Embeddings.joined([self.parts[number] for number in sorted(self.parts)])


@dataclass(eq=False, slots=True)
class Item:
    """One request. It is sent once, for every input that needs it."""

    payload: Payload
    number: int
    """Among those of the input that it was made for, from 1."""
    works: list[Work]
    """The first is that input."""
    held_bytes: int
    key: bytes | None = None
    state: tuple[tuple[int, int], ...] = ()
    """Of its media's files, before they were read to know the key."""
    request_id: int | None = None
    """Of the journal."""

    @property
    def is_needed(self) -> bool:
        return not all(work.is_over for work in self.works)

    @property
    def start_s(self) -> float | None:
        return self.payload.span.start_s if self.payload.span is not None else None


def memory_of(payload: Payload) -> int:
    """Bytes that a request holds until it is answered: its own, and those of media that are in no file."""
    held = sum(medium.size_bytes for medium in payload.media if medium.source.path is None)
    return held + sum(len(fragment) for fragment in payload.fragments if isinstance(fragment, bytes))
