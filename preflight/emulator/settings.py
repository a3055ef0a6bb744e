"""What the contract leaves to the service: how long things take, its clock, how a file is cut, how many may come."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

from preflight.emulator.rate_headers import Style
from preflight.errors import UsageError
from preflight.limits.rates import Rates


@dataclass(frozen=True, kw_only=True, slots=True)
class Settings:
    """Of an emulator. Raises UsageError for what cannot be."""

    clock: Callable[[], float] = time.time
    """Seconds since 1970: what is dated, and what expires, goes by it. A test may put it forward by a week."""
    processing_s: float = 0.0
    """Tasks and assets are `processing` at least so long by `clock`, and besides as long as the work takes."""
    chunk_bytes: int = 8 * 1024 * 1024
    """Of a multipart upload. The service's own choice is not documented; S3 takes no parts below 5 MiB but the last."""
    first_urls: int = 10
    """Presigned URLs in the answer that opens an upload; the rest are asked for."""

    rates: Rates | None = None
    """How much may come before the answer is 429, by `clock`: `preflight.limits.rates.load("developer-1")`."""
    rate_style: Style = "retry_after"
    """How a 429 says for how long: see `preflight.emulator.rate_headers`."""

    def __post_init__(self) -> None:
        if self.processing_s < 0 or self.chunk_bytes < 1 or self.first_urls < 1:
            raise UsageError("processing_s must be 0 or more, chunk_bytes and first_urls 1 or more.")
