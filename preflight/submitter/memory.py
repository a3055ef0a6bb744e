"""What a route has made at the service, tasks and assets, kept for whoever asks for the same after a crash."""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import sha256
from typing import Protocol

from preflight.errors import SubmitError
from preflight.media import Media
from preflight.payload import Payload

_NOT_FOUND = 404


@dataclass(frozen=True, slots=True)
class Made:
    identifier: str
    """At the service."""
    name: str | None = None
    """Of the file, where it is an asset."""


class Memory(Protocol):
    """By keys of 32 bytes, which are of what it was made from. Any thread may call any of its methods."""

    def recall(self, key: bytes) -> Made | None:
        """What was remembered, and not forgotten."""

    def remember(self, key: bytes, made: Made) -> None:
        """It survives whatever happens after this returned: it was paid for, or took its time."""

    def forget(self, key: bytes) -> None:
        """It is not there any more, or of no use. Harmless where nothing was remembered."""


def task_key(payload: Payload) -> bytes:
    """Of all that a task is asked for: its whole body, with its media. Raises UnreadableError."""
    digest = sha256(b"task")
    for fragment in payload.fragments:
        if isinstance(fragment, Media):
            digest.update(b"media %d %b" % (fragment.size_bytes, fragment.sha256.encode()))
        else:
            digest.update(b"bytes %d %b" % (len(fragment), fragment))
    return digest.digest()


def asset_key(media_sha256: str, size_bytes: int) -> bytes:
    return sha256(f"asset {size_bytes} {media_sha256}".encode()).digest()


def is_gone(error: SubmitError) -> bool:
    """Whether the service says that it has no such thing: deleted, too old, or another account's."""
    return error.status == _NOT_FOUND or error.code == "resource_not_exist"
