"""What is known of a request besides its answer: each input that needs the same request has its own."""

from __future__ import annotations

import msgspec

from preflight.media import Fidelity, Span
from preflight.payload import Payload


class Origin(msgspec.Struct, frozen=True, array_like=True):
    """What each row says of its request; all of it None where nobody said so."""

    offset: int | None = None
    start_s: float | None = None
    """Of the span of its media, as `end_s`."""
    end_s: float | None = None
    fidelity: Fidelity | None = None
    model_name: str | None = None
    media_sha256: str | None = None
    fingerprint: str | None = None

    @classmethod
    def of(cls, payload: Payload) -> Origin:
        """Raises UnreadableError: media are read where nobody has read them yet."""
        span = payload.span
        return cls(
            payload.offset,
            span.start_s if span is not None else None,
            span.end_s if span is not None else None,
            payload.fidelity,
            payload.model_name,
            payload.sha256,
            payload.fingerprint,
        )

    @property
    def span(self) -> Span | None:
        return Span(self.start_s, self.end_s) if self.start_s is not None and self.end_s is not None else None

    def text(self) -> str:
        """As it is kept."""
        return msgspec.json.encode(self).decode()

    @classmethod
    def read(cls, text: str) -> Origin:
        return msgspec.json.decode(text, type=cls)
