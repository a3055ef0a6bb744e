"""What the tests of all routes need: payloads of real media, and a client that does not wait."""

from __future__ import annotations

import time as real
from pathlib import Path

from preflight.media import Fidelity, Media, Source, Span
from preflight.payload import Payload, media_body
from preflight.submitter import Client

KEY = "tlk_TESTKEY0123456789"


class Time:
    """A clock that goes on only where somebody sleeps."""

    def __init__(self) -> None:
        self.now_s = 0.0
        self.slept_s: list[float] = []

    def sleep(self, seconds: float) -> None:
        self.slept_s.append(seconds)
        self.now_s += seconds
        real.sleep(0.01)  # the emulator looks at what it was given meanwhile, in a thread of its own
        assert len(self.slept_s) < 2000, "it asks for ever"

    def clock(self) -> float:
        return self.now_s


def client_of(url: str, time: Time, **options: object) -> Client:
    return Client(KEY, base_url=url, sleep=time.sleep, **options)


def payload_of(path: Path, kind: str, *, duration_s: float = 8.0, start_s: float = 100.0) -> Payload:
    media = Media(source=Source.of(path), size_bytes=path.stat().st_size)
    return Payload(
        source=path.name,
        input_type=kind,
        fragments=media_body("marengo3.0", kind, media),
        span=Span(start_s, start_s + duration_s) if kind in ("audio", "video") else None,
        offset=None,
        fidelity=Fidelity.LOSSLESS,
        steps=(),
        verified=(media,),
    )
