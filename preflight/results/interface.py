"""What a form of file is to the one who writes it."""

from __future__ import annotations

from typing import Protocol

from preflight.submitter import Embeddings


class Form(Protocol):
    """Writes to the path that it was made with, from one thread. Each call may raise OSError."""

    def add(self, embeddings: Embeddings) -> None:
        """Of one source, or of a part of one. Not called again after it failed."""

    @property
    def is_intact(self) -> bool:
        """Whether it is as it was before an `add` that failed, and can be made whole."""

    @property
    def room_bytes(self) -> int:
        """What `finish` takes of the disk, at most."""

    def finish(self) -> None:
        """Make the file whole. Called once, at the end, and not where it is not intact."""

    def close(self) -> None:
        """Let go of everything, whatever happened before."""
